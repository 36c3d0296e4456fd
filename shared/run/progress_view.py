"""Shows how far a run is while it goes on: as bars on a terminal, elsewhere in lines."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from shared.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console
    from rich.progress import TaskID

    from shared.run.watch import Snapshot

MOST_BARS = 24
"""Ranks with a bar of their own; of more ranks, one bar stands for all."""


@contextlib.contextmanager
def live(console: Console, note: Callable[[str], None]) -> Iterator[Callable[[Snapshot], None]]:
    """Give the function that shows a snapshot: as bars on a terminal, elsewhere as a line for each change.

    Args:
        console: What is drawn on.
        note: Writes a line.
    """
    if not console.is_terminal:
        yield _Lines(note).show
        return
    bars = _Bars(console)
    with Live(bars.progress, console=console, transient=True, refresh_per_second=8):
        yield bars.show


class _Lines:
    """Shows one line whenever the state or the number of records changes."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._said = ""
        self._note = note

    def show(self, snapshot: Snapshot) -> None:
        text = line_of(snapshot)
        if text != self._said:
            self._said = text
            self._note(text)


def line_of(snapshot: Snapshot) -> str:
    """Return how far the run of *snapshot* is, as a line."""
    text = f"{snapshot.status} {snapshot.state or ''}".rstrip()
    if not snapshot.records:
        return text
    done = sum(progress.done for progress in snapshot.ranks.values())
    return f"{text}: {done} of {_total(snapshot)}"


def _total(snapshot: Snapshot) -> str:
    """Return how many records and ranks there are. The records of ranks that were not seen yet are an estimate."""
    seen, expected = len(snapshot.ranks), snapshot.expected or 0
    about, ranks = ("about ", f"{seen} of {expected}") if expected > seen else ("", f"{seen}")
    return f"{about}{snapshot.records} records on {ranks} rank{'' if max(seen, expected) == 1 else 's'}"


class _Bars:
    """Shows a line for the execution, and a bar for each rank."""

    def __init__(self, console: Console) -> None:
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._all = self.progress.add_task("starting", total=None)
        self._ranks: dict[int, TaskID] = {}

    def show(self, snapshot: Snapshot) -> None:
        done = sum(progress.done for progress in snapshot.ranks.values())
        what = snapshot.state or snapshot.status
        self.progress.update(self._all, description=visible(what), completed=done, total=snapshot.records or None)
        if len(snapshot.ranks) > MOST_BARS:
            return
        for rank, at in sorted(snapshot.ranks.items()):
            if rank not in self._ranks:
                self._ranks[rank] = self.progress.add_task(f"rank {rank}", total=at.total or None)
            self.progress.update(self._ranks[rank], completed=at.done, total=at.total or None)
