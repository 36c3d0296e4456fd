"""Filter patterns of CloudWatch Logs: which messages match.

Done are terms (``ERROR``, ``"two words"``, ``?either``, ``-without``, ``%expression%``) and JSON patterns
(``{ $.a = 1 }``) with ``&&``, ``||`` and parentheses. Patterns of space-delimited fields (``[ip, user, ...]``) are
refused by name.

Source: Amazon CloudWatch Logs User Guide, "Filter pattern syntax" (read 2026-11-30). What it leaves open: a term is
found anywhere in a message, with case; a regular expression is one of Python's.
"""

from __future__ import annotations

import fnmatch
import functools
import json
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.values import Json

    Matches = Callable[[str], bool]
    Test = Callable[[Json], bool]

_TERM = re.compile(r'\s*([?-]?)(?:"((?:\\.|[^"\\])*)"|%([^%]+)%|([^\s"]+))')
_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>\(|\)|&&|\|\|)|(?P<operator><=|>=|!=|=|<|>)|"(?P<quoted>(?:\\.|[^"\\])*)"|%(?P<regex>[^%]+)%"""
    r"""|(?P<path>\$(?:\.[A-Za-z0-9_\-:/@]+|\[(?:\d+|\*|"[^"]+"|'[^']+')\])+)|(?P<word>[^\s()=<>!&|"]+))"""
)
_STEP = re.compile(r"""\.([A-Za-z0-9_\-:/@]+)|\[(\d+|\*)\]|\[["']([^"']+)["']\]""")
_MISSING = object()


class BadPatternError(Exception):
    """A filter pattern is wrong, or of a kind that is not done here. Its text is for a person."""


class Pattern(NamedTuple):
    """A filter pattern.

    Attributes:
        matches: Tells whether a message matches.
        where: The same as a condition of SQL, by which the database looks, with ``{}`` for the column of the message;
            empty where SQL cannot tell.
        values: Its values.
    """

    matches: Matches
    where: str = ""
    values: tuple[bytes, ...] = ()


@functools.lru_cache(maxsize=256)
def compiled(pattern: str) -> Pattern:
    """Read a filter *pattern*; each message matches an empty one.

    Raises:
        BadPatternError: The pattern is wrong, or of a kind that is not done here.
    """
    text = pattern.strip()
    if text.startswith("["):
        raise BadPatternError(
            "the embedded cloud does not do patterns of space-delimited fields: use terms or { $.json }"
        )
    if text.startswith("{"):
        return Pattern(_of_json(text))
    return _of_terms(text)


class _Term(NamedTuple):
    """A term: a text (as bytes) to look for, or else an expression."""

    text: bytes
    matches: Matches


def _of_terms(text: str) -> Pattern:
    needed: list[_Term] = []
    optional: list[_Term] = []
    unwanted: list[_Term] = []
    kinds = {"": needed, "?": optional, "-": unwanted}
    at = 0
    while at < len(text):
        found = _TERM.match(text, at)
        if not found:
            raise BadPatternError("Invalid filter pattern")
        sign, quoted, expression, plain = found.groups()
        kinds[sign].append(_term(expression, "" if expression else _plain(quoted, plain)))
        at = found.end()
    if optional and needed:
        optional.clear()  # "?" is ignored beside terms that must be there

    def matches(message: str) -> bool:
        return (
            all(term.matches(message) for term in needed)
            and not any(term.matches(message) for term in unwanted)
            and (not optional or any(term.matches(message) for term in optional))
        )

    terms = [*needed, *unwanted, *optional]
    if not all(term.text for term in terms):
        return Pattern(matches)
    parts = ["instr({}, ?) > 0"] * len(needed) + ["instr({}, ?) = 0"] * len(unwanted)
    parts += [f"({' OR '.join(['instr({}, ?) > 0'] * len(optional))})"] if optional else []
    return Pattern(matches, " AND ".join(parts), tuple(term.text for term in terms))


def _term(expression: str | None, text: str) -> _Term:
    if expression:
        return _Term(b"", _searching(expression))
    return _Term(text.encode(), lambda message: text in message)


def _plain(quoted: str | None, plain: str) -> str:
    return plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)


def _searching(expression: str) -> Matches:
    try:
        found = re.compile(expression).search
    except re.error as error:
        raise BadPatternError(f"Invalid regular expression in the filter pattern: {error}") from None
    return lambda message: found(message) is not None


class _Token(NamedTuple):
    kind: str
    text: str


def _of_json(text: str) -> Matches:
    if not text.endswith("}"):
        raise BadPatternError("Invalid filter pattern: a JSON pattern ends in }")
    tokens = list(_tokens(text[1:-1]))
    test = _Reader(tokens).whole()

    def matches(message: str) -> bool:
        try:
            said: Json = json.loads(message)
        except ValueError:
            return False
        return isinstance(said, (dict, list)) and test(said)

    return matches


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if not found or found.lastgroup is None:
            raise BadPatternError(f"Invalid filter pattern at {text[at:].strip()!r}")
        yield _Token(found.lastgroup, found[found.lastgroup])
        at = found.end()


