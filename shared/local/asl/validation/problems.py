"""A problem in a definition, and the list that gathers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

Kind = TypeVar("Kind")

SCHEMA = "SCHEMA_VALIDATION_FAILED"
TARGET = "MISSING_TRANSITION_TARGET"
ENDLESS = "MISSING_END_STATE"
DUPLICATE = "DUPLICATE_STATE_NAME"
NOT_JSON = "INVALID_JSON_DESCRIPTION"
EMPTY = "MISSING_DESCRIPTION"
NAME = "INVALID_STATE_NAME"
NESTED = "TOO_DEEPLY_NESTED"
NOT_EMULATED = "NOT_EMULATED"  # ours: AWS takes what has this problem


@dataclass(frozen=True)
class Problem:
    """One problem.

    Attributes:
        code: AWS's name for its kind, or NOT_EMULATED.
        message: What is wrong.
        location: The JSON path of the place, ``/States/A/Next``; None for what is wrong with all of it.
        field: The member there that is at fault, where AWS names it in the message alone; "" for none.
    """

    code: str
    message: str
    location: str | None
    field: str = ""

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

    def add(self, message: str, location: str, code: str = SCHEMA, field: str = "") -> None:
        """Record an error."""
        self.found.append(Problem(code, message, location or "/", field))

    def require(self, spec: Mapping[str, object], names: Sequence[str], location: str) -> bool:
        """Tell whether *spec* has all *names*; if not, record which are missing."""
        missing = [name for name in names if name not in spec]
        if missing:
            self.add(f"These fields are required: [{', '.join(missing)}]", location)
        return not missing

    def only(self, spec: Mapping[str, object], names: Collection[str], location: str) -> None:
        """Record each member of *spec* that is none of *names*."""
        for name in spec:
            if name not in names:
                self.add(f"Field '{name}' is not supported", location, field=name)

    def at_most_one(self, spec: Mapping[str, object], names: Sequence[str], location: str) -> None:
        """Record it if *spec* has several of *names*."""
        if sum(name in spec for name in names) > 1:
            self.add(f"There should only be one of the following fields: [{', '.join(names)}]", location)

    def is_one_of(self, spec: Mapping[str, object], name: str, values: Sequence[str], location: str) -> None:
        """Record it if *spec* has another *name* than one of *values*."""
        if name in spec and spec[name] not in values:
            known = ", ".join(values)
            self.add(f"The field '{name}' should have one of these values: [{known}]", f"{location}/{name}")

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
