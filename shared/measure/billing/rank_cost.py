"""Bills one rank: its invocations, and the state transitions that its item or its execution made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.measure.billing.cost import Cost, cost_of
from shared.measure.billing.usage import Usage, storage_sizes, used_by_functions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.run.report_line import Report


def price_rank(aws: Aws, lane: Lane, reports: Sequence[tuple[str, Report]], transitions: int) -> Cost:
    """Return what a rank cost that made so many state *transitions*.

    Args:
        aws: Where it ran.
        lane: Whose it is.
        reports: The key of the function and the REPORT line of each of its invocations.
        transitions: States that were entered, and retries.
    """
    names = {key: lane.functions[key].name for key, _ in reports}
    used = used_by_functions(reports, storage_sizes(aws, names), 0)
    return cost_of(used + Usage(state_transitions=transitions))
