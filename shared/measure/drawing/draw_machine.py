"""The SVG of a state machine, with classes only: its looks stand in ``machine.css``, for pages and for reports.

How a state is, is never told by colour alone: it has a sign and a word too.
"""

from __future__ import annotations

import json
from functools import lru_cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from shared.measure.drawing import text
from shared.measure.drawing.layout import LABEL, LINE, NAME, ROUND, WORDS, lay_out
from shared.measure.drawing.words import SIGNS, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.measure.drawing.layout import Box, Label, Layout, Point, Route
    from shared.measure.drawing.words import Words
    from shared.run.graph import Graph, Node
    from shared.values import Json

STYLE = (files("shared.measure.drawing") / "machine.css").read_text("utf-8")
"""The stylesheet of every drawing."""

_EDGE = 8.0  # around the whole drawing
_KEPT = 64  # layouts: the same machines are drawn again and again, while their runs go on


def draw_machine(
    definition: Mapping[str, Json],
    graph: Graph,
    *,
    address: Callable[[str], str] | None = None,
    key: str = "machine",
) -> str:
    """Return the machine of a *definition* in Amazon States Language as an ``<svg>`` element, drawn to scale.

    Args:
        definition: The state machine.
        graph: How its states are.
        address: Gives where a state's link leads, by its name. Without it the drawing is a picture, with a description.
        key: What all ids in the drawing begin with. Two drawings on one page have two keys.
    """
    return _Drawing(graph, address, text.plain(key)).svg(_layout(json.dumps(definition)))


def alone(svg: str) -> str:
    """Return a drawing with its style in it, for a file of its own."""
    return svg.replace("<defs>", f"<style>{STYLE}</style><defs>", 1)


@lru_cache(_KEPT)
def _layout(definition: str) -> Layout:
    return lay_out(json.loads(definition))


class _Drawing:
    """Draws a machine and those in its states."""

    def __init__(self, graph: Graph, address: Callable[[str], str] | None, key: str) -> None:
        self._nodes = {node.name: node for _, node in graph.walk()}
        self._address = address
        self._key = escape(key)
        self._drawn = 0
        self._told: list[str] = []

    def svg(self, layout: Layout) -> str:
        parts = "".join(self._machine(layout, (_EDGE, _EDGE)))
        wide, tall = layout.width + 2 * _EDGE, layout.height + 2 * _EDGE
        key = self._key
        said = "Each state is a link." if self._address else escape(". ".join(self._told))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="machine" width="{wide:.0f}" height="{tall:.0f}"'
            f' viewBox="0 0 {wide:.0f} {tall:.0f}" role="{"group" if self._address else "img"}"'
            f' aria-labelledby="{key}-title" aria-describedby="{key}-told">'
            f'<title id="{key}-title">State machine</title><desc id="{key}-told">{said}</desc>'
            f"<defs>{self._tip('', 'tip')}{self._tip('-catches', 'tip catches')}</defs>{parts}</svg>"
        )

    def _tip(self, name: str, look: str) -> str:
        return (
            f'<marker id="{self._key}-tip{name}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8"'
            f' markerUnits="userSpaceOnUse" orient="auto"><path class="{look}" d="M0 0L8 4L0 8z"/></marker>'
        )

    def _machine(self, layout: Layout, corner: Point) -> Iterator[str]:
        x, y = corner
        yield f'<g transform="translate({x:.1f} {y:.1f})">'
        yield f'<circle class="start" cx="{layout.start[0]:.1f}" cy="{layout.start[1]:.1f}" r="5"/>'
        yield from (self._arrow(route) for route in layout.routes)
        for box in layout.boxes:
            yield from self._state(box)
        yield "</g>"

    def _arrow(self, route: Route) -> str:
        arrow = route.arrow
        look, tip, said = "arrow", "tip", ""
        if arrow:
            look, tip = ("arrow catches", "tip-catches") if arrow.catches else ("arrow", "tip")
            when = f" on {arrow.when}" if arrow.catches else f" if {arrow.when}" if arrow.when else ""
            when = when.replace(" if otherwise", " otherwise")
            said = f"<title>{escape(text.plain(f'{arrow.source} to {arrow.target}{when}'))}</title>"
        way = "M{:.1f} {:.1f}".format(*route.segments[0][0])
        for segment in route.segments:
            way += ("L" if len(segment) == 2 else "C") + " ".join(f"{x:.1f} {y:.1f}" for x, y in segment[1:])  # noqa: PLR2004
        lines = "".join(_label(route.label)) if route.label else ""
        return f'<g class="{look}">{said}<path class="way" d="{way}" marker-end="url(#{self._key}-{tip})"/>{lines}</g>'

    def _state(self, box: Box) -> Iterator[str]:
        node = self._nodes.get(box.name)
        words = words_of(node)
        yield self._open(box, node, words)
        yield self._frame(box)
        yield from self._lines(box, words)
        yield "</a>" if node and self._address else "</g>"
        for (x, y), layout in box.inner:
            yield from self._machine(layout, (box.x + x, box.y + y))

    def _open(self, box: Box, node: Node | None, words: Words) -> str:
        """Return the element that a state begins with, with its label, and take down what is said of it."""
        name = text.plain(box.name)
        said = f"{name}: {words.spoken}" + (", each item an execution of its own" if box.elsewhere else "")
        self._told.append(said)
        self._drawn += 1
        look = f"state {words.outcome}" + (" around" if box.inner else "")
        number = f'id="{self._key}-{self._drawn}"'
        title = f"<title>{escape(f'{said} ({text.plain(box.kind)})')}</title>"
        if node and self._address:
            link = f'href="{escape(self._address(box.name))}" aria-label="{escape(said)}"'
            return f'<a {number} class="{look}" {link}>{title}'
        return f'<g {number} class="{look}">{title}'

    def _frame(self, box: Box) -> str:
        corner = {"Succeed": 20, "Fail": 20, "Choice": 0}.get(box.kind, 6)
        place = f'x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'
        return f'<rect class="frame" {place} rx="{corner}"/>'

    def _lines(self, box: Box, words: Words) -> Iterator[str]:
        middle, y = box.x + box.width / 2, box.y + 6
        for line in box.lines:
            y += LINE[NAME]
            yield f'<text class="name" x="{middle:.1f}" y="{y - 3:.1f}">{escape(line)}</text>'
        for line in _shown(box, words):
            y += LINE[WORDS]
            yield f'<text class="words" x="{middle:.1f}" y="{y - 2:.1f}">{escape(line)}</text>'


def _label(label: Label) -> Iterator[str]:
    for at, line in enumerate(label.lines):
        y = label.y + LINE[LABEL] * (at + 0.75)
        yield f'<text class="when" x="{label.x:.1f}" y="{y:.1f}">{escape(line)}</text>'


def _shown(box: Box, words: Words) -> list[str]:
    """Return the words of a state on as many lines as its box has: the first tells how it is, the second more."""
    room = box.width - 2 * ROUND
    first = f"{SIGNS[words.outcome]} {words.parts[0]}".strip()
    rest = list(words.parts[1:])
    while rest and text.width(f"{first}, {rest[0]}", WORDS) <= room:
        first = f"{first}, {rest.pop(0)}"
    second = text.fit(rest.pop(0), WORDS, room) if rest else box.kind
    while rest and text.width(f"{second}, {rest[0]}", WORDS) <= room:
        second = f"{second}, {rest.pop(0)}"
    if rest:
        second = text.fit(f"{second}, {text.ELLIPSIS}", WORDS, room)
    return [first, second, *(["each item an execution of its own"] if box.elsewhere else [])]
