"""What will run, and what will it cost?"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import request
from markupsafe import Markup

from shared.config.template import render_definition
from shared.console.addresses import whole_number
from shared.console.drafts import Draft
from shared.console.forms import draft_of_run, filled_of
from shared.console.pages.start import lane_with
from shared.console.site import View
from shared.errors import UsageError
from shared.measure.billing.before import WorstCase, worst_case
from shared.measure.billing.cost import dollars, read_prices
from shared.measure.drawing.draw_machine import draw_machine
from shared.measure.scaling.before import is_modelled, predict_run, same_records
from shared.measure.scaling.time_model import published
from shared.run.earlier import last_success, records_of
from shared.run.express import is_express
from shared.run.form import command_of, fields_of
from shared.run.graph import graph_of
from shared.run.planned import plan_run
from shared.run.start import new_run_id

if TYPE_CHECKING:
    from shared.config.lane import Lane
    from shared.console.desk import Desk
    from shared.console.site import Site
    from shared.measure.scaling.time_model import Prediction
    from shared.run.find import Found
    from shared.run.form import Field
    from shared.run.planned import Planned
    from shared.values import Json

_MOST_RECORDS = 10**15


@dataclass(frozen=True, slots=True)
class Entry:
    """A field as it is filled in: its text, what is wrong with that, and the file that was chosen for it before."""

    field: Field
    text: str
    problems: tuple[str, ...] = ()
    file: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A reason against the run as a whole: what, where and the fix."""

    what: str
    where: str
    fix: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What the model of time says of the run.

    Attributes:
        records: How many there are.
        counted_by: The run that counted them; "" where the user says so.
        seconds: What the run takes.
        range: What 9 of 10 runs take, in seconds.
        usd: What it costs.
        measured: Whether worlds of this size were measured; else it is an extrapolation.
        source: What the model is fitted to.
    """

    records: int
    counted_by: str
    seconds: float
    range: tuple[float, float]
    usd: float
    measured: bool
    source: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """The newest run of the workflow that succeeded."""

    run_id: str
    started: datetime
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows.

    Attributes:
        team: Whose workflow it is.
        workflow: Its key.
        express: Whether it is an express one.
        takes_any: Whether its input may be any JSON.
        by_itself: Whether what the run lacks is deployed first.
        entries: The fields, filled in.
        json: The input as JSON, as it is to be edited.
        by_json: Whether the JSON was filled in, and not the fields.
        notes: What to know of how the form was filled in.
        refused: Whether a start was refused.
        unnamed: Why it was, beside what is filled in.
        reasons: What speaks against the run as a whole.
        wrong_json: What is wrong with the JSON.
        payload: The input as the run gets it; "" where the card does not allow it.
        told: What to know beside that.
        command: The command that starts the same; empty where the JSON is none.
        worst: What its functions may cost.
        expected: What the model says; None where it knows no such run.
        modelled: Whether there is a model of the workflow.
        earlier: The newest run that succeeded.
        states: The states of its machine, each with its depth and its type.
        drawing: The same, drawn.
        key: The form's key. It is no part of the record, since each form has one of its own.
        draft: The draft that is shown.
        origin: The run that filled the form.
    """

    team: str
    workflow: str
    express: bool
    takes_any: bool
    by_itself: bool
    entries: tuple[Entry, ...]
    json: str
    by_json: bool
    notes: tuple[str, ...]
    refused: bool
    unnamed: str
    reasons: tuple[Refused, ...]
    wrong_json: tuple[str, ...]
    payload: str
    told: str
    command: str
    worst: WorstCase
    expected: Expected | None
    modelled: bool
    earlier: Earlier | None
    states: tuple[tuple[int, str, str], ...]
    drawing: Markup = field(repr=False)
    key: str = ""
    draft: str = ""
    origin: str = ""

    @property
    def problems(self) -> int:
        """How many things speak against the run."""
        fields = sum(len(entry.problems) for entry in self.entries)
        return fields + len(self.reasons) + len(self.wrong_json) + bool(self.unnamed)

    @property
    def maps(self) -> bool:
        """Whether its machine has a Map."""
        return any(kind == "Map" for _, _, kind in self.states)

    @property
    def prices(self) -> str:
        """What to say of the prices."""
        return read_prices().told

    @staticmethod
    def dollars(usd: float) -> str:
        """Return an amount of money as text."""
        return dollars(usd)

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        record = asdict(self)
        for name in ("drawing", "key", "draft"):
            del record[name]
        return record


def register(site: Site) -> None:
    """Add the page to *site*."""
    site.page("/<slug:team>/<workflow>/new", read)


