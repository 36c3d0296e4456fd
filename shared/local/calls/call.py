"""What a request turned out to be: one operation of one service, with its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Mapping


CALL = "teamlanes.call"
"""Where a request's WSGI environ carries the call that it was read as, None for one that could not be read."""


class CallNotReadError(LanesError):
    """The request is no known operation, or could be read as two; nothing may act on it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an AWS operation.

    ``service`` is botocore's name of it (``stepfunctions``) and ``operation`` AWS's (``StartExecution``).
    ``parameters`` are as a client of boto3 gives them: the members of the operation's input by their model's names.
    Each is read from the request when first asked for, so a body that nobody asks about is never parsed.
    ``region`` is the one that the caller signed for.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any]
    region: str

    def __str__(self) -> str:
        """Return ``service:operation``, as messages name it."""
        return f"{self.service}:{self.operation}"
