"""Concurrency that all teams share: what lanes reserve, against what the account has.

Lambda gives an account a number of concurrent executions in each region, and refuses a reservation that leaves fewer
than 100 unreserved. All functions without a reservation share what is left, so there one team can starve another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.aws_facts import CONCURRENCY, KEPT_UNRESERVED, NEW_ACCOUNT_MEMORY
from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.config.lane import Function, Lane
    from shared.values import Json

MEMORY_QUOTA = "Function memory maximum"
"""What Service Quotas calls the largest memory of a function."""


class QuotaError(LanesError):
    """The lanes together ask for more than the account has."""


@dataclass(frozen=True, slots=True)
class Reservations:
    """What is reserved, by team, of how much.

    ``limit`` is the account's concurrent executions in the region, ``unreserved`` what must stay free of reservations.
    """

    teams: Mapping[str, int]
    limit: int
    unreserved: int

    @property
    def total(self) -> int:
        """What all teams reserve together."""
        return sum(self.teams.values())

    @property
    def free(self) -> int:
        """What may still be reserved; negative when the lanes ask for too much."""
        return self.limit - self.unreserved - self.total


def plan_reservations(lanes: Iterable[Lane], *, limit: int, unreserved: int) -> Reservations:
    """Add up what *lanes* reserve.

    Args:
        lanes: All lanes of the account and region.
        limit: The account's ConcurrentExecutions (Lambda's GetAccountSettings).
        unreserved: What AWS keeps unreserved: 100.

    Raises:
        QuotaError: The sum does not fit; every team's part is listed.
    """
    teams = {
        lane.team: sum(function.reserved_concurrency or 0 for function in lane.functions.values()) for lane in lanes
    }
    planned = Reservations(teams, limit, unreserved)
    if planned.free < 0:
        parts = ", ".join(
            f"{team} {count}" for team, count in sorted(teams.items(), key=lambda part: -part[1]) if count
        )
        raise QuotaError(
            f"the teams reserve {planned.total} concurrent executions ({parts}), the account has {limit} and "
            f"{unreserved} must stay unreserved",
            where="reservedConcurrency in teams/*.yaml",
            fix=f"give back {-planned.free}, or ask AWS for a higher limit and set limits.concurrency in settings.yaml",
        )
    return planned


def check_room(more: Mapping[str, int], limit: int, unreserved: int) -> None:
    """Refuse to reserve more than the account has left.

    Args:
        more: What each function is to have reserved beyond what it has.
        limit: The account's ConcurrentExecutions (Lambda's GetAccountSettings).
        unreserved: What of it nobody has reserved yet (UnreservedConcurrentExecutions).

    Raises:
        QuotaError: There is less room; names the functions that ask for more.
    """
    asked, room = sum(more.values()), max(0, unreserved - KEPT_UNRESERVED.value)
    if asked > room:
        parts = ", ".join(f"{name} {count}" for name, count in more.items() if count > 0)
        raise QuotaError(
            f"it reserves {asked} concurrent executions more ({parts}), and {room} are left: the account has {limit}, "
            f"{limit - unreserved} are reserved, {KEPT_UNRESERVED.value} must stay unreserved",
            where="reservedConcurrency in teams/*.yaml",
            fix=f"ask for {asked - room} less, or ask AWS for a higher limit{_of_a_new_account(limit)}",
        )


def check_memory(sizes: Mapping[str, int], largest: int) -> None:
    """Refuse functions with more memory than the account may give one.

    Args:
        sizes: The MB of each function that is to be made or changed.
        largest: The MB that the account may give a function.

    Raises:
        QuotaError: Names those that are larger.
    """
    larger = {name: size for name, size in sizes.items() if size > largest}
    if larger:
        parts = ", ".join(f"{name} {size} MB" for name, size in larger.items())
        raise QuotaError(
            f"{parts}: the account gives a function {largest} MB at most",
            where="memorySize in teams/*.yaml, or on the workflow's card",
            fix=f"take {largest} or less, or ask AWS for more ({MEMORY_QUOTA} of AWS Lambda; a new account has "
            f"{NEW_ACCOUNT_MEMORY.value})",
        )


def _of_a_new_account(limit: int) -> str:
    """Return what to add to the fix where the account has less than AWS's default."""
    if limit >= CONCURRENCY.value:
        return ""
    usual = CONCURRENCY.value
    return f" (Concurrent executions of AWS Lambda in Service Quotas: {usual} usually, a new account has fewer)"


