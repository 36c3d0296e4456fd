"""Reading the text of a JSONPath into its parts, as Jayway's 2.0.0 takes it.

That reading is lenient: within brackets it looks for the first sign of what they may be (``?`` of a filter, ``'`` of
names, a digit, a colon, a minus or ``@`` of indices) and passes over what stands before. A backslash is a letter like
any other, and so is a quote of the other kind.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.local.asl.languages.jsonpath_filter import compile_filter
from shared.local.asl.languages.jsonpath_steps import Filter, FromEnd, Index, Member, Part, Scan, Slice, Wildcard

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.languages.jsonpath_filter import CompiledPath

# What Java's String.trim takes away.
BLANK = "".join(map(chr, range(33)))
_NUMBERS = range(-(2**31), 2**31)
_RUN = re.compile(r"[\d, :-]*")
# Digits, what ends them, and the digits after a colon with what ends those.
_NUMBER = re.compile(r"([\d-]*)(:|,|$)(?:(?<=:)([\d-]*)[,:]?)?")


class PathSyntaxError(ValueError):
    """A JSONPath that does not parse; the message says where."""


def parse(text: str, compile_path: Callable[[str], CompiledPath]) -> list[Part]:
    """Return the parts of *text*, which begins with ``$``.

    Raises:
        PathSyntaxError: *text* is not a JSONPath.
    """
    path = text.strip(BLANK)
    if path[1:2] not in ("", ".", "[") or path.endswith(".."):
        raise PathSyntaxError(f"after $ comes . or [, and .. is no end: {text!r}")
    try:
        return _parts(path, compile_path)
    except (IndexError, ValueError) as error:
        raise PathSyntaxError(f"not a JSONPath: {text!r} ({error})") from None


def _parts(path: str, compile_path: Callable[[str], CompiledPath]) -> list[Part]:
    parts: list[Part] = []
    at = 1
    while at < len(path):
        letter = path[at]
        if letter == " ":
            raise ValueError("a blank outside of brackets")
        if letter == "[":
            end = _after_brackets(path, at)
            parts.append(_brackets(path[at:end], compile_path))
            at = end
        elif letter == "." and path[at + 1] == ".":
            parts.append(Part(Scan, (), definite=False))
            at += 2
        elif letter == "$":  # Jayway goes on from where it is
            at += 1
        elif letter == "*":
            parts.append(Part(Wildcard, (), definite=False))
            at += 1
        else:
            start = at + 1 if letter == "." else at
            at = _after_name(path, start)
            if path[start:at] == "*":
                parts.append(Part(Wildcard, (), definite=False))
            elif at > start:
                parts.append(_names(f"['{path[start:at]}']", 1))
    return parts


def _after_name(path: str, at: int) -> int:
    while at < len(path) and path[at] not in ".[ ":
        at += 1
    return at


def _after_brackets(path: str, at: int) -> int:
    """Return where the bracket that opens at *at* has closed; those in quotes count too."""
    depth = 0
    for place in range(at, len(path)):
        depth += {"[": 1, "]": -1}.get(path[place], 0)
        if depth == 0:
            return place + 1
    return len(path)


def _brackets(inner: str, compile_path: Callable[[str], CompiledPath]) -> Part:
    """Return the part that *inner*, with its brackets, is."""
    if inner == "[*]":
        return Part(Wildcard, (), definite=False)
    for at, letter in enumerate(inner):
        if letter == "?":
            return Part(Filter, (compile_filter(_filter_of(inner), compile_path),), definite=False)
        if letter == "'":
            return _names(inner, at)
        if letter == "@":
            return _from_end(inner, at)
        if letter.isdecimal() or letter in ":-":
            return _numbers(inner, at)
    raise ValueError(f"cannot read {inner}")


def _filter_of(inner: str) -> str:
    """Return the filter that *inner* begins with: up to the bracket that closes outside of quotes and parentheses."""
    parentheses = brackets = 0
    quoted, before = False, ""
    for at, letter in enumerate(inner):
        if letter == "'" and before != "\\":
            quoted = not quoted
        elif not quoted:
            parentheses += {"(": 1, ")": -1}.get(letter, 0)
            brackets += {"[": 1, "]": -1}.get(letter, 0)
            if letter == "]" and parentheses == 0:
                if brackets:
                    break
                return inner[: at + 1]
        before = letter
    raise ValueError(f"the brackets of a filter are not balanced: {inner}")


def _names(inner: str, at: int) -> Part:
    names: list[str] = []
    name: list[str] | None = None
    while inner[at] != "]":
        if inner[at] != "'":
            if name is not None:
                name.append(inner[at])
        elif name is None:
            name = []
        else:
            names.append("".join(name))
            name = None
        at += 1
    return Part(Member, tuple(names), definite=True)


def _from_end(inner: str, at: int) -> Part:
    """Read ``@.length-1`` or ``@.size()-1``, which a parenthesis closes."""
    at += 2
    minus, end = inner.index("-", at), inner.index(")", inner.index("-", at))
    function = inner[at:minus].translate({ord(letter): None for letter in " ()"})
    if function not in {"length", "size"}:
        raise ValueError(f"no function {function}")
    return Part(FromEnd, (_number(inner[minus:end].replace(" ", "")),), definite=True)


def _number(text: str) -> int:
    number = int(text)
    if number not in _NUMBERS or "_" in text:
        raise ValueError(f"no number: {text}")
    return number


def _numbers(inner: str, at: int) -> Part:
    """Read ``1``, ``1,2``, ``1:``, ``:2`` or ``1:2``; what comes after a slice is passed over."""
    run = _RUN.match(inner, at)
    if run is None or run.end() == len(inner):
        raise ValueError(f"no end of {inner}")
    numbers: list[int] = []
    kinds = set()
    for text, sign, after in _NUMBER.findall(run[0].replace(" ", "")):
        if text or sign == ",":
            numbers.append(_number(text))
        if sign and sign != "," and (after or not text):
            numbers.append(_number(after))
        if sign:
            kinds.add("several" if sign == "," else "to" if not text else "between" if after else "from")
    if len(numbers) == 1 and not kinds & {"from", "to"}:
        return Part(Index, (numbers[0],), definite=True)
    if "several" in kinds:
        return Part(Index, tuple(numbers), definite=False)
    if "from" in kinds:
        return Part(Slice, (numbers[0], None), definite=False)
    return Part(Slice, (None, numbers[0]) if "to" in kinds else (numbers[0], numbers[1]), definite=False)
