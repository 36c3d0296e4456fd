"""Checking one state: its fields and their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.choice import parse_time
from shared.local.asl.integrations import elsewhere, http
from shared.local.asl.integrations.elsewhere import Elsewhere
from shared.local.asl.integrations.http import HttpInvoke
from shared.local.asl.integrations.resolve import UnknownResourceError, resolve
from shared.local.asl.languages.jsonata import is_expression
from shared.local.asl.validation import fields
from shared.local.asl.validation.choices import check_rule
from shared.local.asl.validation.expressions import check_jsonata, check_path, check_reference, check_template
from shared.local.asl.validation.maps import check_map
from shared.local.asl.validation.numbers import check_number
from shared.local.asl.validation.recovery import check_recovery

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.integrations.base import Integration
    from shared.local.asl.reading import Spec
    from shared.local.asl.validation.problems import Problems

_TEMPLATES = ("Parameters", "ResultSelector", "ItemSelector", "Assign", "Credentials")
_OBJECTS = ("Assign", "Credentials", "ItemReader", "ItemBatcher", "ResultWriter", "ResultSelector")
_EXPRESSIONS = ("Arguments", "Output", "Assign", "Items", "ItemSelector", "Credentials")


def check_state(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    """Check the state *spec* by itself: not where it leads, nor the machines inside it."""
    kind = spec.get("Type")
    if kind is None:
        problems.add("These fields are required: [Type]", location)
        return
    if not isinstance(kind, str) or kind not in fields.KINDS:
        known = ", ".join(sorted(fields.KINDS))
        problems.add(f"Value is not a valid state type: {kind!r}, expected one of [{known}]", f"{location}/Type")
        return
    language = spec.get("QueryLanguage")
    if language not in (None, "JSONPath", "JSONata"):
        problems.add("Value must be one of [JSONPath, JSONata]", f"{location}/QueryLanguage")
    _check_names(spec, kind, problems, location, jsonata=jsonata)
    _check_onward(spec, kind, problems, location)
    for name in _OBJECTS:
        if name in spec:
            problems.is_a(spec[name], dict, "Object", f"{location}/{name}")
    _check_data(spec, problems, location, jsonata=jsonata)
    if kind in _CHECKS:
        _CHECKS[kind](spec, problems, location, jsonata=jsonata)


def _check_names(spec: Spec, kind: str, problems: Problems, location: str, *, jsonata: bool) -> None:
    mine = fields.COMMON | fields.KINDS[kind] | (fields.JSONATA if jsonata else fields.JSONPATH)[kind]
    foreign = fields.ONLY_JSONPATH if jsonata else fields.ONLY_JSONATA
    for name in spec:
        if name in mine:
            continue
        if name in foreign - (fields.ONLY_JSONATA if jsonata else fields.ONLY_JSONPATH):
            language = "JSONata" if jsonata else "JSONPath"
            problems.add(
                f"The field '{name}' is not supported when the QueryLanguage is {language}", f"{location}/{name}"
            )
        else:
            problems.add(f"Field '{name}' is not supported", f"{location}/{name}")


def _check_onward(spec: Spec, kind: str, problems: Problems, location: str) -> None:
    if "Next" in fields.KINDS[kind]:
        if "Next" in spec and spec.get("End") is True:
            problems.add("Only one of the fields [Next, End] is allowed", location)
        elif "Next" not in spec and spec.get("End") is not True:
            problems.add("Exactly one of the fields [Next, End] is required", location)
        if "Next" in spec:
            problems.is_a(spec["Next"], str, "String", f"{location}/Next")


def _check_data(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    if jsonata:
        for name in _EXPRESSIONS:
            if name in spec:
                check_jsonata(spec[name], problems, f"{location}/{name}")
        return
    for name in ("InputPath", "OutputPath", "ItemsPath"):
        if spec.get(name) is not None:
            check_path(spec[name], problems, f"{location}/{name}")
    if spec.get("ResultPath") is not None:
        check_reference(spec["ResultPath"], problems, f"{location}/ResultPath")
    for name in _TEMPLATES:
        if name in spec:
            check_template(spec[name], problems, f"{location}/{name}")


def _check_task(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    resource = spec.get("Resource")
    if resource is None:
        problems.add("These fields are required: [Resource]", location)
    elif problems.is_a(resource, str, "String", f"{location}/Resource"):
        try:
            _check_here(resolve(resource), spec, problems, location)
        except UnknownResourceError:
            problems.add(
                f"The resource provided {resource} is not recognized. The value is not a valid resource ARN, or the "
                "resource is not available in this region.",
                f"{location}/Resource",
            )
    for name in ("TimeoutSeconds", "HeartbeatSeconds"):
        check_number(spec, name, problems, location, jsonata=jsonata)
    timeout, heartbeat = spec.get("TimeoutSeconds"), spec.get("HeartbeatSeconds")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        problems.add("HeartbeatSeconds must be smaller than TimeoutSeconds", f"{location}/HeartbeatSeconds")
    check_recovery(spec, problems, location, jsonata=jsonata)


def _check_here(called: Integration, spec: Spec, problems: Problems, location: str) -> None:
    """Check that what a Task calls is in the embedded cloud, as far as its definition tells."""
    if isinstance(called, Elsewhere):
        problems.not_here(f"{location}/Resource", called.what, elsewhere.FIX)
    if isinstance(called, HttpInvoke):
        for field in ("Parameters", "Arguments"):
            arguments = spec.get(field)
            url = arguments.get("ApiEndpoint") if isinstance(arguments, dict) else None
            if isinstance(url, str) and not is_expression(url) and not http.reachable(url):
                problems.not_here(f"{location}/{field}/ApiEndpoint", http.WHAT, http.FIX)


def _check_choice(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    rules, default = spec.get("Choices"), spec.get("Default")
    if default is not None:
        problems.is_a(default, str, "String", f"{location}/Default")
    if rules is None:
        problems.add("These fields are required: [Choices]", location)
    elif problems.is_a(rules, list, "Array", f"{location}/Choices"):
        if not rules:
            problems.add("Array is too short, minimum is 1", f"{location}/Choices")
        for place, rule in enumerate(rules):
            check_rule(rule, problems, f"{location}/Choices[{place}]", jsonata=jsonata, top=True)


def _check_wait(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    given = [name for name in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath") if name in spec]
    if len(given) != 1:
        names = "[Seconds, SecondsPath, Timestamp, TimestampPath]"
        problems.add(f"Exactly one of the fields {names} is required", location)
        return
    value, where = spec[given[0]], f"{location}/{given[0]}"
    if given[0].endswith("Path"):
        check_path(value, problems, where)
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
        elif name in spec and f"{name}Path" in spec:
            problems.add(f"Only one of the fields [{name}, {name}Path] is allowed", location)
        if spec.get(name) is not None:
            problems.is_a(spec[name], str, "String", f"{location}/{name}")
        if f"{name}Path" in spec and not jsonata:
            check_template({f"{name}Path.$": spec[f"{name}Path"]}, problems, location)


def _check_parallel(spec: Spec, problems: Problems, location: str, *, jsonata: bool) -> None:
    branches = spec.get("Branches")
    if branches is None:
        problems.add("These fields are required: [Branches]", location)
    elif problems.is_a(branches, list, "Array", f"{location}/Branches") and not branches:
        problems.add("Array is too short, minimum is 1", f"{location}/Branches")
    check_recovery(spec, problems, location, jsonata=jsonata)


_CHECKS: dict[str, Callable[..., None]] = {
    "Task": _check_task,
    "Choice": _check_choice,
    "Wait": _check_wait,
    "Fail": _check_fail,
    "Parallel": _check_parallel,
    "Map": check_map,
}
