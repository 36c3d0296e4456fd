"""What a report rests on, as values that a file can hold: what the cloud told of a run, and what the run was made of.

A report's page and its figures follow from these values alone (:mod:`shared.measure.reports.report_run`,
:mod:`shared.measure.reports.figures`), so whoever has the file can make both again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.measure.billing.cost import Item
from shared.measure.observed.invocations import Row
from shared.measure.observed.trace import MapChildren, Trace, Visit
from shared.run.graph import Graph

if TYPE_CHECKING:
    from shared.measure.reports.report import Section

JsonValue = Any
"""JSON of others: pydantic's own type for it is slow with thousands of values, and checks nothing more."""

_DIGEST = "^[0-9a-f]{64}$"


class Part(BaseModel):
    """A part of a report's file: frozen, and no key but those it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Execution(Part):
    """An execution as Step Functions tells it. ``input`` and ``output`` are its own texts."""

    id: str
    arn: str
    team: str
    workflow: str
    status: str
    started: AwareDatetime
    stopped: AwareDatetime | None
    input: str
    output: str | None

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return (self.stopped - self.started).total_seconds() if self.stopped else None


class Stay(Part):
    """A visit of a state, as :class:`shared.measure.observed.trace.Visit` has it."""

    state: str
    kind: str
    rank: int | None
    entered: AwareDatetime
    left: AwareDatetime | None
    calls: int
    services: tuple[tuple[str, str], ...]
    requests: tuple[str, ...]
    failures: tuple[str, ...]
    unnamed: int
    redriven: int

    @classmethod
    def of(cls, visit: Visit) -> Stay:
        """Return *visit* as a file holds it."""
        return cls(
            state=visit.state,
            kind=visit.kind,
            rank=visit.rank,
            entered=visit.entered,
            left=visit.left,
            calls=visit.calls,
            services=tuple(visit.services),
            requests=tuple(visit.requests),
            failures=tuple(visit.failures),
            unnamed=visit.unnamed,
            redriven=visit.redriven,
        )

    def visit(self) -> Visit:
        """Return it as the other rooms know it."""
        return Visit(
            self.state,
            self.kind,
            self.rank,
            self.entered,
            self.left,
            self.calls,
            list(self.services),
            list(self.requests),
            list(self.failures),
            unnamed=self.unnamed,
            redriven=self.redriven,
        )


class Stored(Part):
    """An object in the team's bucket: one that the run left, or one that it read.

    Attributes:
        key: Its key.
        bytes: Its size.
        sha256: The SHA-256 of its contents, in hex; None where it was not read: it is too large, or may not be read.
        value: What it holds, where that is small JSON.
    """

    key: str
    bytes: int
    sha256: str | None
    value: JsonValue = None


class StoredTable(Part):
    """What a table of the workflow held when the report was made: how many entries, and their digest.

    The digest is None where the table may not be read.
    """

    key: str
    entries: int
    sha256: str | None


class ShownTable(Part):
    """A table of the page."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: int = 1
    note: str = ""


class ShownPlot(Part):
    """A plot of the page that no other part of the file tells how to draw. ``data``: a file has what was drawn."""

    name: str
    caption: str
    alt: str = ""
    data: bool = False


class Contribution(Part):
    """A section whose figures come from what the run stored, as it was shown; ``figures`` are its numbers."""

    title: str
    text: str = ""
    plots: tuple[ShownPlot, ...] = ()
    tables: tuple[ShownTable, ...] = ()
    figures: dict[str, JsonValue] = Field(default_factory=dict)

    @classmethod
    def of(cls, section: Section) -> Contribution:
        """Return *section* as a file holds it."""
        tables = tuple(
            ShownTable(
                title=table.title,
                headings=tuple(table.headings),
                rows=tuple(map(tuple, table.rows)),
                numbers=table.numbers,
                note=table.note,
            )
            for table in section.tables
        )
        plots = tuple(
            ShownPlot(name=plot.name, caption=plot.caption, alt=plot.alt, data=plot.has_data) for plot in section.plots
        )
        return cls(title=section.title, text=section.text, plots=plots, tables=tables, figures=dict(section.figures))


