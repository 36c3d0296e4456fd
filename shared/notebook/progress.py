"""Shows how far a run or a sweep is: in Jupyter in one place that changes, on a terminal as bars, else in lines."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from markupsafe import Markup
from rich.console import Console

from shared.notebook.html import whole
from shared.run.progress_view import MOST_BARS, line_of, live
from shared.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from shared.run.watch import Snapshot

_MOST_NOTES = 12  # that are shown at once


class Bar(NamedTuple):
    """How much of something is done; a ``total`` of 0 means that it is not known."""

    name: str
    done: int
    total: int


class Progress(Protocol):
    """Where progress is shown."""

    def note(self, text: str) -> None:
        """Show a line, and keep it."""
        ...

    def bar(self, bar: Bar | None) -> None:
        """Show how many parts of a sweep are done, if this place has bars of that kind; None for no longer."""
        ...

    def following(self) -> AbstractContextManager[Callable[[Snapshot], None]]:
        """Give the function that shows how far a run is."""
        ...


class InLines:
    """Shows progress on stderr: as bars while a terminal is there, else a line for each change."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stderr, force_jupyter=False)

    def note(self, text: str) -> None:
        """Write a line."""
        self._console.print(visible(text), style="dim", markup=False, emoji=False, highlight=False, soft_wrap=True)

    def bar(self, bar: Bar | None) -> None:
        """Show nothing: each cell of a sweep has its line."""

    def following(self) -> AbstractContextManager[Callable[[Snapshot], None]]:
        """Give the function that shows how far a run is."""
        return live(self._console, self.note)


class InJupyter:
    """Shows progress in the output of the cell that runs, in one place.

    Args:
        display: Shows what it is given, as IPython's ``display``: an object of which the cell keeps a changing view.
    """

    def __init__(self, display: Callable[[dict[str, str]], Any]) -> None:
        self._display = display
        self._handle: Any = None
        self._notes: list[str] = []
        self._state = ""
        self._bars: Sequence[Bar] = ()
        self._shown = ""

    def note(self, text: str) -> None:
        """Add a line above the bars."""
        self._notes.append(visible(text))
        self._draw()

    def bar(self, bar: Bar | None) -> None:
        """Show how many parts of a sweep are done."""
        self._bars = [bar] if bar else []
        self._draw()

    @contextlib.contextmanager
    def following(self) -> Iterator[Callable[[Snapshot], None]]:
        """Give the function that shows how far a run is. The bars are gone when it has ended."""
        try:
            yield self._show
        finally:
            self._state, self._bars = "", ()
            self._draw()

    def _show(self, snapshot: Snapshot) -> None:
        self._state = visible(line_of(snapshot))
        ranks = sorted(snapshot.ranks.items())
        bars = [Bar(f"rank {rank}", at.done, at.total) for rank, at in ranks]
        if len(bars) > MOST_BARS:
            bars = [Bar("all ranks", sum(bar.done for bar in bars), snapshot.records)]
        self._bars = bars
        self._draw()

    def _draw(self) -> None:
        html = self._html()
        if html == self._shown:
            return
        self._shown = html
        data = {"text/html": html, "text/plain": "\n".join([*self._notes, *filter(None, [self._state])])}
        if self._handle is None:
            self._handle = self._display(data)
        else:
            self._handle.update(data, raw=True)

    def _html(self) -> str:
        older = len(self._notes) - _MOST_NOTES
        notes = [*([f"{older} lines before"] if older > 0 else []), *self._notes[-_MOST_NOTES:], self._state]
        parts = [Markup("<small>{}</small>").format(Markup("<br>").join(line for line in notes if line))]
        if self._bars:
            parts.append(Markup("<table><tbody>{}</tbody></table>").format(Markup("").join(map(_row, self._bars))))
        return whole(*parts)


def _row(bar: Bar) -> Markup:
    told = f"{bar.done:,} of {bar.total:,}" if bar.total else f"{bar.done:,}"
    meter = Markup("<progress></progress>")
    if bar.total:
        meter = Markup('<progress value="{}" max="{}"></progress>').format(bar.done, bar.total)
    return Markup("<tr><td>{}</td><td>{}</td><td>{}</td></tr>").format(bar.name, meter, told)


def progress_here() -> Progress:
    """Return where the running cell, the terminal or the script shows progress."""
    if kernel_shell() is None:
        return InLines()
    from IPython.display import display  # noqa: PLC0415  it is there, and only in a kernel

    def show(data: dict[str, str]) -> Any:
        return display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]  # IPython's own lack

    return InJupyter(show)


def kernel_shell() -> Any:
    """Return IPython's shell if this process is a kernel of Jupyter, else None."""
    if "IPython" not in sys.modules:
        return None
    from IPython.core.getipython import get_ipython  # noqa: PLC0415  it is there

    shell = get_ipython()
    return shell if getattr(shell, "kernel", None) is not None else None
