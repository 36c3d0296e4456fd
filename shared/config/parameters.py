"""What a value of a workflow's input must be, in a card, a team's file, a payload or an option."""

from __future__ import annotations

import contextlib
import json
import math
import re
import shlex
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from shared.config.document import dotted
from shared.config.exact_json import InexactJsonError, read_exact
from shared.config.problems import nearest
from shared.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shared.config.document import KeyPath
    from shared.config.lane import Parameter
    from shared.values import Json

    Value: TypeAlias = "bool | int | float | str | Mapping[str, Json] | list[Json]"

REFERENCE = ("bucket", "key")
"""The keys of a reference: of an object that stands for the JSON in an object of a bucket."""
MOST_TOLD = 20  # of thousands of wrong items, the first show what is wrong with all
_NULL = "null"
_BOOLEANS = {"true": True, "false": False}
_NOUNS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "object": "an object of keys to values",
    "array": "an array",
}
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class Wrong(NamedTuple):
    """What is wrong with a part of a value, and the path of that part below the value."""

    path: KeyPath
    what: str


def is_reference(value: object) -> bool:
    """Say whether *value* is a reference: an object of a ``bucket`` and a ``key``, both texts, and nothing else."""
    if not isinstance(value, dict) or value.keys() != set(REFERENCE):
        return False
    return all(isinstance(each, str) for each in value.values())


def read_value(spec: Parameter, value: object, name: str | None = None) -> tuple[Json, list[Wrong]]:
    """Return *value* as *spec* wants it, and all that is wrong with it.

    Numbers, booleans, objects and arrays may be text, as they are in payloads and options: "10" is 10. What stands
    within an object or an array is held to its type. None, or the text of JSON's null but where text is wanted, is
    allowed for a parameter whose default is None. A reference stands for the value of a parameter that goes by
    reference, and a text, split as a shell does, for one of ``words``.

    Args:
        spec: The parameter.
        value: What was given for it.
        name: What the messages call it; the parameter's name unless given.
    """
    if spec.default is None and (value is None or (value == _NULL and spec.type != "string")):
        return None, []
    if spec.by_reference and is_reference(reference := _spelled(spec, value)):
        return reference, []
    if spec.words and isinstance(value, str) and not value.lstrip().startswith("["):
        try:
            value = shlex.split(value)
        except ValueError as error:  # a quotation that does not end
            return None, [Wrong((), f"{spec.name if name is None else name} is {_shown(value)}: {error}")]
    check = _Check(spec.name if name is None else name)
    return check.read(spec, value, (), spelled=True), check.wrong


def _spelled(spec: Parameter, value: object) -> Json:
    """Return the JSON that *value* spells if it is text, and *spec* wants none; else *value*."""
    if isinstance(value, str) and spec.type != "string":
        with contextlib.suppress(InexactJsonError):  # which is told where it is held to the type
            return read_exact(value)
    return value  # type: ignore[return-value]  # whatever else it is, nobody takes it for a reference


def coerce(spec: Parameter, value: object, where: str | None = None) -> Json:
    """Return *value* as *spec* wants it; see :func:`read_value`.

    Raises:
        UsageError: Lists every part that is of another type, out of bounds (a text, an array and an object by their
            length), none of the choices, missing or unknown.
    """
    right, wrong = read_value(spec, value)
    if wrong:
        raise UsageError(_listed([each.what for each in wrong]), where=where)
    return right


def coerce_all(specs: tuple[Parameter, ...], values: Mapping[str, object], where: str | None = None) -> dict[str, Json]:
    """Return *values*, by parameter name, each as its spec wants it.

    Raises:
        UsageError: Lists every unknown parameter and every wrong value.
    """
    by_name = {spec.name: spec for spec in specs}
    right: dict[str, Json] = {}
    wrong: list[str] = []
    for name, value in values.items():
        if name not in by_name:
            wrong.append(f"unknown parameter {name!r} ({nearest(name, by_name)})")
            continue
        right[name], found = read_value(by_name[name], value)
        wrong += [each.what for each in found]
    if wrong:
        raise UsageError(_listed(wrong), where=where)
    return right


def shape_text(spec: Parameter) -> str:
    """Return the type of *spec* in a few words: ``array of {name: string, size?: integer}``."""
    text = spec.type
    if spec.type == "array" and spec.items:
        text = f"array of {shape_text(spec.items)}"
    elif spec.properties:
        keys = [
            f"{each.name}{'' if each.name in spec.required else '?'}: {shape_text(each)}" for each in spec.properties
        ]
        text = "{" + ", ".join([*keys, *(["..."] if spec.additional_properties else [])]) + "}"
    return f"{text} or null" if spec.nullable else text


def _listed(wrong: list[str]) -> str:
    more = len(wrong) - MOST_TOLD
    return "; ".join([*wrong[:MOST_TOLD], *([f"and {more:,} more"] if more > 0 else [])])


