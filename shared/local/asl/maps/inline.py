"""An inline Map: iterations as strands of the same execution, a bounded number at a time."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from shared.local.asl.effects import Park
from shared.local.asl.maps.items import Found
from shared.local.asl.stopped import Branches
from shared.local.asl.strand import abort_children

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.local.asl.effects import Steps
    from shared.local.asl.errors import StateFailure
    from shared.local.asl.maps.fields import MapFields
    from shared.local.asl.stopped import StoppedStrand
    from shared.local.asl.strand import Strand
    from shared.values import Json

# The most iterations at a time, as on AWS, whatever MaxConcurrency says.
MOST = 40


def run_inline(state: MapFields, strand: Strand, effective: Json, concurrency: float) -> Steps[list[Json]]:
    """Run the processor of *state* for each item and return the outputs in order.

    Raises:
        StateFailure: An iteration failed; the others were ended.
    """
    items = state.items(strand, effective)
    strand.record("MapStateStarted", {"length": len(items)})
    iterations = _Iterations(state, strand, effective, items)
    strand.set_work(iterations)
    for _ in range(min(int(concurrency) or MOST, MOST, iterations.missing)):
        iterations.start(strand.previous)
    if iterations.missing:
        yield Park()
    if iterations.failure is not None:
        raise iterations.failure
    strand.set_work(None)
    strand.history.add("MapStateSucceeded", strand.previous)
    return iterations.results


class _Iterations:
    """The iterations of one attempt: where one ends, the next begins in its slot.

    After a redrive, iterations that ended well are not run again.

    Args:
        state: The Map state.
        parent: The strand that waits.
        effective: The state's effective input.
        items: The items.
    """

    def __init__(self, state: MapFields, parent: Strand, effective: Json, items: Sequence[Json]) -> None:
        saved = parent.take_saved(Branches)
        self.state = state
        self.parent = parent
        self.effective = effective
        self.items = items
        self.results: list[Json] = [None] * len(items)
        self.failure: StateFailure | None = None
        self.saved = {} if saved is None else saved.strands
        self.strands: dict[int, Strand | StoppedStrand] = {}
        self.todo: deque[int] = deque()
        for index in range(len(items)):
            before = self.saved.get(index)
            if before is not None and before.done:
                self.results[index] = before.result
                self.strands[index] = before
            else:
                self.todo.append(index)
        self.missing = len(self.todo)

    @property
    def stopped(self) -> Branches:
        """Where the iterations stand: those not begun again yet where they stood."""
        return Branches({**self.saved, **{index: each.stopped for index, each in self.strands.items()}})

    def start(self, previous: int) -> None:
        """Start the next iteration in a slot whose last event has the id *previous*."""
        if self.failure is not None or not self.todo:
            return
        index = self.todo.popleft()
        item = Found(self.items[index])
        child = self.parent.fork(self.ended, index, previous=previous, item=item.context(index))
        self.strands[index] = child
        child.record("MapIterationStarted", {"name": self.state.name, "index": index})
        child.begin(self._run(child, item))

    def _run(self, child: Strand, item: Found) -> Steps[Json]:
        state = self.state
        child.share_state_of(self.parent)
        stopped = self.saved.get(child.index)
        start = child.continue_from(stopped) if stopped is not None else None
        if stopped is not None and start in state.processor.states:
            return (yield from state.processor.run(child, stopped.input, start))
        given = state.item_input(child, self.effective, item, child.index)
        return (yield from state.processor.run(child, given))

    def ended(self, child: Strand) -> None:
        """Take the result of *child* and start the next, or take its failure, which ends the others."""
        parent = self.parent
        parent.children.discard(child)
        if self.failure is not None:
            return
        history = parent.history
        details: dict[str, Json] = {"name": self.state.name, "index": child.index}
        if child.failure is not None:
            self.failure = child.failure
            parent.follow(child.previous)
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
            parent.follow(last)
            parent.wake()
