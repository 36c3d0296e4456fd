"""Reads a finished run and yields its spans, as they are made: no more is kept than the children's list and ids.

AWS gives an account 20 histories a second, so only some of the child executions of distributed Maps are read. The
others have a span by the list of executions, with nothing in it. What was not read is counted.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.aws.pace import Bucket
from shared.config.aws_facts import HISTORY_CALLS
from shared.errors import UsageError, code_of
from shared.measure.observed.collect_invocations import collect_named
from shared.measure.observed.invocations import Invocations
from shared.measure.observed.trace import MOST_READ, visits_of
from shared.measure.tracing.children import choose, list_children
from shared.measure.tracing.conventions import function_resource, machine_resource
from shared.measure.tracing.execution_spans import Execution, Tracing, item_of, request_of
from shared.measure.tracing.ids import trace_id
from shared.measure.tracing.invocation_spans import OUTSIDE, Caller, invocation_spans
from shared.measure.tracing.span import nanoseconds
from shared.measure.tracing.timed import time_history
from shared.run.find import check_over, find_named
from shared.run.history import history, parse_object
from shared.run.logged import read_logged
from shared.run.watch import is_over

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.aws.client import Aws
    from shared.aws.settling.waiting import Sleep
    from shared.config.lane import Lane
    from shared.measure.tracing.span import Resource, Span, Value
    from shared.measure.tracing.timed import TimedHistory
    from shared.run.find import Found

_READERS = 8
_BIGGEST = 2**63  # a number of OTLP has 64 bits
_NOT_SEEN = frozenset({"AccessDeniedException", "ExecutionDoesNotExist", "InvalidArn"})


@dataclass(slots=True)
class Counts:
    """What became spans, and what did not.

    Attributes:
        spans: All of them.
        children: Child executions: of distributed Maps, and nested ones.
        unread: Those of them whose histories were not read: there is nothing in their spans.
        without_span: Those of the unread ones that have no span either: express ones, those that go on, those that AWS
            does not list or let us see.
        invocations: Those with a REPORT line.
        without_report: Those that a history names, and no REPORT line that CloudWatch shows.
        without_call: Those with a REPORT line whose call was not read: they lie in the run's own span.
        unanswered: Calls of functions whose history names no invocation, such as calls of a function's own ARN.
        outside_call: Those that reach out of their call by more than a millisecond, since clocks differ.
    """

    spans: int = 0
    children: int = 0
    unread: int = 0
    without_span: int = 0
    invocations: int = 0
    without_report: int = 0
    without_call: int = 0
    unanswered: int = 0
    outside_call: int = 0

    @property
    def told(self) -> list[str]:
        """A line for each thing that the trace lacks."""
        lines: list[str] = []
        if self.unread:
            lacking = f", and {self.without_span} of them have no span" if self.without_span else ""
            lines.append(
                f"{self.unread} of {self.children} child executions were not read: their spans are empty{lacking}"
            )
        if self.without_report:
            lines.append(f"{self.without_report} invocations have no span: CloudWatch shows no REPORT line of theirs")
        if self.without_call:
            lines.append(
                f"{self.without_call} invocations lie in the run's own span: the calls of theirs were not read"
            )
        if self.unanswered:
            lines.append(f"{self.unanswered} calls of functions hold no invocation: their history names none")
        if self.outside_call:
            lines.append(
                f"{self.outside_call} invocations reach out of their calls ({OUTSIDE} says by how much): "
                "Lambda's clock and Step Functions' differ"
            )
        return lines

    def as_record(self) -> dict[str, int]:
        """Return it for JSON."""
        return asdict(self)


def find_ended(aws: Aws, lane: Lane, run_id: str | None) -> tuple[Found, Sequence[HistoryEventTypeDef] | None]:
    """Return the run *run_id* of *lane*, or its newest, and the events of its log where AWS keeps no history of it.

    Raises:
        UsageError: There is none.
    """
    try:
        return find_named(aws, lane, run_id), None
    except UsageError:
        logged = read_logged(aws, lane, run_id) if run_id else None
        if logged is None:
            raise
        return logged.found, logged.events


class RunSpans:
    """The spans of the run *found*, an iterable that may be gone through once.

    Args:
        aws: Where it ran.
        found: The run; it has ended.
        events: Its events, where AWS keeps no history of it; None to read them.
        most: How many children's histories are read at most.
        sleep: Waits.
        clock: Seconds from any start.
        note: Tells the reader what takes long.

    Attributes:
        trace: The trace's id.
        counts: What became spans so far.

    Raises:
        UsageError: The run goes on: a span that has not ended is no span.
    """

    def __init__(  # noqa: PLR0913  a run, how much of it is read, and the clock
        self,
        aws: Aws,
        found: Found,
        *,
        events: Sequence[HistoryEventTypeDef] | None = None,
        most: int = MOST_READ,
        sleep: Sleep = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        check_over(found, "a span has an end")
        run = found.run
        self._aws, self._found, self._events = aws, found, events
        self._left, self._sleep, self._note = most, sleep, note
        self._bucket = Bucket(MOST_READ, HISTORY_CALLS.refill, clock, sleep)
        self.trace = trace_id(run.arn)
        resource = machine_resource(aws.target, run.lane, run.workflow)
        self._tracing = Tracing(self.trace, resource, run.lane.place.region)
        self._callers: dict[str, Caller] = {}
        self._workflows = {run.workflow}
        self.counts = Counts()

    def __iter__(self) -> Iterator[Span]:
        """Yield the spans: what lies in the run, its invocations, and at last the run itself."""
        for span in self._spans():
            self.counts.spans += 1
            yield span

    def _spans(self) -> Iterator[Span]:
        run, found = self._found.run, self._found
        assert found.stopped is not None  # noqa: S101  checked when this was made
        root = Execution(run.arn, run.workflow, found.status, found.started, found.stopped)
        with Invocations() as table:
            held = self._take(table, root, list(self._read(root.arn) if self._events is None else self._events))
            yield from self._tracing.inside(root, held)
            level = self._below(root, held)
            while level:
                level = yield from self._level(table, level)
            yield from self._invocations(table)
        yield self._tracing.execution(replace(root, more=self._about()), held)

    def _level(self, table: Invocations, level: Sequence[Execution]) -> Generator[Span, None, list[Execution]]:
        """Yield the spans of executions, and return those that they started."""
        chosen = choose(level, self._left)
        self._left -= len(chosen)
        if len(chosen) > MOST_READ:
            seconds = (len(chosen) - MOST_READ) / HISTORY_CALLS.refill
            self._note(f"reading {len(chosen)} histories, as AWS gives them: {seconds:.0f} s at least")
        self.counts.unread += len(level) - len(chosen)
        below: list[Execution] = []
        with ThreadPoolExecutor(_READERS) as pool:
            for first in range(0, len(level), _READERS):
                part = level[first : first + _READERS]
                read = {each.arn: pool.submit(self._read_paced, each.arn) for each in part if each.arn in chosen}
                for execution in part:
                    held = None
                    if execution.arn in read:
                        held = self._take(table, execution, read[execution.arn].result())
                        yield from self._tracing.inside(execution, held)
                        below += self._below(execution, held)
                    yield self._tracing.execution(execution, held)
        return below

    def _read(self, arn: str) -> Iterator[HistoryEventTypeDef]:
        return history(self._aws.states, arn)

    def _read_paced(self, arn: str) -> list[HistoryEventTypeDef]:
        self._bucket.take()
        return list(self._read(arn))

    def _take(self, table: Invocations, execution: Execution, events: Sequence[HistoryEventTypeDef]) -> TimedHistory:
        """Return what the *events* of an execution hold, and remember which invocations it names."""
        held = time_history(events)
        table.join(self._found.run.id, visits_of(events))
        ranks = {place.where.entry: place.rank for place in held.places}
        for call in held.calls:
            request = request_of(call.attempt)
            self.counts.unanswered += bool(call.attempt.function and not request)
            if request:
                self._callers[request] = Caller(
                    self._tracing.call_id(execution.arn, call.attempt),
                    nanoseconds(call.attempt.began),
                    nanoseconds(call.ended),
                    call.attempt.state,
                    ranks[call.attempt.entry],
                )
        return held

    def _below(self, execution: Execution, held: TimedHistory) -> list[Execution]:
        """Return the executions that an *execution* started: children of its distributed Maps, and nested ones."""
        found: list[Execution] = []
        for place in held.places:
            for map_run in place.map_runs:
                parent = self._tracing.id(execution.arn, place.where.entry)
                children, total = list_children(self._aws.states, map_run, item_of(place.where.name), parent)
                self._count(total, len(children))
                found += children
        for call in held.calls:
            if call.nested:
                nested = self._nested(call.nested, self._tracing.call_id(execution.arn, call.attempt))
                self._count(1, 1 if nested else 0)
                found += [nested] if nested else []
        return found

    def _count(self, total: int, shown: int) -> None:
        self.counts.children += total
        self.counts.unread += total - shown
        self.counts.without_span += total - shown

    def _nested(self, arn: str, parent: bytes) -> Execution | None:
        """Return the nested execution *arn*; None where it goes on, or nobody tells of it."""
        if ":express:" in arn:
            return None
        try:
            told = self._aws.states.describe_execution(executionArn=arn)
        except ClientError as error:
            if code_of(error) not in _NOT_SEEN:
                raise
            return None
        stopped = told.get("stopDate")
        if stopped is None or not is_over(told["status"]):
            return None
        machine = told["stateMachineArn"].rpartition(":")[2]
        workflows = self._found.run.lane.workflows
        key = next((key for key, each in workflows.items() if each.name == machine), machine)
        self._workflows.add(key)
        again = told.get("redriveCount", 0) > 0
        return Execution(arn, key, told["status"], told["startDate"], stopped, parent, again)

    def _invocations(self, table: Invocations) -> Iterator[Span]:
        lane = self._found.run.lane
        keys = {
            lane.functions[function].log_group: function
            for key in self._workflows
            if key in lane.workflows
            for function in lane.workflows[key].functions.values()
        }
        rows = collect_named(table, self._aws, self._found, list(keys), self._callers.keys(), sleep=self._sleep)
        self.counts.invocations = len(rows)
        self.counts.without_report = len(self._callers.keys() - {row.report.request_id for row in rows})
        root = self._tracing.id(self._found.run.arn)
        resources: dict[tuple[str, int], Resource] = {}
        for row in rows:
            kind = keys[row.group], row.report.memory_mb
            if kind not in resources:
                resources[kind] = function_resource(self._aws.target, lane, *kind)
            caller = self._callers.get(row.report.request_id)
            self.counts.without_call += caller is None
            for span in invocation_spans(self._tracing, resources[kind], row, caller, root):
                self.counts.outside_call += OUTSIDE in span.attributes
                yield span

    def _about(self) -> dict[str, Value]:
        """Return what the run's own span says of it, and of what the trace lacks."""
        run, counts = self._found.run, self.counts
        about: dict[str, Value] = {
            "teamlanes.run": run.id,
            "teamlanes.children": counts.children,
            "teamlanes.children_unread": counts.unread,
            "teamlanes.children_without_span": counts.without_span,
            "teamlanes.invocations": counts.invocations,
            "teamlanes.invocations_without_report": counts.without_report,
            "teamlanes.invocations_without_call": counts.without_call,
            "teamlanes.calls_without_invocation": counts.unanswered,
        }
        for text, name in ((self._found.input, "world_size"), (self._found.output, "records")):
            value = parse_object(text).get(name)
            if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _BIGGEST:
                about[f"teamlanes.{name}"] = value
        return about
