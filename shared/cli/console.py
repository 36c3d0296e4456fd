"""What every command prints with: data goes to stdout, progress and notes to stderr; rich honours NO_COLOR.

This module alone writes to the terminal. Others wrote much of the text: a program's log line, a state's name, an
error's cause. So text is never read as markup, and characters that would control a terminal are shown as escapes.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from shared.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text


class _Screen(Console):
    """A console that shows text as it is. What rich itself sends (colours, a bar that moves) is not changed."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Make a string printable before rich sees it, which drops some controls silently."""
        return super().render_str(visible(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Make printable what is not given as a string."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


out = _Screen(soft_wrap=True, emoji=False, markup=False, highlight=False)
err = _Screen(stderr=True, soft_wrap=True, emoji=False, markup=False, highlight=False)


def print_json(value: object) -> None:
    """Write *value* to stdout as one JSON document. Its keys keep their order."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def line(text: str) -> None:
    """Write *text* to stdout at once and as it is. rich would turn tabs into spaces."""
    sys.stdout.write(visible(text) + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Tell the reader something beside the data, on stderr."""
    err.print(text, style="dim")


def fail(text: str) -> None:
    """Print an error message on stderr. The caller decides the exit code."""
    err.print(f"error: {text}", style="bold red")
