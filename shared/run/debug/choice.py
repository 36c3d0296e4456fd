"""Finds the invocation of a run that is meant: the one that ended it, or that of a rank or a state.

A distributed Map keeps what it called in its children's histories, a nested workflow in a history of its own. Children
are read only as far as AWS gives histories at once; those that failed come first.
"""

from __future__ import annotations

import shlex
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.aws_facts import HISTORY_CALLS
from shared.errors import LanesError, UsageError
from shared.run.attempts import attempts_in
from shared.run.express import find_logged
from shared.run.failure import Ended, failure_in, find_failure
from shared.run.find import find_named
from shared.run.history import MOST_A_PAGE, details, history, parse_object, rank_in
from shared.run.listing import list_runs
from shared.run.logged_children import ChildLog
from shared.run.start import Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.literals import ExecutionStatusType
    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.run.attempts import Attempt
    from shared.run.failure import Failure
    from shared.run.find import Found

_MOST = HISTORY_CALLS.bucket // 2  # children: half of the histories that AWS gives at once
_READERS = 8
_SHOWN = 20  # invocations in the message of a choice that is not clear
_FAILED: tuple[ExecutionStatusType, ...] = ("FAILED", "TIMED_OUT")
_BAD_ENDS = ("FAILED", "TIMED_OUT", "ABORTED")


