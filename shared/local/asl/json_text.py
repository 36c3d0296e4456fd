"""Reading JSON text that a request gives, and saying what is wrong with it as AWS's reader does.

Source: the recorded answer of ValidateStateMachineDefinition to a text that is no definition; the rest are the words of
the same reader (Jackson) for the same places.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Never

if TYPE_CHECKING:
    from shared.values import Json

_EXPECTED = "was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_VALUE = "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_NUMBERS = "enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow"
_WORD = re.compile(r"[^\W\d]\w*")


class JsonTextError(ValueError):
    """Text that is not JSON.

    Attributes:
        where: The place, in the words of AWS's reader.
    """

    def __init__(self, why: str, where: str) -> None:
        super().__init__(f"{why}\n at {where}")
        self.where = where


def read_json(text: str) -> Json:
    """Return the value of *text*.

    Raises:
        JsonTextError: It is not JSON, or nested deeper than can be read.
    """
    try:
        value: Json = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _told(text, error.pos) from error
    except _ConstantError as error:
        name = str(error)
        where = _place(text, text.find(name) + len(name))
        raise JsonTextError(f"Non-standard token '{name}': {_NUMBERS}", where) from error
    except (ValueError, RecursionError) as error:  # a number with thousands of digits, or arrays in arrays
        raise JsonTextError("The value cannot be read", _place(text, 0)) from error
    return value


class _ConstantError(ValueError):
    """NaN or Infinity, which are not JSON."""


def _no_constant(name: str) -> Never:
    raise _ConstantError(name)


def _told(text: str, position: int) -> JsonTextError:
    rest = text[position:].lstrip()
    position = len(text) - len(rest)
    if not rest:
        return JsonTextError("Unexpected end-of-input", _place(text, len(text)))
    word = _WORD.match(rest)
    if word:
        return JsonTextError(f"Unrecognized token '{word[0]}': {_EXPECTED}", _place(text, position + len(word[0])))
    what = f"Unexpected character ('{rest[0]}' (code {ord(rest[0])})): {_VALUE}"
    return JsonTextError(what, _place(text, position))


def _place(text: str, position: int) -> str:
    before = text[:position]
    column = position - before.rfind("\n")
    return f'[Source: (String)"{text}"; line: {before.count(chr(10)) + 1}, column: {column}]'
