"""Which ranks are failed or slow?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from flask import request

from shared.console.addresses import query, whole_number
from shared.console.heat_grid import draw_grid, draw_histogram
from shared.console.missed import told_missed
from shared.console.pages import rank
from shared.console.rank_opened import LONG, look
from shared.console.site import View
from shared.hidden import hide_text
from shared.run.child_ranks import ASKED_AT_ONCE, MOST_LISTED
from shared.run.patience import LATE
from shared.run.rank_reports import read_uses
from shared.run.ranks import PAGE, STATUSES, Filter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.console.desk import Desk
    from shared.console.heat_grid import Grid
    from shared.console.readings import Late
    from shared.console.site import Site
    from shared.run.live import LiveRun
    from shared.run.rank_reports import RankUse, RankUses
    from shared.run.ranks import RankMap, RankRow, Ranks
    from shared.run.run_ranks import RunRanks
    from shared.values import Json

_FEW = 50  # ranks that are shown in order, without a grid
_LONGEST = 200  # letters of a message in a row


@dataclass(frozen=True, slots=True)
class Row:
    """A rank with its address, its error as it is shown, and what it used; None where no log line tells."""

    rank: RankRow
    address: str
    error: str
    message: str
    slow: bool
    use: RankUse | None


@dataclass(frozen=True, slots=True)
class Failures:
    """A group of failures with the address that lists them, and an example."""

    error: str
    status: str
    told: bool
    count: int
    address: str
    example: Row


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows. ``ranks`` is None where the run has no Map that was entered."""

    run_id: str
    team: str
    status: str
    has_maps: bool
    maps: tuple[RankMap, ...] = ()
    ranks: Ranks | None = None
    rows: tuple[Row, ...] = ()
    fitting: int = 0
    wanted: Filter = field(default_factory=Filter)
    groups: tuple[Failures, ...] = ()
    grid: Grid | None = None
    bars: str = ""
    uses_told: str = ""
    others: int = 0
    more: int = 0

    statuses = STATUSES
    page_size = PAGE
    most = MOST_LISTED

    @property
    def narrowed(self) -> bool:
        """Whether only some of the rows are wanted."""
        return replace(self.wanted, order="", page=1) != Filter()

    @property
    def has_uses(self) -> bool:
        """Whether it is known what any of the rows used."""
        return any(row.use for row in self.rows)

    @property
    def has_retries(self) -> bool:
        """Whether any of the rows is known to have called again."""
        return any(row.rank.retries for row in self.rows)

    @property
    def pages(self) -> int:
        """How many pages of rows there are."""
        return max(1, -(-self.fitting // PAGE))

    def address(self, **changed: str | int) -> str:
        """Return the address of the same page with other parameters; an empty one is left out."""
        return _address(self.run_id, self._map_key, self.wanted, **changed)

    @property
    def _map_key(self) -> int | None:
        return self.ranks.map.key if self.ranks and len(self.maps) > 1 else None

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        ranks = self.ranks
        record: dict[str, Json] = {
            "run_id": self.run_id,
            "team": self.team,
            "status": self.status,
            "has_maps": self.has_maps,
            "maps": [
                {"key": each.key, "name": each.name, "kind": each.kind, "total": each.total} for each in self.maps
            ],
        }
        if ranks is None:
            return record
        return record | {
            "map": ranks.map.key,
            "counts": dict(ranks.counts),
            "total": ranks.total,
            "slow": ranks.slow,
            "slow_from_seconds": ranks.slow_from if ranks.durations else None,
            "median_seconds": ranks.median,
            "listed_at": ranks.listed.isoformat() if ranks.listed else None,
            "not_listed": ranks.cut,
            "not_asked": ranks.untold,
            "errors": [
                {
                    "error": each.error,
                    "status": each.status,
                    "asked": each.told,
                    "count": each.count,
                    "example": each.example.address,
                }
                for each in self.groups
            ],
            "histogram": [[bar.since, bar.until, bar.count] for bar in ranks.histogram],
            "letters": self.grid.letters if self.grid else None,
            "fitting": self.fitting,
            "page": self.wanted.page,
            "uses": self.uses_told,
            "rows": [_record(row) for row in self.rows],
        }


def register(site: Site) -> None:
    """Add the page to *site*."""
    site.page("/runs/<run_id>/ranks", read)


def read(desk: Desk, run_id: str) -> View:
    """Return the page, or that of the rank that the form asks for.

    Raises:
        UsageError: There is no such run or Map, or a parameter is none.
    """
    number = whole_number(request.args, "rank")
    if number is not None:
        return rank.read(desk, run_id, number)
    live = desk.run(run_id)
    run = live.found.run
    reader = desk.ranks.of(live)
    of = reader.map(whole_number(request.args, "map"))
    crumbs = ((run.lane.team, f"/{run.lane.team}"), ("runs", f"/{run.lane.team}/runs"), (run.id, f"/runs/{run.id}"))
    if of is None:
        page = Page(run.id, run.lane.team, live.found.status, reader.has_maps)
        unread = told_missed([live.unread])
        return View(f"Ranks of {run.id}", "ranks.html.j2", page, moving=not live.over, crumbs=crumbs, unread=unread)
    if of.kind == "distributed" and of.arn:
        reader.children(of).want(whole_number(request.args, "asked") or 0)
    error = look(desk, reader, of)
    uses = _uses(desk, live, reader, of)
    page = _page(live, reader, of, uses)
    moving = not reader.settled(of) or (uses is not None and uses.value is None and uses.error is None)
    unread = told_missed([live.unread, error])
    return View(_title(page), "ranks.html.j2", page, moving=moving, crumbs=crumbs, unread=unread)


def _title(page: Page) -> str:
    ranks = page.ranks
    assert ranks is not None  # noqa: S101  who calls has made it
    bad = "failed" if ranks.failed == ranks.counts["FAILED"] else "did not succeed"
    failed = f"{ranks.failed:,} of {ranks.total:,} {bad}" if ranks.failed else f"{ranks.total:,}, none failed"
    going = f", {page.status.lower()}" if page.status == "RUNNING" else ""
    return f"Ranks of {page.run_id}: {failed}{going}"


def _uses(desk: Desk, live: LiveRun, reader: RunRanks, of: RankMap) -> Late[RankUses] | None:
    """Return what the ranks used, read in the background once the run is over; None where that is not read."""
    if not live.over or live.found.stopped is None or of.total > MOST_LISTED:
        return None
    recent = datetime.now(UTC) - live.found.stopped < LATE
    requests = reader.requests(of) if of.kind == "inline" else {}
    others = [each for each in reader.maps() if each.kind == "inline" and each.key != of.key]
    elsewhere = {request for each in others for request in reader.requests(each)}
    key = ("uses", live.found.run.arn, of.key, live.redrives)
    return desk.readings.late(
        key, lambda: read_uses(desk.aws, live.found, requests, elsewhere), 20.0 if recent else LONG
    )


def _page(live: LiveRun, reader: RunRanks, of: RankMap, uses: Late[RankUses] | None) -> Page:
    run, maps, ranks = live.found.run, reader.maps(), reader.ranks(of)
    wanted = Filter.read(request.args)
    if not wanted.order and ranks.total <= _FEW:
        wanted = replace(wanted, order="rank")
    rows, fitting = ranks.page(wanted)
    key = of.key if len(maps) > 1 else None
    used = uses.value if uses else None
    shown = partial(_row, ranks, run.id, key, used.by_rank if used else {})
    many = len(ranks.rows) > _FEW
    return Page(
        run.id,
        run.lane.team,
        live.found.status,
        has_maps=True,
        maps=maps,
        ranks=ranks,
        rows=tuple(shown(row) for row in rows),
        fitting=fitting,
        wanted=wanted,
        groups=tuple(
            Failures(
                hide_text(each.error),
                each.status,
                each.told,
                each.count,
                _address(run.id, key, Filter(status=each.status or "bad", error=_public(each.error))),
                shown(each.example),
            )
            for each in ranks.groups
        ),
        grid=draw_grid(ranks) if many else None,
        bars=draw_histogram(ranks) if many else "",
        uses_told=_uses_told(live, of, uses, ranks, maps),
        others=used.others if used else 0,
        more=min(ranks.untold, ASKED_AT_ONCE),
    )


def _uses_told(live: LiveRun, of: RankMap, uses: Late[RankUses] | None, ranks: Ranks, maps: Sequence[RankMap]) -> str:
    """Return why what ranks used is not shown, or not of all; empty where it is."""
    if not live.over:
        return "Memory and billed time are read from the logs when the run is over."
    if uses is None:
        return f"Memory and billed time are not read for more than {MOST_LISTED:,} ranks."
    if uses.error is not None:
        return hide_text(f"Memory and billed time could not be read: {uses.error}")
    if uses.value is None:
        return "Memory and billed time are being read from the logs."
    if not uses.value.by_rank:
        named = "by a line of progress" if of.kind == "distributed" else "by a line of progress or in the history"
        return f"No REPORT line of the logs belongs to a rank: its invocations do not say theirs, {named}."
    told: list[str] = []
    if any(row.number is None for row in ranks.rows):
        told.append("Logs tell memory and billed time by rank: open a child, and it says its rank and what it used.")
    if of.kind == "distributed" and sum(each.kind == "distributed" for each in maps) > 1:
        told.append("Logs do not tell the Map: they are of all distributed Maps that have a rank of that number.")
    return " ".join(told)


def _row(ranks: Ranks, run_id: str, key: int | None, uses: Mapping[int, RankUse], row: RankRow) -> Row:
    at = row.place if row.number is None else row.number
    asked = {"map": key, "at": None if ranks.is_known_by_number(row) else row.place}
    message = hide_text(row.message)
    message = f"{message[:_LONGEST]} ..." if len(message) > _LONGEST else message
    use = uses.get(row.number) if row.number is not None else None
    return Row(row, f"/runs/{run_id}/ranks/{at}{query(asked)}", hide_text(row.error), message, ranks.is_slow(row), use)


def _public(error: str) -> str:
    """Return *error* for an address; empty, which is any, where a secret is part of its name."""
    return error if hide_text(error) == error else ""


def _address(run_id: str, key: int | None, wanted: Filter, **changed: str | int) -> str:
    return f"/runs/{run_id}/ranks{query({'map': key, **wanted.as_words(), **changed})}"


def _record(row: Row) -> dict[str, Json]:
    use = row.use
    used: dict[str, Json] = {
        "invocations": use.invocations if use else None,
        "billed_ms": use.billed_ms if use else None,
        "memory_mb": use.memory_mb if use else None,
        "used_mb": use.used_mb if use else None,
        "cold_start_ms": use.init_ms if use else None,
    }
    told = row.rank.as_record() | {"started": row.rank.started.isoformat() if row.rank.started else None}
    return told | {"address": row.address, "error": row.error, "message": row.message, "slow": row.slow} | used
