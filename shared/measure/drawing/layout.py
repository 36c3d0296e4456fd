"""A machine laid out: boxes with the machines in them, the ways of its arrows, and where their labels stand.

A machine's box is known before that of the state which it lies in, so the innermost are laid out first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from shared.measure.drawing import text
from shared.measure.drawing.arrows import arrows_of, objects
from shared.measure.drawing.coordinates import Coordinates
from shared.measure.drawing.layers import START, TURN_HEIGHT, Size, layers_of
from shared.measure.drawing.ordering import crossings, order
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.measure.drawing.arrows import Arrow
    from shared.measure.drawing.layers import Layers
    from shared.values import Json

Point: TypeAlias = tuple[float, float]
Segment: TypeAlias = tuple[Point, ...]
"""Two points of a line, or the four of a cubic curve."""

NAME, WORDS, LABEL = 13.0, 11.0, 10.5  # sizes of fonts, as in machine.css
LINE = {NAME: 17.0, WORDS: 15.0, LABEL: 13.0}
ROUND = 6.0  # what a text keeps away from the left and the right of its box
_NARROW, _NAME_ROOM, _NAME_LINES, _WORD_LINES = 184.0, 216.0, 2, 2
_PAD, _MARGIN, _BETWEEN = 8.0, 16.0, 24.0
_LABEL_ROOM, _LABEL_LINES, _LABEL_LEFT = 150.0, 2, 6.0
_GAP, _STEEP, _MOST_GAP = 20.0, 10.0, 48.0  # between layers; wider where arrows go far aside
_TIP = 8.0  # the height of an arrow's tip, which comes in straight
_CORNER, _CLEAR = 8.0, 6.0  # of a loop: its corners, and what it keeps away from others at its turns


@dataclass(frozen=True, slots=True)
class Box:
    """A state.

    Attributes:
        name: As the machine calls it.
        kind: Its type.
        lines: The lines of its name as shown.
        elsewhere: Whether the machine in it runs in executions of their own.
        inner: The machines in it.
        head: The height of the part above them.
        x: Its left, in its machine; pixels, as all sizes.
        y: Its top.
        width: Its width.
        height: Its height.
    """

    name: str
    kind: str
    lines: tuple[str, ...]
    elsewhere: bool
    inner: tuple[tuple[Point, Layout], ...]
    head: float
    width: float
    height: float
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True, slots=True)
class Label:
    """What stands beside an arrow: its lines, and the left of the first one's top."""

    lines: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Route:
    """The way of an arrow, from its source to its tip. ``arrow`` is None for the one from the start."""

    arrow: Arrow | None
    segments: tuple[Segment, ...]
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """A machine: its boxes from the top to the bottom, its arrows, its start, its size, and how many arrows cross."""

    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]
    start: Point
    width: float
    height: float
    crossings: int


def lay_out(definition: Mapping[str, Json]) -> Layout:
    """Return the layout of a machine with this *definition*. The same definition always gets the same one."""
    states = {name: as_mapping(state) for name, state in as_mapping(definition["States"]).items()}
    boxes = {name: _box(name, state) for name, state in states.items()}
    arrows = arrows_of(states)
    labels = [_lines(arrow) for arrow in arrows]
    sizes = {name: Size(box.width / 2, box.width / 2, box.height) for name, box in boxes.items()}
    layers = layers_of(str(definition["StartAt"]), sizes, arrows, [_size(lines) for lines in labels])
    order(layers)
    return _Placed(layers, arrows, labels).layout(boxes)


def _lines(arrow: Arrow) -> tuple[str, ...]:
    return tuple(text.wrap(arrow.when, LABEL, _LABEL_ROOM, _LABEL_LINES))


def _size(lines: Sequence[str]) -> Size | None:
    if not lines:
        return None
    wide = max(text.width(line, LABEL) for line in lines)
    return Size(4, _LABEL_LEFT + wide, LINE[LABEL] * len(lines) + 4)


