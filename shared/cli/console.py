"""What every command prints with: data on stdout, progress and notes on stderr, NO_COLOR honoured by rich.

All text leaves for the terminal here, and nowhere else. Much of it others wrote: a program's log line, a state's
name, an error's cause. So it is never read as markup, and what would steer a terminal is shown, not sent.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

# Controls, formats (bidirectional ones, zero-width ones, tags), surrogates, the two odd separators of lines.
_STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_PLAIN = "\t\n"


def visible(text: str) -> str:
    r"""Return *text* with an escape (``\x1b``) in the place of what a terminal would obey, or a reader not see."""
    if text.isprintable():
        return text
    return "".join(
        each.encode("unicode_escape").decode() if each not in _PLAIN and _steers(each) else each for each in text
    )


def _steers(character: str) -> bool:
    return unicodedata.category(character) in _STEERING


class _Screen(Console):
    """A console that shows what it is given. What rich itself sends (colours, a bar that moves) goes through."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Make a string printable: before rich, which drops some controls without a word."""
        return super().render_str(visible(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Make printable what comes as anything else than a string."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


out = _Screen(soft_wrap=True, emoji=False, markup=False, highlight=False)
err = _Screen(stderr=True, soft_wrap=True, emoji=False, markup=False, highlight=False)


def print_json(value: Any) -> None:
    """Write *value* to stdout as one JSON document, keys in the order given."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def line(text: str) -> None:
    """Write *text* to stdout at once and as it is, tabs too, which rich would make spaces of."""
    sys.stdout.write(visible(text) + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Tell the reader something beside the data."""
    err.print(text, style="dim")


def fail(text: str) -> None:
    """Print an error message; the caller decides the exit code."""
    err.print(f"error: {text}", style="bold red")