class _Reader:
    """Reads a JSON pattern, from left to right; ``&&`` binds closer than ``||``."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def whole(self) -> Test:
        test = self._either()
        if self._at < len(self._tokens):
            raise BadPatternError(f"Invalid filter pattern at {self._tokens[self._at].text!r}")
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._takes("||"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda said: any(test(said) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._takes("&&"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda said: all(test(said) for test in tests)

    def _one(self) -> Test:
        if self._takes("("):
            test = self._either()
            if not self._takes(")"):
                raise BadPatternError("Invalid filter pattern: a ) is missing")
            return test
        path = self._next("path")
        steps = tuple(_steps(path.text))
        told = self._next("operator", "word")
        if told.kind == "word":
            return _stating(steps, self._statement(told.text))
        return _comparing(steps, told.text, self._next("quoted", "regex", "word"))

    def _statement(self, first: str) -> str:
        words = first.upper()
        return words if words == "EXISTS" else f"{words} {self._next('word').text.upper()}"

    def _takes(self, mark: str) -> bool:
        there = self._at < len(self._tokens) and self._tokens[self._at] == _Token("mark", mark)
        self._at += there
        return there

    def _next(self, *kinds: str) -> _Token:
        if self._at >= len(self._tokens) or self._tokens[self._at].kind not in kinds:
            raise BadPatternError(f"Invalid filter pattern: it lacks a {' or '.join(kinds)}")
        self._at += 1
        return self._tokens[self._at - 1]


def _steps(path: str) -> Iterator[str | int]:
    for name, index, quoted in _STEP.findall(path[1:]):
        yield int(index) if index.isdigit() else index or name or quoted


def _values(said: object, steps: tuple[str | int, ...]) -> Iterator[object]:
    """Yield what is at *steps* in *said*, of each element where a step is ``*``; _MISSING where nothing is."""
    if not steps:
        yield said
        return
    step, *rest = steps
    if step == "*" and isinstance(said, list):
        for each in said:
            yield from _values(each, tuple(rest))
    elif isinstance(step, int):
        there = isinstance(said, list) and step < len(said)
        yield from _values(said[step], tuple(rest)) if isinstance(said, list) and there else (_MISSING,)
    elif isinstance(said, dict) and step in said:
        yield from _values(said[step], tuple(rest))
    else:
        yield _MISSING


_STATEMENTS: dict[str, Callable[[object], bool]] = {
    "EXISTS": lambda value: value is not _MISSING,
    "NOT EXISTS": lambda value: value is _MISSING,
    "IS NULL": lambda value: value is None,
    "IS TRUE": lambda value: value is True,
    "IS FALSE": lambda value: value is False,
}


def _stating(steps: tuple[str | int, ...], statement: str) -> Test:
    holds = _STATEMENTS.get(statement)
    if holds is None:
        raise BadPatternError(f"Invalid filter pattern: {statement} is none of {', '.join(_STATEMENTS)}")
    return lambda said: any(holds(value) for value in _values(said, steps))


_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    "<": lambda value, wanted: value < wanted,
    ">": lambda value, wanted: value > wanted,
    "<=": lambda value, wanted: value <= wanted,
    ">=": lambda value, wanted: value >= wanted,
}


def _comparing(steps: tuple[str | int, ...], operator: str, wanted: _Token) -> Test:
    number = _number(wanted.text) if wanted.kind == "word" else None
    if number is not None:
        holds = _ORDERS[operator]
        return lambda said: any(
            isinstance(value, (int, float)) and not isinstance(value, bool) and holds(value, number)
            for value in _values(said, steps)
        )
    if operator not in ("=", "!="):
        raise BadPatternError(f"Invalid filter pattern: {operator} compares numbers, and {wanted.text!r} is none")
    alike = _alike(wanted)
    equal = operator == "="
    return lambda said: any(value is not _MISSING and alike(value) == equal for value in _values(said, steps))


def _alike(wanted: _Token) -> Callable[[object], bool]:
    """Return what tells whether a value is the text *wanted*, in which ``*`` stands for anything."""
    if wanted.kind == "regex":
        found = _searching(wanted.text)
        return lambda value: isinstance(value, str) and found(value)
    text = _plain(wanted.text if wanted.kind == "quoted" else None, wanted.text)
    if "*" not in text:
        return lambda value: value == text
    whole = re.compile(fnmatch.translate(text.replace("[", "[[]").replace("?", "[?]"))).match
    return lambda value: isinstance(value, str) and whole(value) is not None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
