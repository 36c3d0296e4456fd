"""Times as AWS's services write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def to_milliseconds(time: datetime) -> str:
    """Return the UTC *time* to the millisecond: ``2026-11-30T10:00:00.000Z``."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
