"""Strangers' roles, which an open cloud (``lanes up --open``) treats as its owner's.

An open cloud is for scripts that sign with any key and name any role: one that does not exist, or one that such a
script made without rights. Everything else is decided as always, and so are a lane's roles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.enforcement import identities

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.calls import Call

    Known = Callable[[str], bool]


class Strangers:
    """Remembers the roles that callers without a known key made.

    Args:
        known: Says whether there is a user or role of an ARN.
    """

    def __init__(self, known: Known = lambda arn: identities.hanging_on(arn).known) -> None:
        self._known = known
        self._roles: set[str] = set()

    def note(self, call: Call) -> None:
        """Note the role that a stranger's *call* makes."""
        if (call.service, call.operation) == ("iam", "CreateRole"):
            self._roles.add(str(call.parameters["RoleName"]))

    def own(self, arn: str) -> bool:
        """Say whether *arn* is a role that a stranger made, or that does not exist."""
        _, _, name = arn.partition(":role/")
        return bool(name) and (name.rpartition("/")[2] in self._roles or not self._known(arn))
