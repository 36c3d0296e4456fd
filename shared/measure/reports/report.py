"""Makes the report that a team hands in: one HTML file that needs no network, and Markdown with its plots beside it.

Templates make both from one :class:`Report`. The report decides what a reader sees, the templates how it looks.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup

from shared.measure.drawing.draw_machine import STYLE, alone
from shared.measure.reports.plots_style import element, files_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from matplotlib.figure import Figure
    from pydantic import BaseModel

    from shared.values import Json

FILE = "report.json"
"""The report's figures, with what they follow from."""
DRAWING = "state-machine.svg"
EMBEDDED = '<script type="application/json" id="report">'
"""What the same begins with in the page. A browser runs no block of this type."""
EMBEDDED_END = "</script>"


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its headings and its rows of text. Columns from ``numbers`` on are set right; ``note`` is below it."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: int = 1
    note: str = ""


@dataclass(frozen=True)
class Plot:
    """A figure, with a name for its files and a sentence that says what it shows.

    ``alt`` says in words what is to be seen, for who does not see it. ``data`` is what was drawn, as CSV; empty where
    no file has it. Figure and data are None where a report is made again from its file, which does not hold them.
    """

    name: str
    figure: Figure | None
    caption: str
    alt: str = ""
    data: str | None = ""

    @property
    def has_data(self) -> bool:
        """Whether a file has what was drawn, known or not."""
        return self.data != ""

    @cached_property
    def images(self) -> tuple[str, bytes] | None:
        """Its files of SVG and of PNG, drawn once; None where it has no figure."""
        return files_of(self.figure) if self.figure else None

    @property
    def digests(self) -> tuple[str, str, str | None] | None:
        """The SHA-256 of its element of SVG in a page, of its PNG file, and of its data if it has some.

        None where it has no figure.
        """
        if self.images is None:
            return None
        svg, png = self.images
        return _sha256(element(svg).encode()), _sha256(png), digest_of_data(self.data)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report, which shows in this order: text, drawing (SVG), plots, tables, a block of code.

    ``figures`` are its numbers for the report's file, where no other part of that file tells them.
    """

    title: str
    text: str = ""
    drawing: str = ""
    plots: Sequence[Plot] = ()
    tables: Sequence[Table] = ()
    code: str = ""
    figures: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """A report: its title, figures for the top (name, value), and sections."""

    title: str
    made: str
    figures: Sequence[tuple[str, str]]
    sections: Sequence[Section]

    @property
    def plots(self) -> Iterator[Plot]:
        """The plots of all sections."""
        for section in self.sections:
            yield from section.plots


def write_report(report: Report, folder: Path, recorded: BaseModel) -> tuple[Path, Path]:
    """Write ``report.html``, ``report.md``, ``report.json`` and the plots into *folder*.

    Args:
        report: What the pages show.
        folder: Is made where it is not there.
        recorded: What goes into ``report.json``, and into the page.

    Returns:
        The paths of the first two.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for plot in report.plots:
        if plot.images:
            (folder / "plots").mkdir(exist_ok=True)
            (folder / "plots" / f"{plot.name}.svg").write_text(plot.images[0], encoding="utf-8")
            (folder / "plots" / f"{plot.name}.png").write_bytes(plot.images[1])
            if plot.data:
                (folder / "plots" / f"{plot.name}.csv").write_text(plot.data, encoding="utf-8")
    for section in report.sections:
        if section.drawing:
            (folder / "plots").mkdir(exist_ok=True)
            (folder / "plots" / DRAWING).write_text(alone(section.drawing), encoding="utf-8")
    html, markdown = folder / "report.html", folder / "report.md"
    data = recorded.model_dump_json()
    (folder / FILE).write_text(json.dumps(json.loads(data), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    html.write_text(as_html(report, data), encoding="utf-8")
    markdown.write_text(as_markdown(report), encoding="utf-8")
    return html, markdown


def as_html(report: Report, data: str = "", image: Callable[[Plot], str] | None = None) -> str:
    """Return *report* as one page of HTML that needs nothing else.

    Args:
        report: What it shows.
        data: The text of ``report.json``, which the page then holds as well.
        image: Gives an element for each plot; else they are drawn.
    """
    return _render("report.html.j2", report, data, image or _drawn)


def as_markdown(report: Report) -> str:
    """Return *report* as Markdown, which names its plots' files."""
    return _render("report.md.j2", report, "", _drawn)


def digest_of_data(data: str | None) -> str | None:
    """Return the SHA-256 of a plot's data; None where it has none."""
    return _sha256(data.encode()) if data else None


def digest_of(names: Mapping[str, str]) -> str:
    """Return the SHA-256 of a listing: a line for each name, with what belongs to it."""
    lines = (f"{name} {value}\n" for name, value in sorted(names.items()))
    return _sha256("".join(lines).encode())


def versions(found: Mapping[str, str]) -> Table:
    """Return the versions of Python and of the packages that a result depends on."""
    return Table("Versions", ("what", "version"), list(found.items()), numbers=2)


def _render(name: str, report: Report, data: str, image: Callable[[Plot], str]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("shared.measure.reports"),
        autoescape=jinja2.select_autoescape(("html.j2",)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def as_image(plot: Plot) -> Markup:
        return Markup(image(plot))  # noqa: S704  a drawing of our own, likewise

    environment.filters |= {
        "svg": Markup,  # a drawing of our own is safe: all text in it was escaped when it was drawn
        "image": as_image,
        "cell": _cell,
        "fenced": _fenced,
    }
    style = Markup(STYLE)  # noqa: S704  a file of ours
    block = Markup(f"{EMBEDDED}{_in_page(data)}{EMBEDDED_END}" if data else "")  # noqa: S704  nothing in it ends it
    return environment.get_template(name).render(report=report, machine_style=style, block=block)


def _in_page(data: str) -> str:
    """Return JSON as a page may hold it: no character in it begins or ends an element."""
    return data.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _drawn(plot: Plot) -> str:
    return element(plot.images[0]) if plot.images else ""


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _fenced(text: str) -> str:
    """Return *text* as a block of code in Markdown, between fences that are longer than any in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _cell(text: str) -> str:
    """Return *text* for a cell of a Markdown table."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
