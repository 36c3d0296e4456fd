"""Reading a JSON document value by value: an array of any length takes the memory of its largest element."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.values import Json

CLOSING = {"[": "]", "{": "}"}
"""What an array and an object begin with, and what ends them."""
_AFTER = tuple(" \t\n\r,:]}")
_BLANK = re.compile(r"[ \t\n\r]*")
# What decides where a value that is passed over ends: brackets, and strings, which may hold brackets.
_NOTHING_SPECIAL = re.compile(r'[^"\[\]{}]*')
_STRING_PART = re.compile(r'(?:[^"\\]|\\.)*', re.DOTALL)


class BadJsonError(ValueError):
    """What was to be read is no JSON."""


class TooLargeError(BadJsonError):
    """A value is larger than it may be. If that is not *sure*, it may be no JSON instead: its end was not found."""

    def __init__(self, *, sure: bool) -> None:
        super().__init__("a value that is too large" if sure else "not valid JSON, or a value that is too large")
        self.sure = sure


def larger_than(most: int, text: str, start: int, end: int) -> bool:
    """Tell whether this part of *text* has more than *most* bytes."""
    # A character takes four bytes at most. So a text is encoded, to count its bytes, only if it may be too large.
    return (end - start) * 4 > most and len(text[start:end].encode()) > most


class Document:
    """A JSON text that is read from its beginning to its end, once.

    Args:
        chunks: The text, cut anywhere.
        most: The bytes that a value may have.

    Attributes:
        size: How many letters the last value had.
    """

    def __init__(self, chunks: Iterator[str], most: int) -> None:
        self._chunks = chunks
        self._most = most
        self._text = ""
        self._at = self.size = 0
        self._lines = self._counted = 0  # line ends, up to a place in the text
        self._decode = json.JSONDecoder(parse_constant=_no_constant).raw_decode

    def peek(self) -> str:
        """Return the next letter that is no blank, and stay before it; an empty text at the end."""
        while True:
            self._skip(_BLANK)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    @property
    def lines(self) -> int:
        """How many line ends lie before the place where it is."""
        self._count_lines()
        return self._lines

    def names(self) -> Iterator[str | None]:
        """Yield the name of each member before its value, which whoever asks then reads; None in an array."""
        closing = CLOSING[self._take()]
        if self.peek() == closing:
            self._take()
            return
        while True:
            name: str | None = None
            if closing == "}":
                if self.peek() != '"':
                    self._bad()
                name = str(self.value())
                self._expect(":")
            yield name
            if self.peek() == closing:
                self._take()
                return
            self._expect(",")

    def value(self) -> Json:
        """Return the value that begins here.

        Raises:
            BadJsonError: It is none, or it is larger than a value may be.
        """
        if not self.peek():
            self._bad()
        while True:
            value: Json = None
            try:
                value, end = self._decode(self._text, self._at)
            except json.JSONDecodeError:
                end = None
            except RecursionError:
                raise BadJsonError("JSON that is nested too deeply") from None
            # What is read of a number may be only its beginning: it ends where something follows that ends a value.
            if end is not None and self._text[end : end + 1] in _AFTER:
                break
            if len(self._text) - self._at > self._most:
                raise TooLargeError(sure=False)
            if not self._more(len(self._text) - self._at):
                break
        if end is None or self._text[end : end + 1] not in ("", *_AFTER):
            self._bad()
        if larger_than(self._most, self._text, self._at, end):
            raise TooLargeError(sure=True)
        self.size, self._at = end - self._at, end
        return value

    def end(self) -> None:
        """Raise unless nothing but blanks follows."""
        if self.peek():
            self._bad()

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = found.end()

    def _take(self) -> str:
        letter = self.peek()
        self._at += 1
        return letter

    def _expect(self, letter: str) -> None:
        if self._take() != letter:
            self._bad()

    def pass_over(self) -> None:
        """Go to the end of the value that begins here, without keeping it."""
        if self.peek() not in CLOSING and self.peek() != '"':
            self.value()
            return
        closings: list[str] = []
        while True:
            letter = self._take()
            if letter == '"':
                self._pass_string()
            elif letter in CLOSING:
                closings.append(CLOSING[letter])
            elif not letter or (letter in CLOSING.values() and letter != closings.pop()):
                self._bad()
            if not closings:
                return
            self._skip(_NOTHING_SPECIAL)

    def _pass_string(self) -> None:
        while True:
            self._skip(_STRING_PART)
            if self._text[self._at : self._at + 1] == '"':
                self._at += 1
                return
            if not self._more():  # what is left is nothing, or a backslash whose letter is in the next chunk
                self._bad()

    def _more(self, least: int = 1) -> bool:
        """Read at least so many letters more, and drop what was read before; tell whether there were any."""
        parts, size = [self._text[self._at :]], 0
        while size < least:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            parts.append(chunk)
            size += len(chunk)
        if size:
            self._count_lines()
            self._text, self._at, self._counted = "".join(parts), 0, 0
        return size > 0

    def _count_lines(self) -> None:
        """Count the line ends since they were counted last, not all of them for each value again."""
        self._lines += self._text.count("\n", self._counted, self._at)
        self._counted = self._at

    def _bad(self) -> NoReturn:
        raise BadJsonError("not valid JSON")


def _no_constant(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"{name} is no JSON", name, 0)
