"""Is anything wrong in any lane?"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from shared.console.site import View
from shared.measure.billing.cost import dollars
from shared.measure.status import LaneStatus, Told, Trouble, record_of, shared_troubles, worst_first

if TYPE_CHECKING:
    from datetime import datetime

    from shared.console.desk import Desk
    from shared.console.lanes import Seen
    from shared.console.site import Site
    from shared.deploy.readback.orphans import Orphan
    from shared.local.standing import Pace
    from shared.values import Json


_SLUG = re.compile(r"[a-z][a-z0-9]{1,11}")


@dataclass(frozen=True, slots=True)
class Row:
    """A lane, and what is wrong in it."""

    status: LaneStatus
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows: the lanes, worst first, and what is wrong for all of them at once."""

    rows: tuple[Row, ...]
    shared: tuple[Trouble, ...]
    seen: Seen

    @property
    def troubles(self) -> tuple[tuple[Trouble, tuple[str, ...]], ...]:
        """All that is wrong, the worst first, each with the teams that it is of: what is wrong in many is told once."""
        teams: dict[Trouble, list[str]] = {each: [] for each in self.shared}
        for row in self.rows:
            for each in row.troubles:
                teams.setdefault(replace(each, team=""), []).append(row.status.team)
        return tuple(sorted(((each, tuple(of)) for each, of in teams.items()), key=lambda each: each[0].grade != "bad"))

    @property
    def bad(self) -> int:
        """In how many lanes something is wrong that hinders somebody."""
        return sum(any(each.grade == "bad" for each in row.troubles) for row in self.rows)

    @property
    def cost_since(self) -> datetime | None:
        """Since when costs count; None where none is known."""
        known = (row.status.cost.value for row in self.rows)
        return next((each.since for each in known if each), None)

    @property
    def pace(self) -> Pace | None:
        """What came of it that a cloud on this machine paces as an account; None where it does not, or is not known."""
        limits = self.seen.limits.value
        return limits.standing.pace if limits and limits.standing else None

    def dollars(self, usd: float) -> str:
        """Return an amount of money as text."""
        return dollars(usd)

    @property
    def being_read(self) -> int:
        """How many parts of all lanes are being read."""
        return sum(row.status.being_read for row in self.rows) + self.seen.files.being_read

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        limits = record_of(
            self.seen.limits, lambda each: {"concurrency": each.concurrency, "unreserved": each.unreserved}
        )
        return {
            "troubles": [{**each.as_record(), "teams": teams} for each, teams in self.troubles],
            "being_read": self.being_read,
            "account": limits,
            "pace": asdict(pace) if (pace := self.pace) else None,
            "lanes": [row.status.as_record() for row in self.rows],
        }


def register(site: Site) -> None:
    """Add the page to *site*, and the button that has all read again."""
    site.page("/", read)
    site.action("/again", read_again)


def read(desk: Desk) -> View:
    """Return the page."""
    seen = desk.lanes.see(desk)
    for status in seen.lanes:
        for run in status.runs.value.runs if status.runs.value else ():
            desk.runs.remember(run.run_id, status.team, run.workflow)
    rows = tuple(Row(*each) for each in worst_first(seen.lanes, desk.place.options))
    teams = {row.status.team for row in rows}
    shared = shared_troubles(
        seen.problems, seen.proof, seen.used, _orphans(desk, seen), teams=teams, options=desk.place.options
    )
    page = Page(rows, shared, seen)
    return View(_title(page), "home.html.j2", page)


def _orphans(desk: Desk, seen: Seen) -> Told[tuple[Orphan, ...]]:
    """Return what is in the cloud and in no file, but for what the lanes themselves tell of.

    While files have problems, nobody knows what they explain: nothing is looked for. Nor while a lane is compared.
    """
    if not seen.right or any(each.problems or (each.deployed and each.drift.being_read) for each in seen.lanes):
        return Told()
    told = desk.lanes.orphans(desk)
    if told.value is None:
        return Told(why=told.why, fix=told.fix)
    drifts = [status.drift.value for status in seen.lanes if status.drift.value]
    known = {(each.kind, each.name) for drift in drifts for each in drift.owned}
    return Told(tuple(each for each in told.value.found if (each.kind, each.name) not in known))


def read_again(desk: Desk, form: dict[str, str]) -> str:
    """Have all read again. It changes nothing, so nobody needs the right to write."""
    desk.lanes.forget_all()
    team = form.get("team", "")
    return f"/{team}" if _SLUG.fullmatch(team) else "/"


def _title(page: Page) -> str:
    if page.bad or any(each.grade == "bad" for each in page.shared):
        need = "needs" if page.bad == 1 else "need"
        return (
            f"{page.bad} of {len(page.rows)} lanes {need} somebody" if page.bad else "something is wrong for all lanes"
        )
    return f"{len(page.rows)} lane{'s' * (len(page.rows) != 1)}"
