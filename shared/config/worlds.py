"""Worlds: ranks of one run that wait for each other over FMI, and whether their rendezvous carries so many.

What a server carries is :func:`shared.fmi.worlds.carried`. It is asked of what the files say when they are checked, and
of each run's input, before anything starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shared.config.rendezvous_settings import FARGATE
from shared.config.variables import RENDEZVOUS_VARIABLES
from shared.fmi.worlds import MOST_RANKS, Server, carried

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.config.cards import Card
    from shared.config.lane import Lane, Rendezvous, Workflow
    from shared.config.team import Team
    from shared.values import Json

MEETS = RENDEZVOUS_VARIABLES[0]
"""The variable of a function whose ranks wait for each other."""
MEETING = "rendezvous_endpoint"
"""The parameter that says where ranks meet, if not at the lane's own rendezvous."""
_SIZE, _SWITCH = "world_size", "fmi_enabled"


class Beyond(NamedTuple):
    """What is wrong with a world that is too large, and the fix."""

    what: str
    fix: str


def ranks_of(workflow: Workflow, payload: Mapping[str, Json]) -> int | None:
    """Return how many ranks *payload* asks for, by world_size or by the parameter that it follows from."""
    followed = [spec.name for spec in workflow.specs if spec.instead_of == _SIZE]
    given = (payload.get(name) for name in (_SIZE, *followed))
    return next((ranks for ranks in given if isinstance(ranks, int)), None)


def meeting_ranks(lane: Lane, workflow: Workflow, payload: Mapping[str, Json]) -> int | None:
    """Return how many ranks of a run on *payload* wait for each other; None where none do."""
    functions = (lane.functions[key] for key in workflow.functions.values())
    meets = payload.get(_SWITCH, True) and any(MEETS in each.environment for each in functions)
    return ranks_of(workflow, payload) if meets else None


def beyond(lane: Lane, workflow: Workflow, payload: Mapping[str, Json]) -> Beyond | None:
    """Say why the rendezvous does not carry the world that *payload* asks for; None where it does, or none meets."""
    ranks = meeting_ranks(lane, workflow, payload)
    if ranks is None:
        return None
    server = _server(lane.rendezvous, payload.get(MEETING))
    most = carried(server)
    if ranks <= most:
        return None
    lower = f"lower world_size to {most}"
    if server is None or ranks > MOST_RANKS:
        return Beyond(f"a world of {ranks} ranks, and FMI joins {MOST_RANKS} at most", lower)
    size = f"cpu {server.cpu} and {server.memory_mb} MB"
    what = f"a world of {ranks} ranks, and the rendezvous, with {size}, carries {most} at most"
    return Beyond(what, ", or ".join([lower, *_larger(server, ranks)]))


@dataclass(frozen=True, slots=True)
class Capacity:
    """The largest world that meets at an *endpoint*, and who meets there.

    ``server`` is None where nothing is known of it. ``larger`` are the worlds of larger services, by their cpu.
    """

    endpoint: str
    protocol: str
    teams: tuple[str, ...]
    server: Server | None
    ranks: int
    larger: Mapping[int, int]


def capacities(own: Rendezvous, lanes: Iterable[Lane]) -> list[Capacity]:
    """Return what each rendezvous carries: the settings' *own* first, then those of single *lanes*."""
    at: dict[tuple[str, str, Server | None], list[str]] = {(own.endpoint, own.protocol, own.server): []}
    for lane in lanes:
        if lane.rendezvous_key:
            meeting = lane.rendezvous
            at.setdefault((meeting.endpoint, meeting.protocol, meeting.server), []).append(lane.team)
    return [
        Capacity(endpoint, protocol, tuple(teams), server, carried(server), _by_cpu(server))
        for (endpoint, protocol, server), teams in at.items()
    ]


def _by_cpu(server: Server | None) -> dict[int, int]:
    """Return what Fargate's larger sizes carry, up to the one whose world no larger one exceeds."""
    found: dict[int, int] = {}
    for cpu, memories in FARGATE.items() if server else ():
        if server and cpu > server.cpu:
            ranks = carried(Server(cpu, max(server.memory_mb, memories[0]), server.many))
            if ranks > max((carried(server), *found.values())):
                found[cpu] = ranks
    return found


def check_worlds(team: Team, lane: Lane, cards: Iterable[Card]) -> None:
    """Report worlds in the *team*'s file, in defaults of its *cards*, and in schedules, that are too large."""
    for card in cards:
        workflow, name = lane.workflows[card.key], card.name_to(team.file.team)
        if found := beyond(lane, workflow, workflow.parameters):
            sizes = [_SIZE, *(spec.name for spec in card.specs if spec.instead_of == _SIZE)]
            own = team.file.workflows.get(name, {})
            size = next(each for each in sizes if isinstance(workflow.parameters.get(each), int))
            if size in own:
                team.document.problem(("workflows", name, size), *found)
            else:
                card.document.problem(("parameters", size, "default"), *found)
        for key, schedule in workflow.schedules.by_key.items() if workflow.schedules else ():
            if isinstance(schedule.payload, Mapping) and (found := beyond(lane, workflow, schedule.payload)):
                card.document.problem(("schedule", key, "payload"), *found)


def _server(own: Rendezvous, named: Json) -> Server | None:
    """Return the server of a run whose input has *named* an endpoint, or none; None where nothing is known of it."""
    return own.server if named in (None, "", own.endpoint) else None


def _larger(server: Server, ranks: int) -> Iterable[str]:
    """Yield what else would carry so many *ranks*: many pairings over one connection, and more of Fargate."""
    if not server.many and carried(Server(server.cpu, server.memory_mb)) >= ranks:
        yield "let ranks speak v2 (rendezvous.protocol)"
    for cpu, memories in FARGATE.items():
        for memory in memories:
            more = cpu >= server.cpu and memory >= server.memory_mb
            if more and carried(Server(cpu, memory, server.many)) >= ranks:
                yield f"raise rendezvous.service in shared/settings.yaml to cpu: {cpu}, memory: {memory}"
                return
