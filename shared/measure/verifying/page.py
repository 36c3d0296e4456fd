"""What a report's page says, against what its figures say. The page is made again and compared, text by text.

A page is never rendered: its elements are read as text. Plots are compared by their digests. What may stand in a page
beside its text is held narrowly, since a browser would show it: the block with the figures has one place, and a plot
has the elements that matplotlib writes.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from difflib import SequenceMatcher
from html.parser import HTMLParser
from typing import TYPE_CHECKING, NamedTuple

from shared.measure.reports.report import EMBEDDED, EMBEDDED_END, as_html, as_markdown
from shared.measure.verifying.verdict import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.measure.reports.evidence import Images
    from shared.measure.reports.report import Plot, Report

_NO_FIGURES = "{}"
_PLOT = re.compile(r'<figure><div role="img" aria-label="[^"]*">(?=<svg)')
_PLOT_ENDS = "</svg></div><figcaption>"
_ELEMENT = re.compile(r"<(/?[a-zA-Z!?][^\s>/]*)")
_DRAWN = frozenset(
    {
        *("svg", "metadata", "defs", "style", "g", "path", "use", "image", "clipPath", "pattern", "rect", "!--"),
        *("rdf:RDF", "cc:Work", "cc:Agent", "dc:type", "dc:format", "dc:creator", "dc:title"),
    }
)
"""The elements that matplotlib writes into an SVG. None of them shows a text."""
_STYLE = "*{stroke-linejoin: round; stroke-linecap: butt}"
"""What matplotlib writes into ``<style>``. In a page it would hold for the whole page."""
_STEERING = re.compile(r"\son\w+\s*=|position|overflow", re.IGNORECASE)
_DEEPEST = 100  # elements: a page of ours has some ten
_MOST_PAIRS = 250_000  # of texts that are aligned: the time grows faster than their number
_ABSENT = "(absent)"
_WHY = "made again from the report's figures"


def page_findings(page: str, report: Report, plots: Mapping[str, Images]) -> Iterator[Finding]:
    """Yield what *page* says otherwise than *report*, whose *plots* are known by their digests."""

    def image(plot: Plot) -> str:
        return _stand_in(plots[plot.name].svg if plot.name in plots else "")

    said, has_figures = _without_figures(page)
    said = "".join(_without_plots(said))
    follows = as_html(report, _NO_FIGURES if has_figures else "", image)
    if said.split() == follows.split():
        return
    differs = False
    for place, before, after in _differences(_texts(said), _texts(follows)):
        differs = True
        yield Finding(f"page: {place}", before, after, _WHY)
    if not differs:
        told = "its text and its plots are the same, its markup or its style is not"
        yield Finding("page: markup", told, "the markup that lanes report writes", _WHY)


def markdown_findings(text: str, report: Report) -> Iterator[Finding]:
    """Yield the lines of the Markdown *text* that are others than those of *report*."""
    said, follows = ([_Text("", line) for line in each.splitlines()] for each in (text, as_markdown(report)))
    for number, before, after in _differences(said, follows, numbered=True):
        yield Finding(f"report.md: {number}", before, after, _WHY)


def _without_figures(page: str) -> tuple[str, bool]:
    """Return *page* with nothing in its first block of figures, and whether it has one."""
    before, found, rest = page.partition(EMBEDDED)
    _, ended, after = rest.partition(EMBEDDED_END)
    return (f"{before}{found}{_NO_FIGURES}{ended}{after}", True) if found and ended else (page, False)


def _without_plots(page: str) -> Iterator[str]:
    """Yield *page* with the digests of its plots in their places. What is no drawing stays, and differs."""
    place = 0
    while found := _PLOT.search(page, place):
        end = page.find(_PLOT_ENDS, found.end())
        if end < 0:
            break
        end += len("</svg>")
        svg = page[found.end() : end]
        yield page[place : found.end()]
        yield _stand_in(_digest(svg)) if _is_drawing(svg) else svg
        place = end
    yield page[place:]


def _is_drawing(svg: str) -> bool:
    """Whether *svg* holds one drawing as matplotlib writes it, and nothing that a page shows beside it."""
    names = Counter(_ELEMENT.findall(svg))
    styles = [each.partition(">")[2].partition("</style>")[0] for each in svg.split("<style")[1:]]
    return (
        {name.removeprefix("/") for name in names} <= _DRAWN
        and names["svg"] == names["/svg"] == 1
        and all(style == _STYLE for style in styles)
        and not _STEERING.search(svg)
    )


class _Text(NamedTuple):
    place: str
    text: str


def _differences(
    said: Sequence[_Text], follows: Sequence[_Text], *, numbered: bool = False
) -> Iterator[tuple[str, str, str]]:
    """Yield (place, what is said, what follows) wherever two lists of texts differ."""
    before, after = ([each.text for each in texts] for texts in (said, follows))
    if len(before) == len(after):
        pairs = [(index, index + 1, index, index + 1) for index in range(len(after)) if before[index] != after[index]]
    else:
        pairs = list(_aligned(before, after))
    for first, last, begin, end in pairs:
        for step in range(max(last - first, end - begin)):
            here = follows[min(begin + step, len(follows) - 1)]
            place = f"line {begin + step + 1}" if numbered else here.place
            yield (
                place,
                before[first + step] if first + step < last else _ABSENT,
                after[begin + step] if begin + step < end else _ABSENT,
            )


def _aligned(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Yield the ranges of both that differ: (first, last, begin, end). Too many to align are one range."""
    shorter = min(len(before), len(after))
    start = next((place for place in range(shorter) if before[place] != after[place]), shorter)
    rest = shorter - start
    same = next((place for place in range(rest) if before[-1 - place] != after[-1 - place]), rest)
    here, there = before[start : len(before) - same], after[start : len(after) - same]
    if len(here) * len(there) > _MOST_PAIRS:
        yield start, start + len(here), start, start + len(there)
        return
    for kind, i, j, k, m in SequenceMatcher(None, here, there, autojunk=False).get_opcodes():
        if kind != "equal":
            yield start + i, start + j, start + k, start + m


