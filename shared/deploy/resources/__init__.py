"""One module for each kind of resource: how it should be, how it is, and the calls between the two.

Every module offers what :class:`Kind` says, reads AWS and never changes it. :data:`KINDS` is in the order of creation.
``log_delivery`` stands apart: it is the account's, no team's, and is never removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.deploy.resources import (
    bucket,
    budget,
    database,
    function,
    log_group,
    policy,
    rendezvous_key,
    repository,
    role,
    state_machine,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.aws.client import Aws
    from shared.deploy.model import Resource, Step


class Kind(Protocol):
    """What is offered for each kind: by a module, or by an object where reading takes more than a name."""

    @property
    def KIND(self) -> str:  # noqa: N802  a module's constant
        """Its name, as plans show it."""

    def current(self, aws: Aws, name: str) -> Resource | None:
        """Return the resource as it is, or None."""

    def remove(self, have: Resource) -> Step:
        """Return what removes *have*."""

    def steps(self, want: Resource, have: Resource | None) -> Step:
        """Return what makes *have* into *want*."""


class LaneKind(Kind, Protocol):
    """A kind that lanes own: its modules can also tell what is there."""

    SERVICE: str

    def names(self, aws: Aws, prefix: str) -> Iterable[str]:
        """Return the names of this kind that begin with *prefix*, whoever owns them."""


KINDS: dict[str, LaneKind] = {
    module.KIND: module
    for module in (
        *(log_group, policy, role, bucket, budget, table, database, rendezvous_key, repository, function),
        state_machine,
    )
}
HOLD_DATA = (bucket.KIND, table.KIND, database.KIND, repository.KIND)
"""Kinds that stay until their lane is destroyed, also when nothing names them any more."""
