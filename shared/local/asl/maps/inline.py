"""An inline Map: iterations as strands of the same execution, so many at a time."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from shared.local.asl.strand import Park, abort_children

if TYPE_CHECKING:
    from collections.abc import Generator

    from shared.local.asl.errors import StateFailure
    from shared.local.asl.maps.fields import MapFields
    from shared.local.asl.strand import Effect, Strand

# What MaxConcurrency 0 comes to on AWS.
MOST = 40


def run_inline(
    state: MapFields, strand: Strand, effective: Any, concurrency: float
) -> Generator[Effect | None, Any, list[Any]]:
    """Run the processor of *state* for each item and return the outputs in order.

    Raises:
        StateFailure: An iteration failed; the others were ended.
    """
    items = state.items(strand, effective)
    strand.record("MapStateStarted", {"length": len(items)})
    iterations = strand.work = _Iterations(state, strand, effective, items, strand.take_saved())
    for _ in range(min(int(concurrency) or MOST, MOST, iterations.missing)):
        iterations.start(strand.previous)
    if iterations.missing:
        yield Park()
    if iterations.failure is not None:
        raise iterations.failure
    strand.work = None
    strand.execution.history.add("MapStateSucceeded", strand.previous)
    return iterations.results


class _Iterations:
    """The iterations of one attempt: a slot that falls free takes the next item.

    Args:
        state: The Map state.
        parent: The strand that waits.
        effective: The state's effective input.
        items: The items.
        saved: The iterations that a redrive goes on from: those that ended well are not run again.
    """

    def __init__(
        self, state: MapFields, parent: Strand, effective: Any, items: list[Any], saved: _Iterations | None
    ) -> None:
        self.state = state
        self.parent = parent
        self.effective = effective
        self.items = items
        self.results: list[Any] = [None] * len(items)
        self.failure: StateFailure | None = None
        self.stopped: dict[int, Strand] = {} if saved is None else saved.strands
        self.strands: dict[int, Strand] = {}
        self.todo: deque[int] = deque()
        for index in range(len(items)):
            before = self.stopped.get(index)
            if before is not None and before.done:
                self.results[index] = before.result
                self.strands[index] = before
            else:
                self.todo.append(index)
        self.missing = len(self.todo)

    def start(self, previous: int) -> None:
        """Start the next iteration in a slot whose last event was *previous*."""
        if self.failure is not None or not self.todo:
            return
        index = self.todo.popleft()
        item = {"Index": index, "Value": self.items[index]}
        child = self.parent.fork(self.ended, item)
        child.index, child.previous = index, previous
        self.strands[index] = child
        child.record("MapIterationStarted", {"name": self.state.name, "index": index})
        child.begin(self._run(child, item))

    def _run(self, child: Strand, item: dict[str, Any]) -> Generator[Effect | None, Any, Any]:
        parent, state = self.parent, self.state
        child.state, child.entered, child.before = parent.state, parent.entered, parent.before
        child.entered_at = parent.entered_at
        stopped = self.stopped.get(child.index)
        start = child.go_on_from(stopped) if stopped is not None else None
        if stopped is not None and start in state.processor.states:
            return (yield from state.processor.run(child, stopped.input, start))
        given = state.item_input(child, self.effective, item)
        return (yield from state.processor.run(child, given))

    def ended(self, child: Strand) -> None:
        parent = self.parent
        parent.children.discard(child)
        if self.failure is not None:
            return
        history, details = parent.execution.history, {"name": self.state.name, "index": child.index}
        if child.failure is not None:
            self.failure = child.failure
            parent.previous = child.previous
            history.add("MapIterationFailed", child.previous, details)
            abort_children(parent, self.state.name)
            parent.wake()
            return
        self.results[child.index] = child.result
        last = history.add("MapIterationSucceeded", child.previous, details)
        self.missing -= 1
        if self.todo:
            self.start(child.previous)
        elif self.missing == 0:
            parent.previous = last
            parent.wake()
