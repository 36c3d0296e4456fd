"""The algebra of IAM's glob patterns, exact over every string there is, by running both patterns as automata.

``*`` stands for any run of characters, also colons and slashes, and ``?`` for exactly one. IAM keeps a ``*`` inside its
segment of an ARN, except in the last. So a plain glob matches more than IAM and never less, and what is shown here for
the glob holds for IAM.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache

ARN_SEGMENTS = 6
_WILD = frozenset("*?")
_FRESH = "x0zQ~"  # candidates for a character that no pattern spells, readable ones first


@lru_cache(maxsize=65536)
def literal_prefix(pattern: str) -> str:
    """Return what *pattern* spells before its first wildcard."""
    for i, symbol in enumerate(pattern):
        if symbol in _WILD:
            return pattern[:i]
    return pattern


def is_literal(pattern: str) -> bool:
    """Whether *pattern* stands for itself alone."""
    return _WILD.isdisjoint(pattern)


def complete_arn(pattern: str) -> str:
    """Return *pattern* with the segments that IAM fills in: ``arn:aws:sqs`` means ``arn:aws:sqs:*:*:*``.

    Source: IAM's reference of the Resource element ("if you specify an incomplete ARN, AWS completes it").
    """
    missing = ARN_SEGMENTS - pattern.count(":") - 1
    return pattern + ":*" * missing if pattern.startswith("arn:") and missing > 0 else pattern


def matches(text: str, pattern: str) -> bool:
    """Whether *pattern* matches *text*. A ``*`` in *text* is only a star."""
    states = _close(frozenset({0}), pattern)
    for char in text:
        states = _step(states, char, pattern)
    return len(pattern) in states


def contains(union: tuple[str, ...], pattern: str) -> bool:
    """Whether every string that *pattern* matches is matched by one of *union*."""
    return counterexample(union, pattern) is None


@lru_cache(maxsize=65536)
def counterexample(union: tuple[str, ...], pattern: str) -> str | None:
    """Return a shortest string that *pattern* matches and none of *union* does, or None when there is none."""
    if any(_covers_plainly(whole, pattern) for whole in union):
        return None
    union = tuple(whole for whole in union if _may_meet(whole, pattern))
    fresh = _fresh_char((*union, pattern))
    start = tuple(_close(frozenset({0}), whole) for whole in union)
    queue = deque([(position, start, "") for position in sorted(_close(frozenset({0}), pattern))])
    seen = {(position, states) for position, states, _ in queue}
    while queue:
        position, states, spelt = queue.popleft()
        if position == len(pattern):
            if not any(len(whole) in reached for whole, reached in zip(union, states, strict=True)):
                return spelt
            continue
        if any(_accepts_all(whole, reached) for whole, reached in zip(union, states, strict=True)):
            continue
        for char in _next_chars(pattern[position], union, states, fresh):
            after = tuple(
                _step(reached, char, whole) if reached else reached
                for whole, reached in zip(union, states, strict=True)
            )
            for following in _step(frozenset({position}), char, pattern):
                if (following, after) not in seen:
                    seen.add((following, after))
                    queue.append((following, after, spelt + char))
    return None


@lru_cache(maxsize=65536)
def intersect(one: str, other: str) -> bool:
    """Whether some string is matched by both patterns."""
    pending = [(0, 0)]
    seen = {(0, 0)}
    while pending:
        i, j = pending.pop()
        if i == len(one) and j == len(other):
            return True
        for pair in _moves(one, i, other, j):
            if pair not in seen:
                seen.add(pair)
                pending.append(pair)
    return False


def _moves(one: str, i: int, other: str, j: int) -> list[tuple[int, int]]:
    """Return where two automata can go together from *i* and *j*: past a star, or over one character for both."""
    a = one[i] if i < len(one) else ""
    b = other[j] if j < len(other) else ""
    moves = []
    if a == "*":
        moves.append((i + 1, j))
    if b == "*":
        moves.append((i, j + 1))
    if a and b and (a in _WILD or b in _WILD or a == b):
        moves.append((i if a == "*" else i + 1, j if b == "*" else j + 1))
    return moves


def _close(states: frozenset[int], pattern: str) -> frozenset[int]:
    """Add the states that are reached without reading a character: past every star."""
    reached = set()
    for state in states:
        position = state
        reached.add(position)
        while position < len(pattern) and pattern[position] == "*":
            position += 1
            reached.add(position)
    return frozenset(reached)


def _step(states: frozenset[int], char: str, pattern: str) -> frozenset[int]:
    """Read one character from each of *states*."""
    after = set()
    for state in states:
        symbol = pattern[state] if state < len(pattern) else ""
        if symbol == "*":
            after.add(state)
        elif symbol == "?" or (symbol and symbol == char):
            after.add(state + 1)
    return _close(frozenset(after), pattern)


def _next_chars(symbol: str, union: tuple[str, ...], states: tuple[frozenset[int], ...], fresh: str) -> list[str]:
    """Return the characters to try: the symbol itself; for a wildcard, each one that the union spells, and one more."""
    if symbol not in _WILD:
        return [symbol]
    told_apart = {
        whole[state]
        for whole, reached in zip(union, states, strict=True)
        for state in reached
        if state < len(whole) and whole[state] not in _WILD
    }
    return [fresh, *sorted(told_apart)]


def _accepts_all(pattern: str, states: frozenset[int]) -> bool:
    return any(pattern[state:] == "*" for state in states)


def _covers_plainly(whole: str, pattern: str) -> bool:
    """Whether *whole* is the pattern, or a prefix of it with one star at the end: the usual case, without automata."""
    if whole == pattern:
        return True
    prefix = literal_prefix(whole)
    return whole == prefix + "*" and literal_prefix(pattern).startswith(prefix)


def _may_meet(one: str, other: str) -> bool:
    """Whether both may match one string, as far as what they spell before their wildcards tells."""
    a, b = literal_prefix(one), literal_prefix(other)
    return a.startswith(b) or b.startswith(a)


def _fresh_char(patterns: tuple[str, ...]) -> str:
    spelt = set().union(*patterns)
    code = 0x3B1  # Greek letters follow, for patterns that spell every readable one
    for char in _FRESH:
        if char not in spelt:
            return char
    while chr(code) in spelt:
        code += 1
    return chr(code)