class Evidence(Part):
    """All that a run's page and figures are made of, but for where it ran (:class:`Provenance`).

    Attributes:
        run: The execution.
        definition: Its machine, as it was when it began.
        graph: The machine's states, and how far each came.
        visits: Each visit of a state, in order of time.
        transitions: What Step Functions bills, likewise ``children`` to ``redrives`` as a trace has them.
        rows: Its invocations.
        cost: Its bill, item by item.
        failure: Why it failed, for people; empty where it did not.
        stored: What it left in the bucket.
        sections: What sections show of that.
    """

    run: Execution
    definition: dict[str, JsonValue]
    graph: Graph
    visits: tuple[Stay, ...]
    transitions: int
    children: int
    unread: int
    maps: tuple[MapChildren, ...]
    redrives: int
    rows: tuple[Row, ...]
    cost: tuple[Item, ...]
    failure: str
    stored: tuple[Stored, ...]
    sections: tuple[Contribution, ...]

    @property
    def trace(self) -> Trace:
        """The visits as the other rooms know them."""
        visits = tuple(stay.visit() for stay in self.visits)
        return Trace(visits, self.transitions, self.children, self.unread, self.maps, self.redrives)


class DeployedFunction(Part):
    """A function of the workflow, as Lambda had it. ``code_sha256`` is Lambda's own, in base64; MB and seconds."""

    key: str
    name: str
    memory_mb: int
    timeout_seconds: int
    storage_mb: int
    runtime: str
    architecture: str
    code_sha256: str


class Provenance(Part):
    """Where a run took place, and what it was made of.

    Attributes:
        cloud: ``embedded``, ``aws``, or the URL of another endpoint.
        account: The account.
        region: The region.
        made: When the report was made.
        functions: The workflow's functions.
        code: The SHA-256 of each file of the workflow's code, its template, card and requirements, by the file's name;
            empty where the report was made without the project's files.
        data: What it read of the bucket, as far as its input names it.
        tables: What its tables held.
        versions: Of Python, and of the packages that a result depends on.
        processor: The processor of the machine that made the report: of an embedded cloud also that of the functions.
        prices_date: The day on which the oldest of the prices was noted.
        prices_told: What the prices are, and leave out, in words.
    """

    cloud: str
    account: str
    region: str
    made: AwareDatetime
    functions: tuple[DeployedFunction, ...]
    code: dict[str, str]
    data: tuple[Stored, ...]
    tables: tuple[StoredTable, ...]
    versions: dict[str, str]
    processor: str
    prices_date: str
    prices_told: str


class Images(Part):
    """The SHA-256 of a plot: of its element of SVG in a page, of its PNG file, and of its data (CSV) if it has some."""

    svg: str = Field(pattern=_DIGEST)
    png: str = Field(pattern=_DIGEST)
    csv: str | None = Field(None, pattern=_DIGEST)

    @classmethod
    def of(cls, digests: tuple[str, str, str | None]) -> Images:
        """Return the *digests* of a plot."""
        return cls(svg=digests[0], png=digests[1], csv=digests[2])


FORMAT: Literal[1] = 1


class RunManifest(Part):
    """The file ``report.json`` of a run: what its page shows as figures, and what they follow from."""

    teamlanes_report: Literal[1] = FORMAT
    kind: Literal["run"] = "run"
    provenance: Provenance
    evidence: Evidence
    figures: dict[str, JsonValue]
    plots: dict[str, Images]


class SweepManifest(Part):
    """The file ``report.json`` of a sweep. ``records`` are its journal's."""

    teamlanes_report: Literal[1] = FORMAT
    kind: Literal["sweep"] = "sweep"
    title: str
    made: AwareDatetime
    versions: dict[str, str]
    records: tuple[dict[str, JsonValue], ...]
    figures: dict[str, JsonValue]
    plots: dict[str, Images]
