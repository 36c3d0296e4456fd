"""Regular expressions of JSONata: JavaScript's, run by an engine that gives up in time.

A pattern like ``/(a+)+$/`` may take for ever on a short text, in JavaScript as here. The engine ``regex`` lets other
threads run meanwhile, and stops after a time.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from shared.local.asl.budget import MAX_MATCH_SECONDS, TOO_LONG
from shared.local.asl.errors import QueryFailure
from shared.local.asl.languages.jsonata_values import UNDEFINED, EvaluationError, Function

if TYPE_CHECKING:
    from shared.local.asl.budget import Budget

# What means something else in JavaScript, or nothing: an escape, a bracket, a brace, the end of a line, a group.
_PARTS = re.compile(
    r"(?P<escape>\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|k<\w+>|c[A-Za-z]|.))"
    r"|(?P<times>\{\d+(?:,\d*)?\})|(?P<brace>\{)"
    r"|(?P<group>\(\?(?:[:=!]|<[=!]|<\w+>)?)"
    r"|(?P<open>\[\^?\]?)|(?P<close>\])|(?P<plain>.)",
    re.DOTALL,
)
_DIGITS, _WORD = "0-9", "A-Za-z0-9_"


class Flags(Protocol):
    """The letters behind a pattern, as the parser hands them over."""

    case_insensitive: bool
    multiline: bool


class BadPatternError(ValueError):
    """A regular expression that JavaScript does not take, or that cannot be said here."""


class Regex(Function):
    """A regular expression, which is a function from a text to its first match.

    Args:
        source: The pattern as written.
        flags: Its flags.
    """

    __slots__ = ("pattern", "source")
    arity = 2

    def __init__(self, source: str, flags: Flags) -> None:
        self.source = source
        self.pattern = _compiled(source, flags.case_insensitive, flags.multiline)

    def first(self, text: str, start: int, budget: Budget) -> Any:
        """Return the match of *text* from *start* on, an ``re.Match``, or None.

        Raises:
            QueryFailure: That took too long.
        """
        budget.spend(64)  # a match is not as cheap as a step
        seconds = min(MAX_MATCH_SECONDS, budget.seconds_left())
        if seconds <= 0:
            raise QueryFailure(TOO_LONG, None)
        try:
            return self.pattern.search(text, start, timeout=seconds, concurrent=True)
        except TimeoutError:
            raise QueryFailure(TOO_LONG, None) from None


class Next(Function):
    """Finds the match after one: the ``next`` of a match.

    Args:
        regex: The expression.
        text: What is searched.
        place: Where the match before ended.
    """

    __slots__ = ("place", "regex", "text")

    def __init__(self, regex: Regex, text: str, place: int) -> None:
        self.regex, self.text, self.place = regex, text, place


def first_match(regex: Regex, text: str, start: int, budget: Budget) -> Any:
    """Return the first match of *text* from *start* on, as a JSONata object, or undefined."""
    found = regex.first(text, start, budget)
    if found is None:
        return UNDEFINED
    return {
        "match": found[0],
        "start": found.start(),
        "end": found.end(),
        "groups": [UNDEFINED if group is None else group for group in found.groups()],
        "next": Next(regex, text, found.end()),
    }


def next_match(after: Next, budget: Budget) -> Any:
    """Return the match that follows, or undefined.

    Raises:
        EvaluationError: It is empty: the search would never end.
    """
    if after.place >= len(after.text):
        return UNDEFINED
    found = first_match(after.regex, after.text, after.place, budget)
    if found is not UNDEFINED and found["match"] == "":
        raise EvaluationError("D1004", value=after.regex.source)
    return found


@lru_cache(maxsize=512)
def _compiled(source: str, caseless: bool, lines: bool) -> Any:  # noqa: FBT001  the two flags there are
    import regex

    flags = (regex.IGNORECASE if caseless else 0) | (regex.MULTILINE if lines else 0)
    try:
        return regex.compile(translated(source, lines=lines), flags | regex.VERSION0)
    except regex.error as error:
        raise BadPatternError(f"Invalid regular expression: /{source}/: {error.msg}") from None


def translated(source: str, *, lines: bool = False) -> str:
    """Return JavaScript's pattern *source* as the engine here writes it; *lines* for the flag ``m``.

    Raises:
        BadPatternError: JavaScript has no such pattern.
    """
    out: list[str] = []
    inside = False
    for found in _PARTS.finditer(source):
        part = found[0]
        if found["escape"]:
            out.append(_escape(part, inside=inside))
        elif inside:
            out.append(part if part == "]" else part.replace("[", "\\["))
            inside = part != "]"
        elif found["open"]:
            out.append({"[]": "(?!)", "[^]": r"[\s\S]"}.get(part, part))
            inside = not part.endswith("]")
        elif found["group"] == "(?":
            raise BadPatternError(f"Invalid regular expression: /{source}/: Invalid group")
        else:
            out.append({"{": r"\{", "$": "$" if lines else r"\Z"}.get(part, part))
    return "".join(out)


def _escape(part: str, *, inside: bool) -> str:
    letter = part[1:2]
    if letter in "dw":
        members = _DIGITS if letter == "d" else _WORD
        return members if inside else f"[{members}]"
    if letter in "DW" and not inside:
        return f"[^{_DIGITS if letter == 'D' else _WORD}]"
    if letter == "k":
        return f"(?P={part[3:-1]})"
    if letter == "c":
        return f"\\x{ord(part[2]) % 32:02x}"
    if letter in "DWsSbBnrtfvux0123456789" or not letter.isalpha():
        return part
    return re.escape(letter)  # JavaScript takes an escape that means nothing for the letter
