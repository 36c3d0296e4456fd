"""What a policy is made of. Pure data: statements that allow, policies of them, and who may take a role.

There is no Deny here, so isolation never depends on one. :mod:`shared.iam.statements` reads policies; this writes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.values import Json

Conditions = Mapping[str, Mapping[str, str | tuple[str, ...]]]
"""IAM's own shape: operator -> key -> value or values."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One Allow."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions = field(default_factory=dict)

    def document(self) -> dict[str, Json]:
        """Return the statement as IAM's JSON."""
        document: dict[str, Json] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": list(self.resources),
        }
        if self.conditions:
            document["Condition"] = _condition(self.conditions)
        return document


@dataclass(frozen=True, slots=True)
class Policy:
    """An ordered set of statements."""

    statements: tuple[Statement, ...]

    def document(self) -> dict[str, Json]:
        """Return the policy as IAM's JSON."""
        return {"Version": "2012-10-17", "Statement": [statement.document() for statement in self.statements]}


@dataclass(frozen=True, slots=True)
class Trust:
    """Who may take a role, as far as ``conditions`` let them. ``principal`` is IAM's own shape: kind -> who.

    ``action`` is how they take it, and ``others`` are further ones who may.
    """

    principal: Mapping[str, str]
    conditions: Conditions = field(default_factory=dict)
    sid: str = ""
    action: str = "sts:AssumeRole"
    others: tuple[Trust, ...] = ()

    def document(self) -> dict[str, Json]:
        """Return the trust policy as IAM's JSON."""
        return {"Version": "2012-10-17", "Statement": [each.statement() for each in (self, *self.others)]}

    def statement(self) -> dict[str, Json]:
        """Return its own statement, without the others'."""
        statement: dict[str, Json] = {
            **({"Sid": self.sid} if self.sid else {}),
            "Effect": "Allow",
            "Principal": dict(self.principal),
            "Action": self.action,
        }
        if self.conditions:
            statement["Condition"] = _condition(self.conditions)
        return statement


def _condition(conditions: Conditions) -> dict[str, Json]:
    return {
        operator: {key: list(value) if isinstance(value, tuple) else value for key, value in keys.items()}
        for operator, keys in conditions.items()
    }
