"""Stacks that something was done to when an earlier cloud ended: nobody goes on with that, so it has failed.

The resource that was on its way then may be there or not: the stack's reason names it. What was made before stays in
the stack, so that DeleteStack removes it; an update that was cut off can be made again.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from shared.local.stacks.records import Event, now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.local.stacks.records import ChangeSet, Stack

_log = logging.getLogger(__name__)
_UNDER_WAY = "_IN_PROGRESS"
# A cleanup that was cut off has left what is no longer needed: AWS has no word for that, and the next update does it.
_THEN = {
    "CREATE": ("CREATE_FAILED", "delete the stack, and create it again"),
    "ROLLBACK": ("ROLLBACK_FAILED", "delete the stack"),
    "DELETE": ("DELETE_FAILED", "delete the stack again"),
    "UPDATE": ("UPDATE_FAILED", "update the stack again"),
    "UPDATE_COMPLETE_CLEANUP": ("UPDATE_FAILED", "update the stack again"),
    "UPDATE_ROLLBACK": ("UPDATE_FAILED", "update the stack again"),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP": ("UPDATE_FAILED", "update the stack again"),
}


def fail_interrupted(stacks: Iterable[Stack], change_sets: Mapping[str, ChangeSet]) -> None:
    """Fail what an earlier cloud did not end, and tell of it in the log."""
    for stack in stacks:
        if stack.busy:
            _fail(stack)
    for each in change_sets.values():
        if each.executable == "EXECUTE_IN_PROGRESS":
            each.executable = "EXECUTE_FAILED"


def _fail(stack: Stack) -> None:
    status, fix = _THEN[stack.status.removesuffix(_UNDER_WAY)]
    open_ones = [each for each in stack.resources.values() if each.status.endswith(_UNDER_WAY)]
    for each in open_ones:
        failed = replace(
            each,
            status=f"{each.status.removesuffix(_UNDER_WAY)}_FAILED",
            reason="The embedded cloud ended meanwhile; it may be there or not.",
            changed=now(),
        )
        stack.resources[each.name] = failed
        stack.note(Event(each.name, each.kind, each.physical, failed.status, failed.reason, each.shown))
    named = f" The following resource(s) may be there or not: [{', '.join(each.name for each in open_ones)}]."
    reason = f"The embedded cloud ended during {stack.status}.{named if open_ones else ''} To go on: {fix}."
    stack.become(status, reason)
    _log.warning("the stack %s is %s: %s", stack.name, status, reason)
