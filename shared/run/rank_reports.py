"""What the ranks of a run used, by the REPORT lines of its functions' logs.

A rank is joined to an invocation by the line of progress that its handler prints, or by the request that the history of
the run names. The histories of a distributed Map's children are not read for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.run.logs import LogReader
from shared.run.patience import LATE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from shared.aws.client import Aws
    from shared.run.find import Found
    from shared.run.logs import Invocation
    from shared.run.report_line import Report

_TELLING = '?"START RequestId: " ?"REPORT RequestId: " ?"platform.start" ?"platform.report" ?"\\"progress\\""'
"""The lines of START and REPORT, as text or as JSON, and of progress; the rest of the logs is not sent."""


@dataclass(frozen=True, slots=True)
class RankUse:
    """What one rank used, in all of its invocations: the time that is billed, the most memory, its last cold start."""

    invocations: int
    billed_ms: int
    memory_mb: int
    used_mb: int
    init_ms: float | None


@dataclass(frozen=True, slots=True)
class RankUses:
    """What ranks used, by their numbers, and how many invocations in that time tell no rank of the run."""

    by_rank: Mapping[int, RankUse]
    others: int


def read_uses(
    aws: Aws, found: Found, requests: Mapping[str, int], elsewhere: Collection[str] = frozenset()
) -> RankUses:
    """Return what the ranks of one Map of the run *found* used.

    Its functions' logs are read from its start to its end. Only a run that has ended is read.

    Args:
        aws: Where it ran.
        found: The run.
        requests: The rank of each invocation that is known to be of the Map.
        elsewhere: The invocations that are known to be of its other Maps, whose ranks may have the same numbers.
    """
    lane, run = found.run.lane, found.run
    groups = {key: lane.functions[key].log_group for key in lane.workflows[run.workflow].functions.values()}
    until = round((found.stopped + LATE).timestamp() * 1000) if found.stopped else None
    reader = LogReader(aws, groups, int(found.started.timestamp() * 1000), until, pattern=_TELLING)
    reader.read()
    uses: dict[int, RankUse] = {}
    others = 0
    for each in reader.invocations.values():
        rank = _rank(each, run.id, requests)
        if each.request_id in elsewhere:
            continue
        if each.report and rank is not None:
            uses[rank] = _and(uses.get(rank), each.report)
        elif each.report:
            others += found.stopped is None or each.started_ms <= found.stopped.timestamp() * 1000
    return RankUses(uses, others)


def _rank(invocation: Invocation, run_id: str, requests: Mapping[str, int]) -> int | None:
    if invocation.request_id in requests:
        return requests[invocation.request_id]
    return invocation.progress.rank if invocation.progress and run_id in invocation.runs else None


def _and(before: RankUse | None, report: Report) -> RankUse:
    so_far = before or RankUse(0, 0, 0, 0, None)
    return RankUse(
        so_far.invocations + 1,
        so_far.billed_ms + report.billed_ms,
        report.memory_mb,
        max(so_far.used_mb, report.used_mb),
        so_far.init_ms if report.init_ms is None else report.init_ms,
    )
