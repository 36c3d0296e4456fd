"""Bills one run, or all that a team ran in a time: usage and prices put together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from shared.config.aws_facts import HISTORY_CALLS
from shared.measure.billing.cost import Cost, cost_of
from shared.measure.billing.log_sample import read_sample
from shared.measure.billing.usage import Usage, storage_sizes, used_by_functions, used_by_logs, used_by_states
from shared.measure.observed.collect_invocations import collect_team
from shared.measure.observed.invocations import Invocations
from shared.measure.observed.trace import read_trace
from shared.run.find import execution_arn
from shared.run.listing import list_runs
from shared.run.logged_children import ChildLog
from shared.run.start import Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.measure.observed.invocations import Row
    from shared.measure.observed.trace import Trace
    from shared.run.listing import Execution
    from shared.run.logs import LogReader
    from shared.values import Json

SAMPLE = 16
"""Children whose histories stand for all of a run, so that its end does not take minutes."""
HISTORIES = HISTORY_CALLS.bucket
"""Histories that a bill reads, at most: what AWS gives an account at once. Runs beyond them count as average ones."""


class _Part(NamedTuple):
    """What a part of a bill is for: a run (empty for invocations outside of runs), its workflow, its month."""

    run_id: str
    workflow: str
    month: str


@dataclass(frozen=True, slots=True)
class Bill:
    """A team's cost since a moment: by run (id -> workflow and cost), by workflow, by month (``2026-01``), and in all.

    The histories of ``unread`` runs were not read. What their state machines used is the average of the runs of the
    same workflow that were read.
    """

    runs: Mapping[str, tuple[str, Cost]]
    workflows: Mapping[str, Cost]
    months: Mapping[str, Cost]
    total: Cost
    unread: int = 0

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {
            "total": self.total.as_record(),
            "unread_runs": self.unread,
            "months": {name: cost.usd for name, cost in self.months.items()},
            "workflows": {name: cost.usd for name, cost in self.workflows.items()},
            "runs": [{"run": name, "workflow": flow, "usd": cost.usd} for name, (flow, cost) in self.runs.items()],
        }


def quick_trace(aws: Aws, run: Run) -> Trace:
    """Return the trace of a run that has just ended, from few of its children, so that its user need not wait."""
    return read_trace(aws.states, run.arn, SAMPLE, ChildLog(aws, run))


def price_run(aws: Aws, run: Run, reader: LogReader, trace: Trace, more: Usage | None = None) -> Cost:
    """Return what a run with this *trace* cost, and *more*, by the log lines that were read while it was watched."""
    named = {request for visit in trace.visits for request in visit.requests}
    mine = [
        invocation
        for invocation in reader.invocations.values()
        if invocation.report and (invocation.request_id in named or run.id in invocation.runs)
    ]
    reports = [(each.function, each.report) for each in mine if each.report]
    used = used_by_functions(reports, _storage(aws, run.lane))
    return cost_of(
        used + used_by_logs(sum(each.logged_bytes for each in mine)) + used_by_states(trace) + (more or Usage())
    )


def bill_rows(aws: Aws, lane: Lane, trace: Trace, rows: Sequence[Row]) -> Cost:
    """Return what a run with this *trace* and these invocations cost."""
    logs = used_by_logs(read_sample(aws, rows).of(rows))
    return cost_of(_of_rows(lane, rows, _storage(aws, lane)) + logs + used_by_states(trace))


def price_team(
    aws: Aws, lane: Lane, since: datetime, until: datetime | None = None, *, histories: int = HISTORIES
) -> Bill:
    """Return what a team's runs and functions cost. Invocations outside of runs count as well.

    Args:
        aws: Where they ran.
        lane: Whose they are.
        since: Of runs that began then or later, and of invocations that ended then or later.
        until: And before this; None for up to now.
        histories: How many histories are read, at the most.
    """
    used: dict[_Part, Usage] = defaultdict(Usage)
    with Invocations() as table:
        collect_team(table, aws, lane, since, until)
        runs = list_runs(aws, lane, None, since=since, until=until)
        parts = {each.run_id: _Part(each.run_id, each.workflow, _month(each.started)) for each in runs}
        used.update({parts[run]: usage for run, usage in _used_by_machines(aws, lane, runs, table, histories).items()})
        unread = _take_for_average(used, list(parts.values()))
        rows_of: dict[_Part, list[Row]] = defaultdict(list)
        for row in table.rows():
            rows_of[parts.get(row.run or "") or _outside_of_runs(lane, row)].append(row)
    storage = _storage(aws, lane)
    sample = read_sample(aws, [row for rows in rows_of.values() for row in rows])
    for part, rows in rows_of.items():
        used[part] += _of_rows(lane, rows, storage) + used_by_logs(sample.of(rows))
    return _make_bill(used, unread)


def _month(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m}"


def _outside_of_runs(lane: Lane, row: Row) -> _Part:
    """Return the part of the bill for the invocation in *row*, which belongs to no run: its workflow's in its month."""
    keys = {function.log_group: key for key, function in lane.functions.items()}
    return _Part("", _workflow_of(lane, keys.get(row.group, "")), _month(datetime.fromtimestamp(row.at_ms / 1000, UTC)))