def read(desk: Desk, team: str, workflow: str) -> View:
    """Return the page: the form as the team's file has it, as an earlier run had it, or as it was sent.

    Raises:
        UsageError: There is no such workflow, draft or run, or the number of records is none.
    """
    lane = lane_with(desk, team, workflow)
    made, origin = request.args.get("draft", ""), request.args.get("from", "")
    draft = _draft(desk, lane, workflow, made, origin)
    here = desk.prepare(desk.project, desk.aws, lambda _: None)
    filled = filled_of(lane.workflows[workflow], draft)
    planned = plan_run(desk.aws, here, lane, workflow, filled)
    earlier = desk.readings.fresh(("last success", team, workflow), lambda: last_success(desk.aws, lane, workflow), 5.0)
    definition = render_definition(lane, workflow)
    graph = graph_of(definition)
    page = Page(
        team,
        workflow,
        is_express(lane, workflow),
        lane.workflows[workflow].takes_any,
        not here.asks_first,
        _entries(lane, workflow, draft, planned),
        _json(draft, planned),
        draft.json is not None,
        draft.notes,
        draft.refused,
        draft.unnamed,
        tuple(Refused(error.what, error.where or "", error.fix or "") for error in planned.refused),
        planned.wrong.get("", ()),
        _pretty(planned.payload) if planned.allowed else "",
        planned.told,
        "" if "" in filled.problems else command_of(team, workflow, filled, desk.place.options),
        worst_case(lane, workflow, planned.payload),
        _expected(lane, workflow, planned.payload, earlier),
        is_modelled(lane, workflow),
        Earlier(earlier.run.id, earlier.started, earlier.seconds) if earlier else None,
        tuple((depth, node.name, node.kind) for depth, node in graph.walk()),
        Markup(draw_machine(definition, graph)),  # noqa: S704  drawn by us, from escaped text
        draft.key,
        made,
        origin,
    )
    title = f"Not started: {workflow} of {team}" if page.refused and page.problems else f"Run {workflow} of {team}"
    return View(title, "new_run.html.j2", page, moving=False, crumbs=((team, f"/{team}"),))


def _draft(desk: Desk, lane: Lane, workflow: str, made: str, origin: str) -> Draft:
    """Return what fills the form: the draft *made*, the run *origin*, or nothing, which leaves the team's values."""
    key = new_run_id(datetime.now(UTC))
    if made:
        draft = desk.drafts.get(made)
        if draft is None:
            raise UsageError("this form was forgotten", fix=f"/{lane.team}/{workflow}/new is a new one")
        begun = desk.launches.get(draft.key)
        return replace(draft, key=key, refused=False) if begun and not begun.error else draft
    if not origin:
        return Draft(key)
    found = desk.run(origin).found
    if (found.run.lane.team, found.run.workflow) != (lane.team, workflow):
        what = f"run {origin} is of {found.run.workflow} of {found.run.lane.team}"
        raise UsageError(what, fix=f"/{found.run.lane.team}/{found.run.workflow}/new?from={origin}")
    return draft_of_run(lane.workflows[workflow], found, key)


def _entries(lane: Lane, workflow: str, draft: Draft, planned: Planned) -> tuple[Entry, ...]:
    """Return the fields with what *draft* has in them; where it was sent as JSON, as the team's file has them."""
    return tuple(
        Entry(
            field,
            draft.texts.get(field.name, field.base),
            planned.wrong.get(field.name, ()),
            draft.files[field.name][0] if field.name in draft.files else "",
        )
        for field in fields_of(lane.workflows[workflow])
    )


def _json(draft: Draft, planned: Planned) -> str:
    """Return what the field for JSON shows: what was written there, or the input that the fields make."""
    return draft.json if draft.json is not None else _pretty(planned.payload) if planned.allowed else "{}"


def _pretty(value: Json) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


def _expected(lane: Lane, workflow: str, payload: Json, earlier: Found | None) -> Expected | None:
    """Return what the model says, of so many records as the user says, or as an earlier run on the same counted."""
    records, counted_by = whole_number(request.args, "records", 1, _MOST_RECORDS), ""
    if records is None and earlier and same_records(payload, json.loads(earlier.input)):
        records, counted_by = records_of(earlier), earlier.run.id
    found: Prediction | None = predict_run(lane, workflow, payload, records) if records else None
    if found is None:
        return None
    fit = published()
    return Expected(
        found.size.records,
        counted_by,
        found.seconds,
        (found.low, found.high),
        found.usd,
        fit.covers(found.size.world_size),
        fit.source,
    )
