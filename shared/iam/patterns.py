"""One text against one pattern, as IAM matches: ``*`` and ``?``, ARNs segment by segment, policy variables filled in.

The value of a variable is taken letter by letter: a star in a user's name is only a star. Matching takes linear time
for any pattern, so a policy with many stars cannot hold up the cloud.

Source: IAM User Guide, "IAM policy elements: Variables and tags" and "Resource" (read 2026-11-29).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.iam.globs import ARN_SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

Context = dict[str, tuple[str, ...]]
"""What is known of a request: key, in lower case, to its values."""

_VARIABLE = re.compile(r"\$\{(?P<key>[^{},]*?)\s*(?:,\s*'(?P<default>[^']*)'\s*)?\}")
_SPELT = frozenset("*?$")  # ${*}, ${?} and ${$} are these characters themselves


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a pattern's characters. In a ``literal`` one, a star is only a star."""

    text: str
    literal: bool


Pattern = tuple[Piece, ...]


def fold(context: Mapping[str, tuple[str, ...]]) -> Context:
    """Return *context* with its keys in lower case: IAM ignores case in keys, and in names of tags within keys."""
    return {key.lower(): tuple(values) for key, values in context.items()}


def plain(text: str) -> Pattern:
    """Return *text* as a pattern without variables: ``${`` is text in it."""
    return (Piece(text, literal=False),)


def fill(text: str, context: Context) -> Pattern | None:
    """Return *text* with its variables filled in, or None where one stands for nothing.

    A key that is missing stands for its default (``${key, 'default'}``), or for nothing where it has no default. A key
    with several values stands for nothing, and so does a variable that is written wrongly.
    """
    pieces, done = [], 0
    for found in _VARIABLE.finditer(text):
        value = _value(found, context)
        if value is None:
            return None
        pieces += [Piece(text[done : found.start()], literal=False), Piece(value, literal=True)]
        done = found.end()
    rest = text[done:]
    if any("${" in piece.text for piece in pieces if not piece.literal) or "${" in rest:
        return None
    return (*pieces, Piece(rest, literal=False))


def spelt(pattern: Pattern) -> str:
    """Return the characters of *pattern*, its wildcards too."""
    return "".join(piece.text for piece in pattern)


def matches_text(text: str, pattern: Pattern) -> bool:
    """Whether *pattern* matches all of *text*, case and colons included."""
    return _regex(pattern).match(text) is not None


def matches_arn(arn: str, pattern: Pattern) -> bool:
    """Whether *pattern* matches *arn*, segment by segment: only a star in the last of the six matches colons.

    A star alone matches anything. A pattern with fewer segments matches nothing.
    """
    if _is_star(pattern):
        return True
    wanted, have = _segments(pattern), arn.split(":", ARN_SEGMENTS - 1)
    return (
        len(wanted) == len(have) == ARN_SEGMENTS
        and have[0] == "arn"
        and all(matches_text(text, segment) for text, segment in zip(have, wanted, strict=True))
    )


def matches_resource(resource: str, pattern: Pattern) -> bool:
    """Whether a statement's Resource matches the *resource* of a request, ``*`` for an action that takes none.

    IAM completes an ARN that lacks segments with stars.
    """
    segments = _segments(pattern)
    if 1 < len(segments) < ARN_SEGMENTS and spelt(segments[0]) == "arn":
        pattern = (*pattern, Piece(":*" * (ARN_SEGMENTS - len(segments)), literal=False))
    return matches_arn(resource, pattern)


def matches_action(action: str, pattern: str) -> bool:
    """Whether a statement's Action matches ``service:Name``, in any case of letters."""
    return matches_text(action.lower(), plain(pattern.lower()))


def is_arn(pattern: Pattern) -> bool:
    """Whether *pattern* has the segments of an ARN, or is a mere star, which stands for any."""
    return _is_star(pattern) or len(_segments(pattern)) == ARN_SEGMENTS


def _is_star(pattern: Pattern) -> bool:
    return spelt(pattern) == "*" and not any(piece.literal for piece in pattern)


def _value(found: re.Match[str], context: Context) -> str | None:
    key = found["key"].strip()
    if key in _SPELT and found["default"] is None:
        return key
    values = context.get(key.lower(), ())
    return values[0] if len(values) == 1 else found["default"] if not values else None


@lru_cache(maxsize=4096)
def _segments(pattern: Pattern) -> tuple[Pattern, ...]:
    """Split *pattern* at its first five colons. A colon in the value of a variable does not split it."""
    segments: list[list[Piece]] = [[]]
    for piece in pattern:
        if piece.literal:
            segments[-1].append(piece)
            continue
        first, *more = piece.text.split(":", ARN_SEGMENTS - len(segments))
        segments[-1].append(Piece(first, literal=False))
        segments.extend([Piece(text, literal=False)] for text in more)
    return tuple(tuple(segment) for segment in segments)


@lru_cache(maxsize=4096)
def _regex(pattern: Pattern) -> re.Pattern[str]:
    """Compile *pattern*. What stands between two stars is searched once, and its first place is kept (``(?>...)``)."""
    chunks = [""]
    for piece in pattern:
        for symbol in piece.text:
            if symbol == "*" and not piece.literal:
                chunks.append("")
            else:
                chunks[-1] += "." if symbol == "?" and not piece.literal else re.escape(symbol)
    head, *rest = chunks
    if not rest:
        return re.compile(rf"{head}\Z", re.DOTALL)
    middle = "".join(f"(?>.*?{chunk})" for chunk in rest[:-1] if chunk)
    return re.compile(rf"{head}{middle}.*{rest[-1]}\Z", re.DOTALL)
