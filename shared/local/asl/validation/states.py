"""Checking one state: its fields, their values, and its Retry and Catch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.local.asl.choice import parse_time
from shared.local.asl.integrations.resolve import UnknownResourceError, resolve
from shared.local.asl.languages.jsonata import is_expression
from shared.local.asl.validation import fields
from shared.local.asl.validation.choices import check_rule
from shared.local.asl.validation.expressions import check_jsonata, check_path, check_reference, check_template

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.validation.problems import Problems

    Check = Callable[[Any, Problems, str], None]

MOST_SECONDS = 99_999_999
_TEMPLATES = ("Parameters", "ResultSelector", "ItemSelector", "Assign", "Credentials")
_OBJECTS = ("Assign", "Credentials", "ItemReader", "ItemBatcher", "ResultWriter", "ResultSelector")
_EXPRESSIONS = ("Arguments", "Output", "Assign", "Items", "ItemSelector", "Credentials")


def check_state(spec: dict[str, Any], problems: Problems, location: str, *, jsonata: bool) -> None:
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


def _check_names(spec: dict[str, Any], kind: str, problems: Problems, location: str, *, jsonata: bool) -> None:
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
        elif name in fields.KNOWN:
            problems.warn(f"The field '{name}' has no effect in a {kind} state", f"{location}/{name}")
        else:
            problems.add(f"The field '{name}' is not supported by Step Functions", f"{location}/{name}")


def _check_onward(spec: dict[str, Any], kind: str, problems: Problems, location: str) -> None:
    if "Next" in fields.KINDS[kind]:
        if "Next" in spec and spec.get("End") is True:
            problems.add("Only one of the fields [Next, End] is allowed", location)
        elif "Next" not in spec and spec.get("End") is not True:
            problems.add("Exactly one of the fields [Next, End] is required", location)


def _check_data(spec: dict[str, Any], problems: Problems, location: str, *, jsonata: bool) -> None:
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


def _number(  # noqa: PLR0913  a field, where it is, and its bounds
    spec: dict[str, Any], name: str, problems: Problems, location: str, *, least: float, jsonata: bool
) -> None:
    """Check the number *name* and its path twin."""
    value = spec.get(name)
    if f"{name}Path" in spec and not jsonata:
        check_path(spec[f"{name}Path"], problems, f"{location}/{name}Path")
        if value is not None:
            problems.add(f"Only one of the fields [{name}, {name}Path] is allowed", location)
    if value is None:
        return
    if jsonata and is_expression(value):
        check_jsonata(value, problems, f"{location}/{name}")
    elif problems.is_a(value, (int, float), "Number", f"{location}/{name}"):
        if value < least:
            problems.add(f"Value is too low, minimum is {least}", f"{location}/{name}")
        elif value > MOST_SECONDS:
            problems.add(f"Value is too high, maximum is {MOST_SECONDS}", f"{location}/{name}")


def _check_task(spec: dict[str, Any], problems: Problems, location: str, *, jsonata: bool) -> None:
    resource = spec.get("Resource")
    if resource is None:
        problems.add("These fields are required: [Resource]", location)
    elif problems.is_a(resource, str, "String", f"{location}/Resource"):
        try:
            resolve(resource)
        except UnknownResourceError:
            problems.add(
                f"The resource provided {resource} is not recognized. The value is not a valid resource ARN, or the "
                "resource is not available in this region.",
                f"{location}/Resource",
            )
    for name in ("TimeoutSeconds", "HeartbeatSeconds"):
        _number(spec, name, problems, location, least=1, jsonata=jsonata)
    timeout, heartbeat = spec.get("TimeoutSeconds"), spec.get("HeartbeatSeconds")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        problems.add("HeartbeatSeconds must be smaller than TimeoutSeconds", f"{location}/HeartbeatSeconds")
    check_recovery(spec, problems, location, jsonata=jsonata)


def _check_choice(spec: dict[str, Any], problems: Problems, location: str, *, jsonata: bool) -> None:
    rules = spec.get("Choices")
    if rules is None:
        problems.add("These fields are required: [Choices]", location)
    elif problems.is_a(rules, list, "Array", f"{location}/Choices"):
        if not rules:
            problems.add("Array is too short, minimum is 1", f"{location}/Choices")
        for place, rule in enumerate(rules):
            check_rule(rule, problems, f"{location}/Choices[{place}]", jsonata=jsonata, top=True)


def _check_wait(spec: dict[str, Any], problems: Problems, location: str, *, jsonata: bool) -> None:
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
        _number(spec, "Seconds", problems, location, least=0, jsonata=jsonata)
    elif problems.is_a(value, str, "String", where) and parse_time(value) is None:
        problems.add("Value is not a valid ISO-8601 extended offset date-time format string", where)


def _check_fail(spec: dict[str, Any], problems: Problems, location: str, *, jsonata: bool) -> None:
    for name in ("Error", "Cause"):
        if jsonata:
            check_jsonata(spec.get(name), problems, f"{location}/{name}")
        elif name in spec and f"{name}Path" in spec:
            problems.add(f"Only one of the fields [{name}, {name}Path] is allowed", location)
        if spec.get(name) is not None:
            problems.is_a(spec[name], str, "String", f"{location}/{name}")


def _check_parallel(spec: dict[str, Any], problems: Problems, location: str, *, jsonata: bool) -> None:
    branches = spec.get("Branches")
    if branches is None:
        problems.add("These fields are required: [Branches]", location)
    elif problems.is_a(branches, list, "Array", f"{location}/Branches") and not branches:
        problems.add("Array is too short, minimum is 1", f"{location}/Branches")
    check_recovery(spec, problems, location, jsonata=jsonata)


def _check_map(spec: dict[str, Any], problems: Problems, location: str, *, jsonata: bool) -> None:
    processors = [name for name in ("ItemProcessor", "Iterator") if name in spec]
    if len(processors) != 1:
        problems.add("Exactly one of the fields [ItemProcessor, Iterator] is required", location)
    if "Parameters" in spec and "ItemSelector" in spec:
        problems.add("Only one of the fields [Parameters, ItemSelector] is allowed", location)
    _number(spec, "MaxConcurrency", problems, location, least=0, jsonata=jsonata)
    _number(spec, "ToleratedFailureCount", problems, location, least=0, jsonata=jsonata)
    _number(spec, "ToleratedFailurePercentage", problems, location, least=0, jsonata=jsonata)
    processor = spec[processors[0]] if processors else None
    config = processor.get("ProcessorConfig", {}) if isinstance(processor, dict) else {}
    if not problems.is_a(
        config, dict, "Object", f"{location}/{processors[0]}/ProcessorConfig" if processors else location
    ):
        return
    if config.get("Mode") == "DISTRIBUTED":
        if config.get("ExecutionType") not in ("STANDARD", "EXPRESS"):
            problems.add(
                "ExecutionType must be one of [STANDARD, EXPRESS] when Mode is DISTRIBUTED",
                f"{location}/{processors[0]}/ProcessorConfig",
            )
    else:
        for name in ("ItemReader", "ItemBatcher", "ResultWriter"):
            if name in spec:
                problems.add(f"The field '{name}' is supported only when Mode is DISTRIBUTED", f"{location}/{name}")
    _check_distributed(spec, problems, location, jsonata=jsonata)
    check_recovery(spec, problems, location, jsonata=jsonata)


def _check_distributed(spec: dict[str, Any], problems: Problems, location: str, *, jsonata: bool) -> None:
    check: Check = check_jsonata if jsonata else check_template
    for name in ("ItemReader", "ResultWriter"):
        part = spec.get(name)
        if part is None or not problems.is_a(part, dict, "Object", f"{location}/{name}"):
            continue
        if name == "ItemReader" and "Resource" not in part:
            problems.add("These fields are required: [Resource]", f"{location}/{name}")
        if not {"Resource", "WriterConfig"} & part.keys():
            problems.add("These fields are required: [Resource]", f"{location}/{name}")
        field = "Arguments" if jsonata else "Parameters"
        check(part.get(field), problems, f"{location}/{name}/{field}")
    batcher = spec.get("ItemBatcher")
    if isinstance(batcher, dict):
        check(batcher.get("BatchInput"), problems, f"{location}/ItemBatcher/BatchInput")
        sizes = {"MaxItemsPerBatch", "MaxItemsPerBatchPath", "MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"}
        if not sizes & batcher.keys():
            problems.add(
                "At least one of the fields [MaxItemsPerBatch, MaxInputBytesPerBatch] is required",
                f"{location}/ItemBatcher",
            )


def check_recovery(spec: dict[str, Any], problems: Problems, location: str, *, jsonata: bool) -> None:
    """Check Retry and Catch."""
    for name in ("Retry", "Catch"):
        entries, where = spec.get(name), f"{location}/{name}"
        if entries is None or not problems.is_a(entries, list, "Array", where):
            continue
        for place, entry in enumerate(entries):
            if problems.is_a(entry, dict, "Object", f"{where}[{place}]"):
                _check_errors(entry, problems, f"{where}[{place}]", last=place == len(entries) - 1)
                _CHECK_ENTRY[name](entry, problems, f"{where}[{place}]", jsonata=jsonata)


def _check_errors(entry: dict[str, Any], problems: Problems, location: str, *, last: bool) -> None:
    names = entry.get("ErrorEquals")
    if names is None:
        problems.add("These fields are required: [ErrorEquals]", location)
    elif problems.is_a(names, list, "Array", f"{location}/ErrorEquals"):
        if not names:
            problems.add("Array is too short, minimum is 1", f"{location}/ErrorEquals")
        for place, name in enumerate(names):
            problems.is_a(name, str, "String", f"{location}/ErrorEquals[{place}]")
        if "States.ALL" in names and (len(names) > 1 or not last):
            problems.add(
                "States.ALL must appear alone in ErrorEquals, and only in the last element of the array", location
            )


def _check_retrier(entry: dict[str, Any], problems: Problems, location: str, **_jsonata: bool) -> None:
    for name, least in (("IntervalSeconds", 1), ("MaxAttempts", 0), ("BackoffRate", 1.0), ("MaxDelaySeconds", 1)):
        _number(entry, name, problems, location, least=least, jsonata=False)
    if entry.get("JitterStrategy") not in (None, "FULL", "NONE"):
        problems.add("Value must be one of [FULL, NONE]", f"{location}/JitterStrategy")


def _check_catcher(entry: dict[str, Any], problems: Problems, location: str, *, jsonata: bool) -> None:
    if "Next" not in entry:
        problems.add("These fields are required: [Next]", location)
    if "Assign" in entry:
        problems.is_a(entry["Assign"], dict, "Object", f"{location}/Assign")
    if jsonata:
        for name in ("Assign", "Output"):
            check_jsonata(entry.get(name), problems, f"{location}/{name}")
        return
    if entry.get("ResultPath") is not None:
        check_reference(entry["ResultPath"], problems, f"{location}/ResultPath")
    check_template(entry.get("Assign"), problems, f"{location}/Assign")


_CHECK_ENTRY: dict[str, Callable[..., None]] = {"Retry": _check_retrier, "Catch": _check_catcher}
_CHECKS: dict[str, Callable[..., None]] = {
    "Task": _check_task,
    "Choice": _check_choice,
    "Wait": _check_wait,
    "Fail": _check_fail,
    "Parallel": _check_parallel,
    "Map": _check_map,
}
