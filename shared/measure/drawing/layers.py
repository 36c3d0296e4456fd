"""Layers: every state lies below those that lead to it, and every arrow has an item in each layer that it passes.

States lie in the even ranks. The odd ranks between them hold labels, the turns of loops, and the dot where the machine
starts; an odd rank without any of these is left out. Loops are found first, as the arrows that lead back to a state on
the way from the start. Such an arrow turns below its source, goes up beside the states in a lane, and turns again above
its target, so it too is a path through neighbouring layers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.measure.drawing.arrows import Arrow

Kind: TypeAlias = Literal["state", "start", "lane", "label", "turn"]

TURN, TURN_HEIGHT = 14.0, 16.0  # between the two legs of a loop's narrowest turn, and how high a turn is
START = 5.0  # radius of the dot


@dataclass(frozen=True, slots=True)
class Size:
    """How far a thing goes to the left and the right of its line, and its height."""

    left: float
    right: float
    height: float


@dataclass(slots=True)
class Item:
    """One thing in a layer. ``above`` and ``below`` are the items in the neighbouring layers that it is tied to."""

    kind: Kind
    layer: int
    size: Size
    name: str = ""
    above: list[int] = field(default_factory=list)
    below: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Layers:
    """All items, by number.

    Attributes:
        items: The items; those in a layer have its number.
        paths: Of each arrow, the items that it passes, from its source to its target.
        loops: Whether each arrow leads back.
        start: The items of the start's own arrow: the dot and the first state.
        usual: The ties of arrows that ask for nothing, which had better be straight.
        rows: The items of each layer, from the left to the right.
    """

    items: list[Item]
    paths: list[list[int]]
    loops: list[bool]
    start: tuple[int, int]
    usual: set[tuple[int, int]]
    rows: list[list[int]]


def layers_of(start: str, sizes: Mapping[str, Size], arrows: Sequence[Arrow], labels: Sequence[Size | None]) -> Layers:
    """Return the layers of the machine that begins at *start*, each in the order in which its items are met.

    Args:
        start: A state's name.
        sizes: Those of the states, by name.
        arrows: All arrows.
        labels: The size of each arrow's label; None where it has none.
    """
    order, loops = _walk(start, list(sizes), arrows)
    ranks = _ranks(order, arrows, loops)
    used = {rank for rank in range(0, 2 * len(sizes), 2) if rank in ranks.values()} | {ranks[start] - 1}
    for arrow, loop, label in zip(arrows, loops, labels, strict=True):
        used |= {ranks[arrow.source] + 1} if label or loop else set()
        used |= {ranks[arrow.target] - 1} if loop else set()
    layer = {rank: number for number, rank in enumerate(sorted(used))}
    made = Layers([], [], list(loops), (0, 1), set(), [[] for _ in layer])
    dot = _add(made, Item("start", layer[ranks[start] - 1], Size(START, START, 2 * START)))
    number = {name: _add(made, Item("state", layer[ranks[name]], sizes[name], name)) for name in order}
    made.start = dot, number[start]
    made.usual.add(made.start)
    _tie(made, *made.start)
    for arrow, loop, label in zip(arrows, loops, labels, strict=True):
        ends = number[arrow.source], number[arrow.target]
        path = _loop(made, *ends, label) if loop else _down(made, *ends, label)
        made.paths.append(path)
        if not loop and not label:
            made.usual.update(pairwise(path))
    return made


def _walk(start: str, names: Sequence[str], arrows: Sequence[Arrow]) -> tuple[list[str], list[bool]]:
    """Return the states so that every arrow leads onward except loops, and which arrows those are."""
    leaving: dict[str, list[int]] = {name: [] for name in names}
    for index, arrow in enumerate(arrows):
        leaving[arrow.source].append(index)
    loops = [False] * len(arrows)
    ended: list[str] = []
    seen: set[str] = set()
    for first in (start, *names):
        if first in seen:
            continue
        seen.add(first)
        way, on_way = [(first, iter(leaving[first]))], {first}
        while way:
            name, left = way[-1]
            for index in left:
                target = arrows[index].target
                loops[index] = target in on_way
                if target not in seen:
                    seen.add(target)
                    on_way.add(target)
                    way.append((target, iter(leaving[target])))
                    break
            else:
                ended.append(name)
                on_way.discard(name)
                way.pop()
    return ended[::-1], loops


def _ranks(order: Sequence[str], arrows: Sequence[Arrow], loops: Sequence[bool]) -> dict[str, int]:
    """Return twice the length of the longest way to each state."""
    ranks = dict.fromkeys(order, 0)
    onward: dict[str, list[str]] = {name: [] for name in order}
    for arrow, loop in zip(arrows, loops, strict=True):
        if not loop:
            onward[arrow.source].append(arrow.target)
    for name in order:
        for target in onward[name]:
            ranks[target] = max(ranks[target], ranks[name] + 2)
    return ranks


def _add(made: Layers, item: Item) -> int:
    made.items.append(item)
    made.rows[item.layer].append(len(made.items) - 1)
    return len(made.items) - 1


def _tie(made: Layers, above: int, below: int) -> None:
    made.items[above].below.append(below)
    made.items[below].above.append(above)


_LANE = Size(4, 4, 0)


def _down(made: Layers, source: int, target: int, label: Size | None) -> list[int]:
    path = [source]
    for layer in range(made.items[source].layer + 1, made.items[target].layer):
        item = Item("label", layer, label) if label and len(path) == 1 else Item("lane", layer, _LANE)
        path.append(_add(made, item))
    path.append(target)
    for above, below in pairwise(path):
        _tie(made, above, below)
    return path


def _loop(made: Layers, source: int, target: int, label: Size | None) -> list[int]:
    low, high = made.items[source].layer, made.items[target].layer
    side = TURN / 2 + 4
    plain = Size(side, side, TURN_HEIGHT)
    first = Size(side, max(side, label.right), TURN_HEIGHT + label.height) if label else plain  # the label is below it
    turn = _add(made, Item("turn", low + 1, first))
    lanes = [_add(made, Item("lane", layer, _LANE)) for layer in range(low, high - 1, -1)]
    last = _add(made, Item("turn", high - 1, plain))
    _tie(made, source, turn)
    for below, above in zip((turn, *lanes), (*lanes, last), strict=True):
        _tie(made, above, below)
    _tie(made, last, target)
    return [source, turn, *lanes, last, target]
