"""What every command prints with: data goes to stdout, progress and notes to stderr; rich honours NO_COLOR.

This module alone writes to the terminal, with ``screen.py``. Others wrote much of the text: a program's log line, a
state's name, an error's cause. So text is never read as markup, and characters that would control a terminal are shown
as escapes.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from shared.visible import visible

if TYPE_CHECKING:
    from shared.cli.screen import Screen

    out: Screen
    err: Screen


def __getattr__(name: str) -> Screen:
    """Make ``out`` or ``err`` when it is used first: most of what a command prints are plain lines."""
    if name not in {"out", "err"}:
        raise AttributeError(name)
    from shared.cli.screen import make_screen

    screen: Screen = globals().setdefault(name, make_screen(stderr=name == "err"))
    return screen


def print_json(value: object) -> None:
    """Write *value* to stdout as one JSON document. Its keys keep their order."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def line(text: str) -> None:
    """Write *text* to stdout at once and as it is. rich would turn tabs into spaces."""
    sys.stdout.write(visible(text) + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Tell the reader something beside the data, on stderr."""
    _err().print(text, style="dim")


def fail(text: str) -> None:
    """Print an error message on stderr. The caller decides the exit code."""
    _err().print(f"error: {text}", style="bold red")


def _err() -> Screen:
    screen: Screen = globals().get("err") or __getattr__("err")
    return screen
