"""The parameters of a page's address: what they say, and addresses that have some."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from shared.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 10**9 - 1


def whole_number(given: Mapping[str, str], name: str, least: int = 0, most: int = MOST) -> int | None:
    """Return the whole number that the parameter called *name* is; None where it is not given, or empty.

    Args:
        given: The parameters, by name.
        name: Which one.
        least: The least that it may be.
        most: The most that it may be.

    Raises:
        UsageError: It is no number from *least* to *most*.
    """
    text = given.get(name, "").strip()
    if not text:
        return None
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(most))  # int() takes 4,300 digits at the most
    if not digits or not least <= int(text) <= most:
        raise UsageError(
            f"{name} is {text[:40]!r}, and must be a whole number from {least:,} to {most:,}",
            fix="give another, or leave it out",
        )
    return int(text)


def query(given: Mapping[str, object]) -> str:
    """Return the end of an address with the parameters *given*; those that are empty or None are left out."""
    told = {name: value for name, value in given.items() if value not in {"", None}}
    return f"?{urlencode(told)}" if told else ""
