"""Roles of nobody that the cloud knows, which an open cloud (``lanes up --open``) takes for its owner's own.

An open cloud is for scripts that bring a key of their own, and with it roles that are made of thin air: a name that is
not there, or one that such a script made without rights. All else, a lane's roles too, is decided as ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.enforcement import identities

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.calls import Call

    Known = Callable[[str], bool]


class Strangers:
    """Knows who came without a known key, and what roles they made.

    Args:
        known: Whether there is a user or role of an ARN.
    """

    def __init__(self, known: Known = lambda arn: identities.hanging_on(arn).known) -> None:
        self._known = known
        self._roles: set[str] = set()

    def note(self, call: Call) -> None:
        """Note what a stranger's *call* makes."""
        if (call.service, call.operation) == ("iam", "CreateRole"):
            self._roles.add(str(call.parameters["RoleName"]))

    def own(self, arn: str) -> bool:
        """Whether *arn* is a role that a stranger made, or that is not there."""
        _, _, name = arn.partition(":role/")
        return bool(name) and (name.rpartition("/")[2] in self._roles or not self._known(arn))
