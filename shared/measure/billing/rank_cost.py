"""Bills one rank: its invocations, and the state transitions that its item made, or its express execution's time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from shared.measure.billing.cost import Cost, cost_of
from shared.measure.billing.usage import LEAST_EXPRESS, Usage, storage_sizes, used_by_functions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.run.ranks import RankRow
    from shared.run.report_line import Report


def price_rank(aws: Aws, lane: Lane, reports: Sequence[tuple[str, Report]], states: Usage) -> Cost:
    """Return what a rank cost.

    Args:
        aws: Where it ran.
        lane: Whose it is.
        reports: The key of the function and the REPORT line of each of its invocations.
        states: What it used of Step Functions: :func:`used_by_rank`.
    """
    names = {key: lane.functions[key].name for key, _ in reports}
    used = used_by_functions(reports, storage_sizes(aws, names))
    return cost_of(used + states)


def used_by_rank(row: RankRow, transitions: int) -> Usage:
    """Return what the rank in *row* used of Step Functions: its *transitions*, or the time of an express execution.

    Such a one is taken to need no more than 64 MB.
    """
    if ":express:" not in row.execution:
        return Usage(state_transitions=transitions)
    steps = max(1, math.ceil((row.seconds or 0.0) * 10))  # of 100 ms
    return Usage(express_requests=1, express_gb_seconds=steps * LEAST_EXPRESS)
