"""The order in each layer, so that few arrows cross: sweeps by barycentre, then neighbours that had better change."""

from __future__ import annotations

from bisect import bisect_left, insort
from itertools import pairwise, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shared.measure.drawing.layers import Layers

_SWEEPS = 8  # from each of four orders; the best counts
_ROUNDS = 8  # of changing neighbours after a sweep


def order(layers: Layers) -> None:
    """Put the items of each layer into an order with few crossings. The same machine always gets the same one."""
    layers.rows = min(_tried(layers), key=lambda rows: crossings(layers, rows))


def _tried(layers: Layers) -> Iterator[list[list[int]]]:
    """Yield orders to choose from. The first of the best will be taken, so those that read best come first."""
    for loops_left, backwards in product((False, True), repeat=2):
        rows = _met(layers, loops_left=loops_left, backwards=backwards)
        yield rows
        for sweep in range(_SWEEPS):
            if not crossings(layers, rows):
                return
            rows = _swept(layers, rows, down=sweep % 2 == 0)
            _transpose(layers, rows)
            yield rows


def crossings(layers: Layers, rows: Sequence[Sequence[int]]) -> int:
    """Return how many pairs of arrows cross where the layers are ordered as in *rows*."""
    total = 0
    for upper, lower in pairwise(rows):
        place = {item: at for at, item in enumerate(lower)}
        seen: list[int] = []
        for item in upper:
            ends = sorted(place[each] for each in layers.items[item].below)
            total += sum(len(seen) - bisect_left(seen, end + 1) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _met(layers: Layers, *, loops_left: bool, backwards: bool) -> list[list[int]]:
    """Return the items of each layer in the order in which a walk down from the top meets them, loops first or last."""
    rows: list[list[int]] = [[] for _ in layers.rows]
    seen: set[int] = set()
    firsts = [item for row in layers.rows for item in row]
    for first in sorted(firsts, key=lambda item: layers.items[item].kind != "turn") if loops_left else firsts:
        waiting = [first]
        while waiting:
            item = waiting.pop()
            if item in seen:
                continue
            seen.add(item)
            rows[layers.items[item].layer].append(item)
            below = layers.items[item].below
            waiting += below if backwards else below[::-1]
    return rows


def _swept(layers: Layers, rows: Sequence[Sequence[int]], *, down: bool) -> list[list[int]]:
    """Return *rows*, each ordered by the mean place of what its items are tied to in the one before."""
    found = [list(row) for row in rows]
    numbers = range(1, len(found)) if down else range(len(found) - 2, -1, -1)
    for number in numbers:
        place = {item: at for at, item in enumerate(found[number - 1 if down else number + 1])}
        found[number] = _sorted(found[number], _mean(layers, place, down=down))
    return found


def _mean(layers: Layers, place: dict[int, int], *, down: bool) -> Callable[[int], float | None]:
    def mean(item: int) -> float | None:
        tied = layers.items[item].above if down else layers.items[item].below
        return sum(place[each] for each in tied) / len(tied) if tied else None

    return mean


def _sorted(row: Sequence[int], mean: Callable[[int], float | None]) -> list[int]:
    """Return *row* sorted by *mean*; items without one stay where they are."""
    means = {item: mean(item) for item in row}
    tied = iter(sorted((item for item in row if means[item] is not None), key=lambda item: means[item] or 0.0))
    return [item if means[item] is None else next(tied) for item in row]


def _transpose(layers: Layers, rows: list[list[int]]) -> None:
    """Change neighbours wherever fewer arrows cross after that."""
    for _ in range(_ROUNDS):
        changed = False
        for number, row in enumerate(rows):
            above = {item: at for at, item in enumerate(rows[number - 1])} if number else {}
            below = {item: at for at, item in enumerate(rows[number + 1])} if number + 1 < len(rows) else {}
            for at in range(len(row) - 1):
                one, other = layers.items[row[at]], layers.items[row[at + 1]]
                pairs = [
                    ([above[each] for each in one.above], [above[each] for each in other.above]),
                    ([below[each] for each in one.below], [below[each] for each in other.below]),
                ]
                if sum(_crossed(*pair) for pair in pairs) > sum(_crossed(right, left) for left, right in pairs):
                    row[at], row[at + 1] = row[at + 1], row[at]
                    changed = True
        if not changed:
            return


def _crossed(left: Sequence[int], right: Sequence[int]) -> int:
    """Return how many arrows cross of two neighbours, where these are the places of what they are tied to."""
    return sum(one > other for one in left for other in right)
