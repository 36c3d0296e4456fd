"""CloudFormation's intrinsic functions: from a template's expression to a value.

Source: AWS CloudFormation Template Reference, "Intrinsic functions", "Condition functions" and "Rule functions" (read
2026-11-30). A function that is not done here is refused by name when the template is read (:mod:`references`).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from shared.local.stacks.refusals import ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.values import Json

NO_VALUE = object()
"""What ``AWS::NoValue`` is: whatever holds it is left out."""

_NAMED = re.compile(r"\$\{(!?)([^}]*)\}")
_ZONES = 4  # that moto's regions have at least


class Resources(Protocol):
    """What is known of a stack's resources."""

    def ref(self, name: str) -> Json:
        """Return what a Ref of the resource *name* gives."""

    def attribute(self, name: str, attribute: str) -> Json:
        """Return what a GetAtt gives."""


@dataclass(slots=True)
class Room:
    """How much text a template's functions may still make: nested ones double it at each level."""

    left: int = 8 * 1024 * 1024

    def take(self, size: int) -> None:
        """Make room for a text of *size* characters.

        Raises:
            ValidationError: There is no more.
        """
        self.left -= size
        if self.left < 0:
            raise ValidationError("Template error: the functions of the template make more than 8 MB of text")


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may name.

    Attributes:
        values: Parameters and pseudo parameters.
        mappings: The section Mappings.
        conditions: The section Conditions, as expressions.
        resources: The stack's resources.
        exports: Returns the value that some stack of the region exports by a name; None if there is none.
        open: Says whether an argument names a resource that is not there yet. A function that cannot be told before
            that is then kept as a text of its own. Nothing is open while resources are made.
        decided: The conditions that were decided.
        room: For the texts that functions make.
    """

    values: Mapping[str, Json]
    mappings: Mapping[str, Json]
    conditions: Mapping[str, Json]
    resources: Resources
    exports: Callable[[str], Json]
    open: Callable[[Json], bool] = lambda _: False
    decided: dict[str, bool] = field(default_factory=dict)
    room: Room = field(default_factory=Room)

    def holds(self, condition: Json) -> bool:
        """Say whether the condition called *condition* is true."""
        if not isinstance(condition, str) or condition not in self.conditions:
            raise ValidationError(f"Template format error: Unresolved condition dependency {condition} in Fn::If")
        if condition not in self.decided:
            self.decided[condition] = _truth(self.conditions[condition], self)
        return self.decided[condition]


def evaluate(value: Json, scope: Scope) -> Json:
    """Return *value* with each function replaced by what it gives.

    Raises:
        ValidationError: A function is used wrongly, or names what is not there.
    """
    found = _evaluated(value, scope)
    return None if found is NO_VALUE else found  # type: ignore[return-value]  # all else is JSON


def _evaluated(value: Json, scope: Scope) -> Json | object:
    if isinstance(value, Mapping):
        call = function_of(value)
        if call is not None:
            return _called(call, value[call], scope)
        fields = {name: _evaluated(each, scope) for name, each in value.items()}
        return {name: each for name, each in fields.items() if each is not NO_VALUE}
    if isinstance(value, list):
        return [each for each in (_evaluated(each, scope) for each in value) if each is not NO_VALUE]
    return value


def _called(call: str, argument: Json, scope: Scope) -> Json | object:
    try:
        return _FUNCTIONS[call](argument, scope)
    except ValidationError:
        if scope.open(argument):
            return json.dumps({call: argument}, sort_keys=True)
        raise


def function_of(value: Mapping[str, Json]) -> str | None:
    """Return the name of the function that *value* calls; None if it is plain data."""
    if len(value) != 1:
        return None
    name = next(iter(value))
    return name if name in _FUNCTIONS else None


def known_function(name: str) -> bool:
    """Say whether there is a function of that *name* here."""
    return name in _FUNCTIONS


def names_in(text: str) -> list[str]:
    """Return what the ``${...}`` of a Fn::Sub's *text* name."""
    return [name.strip() for literal, name in _NAMED.findall(text) if not literal]


