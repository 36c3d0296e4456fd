"""rich's consoles, as commands use them. To import rich takes as long as a quick command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from shared.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text


class Screen(Console):
    """A console that shows text as it is. What rich itself sends (colours, a bar that moves) is not changed."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Make a string printable before rich sees it, which drops some controls silently."""
        return super().render_str(visible(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Make printable what is not given as a string."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


def make_screen(*, stderr: bool) -> Screen:
    """Return a console for stdout or stderr. It honours NO_COLOR."""
    return Screen(stderr=stderr, soft_wrap=True, emoji=False, markup=False, highlight=False)
