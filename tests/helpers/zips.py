"""Packages of functions, made in memory."""

from __future__ import annotations

import io
import zipfile


def zipped(source: str, name: str = "app.py") -> bytes:
    """Return a zip archive with one file *name*."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr(name, source)
    return body.getvalue()
