"""Makes visible what a text holds that would steer who shows it. Others wrote much of what is shown: a log, a name.

Line ends and tabs stay.
"""

from __future__ import annotations

import unicodedata

# Controls, formats (bidirectional and zero-width ones, tags), surrogates, the two rare separators of lines.
_STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_PLAIN = "\t\n"


def visible(text: str) -> str:
    r"""Return *text* with escapes (``\x1b``) for characters that a terminal would obey or a reader would not see."""
    if text.isprintable():
        return text
    return "".join(
        each.encode("unicode_escape").decode() if each not in _PLAIN and _steers(each) else each for each in text
    )


def _steers(character: str) -> bool:
    return unicodedata.category(character) in _STEERING
