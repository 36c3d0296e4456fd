"""How wide a text is where nobody has drawn it yet, and how it is made to fit."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"

# Widths in hundredths of the font's size: the larger of DejaVu Sans and its bold face, one of the widest fonts in use.
_BY_WIDTH = {
    40: " ',./:;IJ\\ijl|",
    50: "!()-[]_`frt",
    60: '"*?csz',
    70: "$0123456789EFLTaekovxy",
    80: "ABCKPRSVXYZbdghnpqu{}",
    90: "#&+<=>DGHNOQU^~",
    100: "@Mw",
    110: "%m",
    120: "W",
}
_WIDTHS = {character: hundredths / 100 for hundredths, characters in _BY_WIDTH.items() for character in characters}
_OTHER, _CAPITAL, _MARKED = (
    1.12,
    1.34,
    0.1,
)  # what is not ASCII; a letter with an accent is this much wider than without
_WIDE, _PICTURE = 1.05, 1.4  # Chinese or the like, emoji
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPACES = re.compile("(?<= )")
_BREAKS = re.compile("(?<=[-_./])|(?<=[a-z])(?=[A-Z])")


def width(text: str, size: float) -> float:
    """Return how wide *text* is at most, in the unit of the font's *size*."""
    return size * sum(_WIDTHS.get(each) or _width(each) for each in text)


def _width(character: str) -> float:
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return _WIDE if unicodedata.category(character).startswith("L") else _PICTURE
    bare = unicodedata.normalize("NFD", character)[0]
    if bare in _WIDTHS:
        return _WIDTHS[bare] + _MARKED
    return _CAPITAL if character.isupper() else _OTHER


def plain(text: str) -> str:
    """Return *text* on one line, with a sign in place of each character that XML cannot hold."""
    return " ".join(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text).split())


def fit(text: str, size: float, room: float) -> str:
    """Return *text*, or as much of it as has *room*, and an ellipsis."""
    if width(text, size) <= room:
        return text
    while text and width(text + ELLIPSIS, size) > room:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def wrap(text: str, size: float, room: float, lines: int) -> list[str]:
    """Return *text* on so many *lines* at most, each with *room*: broken at spaces, within a word if it is too long."""
    found = [""]
    for part in _parts(text, size, room):
        if len(found) == lines or width((found[-1] + part).rstrip(), size) <= room:
            found[-1] += part
        else:
            found.append(part)
    return [fit(line.strip(), size, room) for line in found if line.strip()]


def _parts(text: str, size: float, room: float) -> Iterator[str]:
    """Yield the pieces of *text* between which a line may end, none wider than *room*."""
    for word in _SPACES.split(text):
        for part in [word] if width(word.rstrip(), size) <= room else _BREAKS.split(word):
            while width(part.rstrip(), size) > room:
                fits = next(end for end in range(len(part), 0, -1) if end == 1 or width(part[:end], size) <= room)
                yield part[:fits]
                part = part[fits:]  # noqa: PLW2901
            yield part
