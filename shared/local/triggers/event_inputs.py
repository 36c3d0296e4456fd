"""What a rule's target gets of an event: all of it, a part, a constant, or a text with values put in. Pure.

A template is JSON, or a row of JSON strings. In it ``<name>`` stands for a value: in quotes for its text, elsewhere for
the value as JSON, in quotes of its own if it is a text. An object or array in quotes loses its own quotes. A path that
finds nothing gives an empty text. The result must be JSON where the target wants JSON.

Source: Amazon EventBridge User Guide, "Amazon EventBridge input transformation"; API reference, InputTransformer (read
2026-11-30). What becomes of objects in quotes, and of paths that find nothing, is as LocalStack's tests recorded it on
AWS, from memory. AWS's words for a template that is wrong are from memory too.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from shared.local.strict_json import read_strict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.values import Json

_STEP = re.compile(r"\.(?P<name>[\w/-]+)|\.(?P<each>\*)|\[(?P<index>\d+|\*)\]")
_PATH = re.compile(r"\$(?:\.[\w/-]+|\.\*|\[(?:\d+|\*)\])*")
_PLACE = re.compile(r"<([^<>\s]+)>")
_SHAPES = ("Input", "InputPath", "InputTransformer")
_MOST_VARIABLES = 100
_OF_RULE = ("aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time")
_OF_EVENT = ("aws.events.event.json", "aws.events.event")


def wrong_inputs(target: Mapping[str, Any]) -> Iterator[str]:
    """Yield why AWS refuses what *target*, as PutTargets is given it, says about its input."""
    name = target.get("Id")
    if sum(bool(target.get(shape)) for shape in _SHAPES) > 1:
        yield f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}."
    if target.get("Input"):
        yield from _not_json(target["Input"], f"JSON syntax error in input for target {name}")
    path = target.get("InputPath")
    if path and not _PATH.fullmatch(path):
        yield f"Invalid InputPath for target {name}. Reason: {path} is not a path of names, indices and wildcards"
    shape = target.get("InputTransformer")
    if shape:
        yield from _wrong_transformer(name, shape)


def _not_json(text: str, what: str) -> Iterator[str]:
    try:
        read_strict(text)
    except ValueError as error:
        yield f"{what}: {error}"


def _wrong_transformer(name: object, shape: Mapping[str, Any]) -> Iterator[str]:
    template, paths = shape.get("InputTemplate"), shape.get("InputPathsMap") or {}
    if not template:
        yield f"Parameter InputTemplate must be specified for target {name}."
        return
    if len(paths) > _MOST_VARIABLES:
        yield f"InputPathsMap of target {name} has more than {_MOST_VARIABLES} keys."
    for key, path in paths.items():
        if key.upper().startswith("AWS."):
            yield f"InputPathsMap of target {name}: the key {key} must not start with AWS."
        if not _PATH.fullmatch(path):
            yield f"Invalid InputPathsMap for target {name}: {path} is not a path of names, indices and wildcards"
    unknown = [each for each in _PLACE.findall(template) if each not in {*paths, *_OF_RULE, *_OF_EVENT}]
    for each in unknown:
        yield f"InputTemplate for target {name} contains invalid placeholder {each}."
    if not unknown and not _texts(_filled(template, lambda _: "")):
        yield f"Invalid InputTemplate for target {name}: it is neither JSON nor a row of JSON strings"


def _texts(text: str) -> bool:
    """Say whether *text* is one or more JSON values, one after the other."""
    place, decoder = 0, json.JSONDecoder()
    text = text.strip()
    while place < len(text):
        try:
            _, place = decoder.raw_decode(text, place)
        except ValueError:
            return False
        while place < len(text) and text[place].isspace():
            place += 1
    return bool(text)


def input_of(target: Mapping[str, Any], event: dict[str, Json], rule_arn: str, ingested: str) -> str:
    """Return the text that *target* gets of *event*.

    Args:
        target: It as PutTargets was given it.
        event: The event as targets see it.
        rule_arn: The ARN of the rule that brings it.
        ingested: When EventBridge got it.
    """
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        found = found_at(target["InputPath"], event)
        return json.dumps({} if found is None else found[0])
    shape = target.get("InputTransformer")
    if not shape:
        return json.dumps(event)
    own: dict[str, Json] = {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": ingested,
        "aws.events.event.json": event,
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
    }
    paths = shape.get("InputPathsMap") or {}

    def value_of(name: str) -> Json:
        if name in own:
            return own[name]
        found = found_at(paths[name], event)
        return "" if found is None else found[0]

    return _filled(shape["InputTemplate"], value_of)


def found_at(path: str, event: Json) -> tuple[Json] | None:
    """Return what lies in *event* at *path*, alone in a tuple; None if nothing does. Wildcards give an array."""
    values, many = [event], False
    for step in _STEP.finditer(path):
        if step["name"] is not None:
            values = [each[step["name"]] for each in values if isinstance(each, dict) and step["name"] in each]
        elif step["index"] not in {None, "*"}:
            place = int(step["index"])
            values = [each[place] for each in values if isinstance(each, list) and place < len(each)]
        else:
            many = True
            values = [inner for each in values for inner in _inside(each)]
    if many:
        return (values,)
    return (values[0],) if values else None


def _inside(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _filled(template: str, value_of: Callable[[str], Json]) -> str:
    """Return *template* with its values put in."""

    def put(match: re.Match[str]) -> str:
        value = value_of(match[1])
        return _quoted(value) if _in_quotes(template, match.start()) else json.dumps(value)

    return _PLACE.sub(put, template)


def _quoted(value: Json) -> str:
    """Return *value* as it stands inside of a JSON string."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)[1:-1]
    text = json.dumps(value, separators=(",", ":"))
    return text.replace('"', "")


def _in_quotes(template: str, place: int) -> bool:
    inside, at = False, 0
    while at < place:
        if template[at] == "\\":
            at += 1
        elif template[at] == '"':
            inside = not inside
        at += 1
    return inside
