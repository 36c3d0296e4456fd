"""Pages of an answer. A token tells how many items come before its page, and is good for its own request alone."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from typing import TYPE_CHECKING, TypeVar

from shared.local.asl.refusals import invalid_token

if TYPE_CHECKING:
    from collections.abc import Hashable

Item = TypeVar("Item")
# A request: its operation and what it asks for, without the page.
Scope = tuple[str, ...]

_USUAL = 100
_SECONDS = 24 * 3600  # API reference, nextToken: "Each token expires after 24 hours", read 2026-11-30
_REMEMBERED = 10_000


class Pages:
    """The tokens that were issued: the last so many, each for a day."""

    def __init__(self) -> None:
        # When each was issued, and the last item before its page.
        self._issued: OrderedDict[tuple[Scope, str], tuple[float, Hashable]] = OrderedDict()

    def last(self, scope: Scope, token: str | None, now: float) -> Hashable:
        """Return the last item before the page of *token*, None without a token.

        Raises:
            Refused: InvalidToken: it was not issued to such a request, or is older than a day.
        """
        if token is None:
            return None
        since, last = self._issued.get((scope, token), (-_SECONDS, None))
        if now - since > _SECONDS:
            raise invalid_token()
        return last

    def place(self, scope: Scope, token: str | None, now: float) -> int:
        """Return how many items come before the page of *token*, or 0 when there is no token.

        Raises:
            Refused: InvalidToken.
        """
        self.last(scope, token, now)
        return int((token or "0").partition(".")[0])

    def token(self, scope: Scope, place: int, now: float, last: Hashable = None) -> str:
        """Return a token for the page before which *place* items come.

        Args:
            scope: The request.
            place: How many items come before it.
            now: The time, in seconds since the epoch.
            last: What names the last of them, in a list to which items are added at the front: each such has a token
                of its own.
        """
        token = str(place)
        for other in itertools.count(1):
            if self._issued.get((scope, token), (now, last))[1] == last:
                break
            token = f"{place}.{other}"
        self._issued[scope, token] = now, last
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
