"""JSON as a page shows it: without secrets, on lines of its own, and cut where it is long."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from shared.hidden import hide, hide_text
from shared.visible import visible

if TYPE_CHECKING:
    from shared.values import Json

_TEXTS = re.compile(r"<textarea\b.*?</textarea>|>[^<]+", re.DOTALL)
MOST = 20_000
"""Characters that a page shows of one value."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as it is shown: its text, how many bytes it has as it is, and whether there is more of it."""

    text: str
    bytes: int
    cut: bool


@lru_cache(maxsize=128)
def shown(text: str, most: int = MOST) -> Shown:
    """Return the JSON *text*, or any other text, as a page shows it: *most* characters at most."""
    whole = pretty(text)
    return Shown(whole[:most], len(in_bytes(text)), len(whole) > most)


def in_bytes(text: str) -> bytes:
    r"""Return *text* as UTF-8. Half a surrogate pair, which JSON may hold and UTF-8 not, is its escape: ``\ud800``."""
    return text.encode(errors="backslashreplace")


def as_page(html: str) -> bytes:
    """Return *html* as UTF-8, with what its reader would not see or be misled by as escapes, as a terminal has it.

    Only its texts are shown so: attributes, and what stands in a field, are what is sent back.
    """
    if not html.replace("\n", "").replace("\t", "").isprintable():
        html = _TEXTS.sub(lambda part: part[0] if part[0].startswith("<") else visible(part[0]), html)
    return in_bytes(html)


def pretty(text: str) -> str:
    """Return the JSON *text* on lines of its own, without secrets; any other text as it is, without secrets."""
    try:
        value: Json = json.loads(text)
    except ValueError:
        return hide_text(text)
    return json.dumps(hide(value), indent=2, ensure_ascii=False)


def unfolded(value: Json) -> Json:
    """Return *value* with the JSON that its texts hold in place of those texts, as events and payloads have it."""
    if isinstance(value, dict):
        return {key: unfolded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [unfolded(inner) for inner in value]
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return unfolded(json.loads(value))
        except (ValueError, RecursionError):
            return value
    return value
