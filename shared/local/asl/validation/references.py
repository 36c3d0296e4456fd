"""Which variables each state of a definition refers to, as DescribeStateMachine tells (``variableReferences``).

It is read off the text: nothing runs. A state's variables are those of its own fields, at any depth; the states inside
a Map or a Parallel have their own entries. A state without any has none. Names are sorted, as in recorded answers.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.local.asl.reading import Spec
    from shared.values import Json

_TEMPLATES = frozenset(
    {"Parameters", "ResultSelector", "ItemSelector", "Assign", "BatchInput", "Credentials", "Arguments", "Output"}
)
_LITERAL = frozenset({"Comment", "Result", "ResultPath", "Type", "Next", "Default", "QueryLanguage", "Resource"})
_INSIDE = frozenset({"Branches", "ItemProcessor", "Iterator"})
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_VARIABLE = re.compile(r"(?<![\w$\\])\$([^\W\d]\w*)")


def variable_references(definition: str) -> dict[str, list[str]]:
    """Return the names of the variables that each state of *definition*, found valid, refers to."""
    return {name: list(names) for name, names in _references(definition)}


@lru_cache(maxsize=64)  # each plan describes machines, and their JSONata would be parsed each time
def _references(definition: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    machine = json.loads(definition)
    found: dict[str, tuple[str, ...]] = {}
    for name, spec, jsonata in _states(machine, jsonata=False):
        names = set(_in_jsonata(spec) if jsonata else _in_jsonpath(spec))
        if names:
            found[name] = tuple(sorted(names))
    return tuple(found.items())


def _states(machine: Spec, *, jsonata: bool) -> Iterator[tuple[str, Spec, bool]]:
    """Yield each state of *machine* and of the machines inside it, and whether its query language is JSONata."""
    around = _is_jsonata(machine, jsonata)
    states = machine.get("States")
    for name, spec in states.items() if isinstance(states, dict) else ():
        if not isinstance(spec, dict):
            continue
        yield name, spec, _is_jsonata(spec, around)
        branches = spec.get("Branches")
        inside = [*(branches if isinstance(branches, list) else []), spec.get("ItemProcessor"), spec.get("Iterator")]
        for each in inside:
            if isinstance(each, dict):
                yield from _states(each, jsonata=around)


def _is_jsonata(spec: Spec, around: bool) -> bool:  # noqa: FBT001  what the language is around it
    language = spec.get("QueryLanguage")
    return around if language is None else language == "JSONata"


# JSONPath: paths stand in fields whose names end so, and in the computed fields of templates.


def _in_jsonpath(spec: Json, *, template: bool = False) -> Iterator[str]:
    if isinstance(spec, list):
        for item in spec:
            yield from _in_jsonpath(item, template=template)
    elif isinstance(spec, dict):
        for key, item in spec.items():
            if isinstance(item, str):
                if key.endswith(".$") or (not template and _holds_path(key)):
                    yield from _in_path(item)
            elif template or key not in _INSIDE | _LITERAL:
                yield from _in_jsonpath(item, template=template or key in _TEMPLATES)


def _holds_path(key: str) -> bool:
    return key == "Variable" or (key.endswith("Path") and key not in _LITERAL)


def _in_path(text: str) -> Iterator[str]:
    """Yield the variables of a path, or of the arguments of an intrinsic function."""
    yield from _VARIABLE.findall(_QUOTED.sub("''", text))


# JSONata: whatever a text between {% and %} takes from outside itself.


def _in_jsonata(spec: Json, *, template: bool = False) -> Iterator[str]:
    if isinstance(spec, str):
        if spec.startswith("{%") and spec.endswith("%}"):
            yield from _free_names(spec[2:-2].strip())
    elif isinstance(spec, list):
        for item in spec:
            yield from _in_jsonata(item, template=template)
    elif isinstance(spec, dict):
        for key, item in spec.items():
            if template or key not in _INSIDE | _LITERAL:
                yield from _in_jsonata(item, template=template or key in _TEMPLATES)


def _free_names(source: str) -> set[str]:
    """Return the names that the expression *source* uses and does not bind, but for functions and ``$states``."""
    from jsonata import Jsonata  # 30 ms that a JSONPath workflow never pays for

    compiled = Jsonata(source)
    found = set(_free(compiled.ast, set()))
    known = compiled.environment
    return {name for name in found if name not in ("$", "states") and name not in _OURS and known.lookup(name) is None}


_OURS = frozenset({"partition", "range", "hash", "random", "uuid", "parse"})  # Step Functions' own functions
_PARTS = (
    "steps", "expressions", "procedure", "arguments", "body", "lhs", "rhs", "lhs_object", "rhs_object", "rhs_terms",
    "predicate", "stages", "group", "condition", "then", "_else", "expression", "expr", "terms", "pattern", "update",
    "delete",
)  # fmt: skip


def _free(node: Any, bound: set[str]) -> Iterator[str]:
    """Yield the variables in *node* of the library's syntax tree that are not among the names *bound* around it."""
    if isinstance(node, (list, tuple)):
        for each in node:
            yield from _free(each, bound)
        return
    kind = getattr(node, "type", None)
    if kind == "variable" and node.value and node.value not in bound:
        yield str(node.value)
    if kind == "bind":
        yield from _free(node.rhs, bound | {str(node.lhs.value)})  # a function may call itself
        bound.add(str(node.lhs.value))
        return
    if kind == "lambda":
        yield from _free(node.body, bound | {str(each.value) for each in node.arguments})
        return
    if kind == "block":
        bound = set(bound)
    elif kind == "path":  # .@$name and .#$name bind for the steps after them
        bound = bound | {str(name) for step in node.steps for name in _named(step)}
    for part in _PARTS:
        found = getattr(node, part, None)
        if found is not None:
            yield from _free(found, bound)


def _named(step: Any) -> Iterator[object]:
    yield from (name for name in (getattr(step, "focus", None), getattr(step, "index", None)) if name)
    for stage in getattr(step, "stages", None) or []:
        if getattr(stage, "type", None) == "index":
            yield stage.value
