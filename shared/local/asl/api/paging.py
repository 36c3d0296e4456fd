"""Pages of an answer: a token is the place where the next one begins."""

from __future__ import annotations

from typing import TypeVar

from moto.stepfunctions import exceptions as wrong

Item = TypeVar("Item")


def page(
    items: list[Item], most: int | None, token: str | None, ceiling: int, usual: int
) -> tuple[list[Item], str | None]:
    """Return the page of *items* that begins at *token*, and the next page's token or None.

    Raises:
        InvalidToken: The token is not one of ours.
        ValidationException: *most* is out of bounds.
    """
    if most is not None and not 0 <= int(most) <= ceiling:
        raise wrong.ValidationException(
            f"1 validation error detected: Value '{most}' at 'maxResults' failed to satisfy constraint: "
            f"Member must have value less than or equal to {ceiling}"
        )
    start = place_of(token)
    end = start + (int(most) if most else usual)
    return items[start:end], str(end) if end < len(items) else None


def place_of(token: str | None) -> int:
    """Return the place that *token* stands for, or the beginning when there is no token.

    Raises:
        InvalidToken: It is not one of ours.
    """
    if token and not str(token).isnumeric():
        raise wrong.InvalidToken
    return int(token or 0)
