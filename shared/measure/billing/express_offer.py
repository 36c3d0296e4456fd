"""Tells what a run would have cost with express children, where its workflow lets a team choose them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.template import may_have_express_children
from shared.measure.billing.cost import dollars, with_express
from shared.measure.billing.usage import saved_by_express

if TYPE_CHECKING:
    from shared.config.lane import Lane
    from shared.measure.billing.cost import Cost
    from shared.measure.observed.trace import Trace


def express_offer(lane: Lane, workflow: str, trace: Trace, cost: Cost) -> str:
    """Return what to tell of a run that *cost* so much; empty where it could not have been cheaper so.

    Its children would have taken as long. An express execution may begin twice, so what they do must bear that.
    """
    if not trace.children or not may_have_express_children(lane, workflow):
        return ""
    cheaper = with_express(cost, saved_by_express(trace))
    if cheaper >= cost.usd:
        return ""
    return (
        f"with express children this would have cost about {dollars(cheaper)}: "
        f"{workflow}: {{children: express}} in the team's file, where a child may run twice"
    )


def unseen_children(lane: Lane, workflow: str, trace: Trace) -> str:
    """Return what to tell of express children that no log shows; empty where there is none."""
    if not trace.unseen:
        return ""
    group = lane.workflows[workflow].log_group
    return f"{trace.unseen:,} express children are in no event of {group}: their number is known, and nothing else"