@dataclass(frozen=True, slots=True)
class CrowdedMap:
    """A Map that may start more invocations at once than its function may run.

    ``concurrency`` is its MaxConcurrency, 0 for no bound, or None when it is computed as the machine runs.
    """

    state: str
    function: str
    concurrency: int | None
    reserved: int

    def __str__(self) -> str:
        asked = "a number computed at run time" if self.concurrency is None else self.concurrency or "no bound"
        return (
            f"state {self.state!r}: MaxConcurrency is {asked}, but {self.function} has {self.reserved} reserved: "
            "what is more is throttled and retried"
        )


def crowded_maps(lane: Lane, definition: Mapping[str, Json]) -> list[CrowdedMap]:
    """Return the Maps of a rendered *definition* that outrun the reservation of a function they call.

    Functions without a reservation are left out: they share what is unreserved.
    """
    reserved = {
        lane.function_arn(key): function.reserved_concurrency
        for key, function in lane.functions.items()
        if function.reserved_concurrency
    }
    found = []
    for name, state in _maps(definition):
        concurrency = _concurrency(state)
        for arn in _called(state):
            room = reserved.get(arn)
            if room and (concurrency is None or concurrency == 0 or concurrency > room):
                found.append(CrowdedMap(name, arn.rpartition(":")[2], concurrency, room))
    return found


def mapped_functions(lane: Lane, definition: Mapping[str, Json]) -> list[Function]:
    """Return the functions of *lane* that the Maps of a rendered *definition* call: many of them at once."""
    arns = {arn for _, state in _maps(definition) for arn in _called(state)}
    return [function for key, function in lane.functions.items() if lane.function_arn(key) in arns]


def calling_states(lane: Lane, definition: Mapping[str, Json], maps: int = 0) -> Iterator[tuple[str, int]]:
    """Yield, for each state of a rendered *definition* that calls a function of *lane*, its key and how many Maps deep.

    *maps* is how many Maps the definition itself lies in.
    """
    keys = {lane.function_arn(key): key for key in lane.functions}
    for state in _states(definition).values():
        machines = _inner(state)
        if not machines:
            yield from ((keys[arn], maps) for arn in _called(state) if arn in keys)
        for machine in machines:
            yield from calling_states(lane, machine, maps + (state.get("Type") == "Map"))


def _concurrency(state: Mapping[str, Json]) -> int | None:
    told = state.get("MaxConcurrency", 0)
    if "MaxConcurrencyPath" in state or not isinstance(told, int | float):
        return None
    return int(told)


def _maps(machine: Mapping[str, Json]) -> Iterator[tuple[str, Mapping[str, Json]]]:
    for name, state in _states(machine).items():
        if state.get("Type") == "Map":
            yield name, state
        for inner in _inner(state):
            yield from _maps(inner)


def _called(state: Mapping[str, Json]) -> Iterator[str]:
    """Yield the ARNs of the functions that *state* calls, at any depth."""
    arguments = state.get("Parameters") or state.get("Arguments")
    if state.get("Type") == "Task":
        called = arguments.get("FunctionName") if isinstance(arguments, Mapping) else None
        yield str(called or state.get("Resource"))
    for machine in _inner(state):
        for inner in _states(machine).values():
            yield from _called(inner)


def _states(machine: Mapping[str, Json]) -> dict[str, Mapping[str, Json]]:
    states = machine.get("States")
    found = states.items() if isinstance(states, Mapping) else ()
    return {name: state for name, state in found if isinstance(state, Mapping)}


def _inner(state: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    """Return the machines within *state*: the branches of a Parallel, the processor of a Map."""
    branches = state.get("Branches")
    machines = [*(branches if isinstance(branches, list) else ()), state.get("ItemProcessor") or state.get("Iterator")]
    return [machine for machine in machines if isinstance(machine, Mapping)]
