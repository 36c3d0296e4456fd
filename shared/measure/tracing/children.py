"""Lists the child executions of a distributed Map, and chooses those whose histories are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.measure.observed.trace import spread
from shared.measure.tracing.execution_spans import Execution
from shared.run.child_ranks import MOST_LISTED
from shared.run.history import MOST_A_PAGE
from shared.run.watch import is_over

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_stepfunctions import SFNClient

_BAD = ("FAILED", "TIMED_OUT")


class Listed(NamedTuple):
    """The children of a run of a distributed Map: those that were listed and have ended, and how many there are."""

    children: list[Execution]
    total: int


def list_children(states: SFNClient, map_run: str, name: str, parent: bytes, most: int = MOST_LISTED) -> Listed:
    """Return the children of *map_run*, the oldest first. AWS does not list express ones.

    Args:
        states: Step Functions.
        map_run: The ARN of the run.
        name: What the children's spans are called.
        parent: The span of the Map.
        most: How many are listed at the most, of more the newest.
    """
    found: list[Execution] = []
    listed = 0
    pages = states.get_paginator("list_executions").paginate(mapRunArn=map_run, PaginationConfig=MOST_A_PAGE)
    for page in pages:
        for each in page["executions"]:
            listed += 1
            stopped = each.get("stopDate")
            if is_over(each["status"]) and stopped and ":express:" not in each["executionArn"]:
                again = each.get("redriveCount", 0) > 0
                arn, began = each["executionArn"], each["startDate"]
                found.append(Execution(arn, name, each["status"], began, stopped, parent, again))
        if listed >= most:
            break
    total = states.describe_map_run(mapRunArn=map_run)["executionCounts"]["total"]
    found.sort(key=lambda child: (child.started, child.arn))
    return Listed(found, max(total, listed))


def choose(found: Sequence[Execution], most: int) -> set[str]:
    """Return the ARNs of those whose histories are read: those that failed first, then those that were redriven.

    The others are evenly spread.
    """
    failed = [each.arn for each in found if each.status in _BAD]
    again = [each.arn for each in found if each.redriven and each.status not in _BAD]
    first = [*failed, *again][:most]
    known = set(first)
    return known | set(spread([each.arn for each in found if each.arn not in known], most - len(first)))