def _ref(argument: Json, scope: Scope) -> Json | object:
    if argument == "AWS::NoValue":
        return NO_VALUE
    name = _text("Ref", argument)
    return scope.values[name] if name in scope.values else scope.resources.ref(name)


def _get_att(argument: Json, scope: Scope) -> Json:
    name, attribute = attribute_named(argument)
    return scope.resources.attribute(name, _text("Fn::GetAtt", evaluate(attribute, scope)))


def attribute_named(argument: Json) -> tuple[str, Json]:
    """Return the logical id and the attribute of a Fn::GetAtt's *argument*."""
    if isinstance(argument, str) and "." in argument:
        name, _, attribute = argument.partition(".")
        return name, attribute
    if isinstance(argument, list) and len(argument) >= 2 and isinstance(argument[0], str):  # noqa: PLR2004  id, attribute
        rest = argument[1:]
        return argument[0], ".".join(map(str, rest)) if len(rest) > 1 else rest[0]
    raise _wrong("Fn::GetAtt", "object requires two non-empty parameters, the resource name and the resource attribute")


def _sub(argument: Json, scope: Scope) -> str:
    text, own = substituted(argument)
    given = {name: evaluate(value, scope) for name, value in own.items()}

    def fill(found: re.Match[str]) -> str:
        literal, name = found[1], found[2].strip()
        if literal:
            return f"${{{found[2]}}}"
        value = given[name] if name in given else _get_att(name, scope) if "." in name else _ref(name, scope)
        filled = _as_text("Fn::Sub", value)  # type: ignore[arg-type]  # a NoValue in a text is refused there
        scope.room.take(len(filled))
        return filled

    return _NAMED.sub(fill, text)


def substituted(argument: Json) -> tuple[str, Mapping[str, Json]]:
    """Return the text of a Fn::Sub's *argument*, and its own variables."""
    if isinstance(argument, str):
        return argument, {}
    if isinstance(argument, list) and len(argument) == 2:  # noqa: PLR2004  the text and its variables
        text, own = argument
        if isinstance(text, str) and isinstance(own, Mapping):
            return text, own
    raise _wrong("Fn::Sub", "object must be a string, or a list of a string and a map")


