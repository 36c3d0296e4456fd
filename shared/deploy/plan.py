"""What is wanted against what is there. Reads AWS, changes nothing, and returns a frozen plan."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.deploy import record
from shared.deploy.caller import is_deployer
from shared.deploy.guard import check_ownership, is_ours, lane_tags
from shared.deploy.model import Plan
from shared.deploy.quota import check_concurrency, check_function_memory
from shared.deploy.resources import DATA_REMOVED_BY, KINDS, log_delivery, rendezvous_key
from shared.deploy.runtimes import check_runtimes
from shared.deploy.sleeping import sleep_kept

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import date

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.deploy.model import Resource, Step

_READERS = 8  # reads at once; each waits for AWS most of its time


def plan_changes(lane: Lane, wanted: Iterable[Resource], aws: Aws, today: date | None = None) -> Plan:
    """Return the steps that make what is there into *wanted*: what is made or changed first, then what is left over.

    A team's deployer may not list the account's resources, so its plan removes nothing (``caller.py``).

    Args:
        lane: The team's lane.
        wanted: All that it should own.
        aws: Where.
        today: The day by which a runtime may be at its end; the current one when left out.

    Raises:
        LanesError: Lambda does not take the functions' runtime any more.
        OwnershipError: A name belongs to another team, or to nobody we know; every such name is listed.
        QuotaError: The account has less concurrency left, or less memory, than the functions are to have.
    """
    tags = lane_tags(lane)
    wanted = tuple(wanted)
    found = _checked(lane, wanted, aws, today)
    deployer = is_deployer(lane, aws)
    delivery = log_delivery.desired(lane.place, tags)
    steps = [log_delivery.steps(delivery, log_delivery.current(aws, delivery.name))]
    steps += [rendezvous_key.master_step(aws)] if lane.rendezvous_key and not deployer else []
    steps += [KINDS[want.kind].steps(want, found[want.kind, want.name]) for want in wanted]
    steps += () if deployer else leftovers(lane, wanted, aws)
    steps += [sleep_kept(lane)] if lane.asleep else []
    return Plan(lane.team, lane.place.stage, tuple(steps), tags, record.digest_wanted(wanted))


def plan_edit(lane: Lane, wanted: Iterable[Resource], before: Collection[Resource], aws: Aws) -> Plan:
    """Return the steps of :func:`plan_changes` for what differs from *before*, and read nothing else.

    What is wanted as before is taken to be as it was made. Where a resource comes or goes, the whole plan is made.

    Args:
        lane: The team's lane.
        wanted: All that it should own.
        before: All that was wanted when a plan was carried out last; nothing, if none was.
        aws: Where.

    Raises:
        LanesError: As of :func:`plan_changes`.
    """
    wanted = tuple(wanted)
    known = {(resource.kind, resource.name): resource for resource in before}
    if known.keys() != {(want.kind, want.name) for want in wanted}:
        return plan_changes(lane, wanted, aws)
    edited = tuple(want for want in wanted if want != known[want.kind, want.name])
    found = _checked(lane, edited, aws, None)
    steps = tuple(KINDS[want.kind].steps(want, found[want.kind, want.name]) for want in edited)
    return Plan(lane.team, lane.place.stage, steps, lane_tags(lane), record.digest_wanted(wanted))


def _checked(
    lane: Lane, wanted: tuple[Resource, ...], aws: Aws, today: date | None
) -> dict[tuple[str, str], Resource | None]:
    """Return what there is of what is *wanted*, which the lane may have."""
    found = _read(aws, [(resource.kind, resource.name) for resource in wanted])
    check_ownership((resource for resource in found.values() if resource), lane_tags(lane))
    check_runtimes(wanted, found, today or datetime.now(UTC).date())
    check_concurrency(wanted, found, aws)
    check_function_memory(wanted, found, aws)
    return found


def plan_removal(lane: Lane, aws: Aws) -> Plan:
    """Return the steps that remove all that carries the lane's tags. What was made last goes first.

    The deploy records go before everything: they must not claim what is half removed.
    """
    removed = (KINDS[have.kind].remove(have) for have in owned(lane, aws))
    return Plan(lane.team, lane.place.stage, (*record.removals(lane, aws), *removed), lane_tags(lane))


def owned(lane: Lane, aws: Aws) -> list[Resource]:
    """Return all that carries the tags of *lane*, what is made last first."""
    return [resource for kind in reversed(KINDS) for resource in _owned(lane, kind, aws)]


def leftovers(lane: Lane, wanted: tuple[Resource, ...], aws: Aws) -> Iterator[Step]:
    """Remove what is the lane's and no longer wanted. What holds data stays until the lane is destroyed."""
    for kind in reversed(KINDS):
        if kind not in DATA_REMOVED_BY:
            kept = {want.name for want in wanted if want.kind == kind}
            yield from (KINDS[kind].remove(have) for have in _owned(lane, kind, aws, kept))


def _owned(lane: Lane, kind: str, aws: Aws, but: Collection[str] = ()) -> list[Resource]:
    """Return the resources of *kind* that carry the lane's tags, without those that *but* names."""
    names = set(KINDS[kind].names(aws, lane.team)).difference(but)
    found = _read(aws, [(kind, name) for name in sorted(names)])
    return [resource for resource in found.values() if resource and is_ours(resource.tags, lane_tags(lane))]


def _read(aws: Aws, keys: list[tuple[str, str]]) -> dict[tuple[str, str], Resource | None]:
    """Return the resource of each (kind, name), several read at once."""
    for kind, _ in keys:
        aws.client(KINDS[kind].SERVICE)  # boto3 clients may be shared by threads, making them may not

    with ThreadPoolExecutor(_READERS) as pool:
        found = pool.map(lambda key: KINDS[key[0]].current(aws, key[1]), keys)
        return dict(zip(keys, found, strict=True))
