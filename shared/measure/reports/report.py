"""Makes the report that a team hands in: one HTML file that needs no network, and Markdown with its plots beside it.

Templates make both from one :class:`Report`. The report decides what a reader sees, the templates how it looks.
"""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup

from shared.measure.drawing.draw_machine import STYLE, alone
from shared.measure.reports.plots_style import as_svg, save

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.figure import Figure

_PACKAGES = ("teamlanes", "boto3", "chalice", "moto", "numpy", "onnxruntime", "matplotlib", "awslambdaric")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its headings and its rows of text. Columns from ``numbers`` on are set right; ``note`` is below it."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure, with a name for its files and a sentence that says what it shows.

    ``alt`` says in words what is to be seen, for who does not see it. ``data`` is what was drawn, as CSV.
    """

    name: str
    figure: Figure
    caption: str
    alt: str = ""
    data: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report, which shows in this order: text, drawing (SVG), plots, tables, a block of code."""

    title: str
    text: str = ""
    drawing: str = ""
    plots: Sequence[Plot] = ()
    tables: Sequence[Table] = ()
    code: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A report: its title, figures for the top (name, value), and sections."""

    title: str
    made: str
    figures: Sequence[tuple[str, str]]
    sections: Sequence[Section]


def write_report(report: Report, folder: Path) -> tuple[Path, Path]:
    """Write ``report.html``, ``report.md`` and the plots into *folder*; return the paths of the first two."""
    folder.mkdir(parents=True, exist_ok=True)
    for section in report.sections:
        for plot in section.plots:
            save(plot.figure, folder / "plots", plot.name)
            if plot.data:
                (folder / "plots" / f"{plot.name}.csv").write_text(plot.data, encoding="utf-8")
        if section.drawing:
            (folder / "plots").mkdir(exist_ok=True)
            (folder / "plots" / "state-machine.svg").write_text(alone(section.drawing), encoding="utf-8")
    html, markdown = folder / "report.html", folder / "report.md"
    html.write_text(as_html(report), encoding="utf-8")
    markdown.write_text(_render("report.md.j2", report), encoding="utf-8")
    return html, markdown


def as_html(report: Report) -> str:
    """Return *report* as one page of HTML that needs nothing else."""
    return _render("report.html.j2", report)


def versions() -> Table:
    """Return the versions of Python and of the packages that a result depends on."""
    rows = [("Python", platform.python_version()), ("platform", platform.platform())]
    for name in _PACKAGES:
        try:
            rows.append((name, version(name)))
        except PackageNotFoundError:
            continue  # this installation does not need it
    return Table("Versions", ("what", "version"), rows, numbers=2)


def _render(name: str, report: Report) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("shared.measure.reports"),
        autoescape=jinja2.select_autoescape(("html.j2",)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"svg": _svg, "cell": _cell, "fenced": _fenced}
    style = Markup(STYLE)  # noqa: S704  a file of ours
    return environment.get_template(name).render(report=report, machine_style=style)


def _svg(drawing: Figure | str) -> Markup:
    """Mark a drawing of our own as safe: all text in it was escaped when it was drawn."""
    return Markup(drawing if isinstance(drawing, str) else as_svg(drawing))  # noqa: S704  escaped already


def _fenced(text: str) -> str:
    """Return *text* as a block of code in Markdown, between fences that are longer than any in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _cell(text: str) -> str:
    """Return *text* for a cell of a Markdown table."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
