"""Draws a state machine as SVG, top to bottom. Each state is coloured and marked by how its visits ended.

The layer of a state is its longest way from the start, so every arrow goes down, except those of loops. A Map or
Parallel is a box around its own machines. An outcome is never shown by colour alone: it has a sign and a word too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shared.measure.observed.trace import Visit


class Transition(TypedDict):
    """A Choice's rule or a Catch, as far as it is drawn."""

    Next: str


class State(TypedDict, total=False):
    """A state in Amazon States Language, as far as it is drawn."""

    Next: str
    Default: str
    Choices: Sequence[Transition]
    Catch: Sequence[Transition]
    Branches: Sequence[Definition]
    ItemProcessor: Definition
    Iterator: Definition


class Definition(TypedDict):
    """A state machine in Amazon States Language, as far as it is drawn."""

    StartAt: str
    States: Mapping[str, State]


_WIDTH, _HEIGHT = 176, 46  # of a plain state
_GAP_X, _GAP_Y, _PAD, _HEAD = 26, 34, 18, 46
_LOOKS = {
    "succeeded": ("#DFF3EA", "#009E73", "\N{CHECK MARK}"),
    "caught": ("#FFF2D6", "#B87400", "!"),
    "failed": ("#FBE3D6", "#D55E00", "\N{MULTIPLICATION SIGN}"),
    "running": ("#DCEBF7", "#0072B2", "\N{HORIZONTAL ELLIPSIS}"),
    "not reached": ("#F4F4F4", "#888888", ""),
}
_LEGIBLE = 24  # characters in a plain state's box
_AROUND = 40  # how far an arrow keeps away from what it goes around
_EDGE = 52  # room for such arrows and their labels


@dataclass(frozen=True, slots=True)
class _Box:
    """A state: its size, the machines in it, and its top left corner in the machine that it is part of. Pixels."""

    name: str
    width: float
    height: float
    inner: Sequence[_Machine] = ()
    x: float = 0
    y: float = 0


@dataclass(frozen=True, slots=True)
class _Machine:
    """A machine whose states have their places: its boxes by name, its arrows (from, to, label) and its size."""

    boxes: Mapping[str, _Box]
    arrows: Sequence[tuple[str, str, str]]
    width: float
    height: float


def draw_machine(definition: Definition, visits: Iterable[Visit], status: str) -> str:
    """Return the machine of an ASL *definition* as an ``<svg>`` element.

    Args:
        definition: The state machine.
        visits: What an execution did.
        status: How the execution ended. A state that it did not leave has that outcome.
    """
    machine = _lay_out(definition)
    told = outcomes(visits, status)
    parts = _draw(machine, 0, 0, told)
    wide = machine.width + 2 * _EDGE
    size = f'viewBox="{-_EDGE} -8 {wide:.0f} {machine.height + 16:.0f}"'
    head = (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>'
    )
    label = escape(", ".join(f"{name}: {words}" for name, (_, words) in told.items()), quote=True)
    style = f'style="max-width:{wide:.0f}px;width:100%;height:auto" font-family="sans-serif"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style} role="img" aria-label="{label}">'
    return f"{svg}{head}{''.join(parts)}</svg>"


def outcomes(visits: Iterable[Visit], status: str) -> dict[str, tuple[str, str]]:
    """Return the outcome of each state that was visited, and a few words about it."""
    groups: dict[str, list[Visit]] = {}
    for visit in visits:
        groups.setdefault(visit.state, []).append(visit)
    told = {}
    for state, group in groups.items():
        stuck = [visit for visit in group if visit.left is None and visit.kind not in {"Fail", "Succeed"}]
        errors = [error for visit in group for error in visit.failures]
        if any(visit.kind == "Fail" for visit in group) or (stuck and status not in {"RUNNING", "SUCCEEDED"}):
            outcome = "failed"
        elif stuck and status == "RUNNING":
            outcome = "running"
        else:
            outcome = "caught" if errors else "succeeded"
        seconds = [(visit.left - visit.entered).total_seconds() for visit in group if visit.left]
        words = [
            f"{len(group)} times" if len(group) > 1 else "",
            f"{max(seconds):.2f} s" if seconds else "",
            f"{len(errors)} error{'s' * (len(errors) > 1)}" if errors else "",
        ]
        told[state] = (outcome, ", ".join(filter(None, words)))
    return told


def _lay_out(definition: Definition) -> _Machine:
    states = definition["States"]
    arrows = [(name, target, label) for name, state in states.items() for target, label in _targets(state)]
    layers = _layers(definition["StartAt"], states, arrows)
    boxes = {name: _box(name, state) for name, state in states.items()}
    placed: dict[str, _Box] = {}
    width = max(sum(boxes[name].width for name in layer) + _GAP_X * (len(layer) - 1) for layer in layers)
    y = 0.0
    for layer in layers:
        x = (width - sum(boxes[name].width for name in layer) - _GAP_X * (len(layer) - 1)) / 2
        for name in layer:
            placed[name] = replace(boxes[name], x=x, y=y)
            x += boxes[name].width + _GAP_X
        y += max(boxes[name].height for name in layer) + _GAP_Y
    return _Machine({name: placed[name] for name in states}, arrows, width, y - _GAP_Y)


