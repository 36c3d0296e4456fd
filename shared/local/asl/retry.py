"""Retry and Catch, around everything a Task, Map or Parallel state does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.dataflow import Caught
from shared.local.asl.effects import Sleep
from shared.local.asl.errors import QueryFailure, StateFailure, matches
from shared.local.asl.reading import number, number_or_none, parts, text, texts
from shared.local.asl.state import State
from shared.local.asl.strand import NOT_RETRIED

if TYPE_CHECKING:
    from shared.local.asl.effects import Steps
    from shared.local.asl.integrations.mocked import Ask
    from shared.local.asl.reading import Spec
    from shared.local.asl.state import Outcome
    from shared.local.asl.strand import Strand
    from shared.values import Json

FULL_JITTER = "FULL"
# Longer than any execution, in seconds, for a delay that has outgrown every number.
_FOR_EVER = 1e10


class Retrier:
    """One entry of Retry."""

    __slots__ = ("attempts", "backoff", "ceiling", "interval", "jitter", "names")

    def __init__(self, spec: Spec) -> None:
        self.names = texts(spec, "ErrorEquals")
        self.interval = number(spec, "IntervalSeconds", 1)
        self.attempts = number(spec, "MaxAttempts", 3)
        self.backoff = number(spec, "BackoffRate", 2.0)
        self.ceiling = number_or_none(spec, "MaxDelaySeconds")
        self.jitter = spec.get("JitterStrategy") == FULL_JITTER

    def delay(self, done: int, strand: Strand) -> float:
        """Return the seconds before the attempt that follows *done* earlier retries."""
        try:
            seconds: float = self.interval * float(self.backoff) ** done
        except OverflowError:
            seconds = _FOR_EVER
        if self.ceiling is not None:
            seconds = min(seconds, self.ceiling)
        return seconds * strand.random.random() if self.jitter else seconds


class Catcher:
    """One entry of Catch."""

    __slots__ = ("caught", "names", "next")

    def __init__(self, spec: Spec, place: int, *, jsonata: bool) -> None:
        self.names = texts(spec, "ErrorEquals")
        self.next = text(spec, "Next")
        self.caught = Caught(spec, jsonata=jsonata, field=f"Catch[{place}]")


class RecoveringState(State):
    """A state that may have Retry and Catch: what it does is ``attempt``."""

    simple = False
    # The event that says that the state failed, where there is one. A fault in the state's own fields leaves none.
    failed: str | None = None
    # What says the answers of a mock, where it has one.
    ask: Ask | None = None

    def __init__(self, name: str, spec: Spec, *, jsonata: bool) -> None:
        super().__init__(name, spec, jsonata=jsonata)
        self.retriers = [Retrier(each) for each in parts(spec, "Retry")]
        self.catchers = [Catcher(each, place, jsonata=jsonata) for place, each in enumerate(parts(spec, "Catch"))]

    def mock(self, ask: Ask) -> None:
        """Let *ask* say what answers, instead of what the state does."""
        self.ask = ask

    def attempt(self, strand: Strand, value: Json) -> Steps[Outcome]:
        """Do once what the state does with its input *value*; return its output and the next state."""
        raise NotImplementedError

    def run(self, strand: Strand, value: Json) -> Steps[Outcome]:
        """Attempt it until it works, is caught, or fails for good."""
        done = [0] * len(self.retriers)
        retries = 0
        strand.count_retries(retries)
        while True:
            try:
                outcome = yield from self.attempt(strand, value)
            except StateFailure as failure:
                own = failure.bare and not isinstance(failure, QueryFailure)
                place_failure(strand, failure)
                delay = self._delay(strand, failure, done)
                if delay is None:
                    if self.failed is not None and not own:
                        strand.record(self.failed)
                    return self._catch(strand, value, failure)
                strand.drop_children()
                yield Sleep(delay)
                retries += 1
                strand.count_retries(retries)
            else:
                strand.count_retries(NOT_RETRIED)
                return outcome

    def _delay(self, strand: Strand, failure: StateFailure, done: list[int]) -> float | None:
        """Return the seconds until the next attempt, or None when there is to be none."""
        for place, retrier in enumerate(self.retriers):
            if matches(retrier.names, failure):
                if done[place] >= retrier.attempts:
                    return None
                done[place] += 1
                return retrier.delay(done[place] - 1, strand)
        return None

    def _catch(self, strand: Strand, value: Json, failure: StateFailure) -> Outcome:
        for catcher in self.catchers:
            if matches(catcher.names, failure):
                output, assigned = self.flow.caught(strand, value, catcher.caught, failure.output())
                strand.count_retries(NOT_RETRIED)
                strand.leave(self.exited, value, output, assigned)
                return output, catcher.next
        raise failure


def place_failure(strand: Strand, failure: StateFailure) -> None:
    """Complete the cause of *failure* with the strand's state; a failed query leaves an event as well."""
    if not failure.bare:
        return
    failure.located(strand.state, strand.entered)
    if isinstance(failure, QueryFailure):
        details = {"error": failure.error, "cause": failure.cause, "location": failure.location, "state": strand.state}
        strand.record_failed_query("EvaluationFailed", details)
