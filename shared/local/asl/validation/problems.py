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
NOT_EMULATED = "NOT_EMULATED"  # ours: AWS takes what has this problem


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


def not_here(path: str, what: str, fix: str) -> Problem:
    """Return the problem of what AWS does and the embedded cloud does not, so that nobody takes it for AWS's refusal.

    Args:
        path: The JSON path of the place, as of :class:`Problem`.
        what: What is not done, to be read after "the embedded cloud does not": ``read PARQUET files``.
        fix: What to do instead.
    """
    return Problem(NOT_EMULATED, f"The embedded cloud does not {what}, though AWS does: {fix}", path or "/")


class Problems:
    """The problems of one definition, in the order they were found."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, message: str, location: str, code: str = SCHEMA) -> None:
        """Record an error."""
        self.found.append(Problem(code, message, location or "/"))

    def not_here(self, path: str, what: str, fix: str) -> None:
        """Record what AWS does and the embedded cloud does not; as of :func:`not_here`."""
        self.found.append(not_here(path, what, fix))

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
