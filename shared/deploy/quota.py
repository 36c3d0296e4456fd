"""Refuses, before anything is done, plans that ask for more of what all teams share than the account has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.config.aws_facts import NEW_ACCOUNT_MEMORY
from shared.deploy.concurrency import MEMORY_QUOTA, QuotaError, check_memory, check_room, crowded_maps
from shared.deploy.resources import function

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.deploy.model import Resource
    from shared.values import Json


def check_concurrency(wanted: Iterable[Resource], found: Mapping[tuple[str, str], Resource | None], aws: Aws) -> None:
    """Refuse reservations that the account has no room for. What is reserved there now counts, whoever reserved it.

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

    AWS is asked only about functions that a new account could not have. Where it does not tell, it refuses the function
    when that is made (``chalice/deployer.py``).

    Raises:
        QuotaError: A function is to have more.
    """
    sizes = {want.name: _memory_mb(want) for want in wanted if _grows(want, found)}
    if sizes and (largest := _largest_memory(aws)):
        check_memory(sizes, largest)


def _grows(want: Resource, found: Mapping[tuple[str, str], Resource | None]) -> bool:
    """Whether *want* is a function that is to get more memory than it has, and than every account gives."""
    if want.kind != function.KIND or _memory_mb(want) <= NEW_ACCOUNT_MEMORY.value:
        return False
    have = found[want.kind, want.name]
    return have is None or _memory_mb(have) < _memory_mb(want)


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


def check_maps(lane: Lane, definitions: Mapping[str, Mapping[str, Json]]) -> None:
    """Refuse Maps that are written to run more of a function at once than it may.

    A MaxConcurrency that is computed while the machine runs is not known here.

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
    reserved = resource.properties["reserved_concurrency"] if resource else None
    return reserved if isinstance(reserved, int) else 0


def _memory_mb(resource: Resource) -> int:
    size = resource.properties["memory_mb"]
    return size if isinstance(size, int) else 0
