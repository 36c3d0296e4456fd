"""What TestState's level TRACE shows of an HTTP Task: the request and the response.

The form is that of the examples in the Step Functions Developer Guide, "Testing state machines with TestState API"
(read 2026-11-30).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shared.local.asl.integrations.http import HttpInvoke
from shared.local.asl.states.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.local.asl.integrations.http import Exchange
    from shared.local.asl.state import State


class HttpTrace:
    """Keeps what an HTTP Task exchanges.

    Args:
        reveal: Whether to show what the connection adds to the request, which is secret.
    """

    def __init__(self, *, reveal: bool) -> None:
        self._reveal = reveal
        self._exchange: Exchange | None = None

    def follow(self, state: State) -> None:
        """Keep what *state* exchanges, if it is an HTTP Task."""
        if isinstance(state, Task) and isinstance(state.calls, HttpInvoke):
            state.calls = state.integration = HttpInvoke(self._keep)

    def _keep(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def shown(self) -> dict[str, object]:
        """Return the request and the response, nothing where there was none."""
        exchange = self._exchange
        if exchange is None:
            return {}
        request = exchange.sent if self._reveal else exchange.shown
        protocol = urlsplit(request.url).scheme
        asked = {
            "protocol": protocol, "method": request.method, "url": request.url,
            "headers": _headers(request.headers.items()), "body": (request.body or b"").decode("utf-8", "replace"),
        }  # fmt: skip
        answer = exchange.answer
        answered = {
            "protocol": protocol, "statusCode": str(answer.status), "statusMessage": answer.reason,
            "headers": _headers((name.lower(), value) for name, value in answer.headers.items()),
            "body": answer.body.decode("utf-8", "replace"),
        }  # fmt: skip
        return {"request": asked, "response": answered}


def _headers(headers: Iterable[tuple[str, str]]) -> str:
    return "[" + ", ".join(f"{name}: {value}" for name, value in headers) + "]"