def _box(name: str, state: Mapping[str, Json]) -> Box:
    machines, elsewhere = _machines(state)
    inner = [lay_out(machine) for machine in machines]
    between = _BETWEEN * (len(inner) - 1) if inner else 0
    inside = sum(each.width for each in inner) + between + 2 * _MARGIN if inner else 0.0
    lines = tuple(text.wrap(text.plain(name), NAME, max(_NAME_ROOM, inside - 2 * _PAD), _NAME_LINES))
    wide = max(_NARROW, inside, *(text.width(line, NAME) + 2 * _PAD for line in lines))
    head = _PAD + LINE[NAME] * len(lines) + LINE[WORDS] * (_WORD_LINES + elsewhere) + _PAD
    x = (wide - inside) / 2 + _MARGIN
    placed = []
    for each in inner:
        placed.append(((x, head), each))
        x += each.width + _BETWEEN
    tall = head + (max(each.height for each in inner) + _MARGIN if inner else 0.0)
    return Box(name, str(state.get("Type", "")), lines, elsewhere, tuple(placed), head, wide, tall)


def _machines(state: Mapping[str, Json]) -> tuple[list[Mapping[str, Json]], bool]:
    """Return the machines in *state*, and whether they run in executions of their own."""
    if branches := objects(state.get("Branches")):
        return branches, False
    inner = state.get("ItemProcessor") or state.get("Iterator")
    if not isinstance(inner, dict):
        return [], False
    return [inner], as_mapping(inner.get("ProcessorConfig") or {}).get("Mode") == "DISTRIBUTED"


class _Placed:
    """Gives the items of *layers* their places, and follows the arrows through them."""

    def __init__(self, layers: Layers, arrows: Sequence[Arrow], labels: Sequence[tuple[str, ...]]) -> None:
        self._layers, self._arrows, self._labels = layers, arrows, labels
        self._items = layers.items
        self._at = Coordinates(layers)
        self._tops: list[float] = []
        self._bottoms: list[float] = []
        self._entries: list[float] = []  # from where on everything goes down straight
        y = 0.0
        for number, row in enumerate(layers.rows):
            y += self._gap(number) if number else 0.0
            self._tops.append(y)
            self._entries.append(y - _TIP if any(self._items[item].kind == "state" for item in row) else y)
            y += max(self._items[item].size.height for item in row)
            self._bottoms.append(y)

    def _gap(self, layer: int) -> float:
        """Return the room above a *layer*: more where an arrow goes far aside, so that it is not flat."""
        far = [
            abs(self._end(above, item, 0) - self._end(above, item, 1))
            for item in self._layers.rows[layer]
            for above in self._items[item].above
        ]
        return min(_MOST_GAP, _GAP + max(far, default=0.0) / _STEEP)

    def _end(self, above: int, below: int, which: int) -> float:
        """Return where the tie of two items ends at the upper (0) or the lower one (1)."""
        return self._at.x[(above, below)[which]] + self._at.port[above, below][which]

    def layout(self, boxes: Mapping[str, Box]) -> Layout:
        """Return the layout of the machine whose states have these *boxes*."""
        placed = [
            self._placed(boxes[item.name], number)
            for row in self._layers.rows
            for number in row
            if (item := self._items[number]).kind == "state"
        ]
        dot, first = self._layers.start
        routes = [Route(None, self._down([dot, first], self._start[1] + START))]
        for arrow, path, loop, lines in zip(
            self._arrows, self._layers.paths, self._layers.loops, self._labels, strict=True
        ):
            segments = self._around(path) if loop else self._down(path, self._bottom(path[0]))
            routes.append(Route(arrow, segments, self._label(path[1], lines, loop=loop) if lines else None))
        wide = max(self._at.x[number] + item.size.right for number, item in enumerate(self._items))
        count = crossings(self._layers, self._layers.rows)
        return Layout(tuple(placed), tuple(routes), self._start, wide, self._bottoms[-1], count)

    @property
    def _start(self) -> Point:
        dot = self._layers.start[0]
        return self._at.x[dot], self._bottoms[self._items[dot].layer] - START

    def _placed(self, box: Box, number: int) -> Box:
        x, y = self._at.x[number] - box.width / 2, self._tops[self._items[number].layer]
        return replace(box, x=x, y=y)

    def _bottom(self, number: int) -> float:
        item = self._items[number]
        return self._tops[item.layer] + item.size.height

    def _label(self, number: int, lines: tuple[str, ...], *, loop: bool) -> Label:
        item = self._items[number]
        aside, below = (4 - item.size.left, TURN_HEIGHT) if loop else (_LABEL_LEFT, 2.0)
        wide = max(text.width(line, LABEL) for line in lines)
        top = self._tops[item.layer] + below
        return Label(lines, self._at.x[number] + aside, top, wide, LINE[LABEL] * len(lines))

    def _down(self, path: Sequence[int], top: float) -> tuple[Segment, ...]:
        """Return the way through the items of *path*, each below the one before; it begins at *top*."""
        way = _Way((self._end(path[0], path[1], 0), top))
        for above, below in pairwise(path):
            way.line(self._bottoms[self._items[above].layer])
            self._into(way, self._end(above, below, 1), below)
        return way.done()

    def _into(self, way: _Way, x: float, number: int) -> None:
        """Go down into an item, at *x*."""
        layer = self._items[number].layer
        way.curve(x, self._entries[layer])
        way.line(self._tops[layer])

    def _around(self, path: Sequence[int]) -> tuple[Segment, ...]:
        """Return the way of a loop: down to a turn, up beside the states, and down from another turn."""
        source, turn, *lanes, last, target = path
        way = _Way((self._end(source, turn, 0), self._bottom(source)))
        way.line(self._bottoms[self._items[source].layer])
        self._into(way, self._turn_at(turn, self._end(source, turn, 0), self._end(source, turn, 1)), turn)
        way.turn(self._end(lanes[0], turn, 1), TURN_HEIGHT - 2)
        for below, above in zip((turn, *lanes), (*lanes, last), strict=True):
            way.line(self._entries[self._items[below].layer])
            way.curve(self._end(above, below, 0), self._bottoms[self._items[above].layer])
        way.turn(self._turn_at(last, self._end(last, target, 1), self._end(last, target, 0)), 2 - TURN_HEIGHT)
        self._into(way, self._end(last, target, 1), target)
        return way.done()

    def _turn_at(self, turn: int, wide: float, narrow: float) -> float:
        """Return where a turn begins or ends at a state: right at it, at *wide*, if nothing lies between."""
        low, high = sorted((wide, self._at.x[turn]))
        others = (number for number in self._layers.rows[self._items[turn].layer] if number != turn)
        spans = (
            (self._at.x[each] - self._items[each].size.left, self._at.x[each] + self._items[each].size.right)
            for each in others
        )
        free = all(right < low - _CLEAR or left > high + _CLEAR for left, right in spans)
        return wide if free else narrow


