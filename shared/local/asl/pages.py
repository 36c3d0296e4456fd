"""Pages of an answer. A token is the place where the next one begins, good for the request that it was issued to."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

from shared.local.asl.refusals import invalid_token

Item = TypeVar("Item")
# A request: its operation and what it asks for, without the page.
Scope = tuple[str, ...]

_USUAL = 100
_SECONDS = 24 * 3600  # API reference, nextToken: "Each token expires after 24 hours", read 2026-11-30
_REMEMBERED = 10_000


class Pages:
    """The tokens that were issued: the last so many, each for a day."""

    def __init__(self) -> None:
        self._issued: OrderedDict[tuple[Scope, str], float] = OrderedDict()

    def check(self, scope: Scope, token: str | None, now: float) -> None:
        """Check *token*, if there is one.

        Raises:
            Refused: InvalidToken: it was not issued to such a request, or is older than a day.
        """
        if token is None:
            return
        since = self._issued.get((scope, token))
        if since is None or now - since > _SECONDS:
            raise invalid_token()

    def place(self, scope: Scope, token: str | None, now: float) -> int:
        """Return the place that *token* stands for, or the beginning when there is no token.

        Raises:
            Refused: InvalidToken.
        """
        self.check(scope, token, now)
        return int(token or 0)

    def token(self, scope: Scope, place: object, now: float) -> str:
        """Return a token for *place* of the answer to a request: how many come before it, or whatever names it."""
        token = str(place)
        self._issued[scope, token] = now
        self._issued.move_to_end((scope, token))
        while len(self._issued) > _REMEMBERED:
            self._issued.popitem(last=False)
        return token

    def page(
        self, scope: Scope, items: list[Item], most: int | None, token: str | None, now: float
    ) -> tuple[list[Item], dict[str, str]]:
        """Return the page of *items* that begins at *token*, *most* of them (100 for 0 or None), and what leads on.

        Raises:
            Refused: InvalidToken.
        """
        start = self.place(scope, token, now)
        end = start + (most or _USUAL)
        return items[start:end], {"nextToken": self.token(scope, end, now)} if end < len(items) else {}
