"""One module for each kind of resource: how it should be, how it is, and the calls between the two.

Every module offers what :class:`Kind` says, reads AWS and never changes it. :data:`KINDS` is in the order of creation.
``log_delivery`` stands apart: it is the account's, no team's, and is never removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.deploy.resources import bucket, database, function, log_group, policy, role, state_machine, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.deploy.aws import Aws
    from shared.deploy.model import Resource, Step


class Kind(Protocol):
    """What a module in this package offers."""

    KIND: str
    SERVICE: str

    def current(self, aws: Aws, name: str) -> Resource | None:
        """Return the resource as it is, or None."""

    def names(self, aws: Aws, prefix: str) -> Iterable[str]:
        """Return the names of this kind that begin with *prefix*, whoever owns them."""

    def steps(self, want: Resource, have: Resource | None) -> Step:
        """Return what makes *have* into *want*."""

    def remove(self, have: Resource) -> Step:
        """Return what removes *have*."""


KINDS: dict[str, Kind] = {
    module.KIND: module for module in (log_group, policy, role, bucket, table, database, function, state_machine)
}
HOLD_DATA = (bucket.KIND, table.KIND, database.KIND)
"""Kinds that stay until their lane is destroyed, also when nothing names them any more."""
