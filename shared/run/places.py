"""Where each event of a history belongs: in which state, and in which map iteration.

History is a tree: each event names the one before it. Maps and Parallels nest states, so an event's place is a chain
of states and iterations. The events of an execution are followed in their order, each once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ENDED = frozenset({"MapStateSucceeded", "MapStateFailed", "ParallelStateSucceeded", "ParallelStateFailed"})
_ITERATION = "Iteration"
REDRIVEN = "ExecutionRedriven"


@dataclass(frozen=True, slots=True)
class Item:
    """One iteration of an inline Map, or one child of a distributed one: the Map's name and the index of its item."""

    map: str
    index: int


@dataclass(frozen=True, slots=True)
class Where:
    """A state that was entered, or an iteration of a Map: what the events after it belong to.

    Attributes:
        name: The state's name; empty for an iteration.
        kind: Its type, such as Map; Iteration for one of a Map's.
        entry: The id of the event.
        outer: What encloses it, None at the top.
        index: An iteration's index.
    """

    name: str
    kind: str
    entry: int
    outer: Where | None
    index: int = 0

    @property
    def items(self) -> tuple[Item, ...]:
        """The map iterations that it is in, outermost first."""
        return tuple(_items(self))


class Places:
    """Follows the events of one execution."""

    def __init__(self) -> None:
        self._where: dict[int, Where | None] = {0: None}
        self._kinds: dict[int, str] = {}

    def follow(self, number: int, previous: int, kind: str, name: str = "", index: int = 0) -> Where | None:
        """Return where an event belongs; None where it belongs to no state.

        Args:
            number: Its id.
            previous: The id of the event before it.
            kind: Its type.
            name: The name in its details, of a state or of a Map.
            index: The index in its details, of a map iteration.
        """
        where, before = self._where.get(previous), self._kinds.get(previous, "")
        if kind.endswith("StateEntered") or kind == "MapIterationStarted":
            where = _entered(number, kind, name, index, where, before)
        elif where is not None and (kind.startswith("MapIteration") or kind.endswith("StateExited") or kind in _ENDED):
            where = _back(kind, name, where, before)
        self._where[number] = where
        self._kinds[number] = kind
        return where

    def where(self, number: int) -> Where | None:
        """Return where the event of the id *number* belongs, which was followed."""
        return self._where[number]


def _entered(number: int, kind: str, name: str, index: int, where: Where | None, before: str) -> Where:  # noqa: PLR0913, PLR0917  an event is so much
    """Return the state or the iteration that begins with an event."""
    if kind == "MapIterationStarted":
        # Its events name the Map. It may follow what another iteration of that ended with, however deep that was.
        outer = _enclosing(where, lambda each: each.kind == "Map" and each.name == name)
        return Where("", _ITERATION, number, outer, index)
    if before == REDRIVEN:  # it enters the outermost state that had not ended, whatever had failed inside it
        return Where(name, kind.removesuffix("StateEntered"), number, None)
    inside = before in {"MapIterationStarted", "ParallelStateStarted"}
    outer = where if inside else where and where.outer
    return Where(name, kind.removesuffix("StateEntered"), number, outer)


def _items(where: Where | None) -> Iterator[Item]:
    if where is not None:
        yield from _items(where.outer)
        if _is_iteration(where) and where.outer is not None:
            yield Item(where.outer.name, where.index)


def _enclosing(where: Where | None, meant: Callable[[Where], bool]) -> Where | None:
    while where is not None and not meant(where):
        where = where.outer
    return where


def _is_iteration(where: Where) -> bool:
    return where.kind == _ITERATION


def _back(kind: str, name: str, where: Where, before: str) -> Where | None:
    """Return what an event ends, an iteration or a state; it follows one of the type *before* that belongs to *where*.

    A state that has exited is found by its name, which is unique: AWS has its exit follow the event before its success.
    """
    if kind.endswith("StateExited"):
        return _enclosing(where, lambda each: each.name == name)
    if kind.startswith("MapIteration"):
        return _enclosing(where, _is_iteration)
    if before == f"{kind.partition('State')[0]}StateStarted":
        return where
    if kind.startswith("Map") and not _is_iteration(where):
        return _enclosing(where, lambda each: each.kind == "Map")  # a distributed one, whose events are its own
    return where.outer
