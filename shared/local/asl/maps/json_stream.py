"""Reading a JSON document value by value: an array of any length takes the memory of its largest element."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn

from shared.local.asl.maps.items import ITEM_BYTES, UnreadableError, too_large

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.values import Json

_AFTER = tuple(" \t\n\r,:]}")
_CLOSING = {"[": "]", "{": "}"}
_BLANK = re.compile(r"[ \t\n\r]*")
# What decides where a value that is passed over ends: brackets, and strings, which may hold brackets.
_NOTHING_SPECIAL = re.compile(r'[^"\[\]{}]*')
_STRING_PART = re.compile(r'(?:[^"\\]|\\.)*', re.DOTALL)


def elements(chunks: Iterator[str], pointer: str | None) -> Iterator[tuple[str | None, Json, int]]:
    """Yield the elements of an array, or the members of an object: name (None in an array), value, size in letters.

    Args:
        chunks: The document's text, cut anywhere.
        pointer: Where in it, a JSON pointer (RFC 6901). None for the whole, which must be an array.

    Raises:
        UnreadableError: It is no JSON, nothing is there, what is there has no elements, or one of them is too large.
    """
    document = _Document(chunks)
    keys = [key.replace("~1", "/").replace("~0", "~") for key in (pointer or "").split("/")[1:]]
    for key in keys:
        document.enter(key)
    opening = document.peek()
    if opening == "[" or (opening == "{" and pointer is not None):
        yield from document.members()
    else:
        if opening != "{":
            document.value()  # says what is wrong if it is no JSON at all
        raise UnreadableError("Attempting to map over non-iterable node.")
    if not keys:
        document.end()


class _Document:
    """A JSON text that is read from its beginning to its end, once."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self._text = ""
        self._at = self._size = 0  # where it is, and how large the last value was
        self._decode = json.JSONDecoder(parse_constant=_no_constant).raw_decode

    def peek(self) -> str:
        """Return the next letter that is no blank, and stay before it; an empty text at the end."""
        while True:
            self._skip(_BLANK)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def members(self) -> Iterator[tuple[str | None, Json, int]]:
        """Yield the elements or members of the array or object that begins here, and pass its end."""
        for name in self._names():
            value = self.value()
            yield name, value, self._size

    def enter(self, key: str) -> None:
        """Go to where the element or member *key* of the array or object that begins here begins.

        Raises:
            UnreadableError: There is none.
        """
        if self.peek() not in _CLOSING:
            raise UnreadableError(f"ItemsPointer leads to nothing: '{key}' is not in an array or object.")
        for index, name in enumerate(self._names()):
            if key == (str(index) if name is None else name):
                return
            self._pass_over()
        raise UnreadableError(f"ItemsPointer leads to nothing: there is no '{key}'.")

    def _names(self) -> Iterator[str | None]:
        """Yield the name of each member before its value, which whoever asks then reads; None in an array."""
        closing = _CLOSING[self._take()]
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
            UnreadableError: It is none, or it is larger than an item may be.
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
                raise UnreadableError("The object holds JSON that is nested too deeply.") from None
            # What is read of a number may be only its beginning: it ends where something follows that ends a value.
            if end is not None and self._text[end : end + 1] in _AFTER:
                break
            if len(self._text) - self._at > ITEM_BYTES:
                raise UnreadableError(
                    f"The object is not valid JSON, or an item in it is larger than {ITEM_BYTES} bytes."
                )
            if not self._more(len(self._text) - self._at):
                break
        if end is None or self._text[end : end + 1] not in ("", *_AFTER):
            self._bad()
        if too_large(self._text, self._at, end):
            raise UnreadableError(f"An item is larger than {ITEM_BYTES} bytes.")
        self._size, self._at = end - self._at, end
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

    def _pass_over(self) -> None:
        """Go to the end of the value that begins here, without keeping it."""
        if self.peek() not in _CLOSING and self.peek() != '"':
            self.value()
            return
        closings: list[str] = []
        while True:
            letter = self._take()
            if letter == '"':
                self._pass_string()
            elif letter in _CLOSING:
                closings.append(_CLOSING[letter])
            elif not letter or (letter in _CLOSING.values() and letter != closings.pop()):
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
            self._text, self._at = "".join(parts), 0
        return size > 0

    def _bad(self) -> NoReturn:
        raise UnreadableError("The object is not valid JSON.")


def _no_constant(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"{name} is no JSON", name, 0)
