"""Callers, and how a resource's policy names them.

How it names them matters. A boundary does not limit a grant to a session or to a user. It does limit a grant to a role.
A grant to the account only lets the account's own policies decide.

Source: IAM User Guide, "AWS JSON policy elements: Principal", "NotPrincipal", and "Policy evaluation for requests
within a single account" (read 2026-11-29).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.iam.statements import Named, Statement

_EVERYBODY = ("AWS", "*")
_ACCOUNT_AT = 4  # of an ARN's segments


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls.

    Args:
        arn: A user's, a role session's (``arn:aws:sts::...:assumed-role/ROLE/SESSION``) or the account's root's ARN; a
            service's name (``states.amazonaws.com``); an identity provider's name or ARN.
        role: The role's ARN, its path included, where a session calls.
        kind: What a policy's Principal calls it: AWS, Service or Federated.
    """

    arn: str
    role: str = ""
    kind: str = "AWS"

    @property
    def account(self) -> str:
        """The account it belongs to, empty for a service."""
        parts = self.arn.split(":")
        return parts[_ACCOUNT_AT] if self.kind == "AWS" and len(parts) > _ACCOUNT_AT else ""

    @property
    def is_root(self) -> bool:
        """Whether it is an account's root."""
        return self.kind == "AWS" and self.arn.endswith(":root") and self.arn.split(":")[2:3] == ["iam"]

    def context(self) -> dict[str, tuple[str, ...]]:
        """Return the condition keys that tell who it is."""
        if self.kind == "Service":
            return {"aws:PrincipalIsAWSService": ("true",), "aws:PrincipalServiceName": (self.arn,)}
        if self.kind != "AWS":
            return {"aws:PrincipalIsAWSService": ("false",), "aws:FederatedProvider": (self.arn,)}
        kind = "Account" if self.is_root else "AssumedRole" if self.role else "User"
        known: dict[str, tuple[str, ...]] = {
            "aws:PrincipalArn": (self.role or self.arn,),
            "aws:PrincipalAccount": (self.account,),
            "aws:PrincipalType": (kind,),
            "aws:PrincipalIsAWSService": ("false",),
        }
        if kind == "User":
            known["aws:username"] = (self.arn.rpartition("/")[2],)
        return known


class Naming(IntEnum):
    """How closely a resource's policy names a caller, the closest last."""

    NOT = 0
    ACCOUNT = 1
    ROLE = 2
    ITSELF = 3


def naming(statement: Statement, principal: Principal, *, bounded: bool) -> Naming:
    """Return how *statement* names *principal*. *bounded* tells that it has a boundary.

    Everybody (``*``) counts as the caller itself, because no boundary limits what everybody may do.
    """
    if statement.not_principals:
        return _unless_excluded(statement, principal, bounded=bounded)
    return max((_match(named, principal) for named in statement.principals), default=Naming.NOT)


def _match(named: Named, principal: Principal) -> Naming:
    kind, value = named
    if named == _EVERYBODY:
        return Naming.ITSELF
    if kind != principal.kind:
        return Naming.NOT
    if value == principal.arn:
        return Naming.ITSELF
    if principal.role and value == principal.role:
        return Naming.ROLE
    if kind == "AWS" and _is_account(value, principal.account):
        return Naming.ITSELF if principal.is_root else Naming.ACCOUNT
    return Naming.NOT


def _is_account(value: str, account: str) -> bool:
    parts = value.split(":")
    return bool(account) and (value == account or (parts[2:3] == ["iam"] and parts[4:] == [account, "root"]))


def _unless_excluded(statement: Statement, principal: Principal, *, bounded: bool) -> Naming:
    """Return how a statement with NotPrincipal names *principal*: it is about everybody whom it does not exclude.

    An Allow excludes whoever it names in any way. A Deny excludes only a caller that it names in every way, by the
    account and the role too, and nobody who has a boundary.
    """
    found = {_match(named, principal) for named in statement.not_principals} - {Naming.NOT}
    if statement.effect == "Allow":
        return Naming.NOT if found else Naming.ITSELF
    needed = {Naming.ITSELF}
    if principal.kind == "AWS" and not principal.is_root:
        needed |= {Naming.ACCOUNT, Naming.ROLE} if principal.role else {Naming.ACCOUNT}
    spared = needed <= found or _EVERYBODY in statement.not_principals
    return Naming.NOT if spared and not bounded else Naming.ITSELF
