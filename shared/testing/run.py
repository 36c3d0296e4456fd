"""What became of a test's run: frozen values to assert on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from shared.errors import unknown
from shared.local.asl.errors import EXCEED_TOLERATED
from shared.local.asl.execution import SUCCEEDED
from shared.testing.visits import visits_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shared.local.asl.execution import Execution
    from shared.testing.compiled import Compiled
    from shared.testing.functions import Raised
    from shared.testing.visits import Visit
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run failed.

    Attributes:
        state: The innermost state that was not left; None where there is none.
        error: The error's name.
        cause: What AWS shows beside it.
        traceback: The handler's traceback, where one has raised what failed the run; else "".
    """

    state: str | None
    error: str | None
    cause: str | None
    traceback: str

    def __str__(self) -> str:
        return self.traceback or f"{self.error}: {self.cause}"


class Run:
    """One run of a workflow, which has ended.

    Attributes:
        status: SUCCEEDED, FAILED or TIMED_OUT.
        output: The output; None unless it succeeded.
        error: The error's name; None unless it failed.
        cause: Its cause; None likewise.
        seconds: How long it took, in virtual seconds.
    """

    def __init__(self, execution: Execution, compiled: Compiled, raised: Sequence[Raised]) -> None:
        self._execution = execution
        self._compiled = compiled
        self._raised = tuple(raised)
        self.status = execution.status
        self.output: Json = execution.output if execution.status == SUCCEEDED else None
        self.error = execution.error
        self.cause = execution.cause
        self.seconds = round((execution.stopped_at or execution.started_at) - execution.started_at, 6)

    @property
    def succeeded(self) -> bool:
        """Whether it succeeded."""
        return self.status == SUCCEEDED

    @cached_property
    def states(self) -> tuple[Visit, ...]:
        """Every state that was entered, in that order; those of a distributed Map's items after the Map."""
        return tuple(visits_of(self._execution))

    @cached_property
    def path(self) -> list[str]:
        """The names of the states that the workflow itself entered; what Maps and Parallels ran is in `paths`."""
        return [visit.state for visit in self.states if not visit.inside]

    def paths(self, state: str) -> list[list[str]]:
        """Return the names that were entered in each item of the Map, or each branch of the Parallel, called *state*.

        Items of a Map that was entered or tried several times follow one another.

        Raises:
            UsageError: There is no such state.
        """
        self._check(state)
        branches = self._branches(state)
        found: dict[tuple[int, ...], list[str]] = {}
        for visit in self.states:
            if visit.inside and visit.inside[-1] == state:
                key = (*(item.index for item in visit.items), branches.get(visit.state, 0))
                found.setdefault(key, []).append(visit.state)
        return [found[key] for key in sorted(found)]

    def attempts(self, state: str) -> int:
        """Return how often *state* did what it does, in all its items: called, mapped, or ran its branches.

        Raises:
            UsageError: There is no such state.
        """
        return sum(visit.attempts for visit in self.visits(state))

    def visits(self, state: str) -> tuple[Visit, ...]:
        """Return each time that *state* was entered.

        Raises:
            UsageError: There is no such state.
        """
        self._check(state)
        return tuple(visit for visit in self.states if visit.state == state)

    @property
    def waits(self) -> list[float]:
        """The virtual seconds of all waits between two attempts, by the states in the order in which they began."""
        return [wait for visit in self.states for wait in visit.waits]

    @property
    def history(self) -> list[dict[str, object]]:
        """The events of the execution, as GetExecutionHistory tells them."""
        return self._execution.history.page(0, len(self._execution.history.events), reverse=False, data=True)

    @property
    def failure(self) -> Failure | None:
        """Why it failed; None where it succeeded."""
        if self.succeeded:
            return None
        unfinished = [visit.state for visit in self.states if not visit.left]
        by_cause = {each.payload: each.traceback for each in self._raised}
        traceback = by_cause.get(self.cause or "", "")
        if not traceback and self._raised and self.error == EXCEED_TOLERATED:
            traceback = self._raised[-1].traceback  # the Map tells that items failed, not which
        return Failure(unfinished[-1] if unfinished else None, self.error, self.cause, traceback)

    def __repr__(self) -> str:
        return f"<Run {self.status} in {self.seconds:g} s: {' > '.join(self.path)}>"

    def told(self) -> str:
        """Return what a report says of it: its path, and why it failed."""
        lines = [f"{self.status} after {self.seconds:g} virtual seconds"]
        lines += [f"  {line}" for line in _lines(self.states)]
        if (failure := self.failure) is not None:
            at = f" in {failure.state}" if failure.state else ""
            lines += [f"{failure.error}{at}: {failure.cause}" if not failure.traceback else f"{failure.error}{at}:"]
            lines += failure.traceback.splitlines()
        else:
            lines.append(f"output: {self.output!r}")
        return "\n".join(lines)

    def _check(self, state: str) -> None:
        if state not in self._compiled.states:
            raise unknown("state", state, list(self._compiled.states))

    def _branches(self, state: str) -> dict[str, int]:
        """Return the place of the branch that each state of the Parallel called *state* is in; nothing for a Map."""
        branches = self._compiled.states[state].spec.get("Branches")
        found: dict[str, int] = {}
        for place, branch in enumerate(branches if isinstance(branches, list) else ()):
            found |= dict.fromkeys(branch["States"], place)
        return found


def _lines(visits: Iterable[Visit]) -> Iterator[str]:
    """Yield a line for each state: what came of it, and how often it was tried."""
    for visit in visits:
        place = "".join(f" of {item.map}[{item.index}]" for item in reversed(visit.items))
        tried = f", {visit.attempts} attempts" if visit.attempts > 1 else ""
        waited = f", waits {', '.join(f'{wait:g}' for wait in visit.waits)} s" if visit.waits else ""
        error = f", {visit.error}" if visit.error else ""
        left = "" if visit.left else ", not left"
        yield f"{'  ' * len(visit.inside)}{visit.state}{place}{tried}{waited}{error}{left}"
