"""Networks of functions. The embedded cloud makes none: functions reach what this machine reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.config.lane import Lane


def other_network(lane: Lane) -> str:
    """Return what a user must know of *lane*'s functions that are in a network on AWS; "" if none is.

    Source: AWS Lambda Developer Guide, "Enable internet access for VPC-connected Lambda functions" (2026-11-29).
    """
    inside = [function.name for function in lane.functions.values() if function.vpc]
    if not inside:
        return ""
    return (
        f"in the network that AWS puts them into (vpc), {', '.join(inside)} reach neither the internet nor AWS's "
        "services without a NAT gateway or endpoints; here they are in none, and reach what this machine reaches"
    )
