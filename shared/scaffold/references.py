"""What a field of a state refers to: its input, a task's result, a Map's item, in JSONPath and in JSONata."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.scaffold.shape import Path
    from shared.values import Json

Source = Literal["input", "result", "item"]
"""The state's input (or the whole execution's), what a task answered, the item that a Map hands on."""

_STEP = re.compile(r"""\.([A-Za-z_][\w-]*)|\.`([^`]+)`|\[['"]([^'"]+)['"]\]|(\[[^\]]*\])""")
_JSONPATH = re.compile(r"""\$\$?(?:\.[A-Za-z_][\w-]*|\[['"][^'"]+['"]\]|\[[^\]]*\])*""")
_JSONATA = re.compile(r"""\$states(?:\.[A-Za-z_]\w*|\.`[^`]+`|\[[^\]]*\])+""")
_CALLED = re.compile(r"(\w+)\(\s*(?:[\d.]+\s*,\s*)?$")
_LISTS = "ArrayPartition ArrayContains ArrayGetItem ArrayLength ArrayUnique sum count max min average map filter reduce"
_TAKES: dict[str, Json] = {
    "MathAdd": 1,
    "MathRandom": 1,
    "ArrayRange": 1,
    "number": 1,
    "StringToJson": "{}",
    **{name: [1] for name in _LISTS.split()},
}
"""What the first argument of a function is: intrinsic functions of JSONPath, and JSONata's."""
_ROOTS: tuple[tuple[Path, Source], ...] = (
    (("Execution", "Input"), "input"),
    (("Map", "Item", "Value"), "item"),
)


class Reference(NamedTuple):
    """Something that a field reads, whether the field is this value and nothing else, and an example that would do."""

    source: Source
    path: Path
    whole: bool
    example: Json = None


def steps(path: str) -> Path:
    """Return the steps of a path, ``$.a.b[0]``; an index, a slice or a filter is a step into a list."""
    return tuple(
        next((text for text in match.groups()[:3] if text), None) for match in _STEP.finditer(path.lstrip("$"))
    )


def in_jsonpath(text: str) -> Iterator[Reference]:
    """Yield what the value of a field with ``.$`` at its end refers to."""
    for match in _JSONPATH.finditer(text):
        found, whole = match[0], match[0] == text.strip()
        example = _expected(text[: match.start()])
        if found.startswith("$$"):
            yield from _context(steps(found), whole, example)
        else:
            yield Reference("input", steps(found), whole, example)


def in_jsonata(text: str) -> Iterator[Reference]:
    """Yield what a text between ``{%`` and ``%}`` refers to."""
    inner = text.strip().removeprefix("{%").removesuffix("%}").strip()
    for match in _JSONATA.finditer(inner):
        root, *rest = steps(match[0].removeprefix("$states"))
        whole = match[0] == inner
        example = _expected(inner[: match.start()])
        if root == "context":
            yield from _context(tuple(rest), whole, example)
        elif root == "input":
            yield Reference("input", tuple(rest), whole, example)
        elif root == "result":
            yield Reference("result", tuple(rest), whole, example)


def _context(path: Path, whole: bool, example: Json) -> Iterator[Reference]:  # noqa: FBT001  as Reference has it
    for root, source in _ROOTS:
        if path[: len(root)] == root:
            yield Reference(source, path[len(root) :], whole, example)


def _expected(before: str) -> Json:
    """Return what the function that is called right *before* takes; None for anything."""
    match = _CALLED.search(before)
    return _TAKES.get(match[1]) if match else None


def in_value(value: Json, *, jsonata: bool) -> Iterator[Reference]:
    """Yield what a value of a state refers to, at any depth."""
    for _, reference in in_fields(value, jsonata=jsonata):
        yield reference


def in_fields(value: Json, *, jsonata: bool, at: Path = ()) -> Iterator[tuple[Path, Reference]]:
    """Yield each reference in *value* with the place, in the value that is made of it, that it fills."""
    if isinstance(value, dict):
        for key, item in value.items():
            if not jsonata and key.endswith(".$"):
                for reference in in_jsonpath(str(item)):
                    yield (*at, key[:-2]), reference
            else:
                yield from in_fields(item, jsonata=jsonata, at=(*at, key))
    elif isinstance(value, list):
        for item in value:
            yield from in_fields(item, jsonata=jsonata, at=(*at, None))
    elif jsonata and isinstance(value, str) and value.lstrip().startswith("{%"):
        for reference in in_jsonata(value):
            yield at, reference
