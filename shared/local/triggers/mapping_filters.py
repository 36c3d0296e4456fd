"""Filters of event source mappings: which messages and records a function is given.

A filter is an event pattern of what a record holds. The body of a message, and the data of a record of Kinesis, are
seen as JSON where they are a JSON object, else as text.

Source: AWS Lambda Developer Guide, "Control which events Lambda sends to your function" (in mind, not read again). The
words of the refusal are those that LocalStack recorded on AWS, from memory.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import InvalidParameterValueException

from shared.local.strict_json import read_strict
from shared.local.triggers.event_patterns import Pattern, PatternError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.values import Json


def filters_of(criteria: Mapping[str, Any] | None) -> Callable[[Json], bool]:
    """Return what says whether one of the filters in *criteria* asks for a record; all do if there are none.

    Raises:
        InvalidParameterValueException: AWS refuses them.
    """
    try:
        patterns = [Pattern(each["Pattern"]) for each in (criteria or {}).get("Filters") or () if each.get("Pattern")]
    except PatternError as error:
        raise InvalidParameterValueException(f"Invalid filter pattern definition. {error}") from error
    if not patterns:
        return lambda _: True
    return lambda record: any(pattern.matches(record) for pattern in patterns)


def seen_of_message(record: dict[str, Json]) -> Json:
    """Return what filters see of the record of a message."""
    return record | {"body": _object_or_text(str(record["body"]))}


def seen_of_kinesis(kinesis: dict[str, Json]) -> Json:
    """Return what filters see of the ``kinesis`` part of a record."""
    data = base64.b64decode(str(kinesis["data"]))
    return kinesis | {"data": _object_or_text(data.decode(errors="replace"))}


def _object_or_text(text: str) -> Json:
    try:
        read = read_strict(text)
    except ValueError:
        return text
    return read if isinstance(read, dict) else text