class _Check:
    """Reads one value, called *name*, and collects what is wrong with its parts."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.wrong: list[Wrong] = []

    def read(self, spec: Parameter, value: object, path: KeyPath, *, spelled: bool = False) -> Json:
        """Return *value*, which stands at *path*, as *spec* wants it; numbers and the like may be text if *spelled*."""
        if value is None and spec.nullable:
            return None
        known = self._converted(spec, value, path, spelled=spelled)
        if known is None:
            return None
        if spec.choices and known not in spec.choices:
            self._tell(path, f"is {_shown(value)}, not one of {', '.join(map(_shown, spec.choices))}")
        size: float = known if isinstance(known, int | float) else len(known)
        if (spec.minimum is not None and size < spec.minimum) or (spec.maximum is not None and size > spec.maximum):
            self._tell(path, f"is {_shown(value)}, {_bounds(spec)}")
        if isinstance(known, list) and spec.items:
            return [self.read(spec.items, item, (*path, place)) for place, item in enumerate(known)]
        if isinstance(known, dict) and spec.properties:
            return dict(self._members(spec, known, path))
        return known

    def _converted(self, spec: Parameter, value: object, path: KeyPath, *, spelled: bool) -> Value | None:
        """Return *value* in the type of *spec*; None where it is of another one."""
        why = ""
        read = _CONVERT[spec.type] if spelled or spec.type == "string" else _unspelled(_CONVERT[spec.type])
        try:
            known = read(value)
            if isinstance(known, dict) or not spec.properties:
                return known
        except InexactJsonError as error:
            why = f": {error}"
        except (TypeError, ValueError, OverflowError):
            pass
        self._tell(path, f"is {_shown(value)}, not {_noun(spec)}{why}")
        return None

    def _members(self, spec: Parameter, value: Mapping[str, Json], path: KeyPath) -> Iterator[tuple[str, Json]]:
        known = {each.name: each for each in spec.properties}
        for name in spec.required:
            if name not in value:
                self._tell((*path, name), "is missing")
        for name, item in value.items():
            if name in known:
                yield name, self.read(known[name], item, (*path, name))
            elif spec.additional_properties:
                yield name, item
            else:
                self._tell((*path, name), f"is no key of it ({nearest(name, known)})")

    def _tell(self, path: KeyPath, what: str) -> None:
        self.wrong.append(Wrong(path, f"{_place(self._name, path)} {what}"))


def _place(name: str, path: KeyPath) -> str:
    """Return what messages call the part at *path*: ``regions[3].name``."""
    parts = (part if isinstance(part, int) or _PLAIN_KEY.fullmatch(part) else f'["{part}"]' for part in path)
    return dotted((name, *parts)).replace('.["', '["')


def _noun(spec: Parameter) -> str:
    whole = _NOUNS[spec.type]
    return f"{whole}, or an array" if spec.type == "object" and not spec.properties else whole


def over_defaults(
    specs: tuple[Parameter, ...], defaults: Mapping[str, Json], checked: Mapping[str, Json]
) -> dict[str, Json]:
    """Return a run's input: what was *checked* over the *defaults*, but for those that what is given stands for."""
    follows = {spec.instead_of for spec in specs if checked.get(spec.name) is not None}
    return {**{name: value for name, value in defaults.items() if name not in follows}, **checked}


def _bounds(spec: Parameter) -> str:
    what = {"string": "characters", "object": "keys", "array": "items"}.get(spec.type)
    counted = f" {what}" if what else ""
    if spec.minimum is None:
        return f"more than {spec.maximum:g}{counted}"
    if spec.maximum is None:
        return f"less than {spec.minimum:g}{counted}"
    return f"not {spec.minimum:g} to {spec.maximum:g}{counted}"


def _shown(value: object) -> str:
    try:
        text = json.dumps(value, default=str, ensure_ascii=False)
    except RecursionError:
        return "nested too deeply"
    most = 60
    return text if len(text) <= most else f"{text[:most]}..."


def _unspelled(read: Callable[[object], Value]) -> Callable[[object], Value]:
    """Return *read* for values that must not be text."""
    return lambda value: read(None if isinstance(value, str) else value)


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    if isinstance(value, str) and not re.fullmatch(r"[+-]?[0-9]+", value):  # int() would take 1_0 and spaces
        raise ValueError
    number = int(value)  # NaN is a ValueError, infinity an OverflowError
    if isinstance(value, float) and number != value:
        raise ValueError
    return number


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return value if isinstance(value, int | float) else number


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _boolean(value: object) -> bool:
    if isinstance(value, str):
        value = _BOOLEANS.get(value.lower())
    if not isinstance(value, bool):
        raise TypeError
    return value


def _object(value: object) -> Mapping[str, Json] | list[Json]:
    if isinstance(value, str):
        value = read_exact(value)
    if not isinstance(value, dict | list):  # Step Functions maps over both
        raise TypeError
    return value


def _array(value: object) -> list[Json]:
    known = _object(value)
    if not isinstance(known, list):
        raise TypeError
    return known


_CONVERT: dict[str, Callable[[object], Value]] = {
    "integer": _integer,
    "number": _number,
    "string": _string,
    "boolean": _boolean,
    "object": _object,
    "array": _array,
}
