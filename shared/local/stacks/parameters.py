"""A template's parameters: their values, held to what the template says of them, and pseudo parameters.

Source: AWS CloudFormation User Guide, "Parameters" and "Systems Manager parameter types" (read 2026-11-30).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import regex

from shared.local.stacks.refusals import ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.local.stacks.template import Template
    from shared.values import Json

_SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
_LIST = re.compile(r"List<.+>|CommaDelimitedList")
_PLAIN = re.compile(r"String|Number|AWS::SSM::Parameter::Name|AWS::[A-Za-z0-9]+(::[A-Za-z0-9]+)+")
_LISTED = re.compile(r"CommaDelimitedList|List<(String|Number|AWS::[A-Za-z0-9:]+)>")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_PATIENCE = 1.0  # seconds for one value; a template's pattern may be endless
HIDDEN = "****"
"""What stands for the value of a parameter with NoEcho, wherever it would be shown."""


@dataclass(frozen=True, slots=True)
class Given:
    """A parameter as a stack has it.

    Attributes:
        text: What was told, or the default.
        value: What a Ref gives: a text or a list of texts.
        hidden: Whether nobody may see it.
        resolved: What Systems Manager holds under *text*; None for a parameter of another type.
    """

    text: str
    value: Json
    hidden: bool = False
    resolved: str | None = None


def resolve(template: Template, told: Mapping[str, str], from_ssm: Callable[[str], str]) -> dict[str, Given]:
    """Return the parameters of *template*.

    Args:
        template: Says which there are.
        told: The values that a call gives, by name.
        from_ssm: Returns the value of a parameter of Systems Manager.

    Raises:
        ValidationError: A value is missing, or not one that the template allows.
    """
    unknown = [name for name in told if name not in template.section("Parameters")]
    if unknown:
        raise ValidationError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    found, missing = {}, []
    for name, says in template.entries("Parameters"):
        kind = _kind(name, says)
        text = told.get(name, _default(says))
        if text is None:
            missing.append(name)
            continue
        _check(name, says, kind, text)
        found[name] = _given(kind, text, from_ssm, hidden=says.get("NoEcho") in (True, "true"))
    if missing:
        raise ValidationError(f"Parameters: [{', '.join(missing)}] must have values")
    return found


def _kind(name: str, says: Mapping[str, Json]) -> str:
    kind = says.get("Type")
    if not isinstance(kind, str):
        raise ValidationError(
            f"Template format error: [/Parameters/{name}] Every Parameters object must contain a Type member."
        )
    inner = _SSM_VALUE.fullmatch(kind)
    if not (_PLAIN.fullmatch(inner[1] if inner else kind) or _LISTED.fullmatch(inner[1] if inner else kind)):
        raise ValidationError(f"Template format error: Unrecognized parameter type: {kind}")
    return kind


def _default(says: Mapping[str, Json]) -> str | None:
    default = says.get("Default")
    if isinstance(default, bool):
        return "true" if default else "false"
    return None if default is None else str(default)


def _given(kind: str, text: str, from_ssm: Callable[[str], str], *, hidden: bool) -> Given:
    inner = _SSM_VALUE.fullmatch(kind)
    if not inner:
        return Given(text, _parts(text) if _LIST.fullmatch(kind) else text, hidden)
    held = from_ssm(text)
    return Given(text, _parts(held) if _LIST.fullmatch(inner[1]) else held, hidden, held)


def _parts(text: str) -> list[Json]:
    return [each.strip() for each in text.split(",")] if text else []


def _check(name: str, says: Mapping[str, Json], kind: str, text: str) -> None:
    each: Sequence[Json] = _parts(text) if _LIST.fullmatch(kind) else [text]
    for value in map(str, each):
        if kind in {"Number", "List<Number>"} and not _NUMBER.fullmatch(value):
            raise _refused(name, says, "must be a number")
        why = _why_not(says, value, number=kind in {"Number", "List<Number>"})
        if why:
            raise _refused(name, says, why)


def _why_not(says: Mapping[str, Json], value: str, *, number: bool) -> str:
    allowed = says.get("AllowedValues")
    if isinstance(allowed, list) and value not in [_default({"Default": each}) for each in allowed]:
        return f"must be one of AllowedValues: {', '.join(map(str, allowed))}"
    pattern = says.get("AllowedPattern")
    if isinstance(pattern, str) and not _fits(pattern, value):
        return f"must match pattern {pattern}"
    size = float(value) if number else len(value)
    kind = "Value" if number else "Length"
    least, most = _limit(says.get(f"Min{kind}")), _limit(says.get(f"Max{kind}"))
    if least is not None and size < least:
        return f"must be at least {says[f'Min{kind}']}" + ("" if number else " characters")
    if most is not None and size > most:
        return f"must be at most {says[f'Max{kind}']}" + ("" if number else " characters")
    return ""


def _fits(pattern: str, value: str) -> bool:
    try:
        return regex.fullmatch(pattern, value, timeout=_PATIENCE, concurrent=True) is not None
    except regex.error as error:
        raise ValidationError(f"Template format error: the pattern {pattern} cannot be read: {error}") from error
    except TimeoutError:
        raise ValidationError(
            f"the embedded cloud gives up on the AllowedPattern {pattern} after {_PATIENCE:g} s; write it without "
            "repetitions inside repetitions"
        ) from None


def _limit(told: Json) -> float | None:
    if told is None:
        return None
    if isinstance(told, (int, float, str)) and _NUMBER.fullmatch(str(told)):
        return float(told)
    raise ValidationError(f"Template format error: {told} is not a number")


def _refused(name: str, says: Mapping[str, Json], why: str) -> ValidationError:
    return ValidationError(f"Parameter '{name}' {says.get('ConstraintDescription') or why}")


def pseudo(account: str, region: str, stack: str, stack_id: str, topics: Sequence[str]) -> dict[str, Json]:
    """Return the pseudo parameters of the stack called *stack*; its *topics* are told of its events."""
    partition = stack_id.split(":")[1]
    return {
        "AWS::AccountId": account,
        "AWS::NotificationARNs": list(topics),
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::StackId": stack_id,
        "AWS::StackName": stack,
        "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
    }


PSEUDO = frozenset({*pseudo("", "", "", "a:aws", ()), "AWS::NoValue"})
"""The names that every template may refer to."""
