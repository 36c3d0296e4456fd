"""What is warned of in a definition that is taken.

AWS warns of texts that look like paths where paths are not read. The codes and what they are for are of the API
reference (ValidateStateMachineDefinitionDiagnostic); the texts are its descriptions, for no recorded answer tells AWS's
own. We warn of Tasks besides that only AWS runs: such a definition is taken, as on AWS, so that all else of it can be
rehearsed. The state itself fails, and no Catcher takes that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.local.asl.integrations import elsewhere, http
from shared.local.asl.integrations.elsewhere import Elsewhere
from shared.local.asl.integrations.http import HttpInvoke
from shared.local.asl.integrations.resolve import resolve
from shared.local.asl.json_text import read_json
from shared.local.asl.languages.jsonata import is_expression
from shared.local.asl.validation.problems import Problem, not_here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.local.asl.reading import Spec
    from shared.values import Json

_COMPUTED = re.compile(r"\$(\$|\.|\[|$)|States\.[A-Z]\w*\(")
_TEMPLATES = ("Parameters", "ItemSelector", "ResultSelector", "Assign")
_NO_DOLLAR = "NO_DOLLAR", "No .$ on a field that appears to be a JSONPath or Intrinsic Function."
_NO_PATH = "NO_PATH", "Field value looks like a path, but field name does not end with 'Path'."
_STATIC = "PASS_RESULT_IS_STATIC", "Attempt to use a path in the result of a pass state."


def warnings_of(definition: str) -> list[Problem]:
    """Return what is to be warned of in a *definition* that has no problem."""
    machine = read_json(definition)
    return list(_machine(machine, "", jsonata=False)) if isinstance(machine, dict) else []


def _machine(machine: Spec, location: str, *, jsonata: bool) -> Iterator[Problem]:
    jsonata = machine.get("QueryLanguage", "JSONata" if jsonata else "JSONPath") == "JSONata"
    states = machine.get("States")
    for name, spec in states.items() if isinstance(states, dict) else ():
        where = f"{location}/States/{name}"
        if isinstance(spec, dict):
            yield from _not_here(spec, where)
            if spec.get("QueryLanguage", "JSONata" if jsonata else "JSONPath") == "JSONPath":
                yield from _state(spec, where)
            for place, inner in _inside(spec, where):
                yield from _machine(inner, place, jsonata=jsonata)


def _inside(spec: Spec, location: str) -> Iterator[tuple[str, Spec]]:
    branches = spec.get("Branches")
    for place, branch in enumerate(branches if isinstance(branches, list) else ()):
        if isinstance(branch, dict):
            yield f"{location}/Branches[{place}]", branch
    for name in ("ItemProcessor", "Iterator"):
        inner = spec.get(name)
        if isinstance(inner, dict):
            yield f"{location}/{name}", inner


def _state(spec: Spec, location: str) -> Iterator[Problem]:
    for name in _TEMPLATES:
        for place, field, value in _texts(spec.get(name), f"{location}/{name}", ""):
            if _COMPUTED.match(value) and not field.endswith(".$"):
                yield Problem(*_NO_DOLLAR, place, field)
    for place, field, value in _texts(spec.get("Result"), f"{location}/Result", ""):
        if _COMPUTED.match(value):
            yield Problem(*_STATIC, place, field)
    for name in ("Error", "Cause", "Timestamp"):
        given = spec.get(name)
        if isinstance(given, str) and _COMPUTED.match(given):
            yield Problem(*_NO_PATH, f"{location}/{name}")
    for place, field, value in _texts(spec.get("Choices"), f"{location}/Choices", ""):
        if field.endswith("Equals") and _COMPUTED.match(value):
            yield Problem(*_NO_PATH, place, field)


def _not_here(spec: Spec, location: str) -> Iterator[Problem]:
    """Yield that a Task calls what the embedded cloud does not have, as far as its definition tells."""
    resource = spec.get("Resource")
    called = resolve(resource) if isinstance(resource, str) else None
    if isinstance(called, Elsewhere):
        yield not_here(f"{location}/Resource", called.what, elsewhere.FIX)
    elif isinstance(called, HttpInvoke):
        for field in ("Parameters", "Arguments"):
            arguments = spec.get(field)
            url = arguments.get("ApiEndpoint") if isinstance(arguments, dict) else None
            if isinstance(url, str) and not is_expression(url) and not http.reachable(url):
                yield not_here(f"{location}/{field}/ApiEndpoint", http.WHAT, http.FIX)


def _texts(value: Json, location: str, field: str) -> Iterator[tuple[str, str, str]]:
    """Yield the place, the name and the value of every text in *value*."""
    if isinstance(value, str):
        yield location, field, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, location if isinstance(item, str) else f"{location}/{name}", name)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _texts(item, f"{location}[{place}]", field)