def _texts(page: str) -> list[_Text]:
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.texts


class _Reader(HTMLParser):
    """Reads the texts of a page, each with its place: section, table, row and column."""

    _SKIPPED = ("style", "script")
    _VOID = frozenset({"meta", "link", "br", "img", "path", "use", "rect", "line", "circle"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[_Text] = []
        self._section = self._table = self._term = ""
        self._headings: list[str] = []
        self._row: list[str] = []
        self._number = 0
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in self._VOID and len(self._inside) < _DEEPEST:
            self._inside.append(tag)
        if tag == "table":
            self._headings, self._number = [], 0
        elif tag == "tr":
            self._row, self._number = [], self._number + 1
        elif tag in {"td", "th"}:
            self._row.append("")
        if words := dict(attributes).get("aria-label"):
            self.texts.append(_Text(f"{self._section}, in words", " ".join(words.split())))
        if tag == "svg" and (digest := dict(attributes).get("data-sha256")):
            self.texts.append(_Text(f"{self._section}, plot", f"SHA-256 {digest}"))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass
        if tag == "thead":
            self._headings, self._number = list(self._row), 0

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        tag = self._inside[-1] if self._inside else ""
        if not text or tag in self._SKIPPED:
            return
        if tag == "h2":
            self._section, self._table = text, ""
        elif tag == "h3":
            self._table = text
        elif tag == "dt":
            self._term = text
        elif tag == "title" and "head" in self._inside:
            self.texts.append(_Text("title", text))
            return
        elif tag in {"td", "th"} and self._row:
            self._row[-1] += text
        self.texts.append(_Text(self._place(tag), text))

    def _place(self, tag: str) -> str:
        if tag == "dd":
            return self._term
        where = ", ".join(filter(None, (self._section, self._table)))
        if tag != "td":
            return where or "top"
        column = len(self._row) - 1
        heading = self._headings[column] if column < len(self._headings) else f"column {column + 1}"
        name = self._row[0] if column else ""
        return ", ".join(filter(None, (where, f"row {self._number}", name, heading)))


def _stand_in(digest: str) -> str:
    return f'<svg data-sha256="{digest}"></svg>'


def _digest(svg: str) -> str:
    return hashlib.sha256(svg.encode()).hexdigest()
