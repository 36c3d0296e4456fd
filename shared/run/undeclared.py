"""Which inputs a definition reads that its card does not declare, as far as that can be told without running it.

Where a card declares parameters, a run's input holds these and nothing else, and a JSONPath that leads nowhere fails
its state. So the first state is judged, which every run comes to; not those that a Choice may lead around, nor what a
Catch or a JSONata expression may allow for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from shared.config.document import KeyPath
    from shared.values import Json

_NAME = r"(?:\.([A-Za-z_][A-Za-z0-9_]*)|\['([^'\\]+)'\])"
_INPUT = re.compile(rf"\$(?:\$\.Execution\.Input)?{_NAME}")
_PATHS = ("ItemsPath", "MaxConcurrencyPath", "SecondsPath", "TimestampPath", "TimeoutSecondsPath")


def undeclared_inputs(definition: Mapping[str, Json], declared: Collection[str]) -> Iterator[tuple[KeyPath, str]]:
    """Yield the path and the name of each input that *definition* reads and that is not *declared*."""
    states, name = definition.get("States"), definition.get("StartAt")
    if not isinstance(states, dict) or not isinstance(name, str):
        return
    state = states.get(name)
    if not isinstance(state, dict) or "Catch" in state:
        return
    if state.get("QueryLanguage", definition.get("QueryLanguage")) == "JSONata":
        return
    for path, text in _read(state):
        match = _INPUT.match(text)
        if match and (match[1] or match[2]) not in declared:
            yield ("States", name, *path), match[1] or match[2]


def _read(state: Mapping[str, Json]) -> Iterator[tuple[KeyPath, str]]:
    """Yield each path by which *state* reads the input or the context, and where that stands in it."""
    chosen = state.get("InputPath", "$")
    if chosen != "$":
        yield from [(("InputPath",), chosen)] if isinstance(chosen, str) else []
        return
    for field in _PATHS:
        if isinstance(text := state.get(field), str):
            yield (field,), text
    if state.get("Type") != "Map":  # which reads them once for each item, and may have none
        yield from _computed(state.get("Parameters"), ("Parameters",))


def _computed(value: Json, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key.endswith(".$") and isinstance(item, str):
                yield (*path, key), item
            else:
                yield from _computed(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _computed(item, (*path, place))