def _join(argument: Json, scope: Scope) -> str:
    separator, values = _arguments("Fn::Join", argument, 2)
    listed = _list("Fn::Join", evaluate(values, scope))
    texts, between = [_as_text("Fn::Join", each) for each in listed], _text("Fn::Join", separator)
    scope.room.take(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


def _split(argument: Json, scope: Scope) -> Json:
    separator, value = _arguments("Fn::Split", argument, 2)
    text = _text("Fn::Split", evaluate(value, scope))
    return list(text.split(_text("Fn::Split", separator) or "\0"))


def _select(argument: Json, scope: Scope) -> Json:
    index, values = _arguments("Fn::Select", argument, 2)
    listed = _list("Fn::Select", evaluate(values, scope))
    told = evaluate(index, scope)
    if not isinstance(told, (int, str)) or not str(told).isdecimal() or int(told) >= len(listed):
        raise _wrong("Fn::Select", f"cannot select nonexistent value at index {told}")
    return listed[int(told)]


def _if(argument: Json, scope: Scope) -> Json | object:
    condition, yes, no = _arguments("Fn::If", argument, 3)
    return _evaluated(yes if scope.holds(condition) else no, scope)


def _find_in_map(argument: Json, scope: Scope) -> Json:
    names = [evaluate(each, scope) for each in _arguments("Fn::FindInMap", argument, 3)]
    found: Json = scope.mappings
    for name in names:
        if not isinstance(found, Mapping) or not isinstance(name, str) or name not in found:
            raise ValidationError(f"Template error: Unable to get mapping for {'::'.join(map(str, names))}")
        found = found[name]
    return found


def _import_value(argument: Json, scope: Scope) -> Json:
    name = _text("Fn::ImportValue", evaluate(argument, scope))
    found = scope.exports(name)
    if found is None:
        raise ValidationError(f"No export named {name} found.")
    return found


def _base64(argument: Json, scope: Scope) -> str:
    return base64.b64encode(_text("Fn::Base64", evaluate(argument, scope)).encode()).decode()


def _zones(argument: Json, scope: Scope) -> Json:
    region = evaluate(argument, scope) or scope.values["AWS::Region"]
    return [f"{region}{letter}" for letter in "abcdefgh"[:_ZONES]]


def _equals(argument: Json, scope: Scope) -> bool:
    left, right = (_plain(evaluate(each, scope)) for each in _arguments("Fn::Equals", argument, 2))
    return left == right


def _and(argument: Json, scope: Scope) -> bool:
    return all(_truth(each, scope) for each in _list("Fn::And", argument))


def _or(argument: Json, scope: Scope) -> bool:
    return any(_truth(each, scope) for each in _list("Fn::Or", argument))


def _not(argument: Json, scope: Scope) -> bool:
    (only,) = _arguments("Fn::Not", argument, 1)
    return not _truth(only, scope)


def _contains(argument: Json, scope: Scope) -> bool:
    listed, value = (evaluate(each, scope) for each in _arguments("Fn::Contains", argument, 2))
    return _plain(value) in [_plain(each) for each in _list("Fn::Contains", listed)]


def _each_member_in(argument: Json, scope: Scope) -> bool:
    some, every = (_list("Fn::EachMemberIn", evaluate(each, scope)) for each in _arguments("", argument, 2))
    return all(each in every for each in some)


def _each_member_equals(argument: Json, scope: Scope) -> bool:
    listed, value = (evaluate(each, scope) for each in _arguments("Fn::EachMemberEquals", argument, 2))
    return all(_plain(each) == _plain(value) for each in _list("Fn::EachMemberEquals", listed))


_FUNCTIONS: dict[str, Callable[[Json, Scope], Json | object]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::If": _if,
    "Fn::FindInMap": _find_in_map,
    "Fn::ImportValue": _import_value,
    "Fn::Base64": _base64,
    "Fn::GetAZs": _zones,
    "Fn::Equals": _equals,
    "Fn::And": _and,
    "Fn::Or": _or,
    "Fn::Not": _not,
    "Fn::Contains": _contains,
    "Fn::EachMemberIn": _each_member_in,
    "Fn::EachMemberEquals": _each_member_equals,
}


def _truth(value: Json, scope: Scope) -> bool:
    if isinstance(value, Mapping) and set(value) == {"Condition"}:
        return scope.holds(value["Condition"])
    found = evaluate(value, scope)
    if found in (True, "true"):
        return True
    if found in (False, "false"):
        return False
    raise ValidationError("Template format error: Every condition must be a boolean")


def assertion_holds(value: Json, scope: Scope) -> bool:
    """Say whether an assertion of the section Rules is true."""
    return _truth(value, scope)


def _arguments(function: str, argument: Json, count: int) -> list[Json]:
    if not isinstance(argument, list) or len(argument) != count:
        raise _wrong(function, f"object requires a list of {count} parameters")
    return argument


def _list(function: str, value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise _wrong(function, "needs a list")
    return value


def _text(function: str, value: Json) -> str:
    if not isinstance(value, str):
        raise _wrong(function, "needs a string")
    return value


def _as_text(function: str, value: Json) -> str:
    """Return a plain *value* as it stands in a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(map(str, value))
    raise _wrong(function, f"cannot put {json.dumps(value, default=str)[:100]} into a string")


def _plain(value: Json) -> Json:
    """Return *value* as it is compared: numbers and booleans are their texts."""
    return _as_text("Fn::Equals", value) if isinstance(value, (bool, int, float)) else value


def _wrong(function: str, what: str) -> ValidationError:
    return ValidationError(f"Template error: {function} {what}")