def _used_by_machines(
    aws: Aws, lane: Lane, runs: Sequence[Execution], table: Invocations, left: int
) -> dict[str, Usage]:
    """Return what the state machines of the newest *runs* used, by run id, as far as *left* histories tell.

    The newest run of each workflow is read in any case: the others of the workflow count as the average of those read.
    What the histories tell of invocations goes into *table*.
    """
    used: dict[str, Usage] = {}
    each_reads = max(1, min(SAMPLE, left // max(1, len(runs)) - 1))
    newest = {each.workflow: each for each in reversed(runs)}
    for execution in (*newest.values(), *(each for each in runs if newest[each.workflow] is not each)):
        if left <= 0 and execution is not newest[execution.workflow]:
            break
        arn = execution_arn(lane, execution.workflow, execution.run_id)
        run = Run(execution.run_id, arn, lane, execution.workflow)
        trace = read_trace(aws.states, arn, each_reads, ChildLog(aws, run, patient=False))
        left -= 1 + trace.children - trace.unread
        table.join(execution.run_id, trace.visits)
        used[execution.run_id] = used_by_states(trace)
    return used


def _take_for_average(used: dict[_Part, Usage], runs: Sequence[_Part]) -> int:
    """Give each of *runs* that *used* lacks the average of its workflow's other runs; return how many it lacks."""
    read: dict[str, list[Usage]] = defaultdict(list)
    for part, usage in used.items():
        read[part.workflow].append(usage)
    lacking = [run for run in runs if run not in used]
    for run in lacking:
        known = read[run.workflow]
        used[run] = sum(known, Usage()).shared_by(len(known))
    return len(lacking)


def _make_bill(used: Mapping[_Part, Usage], unread: int) -> Bill:
    """Return the bill of all parts, with its runs, workflows and months in order."""
    runs: dict[str, tuple[str, Cost]] = {}
    workflows: dict[str, Usage] = defaultdict(Usage)
    months: dict[str, Usage] = defaultdict(Usage)
    for part, usage in sorted(used.items()):
        if part.run_id:
            runs[part.run_id] = (part.workflow, cost_of(usage))
        workflows[part.workflow] += usage
        months[part.month] += usage
    return Bill(
        runs,
        {name: cost_of(usage) for name, usage in sorted(workflows.items())},
        {name: cost_of(usage) for name, usage in sorted(months.items())},
        cost_of(sum(used.values(), Usage())),
        unread,
    )


def _of_rows(lane: Lane, rows: Iterable[Row], storage: Mapping[str, int]) -> Usage:
    keys = {function.log_group: key for key, function in lane.functions.items()}
    return used_by_functions([(keys.get(row.group, ""), row.report) for row in rows], storage)


def _storage(aws: Aws, lane: Lane) -> dict[str, int]:
    return storage_sizes(aws, {key: function.name for key, function in lane.functions.items()})


def _workflow_of(lane: Lane, function: str) -> str:
    return next((key for key, flow in lane.workflows.items() if function in flow.functions.values()), "-")
