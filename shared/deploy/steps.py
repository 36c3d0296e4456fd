"""What differs between a resource as wanted and as it is, and the step that mends it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from shared.deploy.model import Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.deploy.model import Call, Resource, Routine
    from shared.values import Json

_ABSENT = object()  # stands for a key that is not there, which differs from one that is None
_WIDEST = 96  # characters of a value in a diff; a definition would fill the screen


class Changes(NamedTuple):
    """What a resource lacks, a line each: of its properties, and of its tags."""

    properties: tuple[str, ...]
    tags: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """All lines."""
        return (*self.properties, *self.tags)


def compare(want: Resource, have: Resource) -> Changes:
    """Return where *have* differs from *want*. What it has beyond the properties that are wanted does not count."""
    found = {key: have.properties.get(key) for key in want.properties}
    return Changes(differences(want.properties, found), missing_tags(want, have))


def created(want: Resource, *calls: Call | Routine, told: Mapping[str, Json] | None = None) -> Step:
    """Return the step that makes *want*; the plan shows *told* of it, or all its properties."""
    shown = want.properties if told is None else told
    diff = tuple(f"{key}: {_short(value)}" for key, value in shown.items() if value is not None)
    return Step("create", want.kind, want.name, diff, calls)


def updated(want: Resource, diff: Sequence[str], *calls: Call | Routine) -> Step:
    """Return the step that makes what is there into *want*: nothing where nothing differs."""
    return Step("update", want.kind, want.name, tuple(diff), calls) if diff else Step("nothing", want.kind, want.name)


def removed(have: Resource, *calls: Call | Routine) -> Step:
    """Return the step that removes *have*."""
    return Step("delete", have.kind, have.name, calls=calls)


def missing_tags(want: Resource, have: Resource) -> tuple[str, ...]:
    """Return a line for each tag that *have* lacks, or has with another value. Tags that others put there stay."""
    return tuple(
        f"tag {key}: {_short(have.tags.get(key))} -> {value}"
        for key, value in want.tags.items()
        if have.tags.get(key) != value
    )


def differences(want: object, have: object, path: str = "") -> tuple[str, ...]:
    """Return a line for each place where *want* and *have* differ, down to the innermost key; none when equal."""
    if want == have:
        return ()
    if isinstance(want, dict) and isinstance(have, dict):
        keys = [*want, *(key for key in have if key not in want)]
        return tuple(
            line
            for key in keys
            for line in differences(
                want.get(key, _ABSENT), have.get(key, _ABSENT), f"{path}.{key}" if path else str(key)
            )
        )
    if isinstance(want, list) and isinstance(have, list):
        gone, added = ([item for item in one if item not in other] for one, other in ((have, want), (want, have)))
        if len(gone) == len(added) == 1 and _alike(gone[0], added[0]):
            return differences(added[0], gone[0], f"{path}[{have.index(gone[0])}]")
        lines = (*(f"{path}: - {_short(item)}" for item in gone), *(f"{path}: + {_short(item)}" for item in added))
        return lines or (f"{path}: reordered",)
    return (f"{path}: {_short(have)} -> {_short(want)}",)


def _alike(one: object, other: object) -> bool:
    """Whether two items of a list are one thing that changed, not two: objects of the same keys."""
    return isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys()


def _short(value: object) -> str:
    if value is None or value is _ABSENT:
        return "none" if value is None else "absent"
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    if len(text) <= _WIDEST:
        return text
    head = _WIDEST // 2  # names of one kind begin alike and differ at their ends
    return f"{text[:head]}...{text[head + 3 - _WIDEST :]}"
