"""Which inputs a definition reads that a run has not, as far as that can be told without running it.

Where a card declares parameters, a run's input holds these and nothing else; and what a trigger gives a run is known
before. A path that leads nowhere fails its state. So the first state is judged, which every run comes to; not those
that a Choice may lead around, nor what a Catch or a JSONata expression that is more than a path may allow for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from shared.config.document import KeyPath
    from shared.values import Json

_NAME = r"(?:\.([A-Za-z_][A-Za-z0-9_-]*)|\['([^'\\]+)'\])"
_INPUT = re.compile(rf"\$(?:\$\.Execution\.Input)?((?:{_NAME})+)")
_MEMBER = r"(?:\.([A-Za-z_][A-Za-z0-9_]*)|\.`([^`]+)`)"
_EXPRESSION = re.compile(rf"\{{%\s*\$states\.(?:input|context\.Execution\.Input)((?:{_MEMBER})+)\s*%\}}")
_PATHS = ("ItemsPath", "MaxConcurrencyPath", "SecondsPath", "TimestampPath", "TimeoutSecondsPath")
_EXPRESSIONS = ("Arguments", "Assign", "Items", "MaxConcurrency", "Output", "Seconds", "TimeoutSeconds", "Timestamp")


def undeclared_inputs(definition: Mapping[str, Json], declared: Collection[str]) -> Iterator[tuple[KeyPath, str]]:
    """Yield the path and the name of each input that *definition* reads and that is not *declared*."""
    for path, names in _inputs(definition):
        if names[0] not in declared:
            yield path, names[0]


def lacking_inputs(definition: Mapping[str, Json], given: Json) -> Iterator[tuple[KeyPath, str]]:
    """Yield the path and the dotted name of each input that *definition* reads, and that the input *given* lacks."""
    for path, names in _inputs(definition):
        value = given
        for name in names:
            if isinstance(value, list):
                break  # JSONata looks into each item
            if not isinstance(value, dict) or name not in value:
                yield path, ".".join(names)
                break
            value = value[name]


def _inputs(definition: Mapping[str, Json]) -> Iterator[tuple[KeyPath, tuple[str, ...]]]:
    """Yield the path of each input that the first state reads, and the names that lead to it."""
    states, start = definition.get("States"), definition.get("StartAt")
    if not isinstance(states, dict) or not isinstance(start, str):
        return
    state = states.get(start)
    if not isinstance(state, dict) or "Catch" in state:
        return
    if state.get("QueryLanguage", definition.get("QueryLanguage")) == "JSONata":
        shape, member = _EXPRESSION, _MEMBER
        texts = _expressions({field: state[field] for field in _EXPRESSIONS if field in state}, ())
    else:
        shape, member = _INPUT, _NAME
        texts = _read(state)
    for path, text in texts:
        if match := shape.match(text):
            names = tuple(plain or quoted for plain, quoted in re.findall(member, match[1]))
            yield ("States", start, *path), names


def _expressions(value: Json, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Yield each text in *value*, and where it stands."""
    if isinstance(value, str):
        yield path, value
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from _expressions(part, (*path, key))


def _read(state: Mapping[str, Json]) -> Iterator[tuple[KeyPath, str]]:
    """Yield each path by which *state* reads the input or the context, and where that stands in it."""
    chosen = state.get("InputPath", "$")
    if chosen != "$":
        yield from [(("InputPath",), chosen)] if isinstance(chosen, str) else []
        return
    for field in _PATHS:
        if isinstance(text := state.get(field), str):
            yield (field,), text
    reader = state.get("ItemReader")
    if isinstance(reader, dict):
        yield from _computed(reader.get("Parameters"), ("ItemReader", "Parameters"))
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
