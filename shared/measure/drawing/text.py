"""How wide a text is where nobody has drawn it yet, and how it is made to fit."""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"

# Widths in hundredths of the font's size: the larger of DejaVu Sans and its bold face, one of the widest fonts in use.
_BY_WIDTH = {
    40: " ',./:;IJ\\ijl|",
    50: "!()-[]_`frt",
    60: '"*?cszF',
    70: "$0123456789ELTaekovxy",
    80: "ABCKPRSVXYZbdghnpqu{}",
    90: "#&+<=>DGHNOQU^~",
    100: "@Mw",
    110: "%m",
    120: "W",
}
_WIDTHS = {character: hundredths / 100 for hundredths, characters in _BY_WIDTH.items() for character in characters}
_OTHER, _WIDE, _PICTURE = 0.95, 1.05, 1.4  # letters of other scripts, Chinese or the like, emoji
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAKS = re.compile(r"(?<=[ \-_./])|(?<=[a-z])(?=[A-Z])")


def width(text: str, size: float) -> float:
    """Return how wide *text* is at most, in the unit of the font's *size*."""
    return size * sum(_WIDTHS.get(each) or _width(each) for each in text)


def _width(character: str) -> float:
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return _WIDE if unicodedata.category(character).startswith("L") else _PICTURE
    return _OTHER


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
    """Return *text* on so many *lines* at most, each with *room*, broken where words or their parts end."""
    found: list[str] = []
    line = ""
    parts = [part for part in _BREAKS.split(text) if part]
    for at, part in enumerate(parts):
        if width((line + part).rstrip(), size) <= room:
            line += part
            continue
        if len(found) == lines - 1 or not line.strip():
            line += "".join(parts[at:])
            break
        found.append(line.rstrip())
        line = part
    while line and len(found) < lines - 1 and width(line, size) > room:
        fits = next(end for end in range(len(line), 0, -1) if end == 1 or width(line[:end], size) <= room)
        found.append(line[:fits])
        line = line[fits:]
    return [*found, fit(line.strip(), size, room)] if line.strip() else found
