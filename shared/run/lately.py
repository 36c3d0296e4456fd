"""What a lane has run lately: the newest runs, how many run now, and which have failed.

A workflow takes one call: the newest hundred of its executions tell all. Only one that has more takes a second call,
for those that run now. An express workflow takes one call as well, which says whether it is deployed: of its runs AWS
keeps no list. A lane without any state machine takes one more, for its bucket. AWS lets an account ask for few lists
a second (ListExecutions), so whoever shows many lanes asks for one after another, and not often.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from shared.deploy.reading import if_there
from shared.run.express import is_express
from shared.run.listing import execution_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mypy_boto3_stepfunctions.type_defs import ListExecutionsOutputTypeDef

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.run.listing import Execution
    from shared.values import Json

_LATELY = timedelta(hours=24)
_PAGE, _MOST_RUNNING = 100, 1000
_SHOWN = 10
_FAILED = ("FAILED", "TIMED_OUT")


@dataclass(frozen=True, slots=True)
class Lately:
    """What a lane has run.

    Attributes:
        runs: Its newest runs, the newest first: ten at the most.
        newest: The newest run of each workflow that has run, by its key.
        running: How many run now.
        failed: How many have failed, or run out of time, of those that were started in the last 24 hours.
        at_least: Whether there are more runs than were read, so that ``running`` or ``failed`` may be more.
        deployed: The workflows whose state machines are there, by their keys.
        absent: Those whose are not.
        begun: Whether anything of the lane is there: a state machine or, without one, its bucket.
    """

    runs: tuple[Execution, ...]
    newest: Mapping[str, Execution]
    running: int
    failed: int
    at_least: bool
    deployed: tuple[str, ...]
    absent: tuple[str, ...]
    begun: bool

    @property
    def last(self) -> Execution | None:
        """The newest run."""
        return self.runs[0] if self.runs else None

    @property
    def failing(self) -> tuple[Execution, ...]:
        """The runs that have failed and are the newest of their workflow: nothing has succeeded since."""
        return tuple(each for each in self.newest.values() if each.status in _FAILED)

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {
            "runs": [_record(each) for each in self.runs],
            "newest": {key: _record(each) for key, each in self.newest.items()},
            "running": self.running,
            "failed_lately": self.failed,
            "at_least": self.at_least,
            "deployed": self.deployed,
            "absent": self.absent,
            "begun": self.begun,
        }


def read_lately(aws: Aws, lane: Lane, now: datetime) -> Lately:
    """Return what *lane* has run: a call for each of its workflows, and another one for each that has many runs.

    Args:
        aws: Where.
        lane: Whose runs.
        now: The moment before which 24 hours count.
    """
    since = now - _LATELY
    runs: list[Execution] = []
    newest: dict[str, Execution] = {}
    there: list[str] = []
    running, failed, at_least = 0, 0, False
    for key in lane.workflows:
        if is_express(lane, key):
            if _is_there(aws, lane, key):
                there.append(key)
            continue
        page = _list(aws, lane, key)
        if page is None:
            continue
        there.append(key)
        found = [execution_of(each, key) for each in page["executions"]]
        runs += found[:_SHOWN]
        newest |= {key: found[0]} if found else {}
        failed += sum(each.status in _FAILED and each.started >= since for each in found)
        if "nextToken" in page:
            count, more = _count_running(aws, lane, key)
            at_least = at_least or more or found[-1].started >= since
        else:
            count = sum(each.status == "RUNNING" for each in found)
        running += count
    shown = sorted(runs, key=lambda each: each.started, reverse=True)[:_SHOWN]
    absent = tuple(key for key in lane.workflows if key not in there)
    begun = bool(there) or _has_bucket(aws, lane)
    return Lately(tuple(shown), newest, running, failed, at_least, tuple(there), absent, begun)


def _list(aws: Aws, lane: Lane, key: str) -> ListExecutionsOutputTypeDef | None:
    """Return the newest executions of a workflow; None where its machine is not there."""
    arn = lane.state_machine_arn(key)
    return if_there(
        lambda: aws.states.list_executions(stateMachineArn=arn, maxResults=_PAGE), "StateMachineDoesNotExist"
    )


def _count_running(aws: Aws, lane: Lane, key: str) -> tuple[int, bool]:
    """Return how many executions of a workflow run, and whether there are more."""
    arn = lane.state_machine_arn(key)
    page = aws.states.list_executions(stateMachineArn=arn, statusFilter="RUNNING", maxResults=_MOST_RUNNING)
    return len(page["executions"]), "nextToken" in page


def _is_there(aws: Aws, lane: Lane, key: str) -> bool:
    arn = lane.state_machine_arn(key)
    found = if_there(lambda: aws.states.describe_state_machine(stateMachineArn=arn), "StateMachineDoesNotExist")
    return found is not None


def _has_bucket(aws: Aws, lane: Lane) -> bool:
    read = partial(aws.s3.head_bucket, Bucket=lane.bucket, ExpectedBucketOwner=lane.place.account)
    return if_there(read, "404", "NoSuchBucket") is not None


def _record(run: Execution) -> dict[str, Json]:
    return {
        "run": run.run_id,
        "workflow": run.workflow,
        "status": run.status,
        "started": run.started.isoformat(),
        "seconds": run.seconds,
    }
