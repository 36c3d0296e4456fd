"""Puts usage and prices together: for one run, and for all a team ran in a time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.config.aws_facts import HISTORY_CALLS
from shared.measure.billing.cost import Cost, cost_of
from shared.measure.billing.usage import Usage, storage_sizes, used_by_functions, used_by_states
from shared.measure.observed.collect_invocations import collect_run, collect_team
from shared.measure.observed.invocations import Invocations
from shared.measure.observed.trace import read_trace
from shared.run.find import execution_arn
from shared.run.listing import list_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.measure.observed.invocations import Row
    from shared.measure.observed.trace import Trace
    from shared.run.find import Found
    from shared.run.listing import Execution
    from shared.run.logs import LogReader
    from shared.run.start import Run

_MOST_RUNS = 1000  # of each workflow, in a team's bill
_SAMPLE = 16  # children whose history stands for all, where a run's end should not take minutes
_HISTORIES = HISTORY_CALLS.bucket  # read for a team's bill; runs beyond are taken for average ones


@dataclass(slots=True)
class Bill:
    """A team's cost since a moment: by run (id -> workflow and cost), workflow, month (``2026-01``), and in all.

    Of ``unread`` runs the state machine's part is the average of those of the same workflow that were read.
    """

    runs: dict[str, tuple[str, Cost]] = field(default_factory=dict)
    workflows: dict[str, Cost] = field(default_factory=dict)
    months: dict[str, Cost] = field(default_factory=dict)
    total: Cost = field(default_factory=lambda: Cost(()))
    unread: int = 0


def quick_trace(aws: Aws, run: Run) -> Trace:
    """Return the trace of a run that just ended, from few of its children: nobody should wait for more of them."""
    return read_trace(aws.states, run.arn, _SAMPLE)


def price_run(aws: Aws, run: Run, reader: LogReader, trace: Trace) -> Cost:
    """Return what a run with this *trace* cost, from the log lines that were read while it was watched."""
    named = {request for visit in trace.visits for request in visit.requests}
    mine = [
        (invocation.function, invocation.report)
        for invocation in reader.invocations.values()
        if invocation.report and (invocation.request_id in named or run.id in invocation.runs)
    ]
    ranks = sum(run.id in invocation.runs for invocation in reader.invocations.values())
    return cost_of(used_by_functions(mine, _storage(aws, run.lane), ranks) + used_by_states(trace))


def price_found(aws: Aws, found: Found) -> Cost:
    """Return what an earlier run cost."""
    with Invocations() as table:
        return bill_rows(aws, found.run.lane, *collect_run(table, aws, found))


def bill_rows(aws: Aws, lane: Lane, trace: Trace, rows: Iterable[Row]) -> Cost:
    """Return what a run with this *trace* and these invocations cost."""
    return cost_of(_of_rows(lane, rows, _storage(aws, lane)) + used_by_states(trace))


def price_team(aws: Aws, lane: Lane, since: datetime) -> Bill:
    """Return what a team's runs and functions cost since a moment; invocations outside of runs count as well."""
    by_run: dict[tuple[str, str, str], Usage] = defaultdict(Usage)
    storage = _storage(aws, lane)
    with Invocations() as table:
        collect_team(table, aws, lane, since)
        runs = [each for each in list_runs(aws, lane, _MOST_RUNS) if each.started >= since]
        of_run = {each.run_id: (each.workflow, f"{each.started.astimezone(UTC):%Y-%m}") for each in runs}
        used = _used_by_machines(aws, lane, runs, table)
        by_run.update({(each.run_id, *of_run[each.run_id]): used[each.run_id] for each in runs if each.run_id in used})
        unread = _take_for_average(by_run, [(each.run_id, *of_run[each.run_id]) for each in runs])
        groups: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        keys = {function.log_group: key for key, function in lane.functions.items()}
        for row in table.rows():
            month = f"{datetime.fromtimestamp(row.at_ms / 1000, UTC):%Y-%m}"
            workflow = _workflow_of(lane, keys.get(row.group, ""))
            groups[(row.run, *of_run[row.run]) if row.run in of_run else ("", workflow, month)].append(row)
        for group, rows in groups.items():
            by_run[group] += _of_rows(lane, rows, storage)
    bill = _sorted_bill(by_run)
    bill.unread = unread
    return bill


def _used_by_machines(aws: Aws, lane: Lane, runs: Sequence[Execution], table: Invocations) -> dict[str, Usage]:
    """Return what the state machines of the newest *runs* used, by run, as far as histories may be read for it.

    What they say of invocations goes into *table*.
    """
    used: dict[str, Usage] = {}
    left = _HISTORIES
    each_reads = max(1, min(_SAMPLE, _HISTORIES // max(1, len(runs)) - 1))
    for execution in runs:
        if left <= 0:
            break
        arn = execution_arn(lane, execution.workflow, execution.run_id)
        trace = read_trace(aws.states, arn, each_reads)
        left -= 1 + trace.children - trace.unread
        table.join(execution.run_id, trace.visits)
        used[execution.run_id] = used_by_states(trace)
    return used


def _take_for_average(by_run: dict[tuple[str, str, str], Usage], runs: Sequence[tuple[str, str, str]]) -> int:
    """Give each of *runs* that *by_run* lacks what those of its workflow used on average; return how many it lacks."""
    read: dict[str, list[Usage]] = defaultdict(list)
    for (_, workflow, _), usage in by_run.items():
        read[workflow].append(usage)
    lacking = [key for key in runs if key not in by_run]
    for key in lacking:
        known = read[key[1]]
        by_run[key] = sum(known, Usage()).shared_by(len(known)) if known else Usage()
    return len(lacking)


def _sorted_bill(by_run: Mapping[tuple[str, str, str], Usage]) -> Bill:
    bill = Bill()
    workflows: dict[str, Usage] = defaultdict(Usage)
    months: dict[str, Usage] = defaultdict(Usage)
    total = Usage()
    for (run_id, workflow, month), usage in sorted(by_run.items()):
        if run_id:
            bill.runs[run_id] = (workflow, cost_of(usage))
        workflows[workflow] += usage
        months[month] += usage
        total += usage
    bill.workflows = {name: cost_of(usage) for name, usage in sorted(workflows.items())}
    bill.months = {name: cost_of(usage) for name, usage in sorted(months.items())}
    bill.total = cost_of(total)
    return bill


def _of_rows(lane: Lane, rows: Iterable[Row], storage: Mapping[str, int]) -> Usage:
    keys = {function.log_group: key for key, function in lane.functions.items()}
    rows = list(rows)
    ranks = len({row.rank for row in rows if row.rank is not None})
    return used_by_functions([(keys.get(row.group, ""), row.report) for row in rows], storage, ranks)


def _storage(aws: Aws, lane: Lane) -> dict[str, int]:
    return storage_sizes(aws, {key: function.name for key, function in lane.functions.items()})


def _workflow_of(lane: Lane, function: str) -> str:
    return next((key for key, flow in lane.workflows.items() if function in flow.functions.values()), "-")
