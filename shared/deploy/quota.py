"""What a plan asks of what all teams share, before anything of it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.deploy.resources import function
from shared.isolation.quotas import QuotaError, check_room, crowded_maps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.config.lane import Lane
    from shared.deploy.aws import Aws
    from shared.deploy.model import Resource


def check_concurrency(wanted: Iterable[Resource], found: Mapping[tuple[str, str], Resource | None], aws: Aws) -> None:
    """Refuse reservations that the account has no room for, by what is reserved there now, whoever did it.

    Args:
        wanted: What the lane should own.
        found: What there is of it, by kind and name.
        aws: Where.

    Raises:
        QuotaError: There is less room than the plan asks for.
    """
    more = {
        want.name: _reserved(want) - _reserved(found[want.kind, want.name])
        for want in wanted
        if want.kind == function.KIND
    }
    if sum(more.values()) > 0:
        limit = aws.lambda_.get_account_settings()["AccountLimit"]
        check_room(more, limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"])


def check_maps(lane: Lane, definitions: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse Maps that are written to run more of a function at once than it may; run-time numbers are not known here.

    Raises:
        QuotaError: Names them all.
    """
    crowded = [found for body in definitions.values() for found in crowded_maps(lane, body) if found.concurrency]
    if crowded:
        raise QuotaError(
            "; ".join(map(str, crowded)),
            where=f"reservedConcurrency in teams/{lane.team}.yaml",
            fix="reserve as much as MaxConcurrency, or lower it in the state machine",
        )


def _reserved(resource: Resource | None) -> int:
    return (resource.properties["reserved_concurrency"] or 0) if resource else 0