class _Way:
    """A way that is drawn from *start* on: upright lines, curves that begin and end upright, and turns."""

    def __init__(self, start: Point) -> None:
        self._segments: list[Segment] = []
        self._at = start

    def line(self, y: float) -> None:
        self._to((self._at[0], y))

    def curve(self, x: float, y: float) -> None:
        if abs(x - self._at[0]) < 0.5:  # noqa: PLR2004  half a pixel
            self._to((x, y))
        else:
            middle = (self._at[1] + y) / 2
            self._segments.append((self._at, (self._at[0], middle), (x, middle), (x, y)))
            self._at = (x, y)

    def turn(self, x: float, height: float) -> None:
        """Turn back at *x*, at most *height* below, or above where it is negative."""
        (left, y), far = self._at, self._at[1] + height
        aside = min(_CORNER, abs(x - left) / 2) * (1 if x > left else -1)
        up = min(_CORNER, abs(height)) * (1 if height > 0 else -1)
        self._to((left, far - up))
        self._segments.append(((left, far - up), (left, far - up / 2), (left + aside / 2, far), (left + aside, far)))
        self._at = (left + aside, far)
        self._to((x - aside, far))
        self._segments.append(((x - aside, far), (x - aside / 2, far), (x, far - up / 2), (x, far - up)))
        self._at = (x, far - up)
        self._to((x, y))

    def _to(self, point: Point) -> None:
        """Go straight to *point*, in one line with the one before."""
        if point == self._at:
            return
        if self._segments and len(self._segments[-1]) == 2 and point[0] == self._at[0] == self._segments[-1][0][0]:  # noqa: PLR2004  a line
            self._segments[-1] = (self._segments[-1][0], point)
        else:
            self._segments.append((self._at, point))
        self._at = point

    def done(self) -> tuple[Segment, ...]:
        return tuple(self._segments)
