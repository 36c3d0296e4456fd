"""Parallel: its branches side by side, their outputs in one array."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.effects import Park
from shared.local.asl.integrations.mocked import answered
from shared.local.asl.retry import RecoveringState
from shared.local.asl.stopped import Branches
from shared.local.asl.strand import abort_children

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.local.asl.effects import Steps
    from shared.local.asl.errors import StateFailure
    from shared.local.asl.execution import Runnable
    from shared.local.asl.reading import Spec
    from shared.local.asl.state import Outcome
    from shared.local.asl.stopped import StoppedStrand
    from shared.local.asl.strand import Strand
    from shared.values import Json


class Parallel(RecoveringState):
    """Runs branches side by side.

    Args:
        name: Its name in the machine.
        spec: Its definition, found valid.
        branches: The machines to run.
        jsonata: Whether its query language is JSONata.
    """

    failed = "ParallelStateFailed"

    def __init__(self, name: str, spec: Spec, branches: Sequence[Runnable], *, jsonata: bool) -> None:
        super().__init__(name, spec, jsonata=jsonata)
        self.branches = branches

    def attempt(self, strand: Strand, value: Json) -> Steps[Outcome]:
        """Run every branch; the first failure ends the others."""
        flow = self.flow
        given = flow.arguments(strand, flow.read(strand, value))
        results = yield from answered(strand, given, self.ask, self._branches(strand, given))
        return self.leave(strand, value, results)

    def _branches(self, strand: Strand, given: Json) -> Steps[Json]:
        strand.record("ParallelStateStarted")
        gathering = _Gathering(strand, len(self.branches), strand.take_saved(Branches))
        strand.set_work(gathering)
        for place, branch in enumerate(self.branches):
            gathering.begin(place, branch, given)
        if gathering.missing:
            yield Park()
        if gathering.failure is not None:
            raise gathering.failure
        strand.set_work(None)
        strand.history.add("ParallelStateSucceeded", strand.previous)
        return gathering.results


class _Gathering:
    """Waits for the branches on behalf of their parent.

    Args:
        parent: Waits.
        count: How many branches there are.
        saved: The branches that a redrive goes on from: those that ended well are not run again.
    """

    def __init__(self, parent: Strand, count: int, saved: Branches | None) -> None:
        self.parent = parent
        self.missing = count
        self.results: list[Json] = [None] * count
        self.failure: StateFailure | None = None
        self.strands: list[Strand | StoppedStrand] = []
        self.saved = {} if saved is None else saved.strands

    @property
    def stopped(self) -> Branches:
        """Where the branches stand."""
        return Branches({place: each.stopped for place, each in enumerate(self.strands)})

    def begin(self, place: int, branch: Runnable, given: Json) -> None:
        """Begin the branch at *place* with the input *given*, or go on with it."""
        stopped = self.saved.get(place)
        if stopped is not None and stopped.done:
            self.strands.append(stopped)
            self.results[place] = stopped.result
            self.missing -= 1
            return
        child = self.parent.fork(self.ended, place)
        self.strands.append(child)
        start = child.continue_from(stopped) if stopped is not None else None
        child.begin(branch.run(child, given if start is None or stopped is None else stopped.input, start))

    def ended(self, child: Strand) -> None:
        """Take the result of *child*, or its failure, which ends the others."""
        parent = self.parent
        parent.children.discard(child)
        if self.failure is not None:
            return
        if child.failure is not None:
            self.failure = child.failure
            parent.follow(child.previous)
            abort_children(parent)
            parent.wake()
            return
        self.results[child.index] = child.result
        parent.follow(max(parent.previous, child.previous))
        self.missing -= 1
        if self.missing == 0:
            parent.wake()
