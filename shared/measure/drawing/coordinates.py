"""Where each item lies from left to right: in the order of its layer, apart from its neighbours, arrows straight.

Layers are swept up and down. In each, the items come as near as they can to what they are tied to, which is a least
squares problem that pooling neighbours solves (isotonic regression). Then whole arrows, and states with the usual way
between them, are put on one line each, from the left to the right. From there on these lines move as wholes.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from shared.measure.drawing.layers import TURN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shared.measure.drawing.layers import Item, Layers

_APART, _STATES_APART = 14.0, 28.0
_PORTS = 26.0  # between the ends of arrows at a state, where it is wide enough
_SWEEPS, _ROUNDS = 10, 12


class Coordinates:
    """The places of the items of *layers*, whose order stands.

    Attributes:
        x: The line of each item: a state's middle, the way of an arrow.
        port: By the items above and below of a tie: how far its ends are from those lines.
    """

    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        self._items = layers.items
        self._beside = _beside(layers)
        self.port = _ports(layers)
        self.x = [0.0] * len(layers.items)
        for row in layers.rows:
            self._set(row, [0.0] * len(row), [1.0] * len(row))
        for _ in range(_SWEEPS):
            for row in layers.rows[1:]:
                self._sweep(row, up=True, down=False)
            for row in layers.rows[-2::-1]:
                self._sweep(row, up=False, down=True)
        for row in layers.rows:
            self._sweep(row, up=True, down=True)
        blocks = _from_left(layers, _lines(layers, _parts(layers)))
        for block in blocks:
            self._line_up(block)
        for _ in range(_ROUNDS):
            for block in (*reversed(blocks), *blocks):
                self._straighten(block)
        least = min(self.x[number] - item.size.left for number, item in enumerate(self._items))
        self.x = [x - least for x in self.x]

    def apart(self, left: int, right: int) -> float:
        """Return how far the lines of two neighbours are from each other at least."""
        one, other = self._items[left], self._items[right]
        gap = _STATES_APART if one.kind == other.kind == "state" else _APART
        return one.size.right + gap + other.size.left

    def _sweep(self, row: Sequence[int], *, up: bool, down: bool) -> None:
        places, weights = [], []
        for number in row:
            wanted = list(self._wanted(number, up=up, down=down))
            weight = sum(each for _, each in wanted)
            places.append(sum(x * each for x, each in wanted) / weight if weight else self.x[number])
            weights.append(weight or 0.1)
        self._set(row, places, weights)

    def _wanted(self, number: int, *, up: bool, down: bool) -> Iterable[tuple[float, float]]:
        """Yield where an item wants to be by each of its ties, and how much."""
        item = self._items[number]
        for other in item.above if up else ():
            at = self.x[other] + self.port[other, number][0] - self.port[other, number][1]
            yield at, self._weight(other, number)
        for other in item.below if down else ():
            at = self.x[other] + self.port[number, other][1] - self.port[number, other][0]
            yield at, self._weight(number, other)

    def _weight(self, above: int, below: int) -> float:
        """Return how much a tie asks to be straight: most within an arrow, more where nothing is asked to go on."""
        kinds = {self._items[above].kind, self._items[below].kind}
        if "turn" in kinds:
            return 8.0 if "lane" in kinds else 0.3
        if "state" in kinds or "start" in kinds:
            return 4.0 if (above, below) in self._layers.usual else 1.0
        return 8.0

    def _set(self, row: Sequence[int], places: Sequence[float], weights: Sequence[float]) -> None:
        """Place a *row* as near to *places* as its distances allow, by *weights*."""
        shifts = [0.0]
        for left, right in pairwise(row):
            shifts.append(shifts[-1] + self.apart(left, right))
        pools: list[tuple[float, float, int]] = []  # mean, weight, how many
        for place, shift, weight in zip(places, shifts, weights, strict=True):
            pool = (place - shift, weight, 1)
            while pools and pools[-1][0] > pool[0]:
                mean, heavy, count = pools.pop()
                total = heavy + pool[1]
                pool = ((mean * heavy + pool[0] * pool[1]) / total, total, count + pool[2])
            pools.append(pool)
        means = (mean for mean, _, count in pools for _ in range(count))
        for number, mean, shift in zip(row, means, shifts, strict=True):
            self.x[number] = mean + shift

    def _line_up(self, block: Sequence[int]) -> None:
        """Put the items of *block* on one line where they are in the mean, or right of there for what is left of it."""
        mean = sum(self.x[number] for number in block) / len(block)
        sides = ((self._beside[number][0], number) for number in block)
        place = max([mean, *(self.x[left] + self.apart(left, number) for left, number in sides if left is not None)])
        for number in block:
            self.x[number] = place

    def _straighten(self, block: Sequence[int]) -> None:
        """Move the items of *block*, which are on one line, to where most of its ties want it, as far as it can."""
        least, most = float("-inf"), float("inf")
        wanted: list[tuple[float, float]] = []
        inside = set(block)
        for number in block:
            left, right = self._beside[number]
            if left is not None:
                least = max(least, self.x[left] + self.apart(left, number))
            if right is not None:
                most = min(most, self.x[right] - self.apart(number, right))
            item = self._items[number]
            if not inside.issuperset(item.above):
                wanted += self._wanted(number, up=True, down=False)
            if not inside.issuperset(item.below):
                wanted += self._wanted(number, up=False, down=True)
        if not wanted:
            return
        place = max(least, min(most, _median(wanted, self.x[block[0]])))
        for number in block:
            self.x[number] = place


def _median(wanted: Iterable[tuple[float, float]], now: float) -> float:
    """Return the weighted median of places; between two that are equally good, their middle, or *now* for one line."""
    ordered = sorted(wanted)
    half = sum(weight for _, weight in ordered) / 2
    total = 0.0
    for at, (place, weight) in enumerate(ordered):
        total += weight
        if total > half:
            return place
        if total == half:
            after = ordered[at + 1][0]
            return (place + after) / 2 if len(ordered) > 2 else min((place, after), key=lambda each: abs(each - now))  # noqa: PLR2004
    return now


def _beside(layers: Layers) -> list[tuple[int | None, int | None]]:
    """Return the left and the right neighbour of each item."""
    beside: list[tuple[int | None, int | None]] = [(None, None)] * len(layers.items)
    for row in layers.rows:
        for at, number in enumerate(row):
            beside[number] = (row[at - 1] if at else None, row[at + 1] if at + 1 < len(row) else None)
    return beside


def _ports(layers: Layers) -> dict[tuple[int, int], tuple[float, float]]:
    """Return how far the ends of each tie are from the lines of its items: ends at one item lie beside each other."""
    place = {number: at for row in layers.rows for at, number in enumerate(row)}
    upper: dict[tuple[int, int], float] = {}
    lower: dict[tuple[int, int], float] = {}
    for number, item in enumerate(layers.items):
        below = [(number, other) for other in sorted(item.below, key=place.__getitem__)]
        above = [(other, number) for other in sorted(item.above, key=place.__getitem__)]
        upper |= _spread(below, layers, item)
        lower |= _spread(above, layers, item)
    return {tie: (upper[tie], lower[tie]) for tie in upper}


def _spread(ties: Sequence[tuple[int, int]], layers: Layers, item: Item) -> dict[tuple[int, int], float]:
    """Return where *ties* end beside each other; the usual one in the middle, if there is one."""
    usual = [at for at, tie in enumerate(ties) if tie in layers.usual]
    middle = usual[0] if len(usual) == 1 else (len(ties) - 1) / 2
    widest = max(middle, len(ties) - 1 - middle)
    room = item.size.left - 14 if item.kind == "state" else TURN / 2
    step = min(_PORTS, room / widest) if widest else 0.0
    return {tie: (at - middle) * step for at, tie in enumerate(ties)}


def _parts(layers: Layers) -> list[list[int]]:
    """Return each state, each turn, and what of each arrow lies below each other."""
    found = [[number] for number, item in enumerate(layers.items) if item.kind in {"state", "start", "turn"}]
    for path in layers.paths:
        part = [number for number in path if layers.items[number].kind in {"lane", "label"}]
        found += [part] if part else []
    return sorted(found, key=lambda part: min(layers.items[number].layer for number in part))


def _lines(layers: Layers, parts: Sequence[list[int]]) -> list[list[int]]:
    """Return *parts*, joined where the only usual way leads from one to the next."""
    above, below = Counter(tie[1] for tie in layers.usual), Counter(tie[0] for tie in layers.usual)
    line = {number: part for part in parts for number in part}
    for upper, lower in sorted(layers.usual, key=lambda tie: layers.items[tie[0]].layer):
        if above[lower] == below[upper] == 1 and line[upper] is not line[lower]:
            joined = [*line[upper], *line[lower]]
            line |= dict.fromkeys(joined, joined)
    return list({id(found): found for found in line.values()}.values())


def _from_left(layers: Layers, blocks: list[list[int]]) -> list[list[int]]:
    """Return *blocks* so that each comes after those left of it.

    Where one lies on both sides of another, since arrows cross, the longest is split.
    """
    while True:
        block_of = {number: at for at, block in enumerate(blocks) for number in block}
        after: list[set[int]] = [set() for _ in blocks]
        for row in layers.rows:
            for left, right in pairwise(row):
                after[block_of[left]].add(block_of[right])
        waits = Counter(each for found in after for each in found)
        ready = [at for at in range(len(blocks)) if not waits[at]]
        for at in ready:  # it grows meanwhile
            waits.subtract(after[at])
            ready += sorted(each for each in after[at] if not waits[each])
        if len(ready) == len(blocks):
            return [blocks[at] for at in ready]
        stuck = set(range(len(blocks))) - set(ready)
        longest = max(sorted(stuck), key=lambda at: len(blocks[at]))
        split = sorted(blocks[longest], key=lambda number: layers.items[number].layer)
        half = len(split) // 2
        blocks = [*blocks[:longest], split[:half], split[half:], *blocks[longest + 1 :]]
