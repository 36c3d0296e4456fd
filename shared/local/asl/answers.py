"""What a state is told instead of calling: a result, an error, or nothing, at once or after a time.

TestState's ``mock`` and the mocks of tests are these values; :mod:`shared.local.asl.mocked` has a task answered with
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Returned:
    """The state's call ends well.

    Attributes:
        value: The whole result, as a state's ``ResultSelector`` sees it: for lambda:invoke an object with Payload. For
            a task that waits for its token, the output of SendTaskSuccess.
        after: How long the call takes, in seconds.
        heartbeat: The seconds between two signs of life meanwhile, None for none; only tasks with a token give any.
    """

    value: Json
    after: float = 0.0
    heartbeat: float | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """The state's call fails.

    Attributes:
        error: The error's name, as Retry and Catch match it.
        cause: What AWS shows beside it; None for nothing.
        after: How long the call takes, in seconds.
        heartbeat: As of :class:`Returned`.
    """

    error: str | None
    cause: str | None = None
    after: float = 0.0
    heartbeat: float | None = None


@dataclass(frozen=True, slots=True)
class Silent:
    """The call never ends by itself: HeartbeatSeconds, TimeoutSeconds or the machine's own timeout ends it."""


@dataclass(frozen=True, slots=True)
class Real:
    """No mock this time: what the definition names is called."""


Answer: TypeAlias = Returned | Raised | Silent | Real

STRICT, PRESENT, NONE = "STRICT", "PRESENT", "NONE"
"""How a result is held to the API's model: whole, as far as its fields are there, or not at all."""
