"""Retry and Catch, around everything a Task, Map or Parallel state does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.local.asl.dataflow import Caught, leave_state
from shared.local.asl.errors import QueryFailure, StateFailure, matches
from shared.local.asl.strand import Sleep

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from shared.local.asl.state import State
    from shared.local.asl.strand import Effect, Strand

    Attempt = Callable[[Strand, Any], Generator[Effect | None, Any, tuple[Any, str | None]]]

FULL_JITTER = "FULL"


class Retrier:
    """One entry of Retry."""

    __slots__ = ("attempts", "backoff", "ceiling", "interval", "jitter", "names")

    def __init__(self, spec: dict[str, Any]) -> None:
        self.names = tuple(spec["ErrorEquals"])
        self.interval: float = spec.get("IntervalSeconds", 1)
        self.attempts: int = spec.get("MaxAttempts", 3)
        self.backoff: float = spec.get("BackoffRate", 2.0)
        self.ceiling: float | None = spec.get("MaxDelaySeconds")
        self.jitter = spec.get("JitterStrategy") == FULL_JITTER

    def delay(self, done: int, strand: Strand) -> float:
        """Return the seconds before the attempt that follows *done* earlier retries."""
        seconds = self.interval * self.backoff**done
        if self.ceiling is not None:
            seconds = min(seconds, self.ceiling)
        return seconds * strand.random.random() if self.jitter else seconds


class Catcher:
    """One entry of Catch."""

    __slots__ = ("caught", "names", "next")

    def __init__(self, spec: dict[str, Any], place: int, *, jsonata: bool) -> None:
        self.names = tuple(spec["ErrorEquals"])
        self.next: str = spec["Next"]
        self.caught = Caught(spec, jsonata=jsonata, field=f"Catch[{place}]")


class Recovery:
    """The Retry and Catch of one state."""

    __slots__ = ("catchers", "retriers", "state")

    def __init__(self, state: State) -> None:
        self.state = state
        self.retriers = [Retrier(spec) for spec in state.spec.get("Retry", [])]
        self.catchers = [
            Catcher(spec, place, jsonata=state.jsonata) for place, spec in enumerate(state.spec.get("Catch", []))
        ]

    def run(
        self, strand: Strand, value: Any, attempt: Attempt, failed: str | None = None
    ) -> Generator[Effect | None, Any, tuple[Any, str | None]]:
        """Run *attempt* with the state's input *value* until it works, is caught, or fails for good.

        Args:
            strand: Runs it.
            value: The state's input.
            attempt: A generator function of strand and input that returns the output and the next state.
            failed: The event that says the state failed, when it has one. A fault in the state's own fields leaves
                none.
        """
        done = [0] * len(self.retriers)
        strand.retries = 0
        while True:
            try:
                outcome = yield from attempt(strand, value)
            except StateFailure as failure:
                own = failure.bare and not isinstance(failure, QueryFailure)
                place_failure(strand, failure)
                delay = self._delay(strand, failure, done)
                if delay is None:
                    if failed is not None and not own:
                        strand.record(failed)
                    return self._catch(strand, value, failure)
                strand.drop_children()
                yield Sleep(delay)
                strand.retries += 1
            else:
                strand.retries = -1
                return outcome

    def _delay(self, strand: Strand, failure: StateFailure, done: list[int]) -> float | None:
        for place, retrier in enumerate(self.retriers):
            if matches(retrier.names, failure):
                if done[place] >= retrier.attempts:
                    return None
                done[place] += 1
                return retrier.delay(done[place] - 1, strand)
        return None

    def _catch(self, strand: Strand, value: Any, failure: StateFailure) -> tuple[Any, str | None]:
        for catcher in self.catchers:
            if matches(catcher.names, failure):
                state = self.state
                output, assigned = state.flow.caught(strand, value, catcher.caught, failure.output())
                strand.retries = -1
                leave_state(strand, state.exited, value, output, assigned)
                return output, catcher.next
        raise failure


def place_failure(strand: Strand, failure: StateFailure) -> None:
    """Complete the cause of *failure* with the strand's state; a failed query leaves an event as well."""
    if not failure.bare:
        return
    failure.located(strand.state, strand.entered)
    if isinstance(failure, QueryFailure):
        details = {"error": failure.error, "cause": failure.cause, "location": failure.location, "state": strand.state}
        strand.previous = strand.execution.history.add("EvaluationFailed", strand.before, details)