def _targets(state: State) -> list[tuple[str, str]]:
    """Return the states that *state* leads to, each with a word that says when."""
    found = [(state["Next"], "")] if "Next" in state else []
    found += [(choice["Next"], "") for choice in state.get("Choices", ())]
    found += [(state["Default"], "otherwise")] if "Default" in state else []
    return found + [(catch["Next"], "error") for catch in state.get("Catch", ())]


def _layers(start: str, states: Mapping[str, State], arrows: Sequence[tuple[str, str, str]]) -> list[list[str]]:
    """Return the states by their longest way from the start. Arrows that go back do not count."""
    depth: dict[str, int] = {}

    def visit(name: str, at: int, path: tuple[str, ...]) -> None:
        if name in path or depth.get(name, -1) >= at:
            return
        depth[name] = at
        for source, target, _ in arrows:
            if source == name:
                visit(target, at + 1, (*path, name))

    visit(start, 0, ())
    for name in states:
        depth.setdefault(name, 0)  # a state that nothing leads to
    layers: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for name in states:
        layers[depth[name]].append(name)
    return [layer for layer in layers if layer]


def _box(name: str, state: State) -> _Box:
    item = state.get("ItemProcessor") or state.get("Iterator")
    inner = [_lay_out(machine) for machine in (state.get("Branches") or ([item] if item else []))]
    if not inner:
        return _Box(name, _WIDTH, _HEIGHT)
    width = sum(machine.width for machine in inner) + _GAP_X * (len(inner) - 1) + 2 * _PAD
    return _Box(name, max(width, _WIDTH), max(machine.height for machine in inner) + _HEAD + _PAD, inner)


def _draw(machine: _Machine, left: float, top: float, told: Mapping[str, tuple[str, str]]) -> list[str]:
    parts = []
    for source, target, label in machine.arrows:
        ends = machine.boxes[source], machine.boxes[target]
        parts.append(_arrow(*ends, label, (left, top), _side(*ends, machine.boxes.values())))
    for box in machine.boxes.values():
        outcome, words = told.get(box.name, ("not reached", ""))
        parts += _state(box, left + box.x, top + box.y, outcome, words)
        x = left + box.x + _PAD
        for inner in box.inner:
            parts += _draw(inner, x, top + box.y + _HEAD, told)
            x += inner.width + _GAP_X
    return parts


def _state(box: _Box, x: float, y: float, outcome: str, words: str) -> list[str]:
    fill, line, sign = _LOOKS[outcome]
    dash = ' stroke-dasharray="4 3"' if outcome == "not reached" else ""
    middle = x + box.width / 2
    name = box.name if len(box.name) <= _LEGIBLE or box.inner else box.name[: _LEGIBLE - 1] + "\N{HORIZONTAL ELLIPSIS}"
    second = f"{sign} {words or outcome}".strip()
    said = f"{box.name}: {outcome}" + (f", {words}" if words else "")
    frame = f'x="{x:.1f}" y="{y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="6"'
    paint = f'fill="{fill}" fill-opacity="{0.5 if box.inner else 1}" stroke="{line}" stroke-width="1.5"{dash}'
    text = f'text-anchor="middle" x="{middle:.1f}"'
    return [
        f"<g><title>{escape(said)}</title><rect {frame} {paint}/>",
        f'<text {text} y="{y + 20:.1f}" font-size="13" fill="#111">{escape(name)}</text>',
        f'<text {text} y="{y + 36:.1f}" font-size="11" fill="#333">{escape(second)}</text></g>',
    ]


def _side(source: _Box, target: _Box, boxes: Iterable[_Box]) -> int:
    """Return how an arrow goes: 0 is down, 1 around the right (a loop), -1 around the left of what is between."""
    if target.y <= source.y:
        return 1
    middle = source.x + source.width / 2
    between = [box for box in boxes if source.y < box.y < target.y and box.x < middle < box.x + box.width]
    return -1 if between and abs(middle - target.x - target.width / 2) < _WIDTH / 2 else 0


def _arrow(source: _Box, target: _Box, label: str, corner: tuple[float, float], side: int) -> str:
    left, top = corner
    if side:
        x1, x2 = (left + box.x + (box.width if side > 0 else 0) for box in (source, target))
        y1, y2 = (top + box.y + box.height / 2 for box in (source, target))
        far = max(x1, x2) + _AROUND if side > 0 else min(x1, x2) - _AROUND
        path = f"M{x1:.1f} {y1:.1f}C{far:.1f} {y1:.1f} {far:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        place = f'x="{x1 + 4 * side:.1f}" y="{y1 - 5:.1f}" text-anchor="{"start" if side > 0 else "end"}"'
    else:
        x1, x2 = (left + box.x + box.width / 2 for box in (source, target))
        y1, y2 = top + source.y + source.height, top + target.y
        bend = min(28.0, (y2 - y1) / 2)
        path = f"M{x1:.1f} {y1:.1f}C{x1:.1f} {y1 + bend:.1f} {x2:.1f} {y2 - bend:.1f} {x2:.1f} {y2:.1f}"
        place = f'x="{(x1 + x2) / 2 + 5:.1f}" y="{(y1 + y2) / 2 + 4:.1f}"'
    text = f'<text {place} font-size="10" fill="#555">{label}</text>' if label else ""
    return f'<path d="{path}" fill="none" stroke="#555" marker-end="url(#tip)"/>{text}'
