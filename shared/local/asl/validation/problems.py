"""A problem in a definition, and the list that gathers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard, TypeVar

Kind = TypeVar("Kind")

SCHEMA = "SCHEMA_VALIDATION_FAILED"
TARGET = "MISSING_TRANSITION_TARGET"
ENDLESS = "MISSING_END_STATE"
DUPLICATE = "DUPLICATE_STATE_NAME"
NOT_JSON = "INVALID_JSON_DESCRIPTION"


@dataclass(frozen=True)
class Problem:
    """One problem.

    Attributes:
        code: AWS's name for its kind.
        message: What is wrong.
        location: The JSON path of the place, ``/States/A/Next``; None for what is wrong with all of it.
    """

    code: str
    message: str
    location: str | None

    def __str__(self) -> str:
        return f"{self.code}: {self.message} at {self.location or 'null'}"


class Problems:
    """The problems of one definition, in the order they were found."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, message: str, location: str, code: str = SCHEMA) -> None:
        """Record an error."""
        self.found.append(Problem(code, message, location or "/"))

    def add_endless(self) -> None:
        """Record that nothing ends the machine, which has no place."""
        self.found.append(Problem(ENDLESS, "Workflow has no terminal state", None))

    def is_a(
        self, value: object, kind: type[Kind] | tuple[type[Kind], ...], wanted: str, location: str
    ) -> TypeGuard[Kind]:
        """Tell whether *value* is of this *kind*, or of one of them; if not, record that it should be *wanted*."""
        if isinstance(value, kind) and (not isinstance(value, bool) or kind is bool):
            return True
        self.add(f"Expected value of type {wanted}", location)
        return False