@dataclass(frozen=True, slots=True)
class Recorded:
    """An invocation as a history tells it.

    Attributes:
        attempt: What was called, with what, and what came of it.
        rank: The rank or map item that it was for, None outside a map.
        execution: The ARN of the execution whose history tells it; empty for an express one.
    """

    attempt: Attempt
    rank: int | None
    execution: str = ""

    @property
    def place(self) -> str:
        """Where it was: ``state Work, rank 3, attempt 2``."""
        rank = [] if self.rank is None else [f"rank {self.rank}"]
        return ", ".join([f"state {self.attempt.state}", *rank, f"attempt {self.attempt.number}"])

    @property
    def options(self) -> str:
        """The options that mean it: ``--step Work --rank 3``."""
        return f"--step {shlex.quote(self.attempt.state)}" + ("" if self.rank is None else f" --rank {self.rank}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which invocation is meant; None where it does not matter.

    Attributes:
        rank: The rank or map item.
        step: A state's name, or a function as the workflow's card calls it.
        function: The name of the function in AWS.
    """

    rank: int | None = None
    step: str | None = None
    function: str | None = None

    @property
    def open(self) -> bool:
        """Whether the invocation that ended the run is meant."""
        return self.rank is None and self.step is None and self.function is None


def find_recorded(aws: Aws, lane: Lane, run_id: str | None, wanted: Wanted) -> tuple[Run, Recorded]:
    """Return the run *run_id*, or the newest one that failed, and the invocation of it that is *wanted*.

    Raises:
        LanesError: As :func:`choose`.
        UsageError: There is no such run, or no such invocation.
    """
    if run_id is None:
        run_id = _newest_failed(aws, lane)
    try:
        found = find_named(aws, lane, run_id)
    except UsageError:
        if logged := find_logged(aws, lane, run_id):
            workflow, events = logged
            return Run(run_id, "", lane, workflow), _choose_logged(events, lane, workflow, wanted)
        raise
    return found.run, choose(aws.states, lane, found, wanted, ChildLog(aws, found.run))


def _newest_failed(aws: Aws, lane: Lane) -> str:
    runs = [run for status in _FAILED for run in list_runs(aws, lane, 1, status=status)]
    if not runs:
        raise UsageError(
            f"no run of {lane.team} has failed here",
            fix=f"lanes debug {lane.team} RUN --step STATE takes one that succeeded; lanes runs {lane.team} lists them",
        )
    return max(runs, key=lambda run: run.started).run_id


def choose(states: SFNClient, lane: Lane, found: Found, wanted: Wanted, log: ChildLog | None = None) -> Recorded:
    """Return the invocation of the run *found* that is *wanted*. The *log* tells of express children.

    Raises:
        LanesError: The run failed, but not in a function.
        UsageError: There is none, or there are several; the message lists what there is.
    """
    if wanted.open and found.status in _BAD_ENDS:
        return _ending(states, lane, found.run.arn, log)
    return _only(*_all_of(states, found.run.arn, log), lane, found.run.workflow, wanted)


def _choose_logged(events: Sequence[HistoryEventTypeDef], lane: Lane, workflow: str, wanted: Wanted) -> Recorded:
    """Return the invocation that is *wanted* of an express run of *workflow*, by the *events* of its log.

    Raises:
        LanesError: The run failed, but not in a function; or its log holds no data.
        UsageError: As :func:`choose`.
    """
    attempts = attempts_in(events)
    if any(each.kind == "lambda" and each.arguments is None for each in attempts):
        raise LanesError(
            f"the log of {workflow} holds no data, so no event of an invocation",
            fix=f"lanes deploy {lane.team} has it hold them; runs from then on can be debugged",
        )
    ending = next((event for event in events if event["type"] in {"ExecutionFailed", "ExecutionTimedOut"}), None)
    if ending and wanted.open:
        told = details(ending)
        failure = failure_in(events, Ended("FAILED", str(told.get("error", "")), str(told.get("cause", ""))))
        return _blamed(attempts, failure)
    return _only([Recorded(each, _rank(each, None)) for each in attempts if each.function], 0, lane, workflow, wanted)


def name_of(function: str) -> str:
    """Return the name in *function*: a name, an ARN, or ``account:function:name``, with a version or without one."""
    return (function.partition(":function:")[2] or function).partition(":")[0]


def _ending(states: SFNClient, lane: Lane, arn: str, log: ChildLog | None = None) -> Recorded:
    """Return the invocation that ended the execution at *arn*: of a nested workflow, the one that ended that."""
    failure = find_failure(states, arn, log=log)
    child = log.seen.get(failure.execution) if log else None
    attempts = attempts_in(child.events if child else history(states, failure.execution or arn))
    nested = _nested(attempts, failure)
    if nested is None:
        return _blamed(attempts, failure)
    machine = nested.rpartition(":")[0].replace(":execution:", ":stateMachine:")
    if machine not in {lane.state_machine_arn(key) for key in lane.workflows}:
        raise LanesError(
            f"it failed in another workflow, which is not {lane.team}'s: {nested}",
            where=failure.place or None,
            fix="lanes debug with the team that has it, and the last part of that name as the run",
        )
    return _ending(states, lane, nested)


def _nested(attempts: Iterable[Attempt], failure: Failure) -> str | None:
    """Return the execution of another workflow in which *failure* happened; None if it is none that keeps a history."""
    for each in attempts:
        if each.kind == "states" and each.status in _FAILED and each.state == failure.state:
            named = parse_object(each.cause).get("ExecutionArn")
            if isinstance(named, str) and ":express:" not in named:
                return named
    return None


def _blamed(attempts: Sequence[Attempt], failure: Failure) -> Recorded:
    """Return the one of *attempts* that *failure* is of."""
    failed = [each for each in attempts if each.state == failure.state and each.status in _FAILED]
    named = [each for each in failed if failure.request_id and each.request_id == failure.request_id]
    ranked = [each for each in failed if _rank(each, failure.rank) == failure.rank]
    blamed = next(reversed(named or ranked or failed), None)
    if blamed is None or blamed.function is None:
        raise _no_function(failure, blamed)
    return Recorded(blamed, _rank(blamed, failure.rank), failure.execution)


def _no_function(failure: Failure, attempt: Attempt | None) -> LanesError:
    """Return the error for a *failure* that no function raised; *attempt* is the call that did, if one did."""
    told = f"{failure.error}: {failure.message}".rstrip(": ")
    if attempt is None:
        what = f"no function failed, so there is nothing to debug: {told}"
        fix = "see the state in the template, and what it gets: --step STATE debugs a function that ran before it"
    else:
        what = f"no function failed, but the state's own call of {attempt.kind}:{attempt.action}: {told}"
        fix = "see the arguments of the state in the template, and uses on the card; --step STATE debugs a function"
    if failure.error in {"States.DataLimitExceeded", "States.Timeout"} and attempt is None:
        fix = "--step STATE debugs the function that gave the data, or ran at that time"
    return LanesError(what, where=failure.place or None, fix=fix)


def _all_of(states: SFNClient, arn: str, log: ChildLog | None) -> tuple[list[Recorded], int]:
    """Return the invocations in the execution at *arn* and in its children, and how many children were not read."""
    events = list(history(states, arn))
    found = list(_recorded(events, arn))
    children: list[tuple[str, str]] = []
    unseen = 0
    for run in _map_runs(events):
        listed = list(_children(states, run))
        if log and all(":express:" in child for child, _ in listed):  # AWS lists none of these
            told = states.describe_map_run(mapRunArn=run)
            logged = log.of(told)
            found += [each for child in logged for each in _recorded(child.events, child.arn)]
            unseen += max(0, told["executionCounts"]["total"] - len(logged))
        else:
            children += listed
    children.sort(key=lambda child: child[1] not in _FAILED)
    read = [child for child, _ in children if ":express:" not in child][:_MOST]
    with ThreadPoolExecutor(_READERS) as pool:
        for part in pool.map(lambda child: list(_recorded(history(states, child), child)), read):
            found += part
    return found, len(children) - len(read) + unseen


def _map_runs(events: Iterable[HistoryEventTypeDef]) -> Iterator[str]:
    for event in events:
        if event["type"] == "MapRunStarted":
            yield str(details(event)["mapRunArn"])


def _children(states: SFNClient, map_run: str) -> Iterator[tuple[str, str]]:
    """Yield the ARN and the status of each child of *map_run*."""
    for page in states.get_paginator("list_executions").paginate(mapRunArn=map_run, PaginationConfig=MOST_A_PAGE):
        for child in page["executions"]:
            yield child["executionArn"], child["status"]


def _recorded(events: Iterable[HistoryEventTypeDef], arn: str) -> Iterator[Recorded]:
    """Yield the invocations in the *events* of the execution at *arn*."""
    events = list(events)
    own = rank_in(str(details(events[0]).get("input"))) if events else None
    for attempt in attempts_in(events):
        if attempt.function:
            yield Recorded(attempt, _rank(attempt, own), arn)


def _rank(attempt: Attempt, own: int | None) -> int | None:
    """Return the rank of *attempt*: its event's, else its map item's, else its execution's *own*."""
    told = attempt.event.get("rank") if isinstance(attempt.event, dict) else None
    if isinstance(told, int | str) and str(told).isdigit():
        return int(told)
    return attempt.items[-1].index if attempt.items else own


def _only(recorded: Sequence[Recorded], unread: int, lane: Lane, workflow: str, wanted: Wanted) -> Recorded:
    """Return the one of *recorded* that is *wanted*; of the attempts of one state, the last."""
    latest = {(each.execution, each.attempt.entry): each for each in _standing(recorded)}
    fitting = [each for each in latest.values() if _fits(each, lane, workflow, wanted)]
    failed = [each for each in fitting if each.attempt.status in _FAILED]
    for group in (fitting, failed):
        if len(group) == 1:
            return group[0]
    beside = f"; {unread} children of distributed Maps were not read" if unread else ""
    if fitting:
        what = "several invocations of the run fit"
    else:
        what = "no invocation of the run fits" if latest else "the run has invoked no function"
    raise UsageError(f"{what}{beside}", fix=_listing(fitting or list(latest.values())))


def _standing(recorded: Sequence[Recorded]) -> Iterator[Recorded]:
    """Yield those of *recorded* that no redrive called again, as it does what had not succeeded in its first run."""
    last: dict[object, int] = {}
    for each in recorded:
        last[_called(each)] = max(each.attempt.redrive, last.get(_called(each), 0))
    for each in recorded:
        if each.attempt.status == "SUCCEEDED" or each.attempt.redrive == last[_called(each)]:
            yield each


def _called(each: Recorded) -> object:
    return each.execution, each.attempt.state, each.attempt.items


def _fits(each: Recorded, lane: Lane, workflow: str, wanted: Wanted) -> bool:
    name = name_of(each.attempt.function or "")
    key = lane.workflows[workflow].functions.get(wanted.step or "")
    stepped = wanted.step in {None, each.attempt.state} or (key is not None and lane.functions[key].name == name)
    return stepped and wanted.rank in {None, each.rank} and wanted.function in {None, name}


def _listing(recorded: Sequence[Recorded]) -> str | None:
    """Return the fix that lists what there is to choose from, or None where there is nothing."""
    told = (f"{each.options}  {each.attempt.status} {each.attempt.error or ''}".rstrip() for each in recorded)
    lines = list(dict.fromkeys(told))
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return "\n    ".join(["choose one of", *lines[:_SHOWN], *more]) if lines else None
