"""What does this team own, and does it differ from its file?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from shared.console.site import View
from shared.hidden import hide_text
from shared.measure.billing.cost import dollars
from shared.measure.status import LaneStatus, Told, Trouble, record_of, troubles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.lane import Function, Lane, Workflow
    from shared.config.load import Project
    from shared.console.desk import Desk
    from shared.console.site import Site
    from shared.deploy.drift import Owned
    from shared.deploy.readback.orphans import Orphan
    from shared.deploy.readback.orphans_found import Orphans
    from shared.run.schedules import ScheduleState
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that the team owns: its name, its state beside the file, and what differs or what it is for."""

    name: str
    state: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """What the team owns of one kind."""

    name: str
    things: tuple[Thing, ...]

    @property
    def differing(self) -> int:
        """How many are not as in the file."""
        return sum(each.state in ("differs", "missing", "in no file") for each in self.things)


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows."""

    status: LaneStatus
    lane: Lane
    troubles: tuple[Trouble, ...]
    descriptions: Mapping[str, str]
    schedules: Told[tuple[ScheduleState, ...]]
    orphans: Told[Orphans]
    kinds: tuple[Kind, ...]
    others: tuple[Orphan, ...]

    @property
    def team(self) -> str:
        """Whose page it is."""
        return self.status.team

    @property
    def alone(self) -> tuple[tuple[Trouble, tuple[str, ...]], ...]:
        """What is wrong, with no team beside it: it is this one's."""
        return tuple((each, ()) for each in self.troubles)

    def dollars(self, usd: float) -> str:
        """Return an amount of money as text."""
        return dollars(usd)

    def reserved(self, function: Function) -> str:
        """Return what *function* has reserved, in its file and, where that is another number, in the cloud."""
        wanted = _count(function.reserved_concurrency)
        drift = self.status.drift.value
        if drift is None or function.name not in drift.reserved:
            return wanted
        there = _count(drift.reserved[function.name])
        return wanted if there == wanted else f"{wanted} in the file, {there} in the cloud"

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON. Of environments, it has the names."""
        return {
            **self.status.as_record(),
            "troubles": [each.as_record() for each in self.troubles],
            "workflows": [self._workflow(each) for each in self.lane.workflows.values()],
            "functions": [_function(each) for each in self.lane.functions.values()],
            "schedules": record_of(self.schedules, lambda found: [_schedule(each) for each in found]),
            "owns": {kind.name: [asdict(each) for each in kind.things] for kind in self.kinds},
            "orphans": record_of(self.orphans, lambda _: [asdict(each) for each in self.others]),
        }

    def _workflow(self, workflow: Workflow) -> dict[str, Json]:
        return {
            "key": workflow.key,
            "name": workflow.name,
            "type": workflow.type,
            "template": workflow.file,
            "description": self.descriptions[workflow.key],
            "functions": list(workflow.functions.values()),
        }


def register(site: Site) -> None:
    """Add the page to *site*."""
    site.page("/<slug:team>", read)


def read(desk: Desk, team: str) -> View:
    """Return the page."""
    lane = desk.lane(team)
    seen = desk.lanes.see(desk, team)
    status = seen.lanes[0]
    for run in status.runs.value.runs if status.runs.value else ():
        desk.runs.remember(run.run_id, team, run.workflow)
    orphans: Told[Orphans] = desk.lanes.orphans(desk) if status.deployed else Told()
    kinds = _kinds(desk.project, status)
    shown = {thing.name for kind in kinds for thing in kind.things}
    page = Page(
        status,
        lane,
        troubles(status, desk.place.options),
        {key: desk.project.card(team, key).file.description for key in lane.workflows},
        desk.lanes.schedules(desk, lane) if any(each.schedules for each in lane.workflows.values()) else Told(()),
        orphans,
        kinds,
        tuple(each for each in (orphans.value.found if orphans.value else ()) if _is_of(each, team, shown)),
    )
    return View(team, "team.html.j2", page)


def _is_of(orphan: Orphan, team: str, shown: set[str]) -> bool:
    return orphan.team == team and orphan.name not in shown


def _kinds(project: Project, status: LaneStatus) -> tuple[Kind, ...]:
    """Return all that the team owns, by kind: as a plan finds it or, without one, by the names of its file."""
    found: dict[str, list[Thing]] = {}
    if status.drift.value:
        for each in status.drift.value.owned:
            found.setdefault(each.kind, []).append(_thing(each))
    else:
        told = "not deployed" if status.deployed is False else status.drift.state
        for name in project.names[status.team]:
            found.setdefault(name.kind, []).append(Thing(name.value, told))
    return tuple(Kind(name, tuple(things)) for name, things in found.items())


def _thing(owned: Owned) -> Thing:
    return Thing(owned.name, owned.state, tuple(hide_text(line) for line in owned.lines))


def _count(reserved: int | None) -> str:
    return "none" if reserved is None else str(reserved)


def _function(function: Function) -> dict[str, Json]:
    return {
        "key": function.key,
        "name": function.name,
        "runs_on": "a container image" if function.image else function.runtime,
        "architecture": function.architecture,
        "memory_mb": function.memory_mb,
        "timeout_seconds": function.timeout_seconds,
        "reserved_concurrency": function.reserved_concurrency,
        "environment": sorted(function.environment),
        "may": function.uses.in_words(),
    }


def _schedule(schedule: ScheduleState) -> dict[str, Json]:
    return {**asdict(schedule), "next": [each.isoformat() for each in schedule.next]}
