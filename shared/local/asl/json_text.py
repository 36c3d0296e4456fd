"""Reading JSON that others wrote, and saying what is wrong with it as Jackson does, the reader that AWS has.

Its texts and places are those of its ReaderBasedJsonParser: a place is where the reader stands when it gives up, one
past the character or word that it names.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn

from shared.local.strict_json import no_constant

if TYPE_CHECKING:
    from shared.values import Json

MOST_SHOWN = 500
# How deep arrays and objects may stand in each other: as in Jackson, whose limit AWS was not seen to change.
MAX_NESTING = 1000
TOO_NESTED = f"Document nesting depth exceeds the maximum allowed ({MAX_NESTING})"
_VALUE = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_NOT_FINITE = ("NaN", "Infinity")
_ALLOW = "enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow"
_BLANK = re.compile(r"[ \t\r\n]*")
_WORD = re.compile(r"[\w$]+")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})')


class JsonTextError(ValueError):
    """A text that is no JSON.

    Args:
        what: What is wrong.
        where: The place, as Jackson writes it: ``[Source: (String)"{"; line: 1, column: 2]``.
    """

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{what}\n at {where}")
        self.where = where


def read_json(text: str, *, unique: bool = False) -> Json:
    """Return what the JSON *text* says.

    Args:
        text: The text.
        unique: Whether an object must not have a name twice; else the last counts.

    Raises:
        JsonTextError: It is no JSON, or an object has a name twice.
    """
    try:
        found: Json = (_UNIQUE if unique else _PLAIN_JSON).decode(text)
    except (ValueError, RecursionError):
        reader = _Reader(text, unique=unique)
        try:
            reader.document()
        except RecursionError:
            reader.fail(TOO_NESTED, reader.at)
    if too_nested(found, text):
        _Reader(text, unique=unique).fail(TOO_NESTED, len(text))
    return found


def too_nested(value: Json, text: str) -> bool:
    """Tell whether *value*, which is *text* as JSON, has more than MAX_NESTING arrays and objects in each other."""
    if text.count("[") + text.count("{") <= MAX_NESTING:
        return False
    level: list[Json] = [value]
    depth = 0
    while level and depth <= MAX_NESTING:
        depth += 1
        members = (
            each.values() if isinstance(each, dict) else each for each in level if isinstance(each, (dict, list))
        )
        level = [item for each in members for item in each if isinstance(item, (dict, list))]
    return depth > MAX_NESTING


def _once_each(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name twice")
    return members


# json.loads makes a decoder for each call that is not like all others.
_PLAIN_JSON = json.JSONDecoder(parse_constant=no_constant)
_UNIQUE = json.JSONDecoder(parse_constant=no_constant, object_pairs_hook=_once_each)


class _Reader:
    """Goes through a text that is known to be wrong, up to where it is."""

    def __init__(self, text: str, *, unique: bool) -> None:
        self.text = text
        self.unique = unique
        self.at = 0
        self.depth = 0

    def fail(self, what: str, at: int) -> NoReturn:
        raise JsonTextError(what, self.location(at))

    def location(self, at: int) -> str:
        """Return the place before the character *at*, on the line on which the reader stands."""
        line = self.text.count("\n", 0, self.at) + 1
        column = at - (self.text.rfind("\n", 0, self.at) + 1) + 1
        more = len(self.text) - MOST_SHOWN
        shown = f'"{self.text[:MOST_SHOWN]}"' + (f"[truncated {more} chars]" if more > 0 else "")
        return f"[Source: (String){shown}; line: {line}, column: {column}]"

    def unexpected(self, why: str) -> NoReturn:
        letter = self.text[self.at]
        shown = f"'{letter}' (code {ord(letter)})" if letter >= " " else f"(CTRL-CHAR, code {ord(letter)})"
        self.fail(f"Unexpected character ({shown}): {why}", self.at + 1)

    def blank(self) -> None:
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def ended(self, kind: str, start: int) -> None:
        """Fail if the text ends within the object or array that began at *start*."""
        if self.at >= len(self.text):
            end, self.at = self.at, start
            marker, self.at = f"start marker at {self.location(start)}", end
            self.fail(f"Unexpected end-of-input: expected close marker for {kind} ({marker})", end)

    def document(self) -> NoReturn:
        self.blank()
        if self.at >= len(self.text):
            self.fail("No content to map due to end-of-input", self.at)
        self.value()
        self.blank()
        if self.at < len(self.text):
            self.value()
        self.fail("Trailing token found after value", self.at)

    def value(self) -> None:
        letter = self.text[self.at]
        if letter == "{":
            self.object()
        elif letter == "[":
            self.array()
        elif letter == '"':
            self.string("a String value")
        elif letter == "-" or letter.isdigit():
            self.number()
        else:
            self.word()

    def word(self) -> None:
        match = _WORD.match(self.text, self.at)
        if match is None:
            self.unexpected(f"expected a valid value {_VALUE}")
        if match[0] in _NOT_FINITE:
            self.fail(f"Non-standard token '{match[0]}': {_ALLOW}", match.end())
        if match[0] not in {"null", "true", "false"}:
            self.fail(f"Unrecognized token '{match[0]}': was expecting {_VALUE}", match.end())
        self.at = match.end()

    def number(self) -> None:
        match = _NUMBER.match(self.text, self.at)
        if match is None:
            self.fail("Invalid numeric value: a minus sign is followed by no digit", self.at + 1)
        if match[0] in {"0", "-0"} and self.text[match.end() : match.end() + 1].isdigit():
            self.fail("Invalid numeric value: Leading zeroes not allowed", match.end())
        self.at = match.end()

    def string(self, what: str) -> str:
        start = self.at
        self.at += 1
        while True:
            match = _PLAIN.match(self.text, self.at)
            self.at = match.end() if match else self.at
            if self.at >= len(self.text):
                self.fail(f"Unexpected end-of-input in {what}", self.at)
            letter = self.text[self.at]
            if letter == '"':
                self.at += 1
                return self.text[start + 1 : self.at - 1]
            if letter != "\\":
                what = "string value" if what == "a String value" else "name"
                unquoted = f"Illegal unquoted character ((CTRL-CHAR, code {ord(letter)}))"
                self.fail(f"{unquoted}: has to be escaped using backslash to be included in {what}", self.at + 1)
            escape = _ESCAPE.match(self.text, self.at)
            if escape is None:
                following = self.text[self.at + 1 : self.at + 2]
                shown = f"'{following}' (code {ord(following)})" if following else "end-of-input"
                self.fail(f"Unrecognized character escape {shown}", self.at + 2)
            self.at = escape.end()

    def object(self) -> None:
        start, names = self.at, set()
        self.depth += 1
        self.at += 1
        self.blank()
        self.ended("Object", start)
        while self.text[self.at] != "}":
            if self.text[self.at] != '"':
                self.unexpected("was expecting double-quote to start field name")
            name = self.string("field name")
            if self.unique and name in names:
                self.fail(f"Duplicate field '{name}'", self.at)
            names.add(name)
            self.blank()
            self.ended("Object", start)
            if self.text[self.at] != ":":
                self.unexpected("was expecting a colon to separate field name and value")
            self.at += 1
            self.blank()
            self.ended("Object", start)
            self.value()
            self.separator("Object", "}", start)
        self.at += 1
        self.depth -= 1

    def array(self) -> None:
        start = self.at
        self.depth += 1
        self.at += 1
        self.blank()
        self.ended("Array", start)
        while self.text[self.at] != "]":
            self.value()
            self.separator("Array", "]", start)
        self.at += 1
        self.depth -= 1

    def separator(self, kind: str, end: str, start: int) -> None:
        """Read the comma after an entry and what follows it, or stand before the *end*."""
        self.blank()
        self.ended(kind, start)
        if self.text[self.at] == end:
            return
        if self.text[self.at] != ",":
            self.unexpected(f"was expecting comma to separate {kind} entries")
        self.at += 1
        self.blank()
        self.ended(kind, start)
        if self.text[self.at] == end:
            name = "double-quote to start field name"
            self.unexpected(f"was expecting {name}" if kind == "Object" else f"expected a valid value {_VALUE}")
