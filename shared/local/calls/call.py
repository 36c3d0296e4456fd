"""What a request turned out to be: one operation of one service, with its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Value: TypeAlias = "bool | int | float | str | bytes | datetime | list[Value] | dict[str, Value] | None"
"""A parameter, as a client of boto3 gives it."""

CALL = "teamlanes.call"
"""The key of a WSGI environ under which the call is that the request was read as; None if it could not be read."""


class CallNotReadError(LanesError):
    """The request is no known operation, or could be read as two. Nothing may act on it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an AWS operation.

    Attributes:
        service: botocore's name of the service (``stepfunctions``).
        operation: AWS's name of the operation (``StartExecution``).
        parameters: The members of the operation's input by their names in botocore's model, as a client of boto3 gives
            them. Each is read from the request when it is first asked for, so a body that nobody asks for is never
            parsed.
        region: The region that the caller signed for.
    """

    service: str
    operation: str
    parameters: Mapping[str, Value]
    region: str

    def __str__(self) -> str:
        """Return ``service:operation``, as messages name it."""
        return f"{self.service}:{self.operation}"
