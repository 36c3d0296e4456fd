"""Starts R, where it is installed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from shared.errors import LanesError
from shared.handlers import process

FOLDER = Path(__file__).parent


class MissingR(LanesError):
    """There is no Rscript where the function runs."""


def find() -> str:
    """Return the path of Rscript.

    Raises:
        MissingR: It is not on the PATH.
    """
    path = shutil.which("Rscript")
    if path is None:
        raise MissingR(
            "R is not installed where this function runs: there is no Rscript on its PATH",
            fix="for the embedded cloud, install it on this machine (apt install r-base-core, or brew install r; lanes "
            "doctor shows what is there); on AWS, give the function an image that has R",
        )
    return path


def run(script: str, name: str, **arguments: object) -> None:
    """Run the R *script* of this folder; its output goes to the function's log.

    Args:
        script: Its file name.
        name: What messages call this piece of work.
        **arguments: The script's arguments, as name=value.

    Raises:
        MissingR: There is no R.
        ScriptFailed: R ended badly.
    """
    words = [f"{key}={value}" for key, value in arguments.items()]
    process.run([find(), "--vanilla", script, *words], FOLDER, os.environ, f"{name}: {script}")
