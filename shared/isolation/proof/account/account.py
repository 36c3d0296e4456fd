"""An account as it was read: its users, groups and roles with their policies, and the policies that let services in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.iam.statements import Policy
    from shared.isolation.proof.account.links import Link
    from shared.isolation.proof.finding import Finding


@dataclass(frozen=True, slots=True)
class Principal:
    """One user, group or role of the account.

    ``kind`` is "user", "group" or "role"; ``path`` begins and ends with a slash. A managed policy is named by its ARN.
    The policies of a group stand at the group, not at its members. Only a role has a ``trust``.
    """

    kind: str
    arn: str
    path: str = "/"
    policies: tuple[Policy, ...] = ()
    trust: Policy | None = None
    boundary: Policy | None = None

    @property
    def name(self) -> str:
        """Its name, without the path."""
        return self.arn.rpartition("/")[2]

    @property
    def title(self) -> str:
        """How a reader finds it, and how shared/settings.yaml names it: ``role/ops``."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class ServicePolicy:
    """A policy that lets services and others in: of the account's logs, of one log group or of one event bus.

    ``service`` is the service in its ARNs (``logs``). ``attached`` is the ARN that it is attached to, empty where its
    statements name resources. The name of its ``policy`` says where a reader finds it.
    """

    policy: Policy
    service: str
    attached: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """What was read of an account, apart from the teams' own documents.

    ``teams`` are the slugs whose names were looked for. ``rendezvous`` are the ARNs of the rendezvous' roles.
    ``unseen`` are the reads that were refused, and ``limits`` is what is never read; both are sentences.
    """

    teams: tuple[str, ...] = ()
    rendezvous: frozenset[str] = frozenset()
    principals: tuple[Principal, ...] = ()
    policies: tuple[ServicePolicy, ...] = ()
    links: tuple[Link, ...] = ()
    unseen: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """Who reaches teams by design.

    ``operators`` are those of shared/settings.yaml: ``role/ops`` -> why. ``platform`` are the policies that ``lanes
    isolation platform`` prints; whoever has no more than these grant runs the platform. ``ledger`` is the title of the
    role of the ledger of prepaid lanes, and what that role may do.
    """

    operators: Mapping[str, str] = field(default_factory=dict, hash=False)
    platform: tuple[Policy, ...] = ()
    ledger: tuple[str, Policy] | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found, who reaches teams by design (``user/ann`` -> why), and how many principals were looked at."""

    findings: tuple[Finding, ...]
    by_design: Mapping[str, str] = field(hash=False)
    principals: int
