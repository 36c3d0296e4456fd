"""What one call of a Task is answered with, as recordings and MockConfigFiles say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: a result, or an error.

    Attributes:
        result: What the call gives back; None where it fails.
        error: The error's name; None where it succeeds.
        cause: What the error says; None where it succeeds.
    """

    result: Json = None
    error: str | None = None
    cause: str | None = None
