"""Checking one state: its fields and their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.choice import parse_time
from shared.local.asl.integrations.resolve import UnknownResourceError, resolve
from shared.local.asl.languages.jsonata import is_expression
from shared.local.asl.validation import fields
from shared.local.asl.validation.choices import check_rule
from shared.local.asl.validation.expressions import (
    check_assigned,
    check_jsonata,
    check_language,
    check_path,
    check_reference,
    check_template,
    check_text_path,
)
from shared.local.asl.validation.maps import check_map
from shared.local.asl.validation.numbers import check_number
from shared.local.asl.validation.recovery import check_recovery

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.reading import Spec
    from shared.local.asl.validation.problems import Problems
    from shared.values import Json

_TEMPLATES = ("Parameters", "ResultSelector", "ItemSelector", "Assign", "Credentials")
_OBJECTS = ("Credentials", "ItemReader", "ItemBatcher", "ResultWriter", "ResultSelector")
_EXPRESSIONS = ("Arguments", "Output", "Assign", "Items", "ItemSelector", "Credentials")


def check_state(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    """Check the state *spec* by itself: not where it leads, nor the machines inside it."""
    problems.is_one_of(spec, "QueryLanguage", fields.LANGUAGES, location)
    if not problems.require(spec, ("Type",), location):
        return
    kind = spec["Type"]
    if not isinstance(kind, str) or kind not in fields.KINDS:
        problems.is_one_of(spec, "Type", fields.TYPES, location)
        return
    if "Comment" in spec:
        problems.is_a(spec["Comment"], str, "String", f"{location}/Comment")
    _check_names(spec, kind, problems, location, jsonata=jsonata)
    _check_onward(spec, kind, problems, location)
    for name in _OBJECTS:
        if name in spec:
            problems.is_a(spec[name], dict, "Object", f"{location}/{name}")
    check_assigned(spec, problems, location, jsonata=jsonata)
    _check_data(spec, problems, location, jsonata=jsonata)
    if kind in _CHECKS:
        _CHECKS[kind](spec, problems, location, jsonata=jsonata)


def _check_names(spec: Spec, kind: str, problems: Problems, location: str, *, jsonata: bool) -> None:
    paths, queries = fields.JSONPATH[kind], fields.JSONATA[kind]
    check_language(spec, (paths - queries, queries - paths), problems, location, jsonata=jsonata)
    problems.only(spec, fields.COMMON | fields.KINDS[kind] | paths | queries, location)


def _check_onward(spec: Spec, kind: str, problems: Problems, location: str) -> None:
    if "Next" in fields.KINDS[kind]:
        if spec.get("End") is True:
            problems.at_most_one(spec, ("Next", "End"), location)
        elif "Next" not in spec:
            problems.add("Exactly one of the fields [Next, End] is required", location)
        if "Next" in spec:
            problems.is_a(spec["Next"], str, "String", f"{location}/Next")
        if "End" in spec:
            problems.is_a(spec["End"], bool, "Boolean", f"{location}/End")


def _check_data(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    if jsonata:
        for name in _EXPRESSIONS:
            if name in spec:
                check_jsonata(spec[name], problems, f"{location}/{name}")
        return
    for name in ("InputPath", "OutputPath", "ItemsPath"):
        if spec.get(name) is not None or (name == "ItemsPath" and name in spec):  # only the first two may be null
            check_path(spec[name], problems, f"{location}/{name}")
    if spec.get("ResultPath") is not None:
        check_reference(spec["ResultPath"], problems, f"{location}/ResultPath")
    for name in _TEMPLATES:
        if name in spec:
            check_template(spec[name], problems, f"{location}/{name}")


def _check_task(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    if problems.require(spec, ("Resource",), location):
        _check_resource(spec["Resource"], problems, f"{location}/Resource")
    for name in ("TimeoutSeconds", "HeartbeatSeconds"):
        check_number(spec, name, problems, location, jsonata=jsonata)
    timeout, heartbeat = spec.get("TimeoutSeconds"), spec.get("HeartbeatSeconds")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        problems.add("HeartbeatSeconds must be smaller than TimeoutSeconds", f"{location}/HeartbeatSeconds")
    credentials = spec.get("Credentials")
    if isinstance(credentials, dict) and not {"RoleArn", "RoleArn.$"} & credentials.keys():
        problems.add("The field 'RoleArn' is required but was missing", f"{location}/Credentials")
    check_recovery(spec, problems, location, jsonata=jsonata)


def _check_resource(resource: Json, problems: Problems, location: str) -> None:
    if not problems.is_a(resource, str, "String", location):
        return
    if not resource.startswith("arn:"):
        problems.add("Value is not a valid resource ARN", location)
        return
    try:
        resolve(resource)
    except UnknownResourceError:
        problems.add(
            f"The resource provided {resource} is not recognized. The value is not a valid resource ARN, or the "
            "resource is not available in this region.",
            location,
        )


def _check_choice(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    if "Default" in spec:
        problems.is_a(spec["Default"], str, "String", f"{location}/Default")
    if not problems.require(spec, ("Choices",), location):
        return
    rules = spec["Choices"]
    if problems.is_a(rules, list, "Array", f"{location}/Choices"):
        if not rules:
            problems.add("Value cannot be empty", f"{location}/Choices")
        for place, rule in enumerate(rules):
            check_rule(rule, problems, f"{location}/Choices[{place}]", jsonata=jsonata, top=True)


def _check_wait(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    names = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
    given = [name for name in names if name in spec]
    problems.at_most_one(spec, names, location)
    if not given:
        problems.add(f"Exactly one of the fields [{', '.join(names)}] is required", location)
    if len(given) != 1:
        return
    value, where = spec[given[0]], f"{location}/{given[0]}"
    if given[0].endswith("Path"):
        check_path(value, problems, where)  # as AWS's documentation has it, of the context object too
    elif jsonata and is_expression(value):
        check_jsonata(value, problems, where)
    elif given[0] == "Seconds":
        check_number(spec, "Seconds", problems, location, jsonata=jsonata)
    elif problems.is_a(value, str, "String", where) and parse_time(value) is None:
        problems.add("Value is not a valid ISO-8601 extended offset date-time format string", where)


def _check_fail(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    for name in ("Error", "Cause"):
        if jsonata:
            check_jsonata(spec.get(name), problems, f"{location}/{name}")
        else:
            problems.at_most_one(spec, (name, f"{name}Path"), location)
        if name in spec:
            problems.is_a(spec[name], str, "String", f"{location}/{name}")
        if f"{name}Path" in spec and not jsonata:
            check_text_path(spec[f"{name}Path"], problems, f"{location}/{name}Path")


def _check_parallel(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    if problems.require(spec, ("Branches",), location):
        branches = spec["Branches"]
        if problems.is_a(branches, list, "Array", f"{location}/Branches") and not branches:
            problems.add("Value cannot be empty", f"{location}/Branches")
    check_recovery(spec, problems, location, jsonata=jsonata)


_CHECKS: dict[str, Callable[..., None]] = {
    "Task": _check_task,
    "Choice": _check_choice,
    "Wait": _check_wait,
    "Fail": _check_fail,
    "Parallel": _check_parallel,
    "Map": check_map,
}
