"""The arrows of a machine: from which state to which, and when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.measure.drawing.conditions import condition_of
from shared.measure.drawing.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.values import Json

_ANY = "States.ALL"


@dataclass(frozen=True, slots=True)
class Arrow:
    """That *target* may come after *source*.

    Attributes:
        source: A state's name.
        target: Another's, or its own.
        when: The condition, or the errors that are caught; empty where nothing is asked.
        catches: Whether it is the way of an error.
    """

    source: str
    target: str
    when: str = ""
    catches: bool = False


def arrows_of(states: Mapping[str, Mapping[str, Json]]) -> list[Arrow]:
    """Return the arrows between *states*. Of two that differ in their conditions alone, one tells both."""
    found: dict[tuple[str, str, bool], Arrow] = {}
    for name, state in states.items():
        for arrow in _from(name, state):
            if arrow.target not in states:
                continue
            key = arrow.source, arrow.target, arrow.catches
            before = found.get(key)
            word = ", " if arrow.catches else " or "
            found[key] = replace(before, when=f"{before.when}{word}{arrow.when}") if before else arrow
    return list(found.values())


def _from(name: str, state: Mapping[str, Json]) -> Iterator[Arrow]:
    after, other = state.get("Next"), state.get("Default")
    if isinstance(after, str):
        yield Arrow(name, after)
    for rule in objects(state.get("Choices")):
        yield Arrow(name, str(rule.get("Next")), plain(condition_of(rule)))
    if isinstance(other, str):
        yield Arrow(name, other, "otherwise")
    for rule in objects(state.get("Catch")):
        errors = rule.get("ErrorEquals")
        names = [str(error) for error in errors] if isinstance(errors, list) else []
        words = "any error" if not names or _ANY in names else ", ".join(names)
        yield Arrow(name, str(rule.get("Next")), plain(words), catches=True)


def objects(value: Json) -> list[Mapping[str, Json]]:
    """Return the objects in a list; none of anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
