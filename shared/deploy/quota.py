"""What a plan asks of what all teams share, before anything of it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from shared.config.aws_facts import NEW_ACCOUNT_MEMORY
from shared.deploy.concurrency import MEMORY_QUOTA, QuotaError, check_memory, check_room, crowded_maps
from shared.deploy.resources import function

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
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


def check_function_memory(
    wanted: Iterable[Resource], found: Mapping[tuple[str, str], Resource | None], aws: Aws
) -> None:
    """Refuse functions with more memory than the account may give one, where AWS tells how much that is.

    It is asked only about functions that a new account could not have. Where it does not tell, it refuses the function
    itself, when that is made (``chalice/deployer.py``).

    Raises:
        QuotaError: A function is to have more.
    """
    sizes = {want.name: want.properties["memory_mb"] for want in wanted if _grows(want, found)}
    if sizes and (largest := _largest_memory(aws)):
        check_memory(sizes, largest)


def _grows(want: Resource, found: Mapping[tuple[str, str], Resource | None]) -> bool:
    """Whether *want* is a function that is to get more memory than it has, and than every account gives."""
    if want.kind != function.KIND or want.properties["memory_mb"] <= NEW_ACCOUNT_MEMORY.value:
        return False
    have = found[want.kind, want.name]
    return have is None or have.properties["memory_mb"] < want.properties["memory_mb"]


def _largest_memory(aws: Aws) -> int | None:
    """Return the MB that the account gives a function at most; None where AWS does not tell."""
    try:
        for page in aws.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode="lambda"):
            for quota in page["Quotas"]:
                if quota["QuotaName"] == MEMORY_QUOTA:
                    return int(quota["Value"])
    except ClientError:
        return None  # not every caller may ask, nor does every emulator answer
    return None


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
