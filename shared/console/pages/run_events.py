"""The part of a run's page that lists its events, and each event as a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from shared.console.addresses import whole_number
from shared.console.pretty import Shown, in_bytes, pretty, shown, unfolded
from shared.console.site import File
from shared.hidden import hide_text
from shared.run.event_index import Wanted
from shared.run.event_text import event_text
from shared.run.history import details

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.console.followed import Followed
    from shared.run.event_index import EventIndex, EventRow

MOST = 100
"""Events on a page."""
_MOST_DETAIL = 1_500  # characters of one event's details in the table


@dataclass(frozen=True, slots=True)
class EventShown:
    """An event as a row of the table. ``detail`` is None where it has none."""

    id: int
    at: datetime
    kind: str
    state: str
    rank: int | None
    failed: bool
    text: str
    detail: Shown | None


@dataclass(frozen=True, slots=True)
class Filter:
    """What the address asks for: which events, and those below which number."""

    wanted: Wanted
    before: int | None = None

    def address(self, run_id: str, state: str | None, before: int | None) -> str:
        """Return the address of another page of the same events, with the same *state* shown."""
        asked = {
            "kind": self.wanted.kind,
            "of": self.wanted.state,
            "failures": "1" if self.wanted.failures else "",
            "before": "" if before is None else str(before),
        }
        shown = {} if state is None else {"state": state}
        query = urlencode(shown | {name: value for name, value in asked.items() if value})
        return f"/runs/{quote(run_id)}" + (f"?{query}" if query else "") + "#events"


@dataclass(frozen=True, slots=True)
class EventsShown:
    """A page of the events, newest first, with the addresses of the newest and of the next, older page."""

    rows: tuple[EventShown, ...]
    matching: int
    total: int
    failures: int
    kinds: tuple[str, ...]
    kind: str
    state: str
    only_failures: bool
    newest: str
    older: str


def read_filter(asked: Mapping[str, str]) -> Filter:
    """Return what the parameters of an address ask for.

    Raises:
        UsageError: ``before`` is no number.
    """
    wanted = Wanted(asked.get("kind", ""), asked.get("of", ""), failures=asked.get("failures", "") == "1")
    return Filter(wanted, whole_number(asked, "before"))


def read_events(
    followed: Followed, index: EventIndex, address: Callable[[int | None], str], chosen: Filter
) -> EventsShown:
    """Return the page of events that is *chosen*.

    Args:
        followed: Keeps the rows that were made.
        index: The events so far.
        address: Gives the address of the page of the events below a number, or of the newest.
        chosen: Which ones.
    """
    page = index.page(chosen.wanted, MOST, chosen.before)
    return EventsShown(
        tuple(followed.row(row.id, partial(_row, row, index.event(row.id))) for row in page.rows),
        page.matching,
        page.total,
        index.failures,
        tuple(sorted(index.kinds)),
        chosen.wanted.kind,
        chosen.wanted.state,
        chosen.wanted.failures,
        address(None) if page.newer else "",
        "" if page.older is None else address(page.older),
    )


def event_file(index: EventIndex, number: int) -> File:
    """Return the event with that *number* as a file, whole but for its secrets.

    Raises:
        UsageError: There is none.
    """
    event = index.event(number)
    about = {"id": event["id"], "type": event["type"], "timestamp": event["timestamp"].isoformat()}
    whole = pretty(json.dumps({**about, "details": json.loads(_as_text(details(event)))}))
    return File(in_bytes(whole), "application/json; charset=utf-8")


def _row(row: EventRow, event: HistoryEventTypeDef) -> EventShown:
    told = details(event)
    return EventShown(
        row.id,
        row.at,
        row.kind,
        row.state,
        row.rank,
        row.failed,
        hide_text(event_text(event)),
        shown(_as_text(told), _MOST_DETAIL) if told else None,
    )


def _as_text(told: Mapping[str, object]) -> str:
    """Return the details of an event as JSON, with the JSON that their texts hold in place of those."""
    return json.dumps(unfolded(json.loads(json.dumps(told, default=str))))
