"""Why two teams can never share a name: slugs followed by a separator form a prefix code.

Suppose that no slug holds a separator. Take any name that begins with a slug and a separator: the slug is what stands
before the first separator, so a name tells its one team. ``team1-*`` and ``team10-*`` then share no name, and so it is
for every pair of slugs that the rule allows. Two kinds of ARN could still meet, such as ``rule/`` + slug and
``rule/bus-`` + slug; :func:`clashing_heads` looks for those.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

_RULE = re.compile(r"\^?\[(?P<first>[^\]\\^]+)\]\[(?P<rest>[^\]\\^]+)\]\{(?P<least>\d+),(?P<most>\d+)\}\$?")
_LONGEST_TRIED = 4


@dataclass(frozen=True, slots=True)
class SlugRule:
    """Slugs of one character of ``first`` and ``least`` to ``most`` of ``rest``."""

    first: frozenset[str]
    rest: frozenset[str]
    least: int
    most: int

    @property
    def letters(self) -> frozenset[str]:
        """Every character that a slug can hold."""
        return self.first | self.rest

    def allows(self, text: str) -> bool:
        """Whether *text* is a slug."""
        return (
            text[:1] in self.first
            and bool(text)
            and self.least <= len(text) - 1 <= self.most
            and self.rest.issuperset(text[1:])
        )


def parse_rule(pattern: str) -> SlugRule:
    """Read a slug rule of the form ``[a-z][a-z0-9]{1,11}``.

    Raises:
        ValueError: The rule has another form; the lemma is not shown for it.
    """
    found = _RULE.fullmatch(pattern)
    if not found:
        raise ValueError(f"a slug rule of the form [a-z][a-z0-9]{{1,11}} is understood, this is {pattern!r}")
    return SlugRule(_characters(found["first"]), _characters(found["rest"]), int(found["least"]), int(found["most"]))


def separators_inside(rule: SlugRule, separators: tuple[str, ...]) -> list[str]:
    """Return the separators that a slug can hold. If there are none, the slugs form a prefix code."""
    return [separator for separator in separators if separator in rule.letters]


def search_collision(rule: SlugRule, separators: tuple[str, ...]) -> tuple[str, str] | None:
    """Look for two slugs where one, with a separator, begins the other with its separator.

    This tests the lemma without using its argument: it tries every slug of up to four characters, made of two
    characters of each set and every separator.
    """
    alphabet = sorted({*sorted(rule.first)[:2], *sorted(rule.rest)[:2], *separators})
    texts = ["".join(t) for n in range(1, _LONGEST_TRIED + 1) for t in itertools.product(alphabet, repeat=n)]
    slugs = [text for text in texts if rule.allows(text)]
    owned = {slug + separator: slug for slug in slugs for separator in separators}
    for name, slug in owned.items():
        for end in range(1, len(name)):
            other = owned.get(name[:end])
            if other is not None and other != slug:
                return other, slug
    return None


def clashing_heads(
    rule: SlugRule, heads: tuple[tuple[str, str], ...], reserved: frozenset[str] = frozenset()
) -> list[tuple[str, str]]:
    """Return pairs of ARN heads where a name of one team and kind can be a name of another team and kind.

    Args:
        rule: Which slugs there are.
        heads: What stands before the slug in each kind of ARN, and the separator behind it.
        reserved: Slugs that no team may have.
    """
    ends: dict[str, set[str]] = {}
    for head, separator in heads:
        ends.setdefault(head, set()).add(separator)
    return [
        (short, long)
        for short, long in itertools.permutations(sorted(ends), 2)
        if long.startswith(short) and _can_be_slug(long[len(short) :], rule, ends[short], reserved)
    ]


def _can_be_slug(rest: str, rule: SlugRule, ends: set[str], reserved: frozenset[str]) -> bool:
    """Whether *rest* can be read as a slug and a separator. One kind spells it where the other has its slug."""
    run = "".join(itertools.takewhile(rule.letters.__contains__, rest))
    if run == rest:
        return True  # a slug may begin with it and go on: not excluded, so it counts
    return rest[len(run)] in ends and rule.allows(run) and run not in reserved


def _characters(inside: str) -> frozenset[str]:
    """Return what a character class holds, from the text between its brackets."""
    found: set[str] = set()
    i = 0
    while i < len(inside):
        ranged = inside[i + 1 : i + 2] == "-" and i + 2 < len(inside)
        last = inside[i + 2] if ranged else inside[i]
        found.update(chr(code) for code in range(ord(inside[i]), ord(last) + 1))
        i += 3 if ranged else 1
    return frozenset(found)
