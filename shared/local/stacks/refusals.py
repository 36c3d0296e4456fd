"""What CloudFormation's API refuses, with its codes and words.

Source: CloudFormation API reference, "Common errors" and each operation's errors (read 2026-11-30). The words are those
of answers that others recorded on AWS (localstack's snapshots of CloudFormation, aws-cli's own tests).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.core.exceptions import ServiceException

if TYPE_CHECKING:
    from collections.abc import Iterable

INTERNAL = "Internal error of the embedded cloud; see its log (lanes up's log)"


class RefusedCall(ServiceException):
    """CloudFormation does not take a call: nothing has happened."""


class ValidationError(RefusedCall):
    """The call, its template or a stack's state is wrong."""

    code = "ValidationError"


class AlreadyExists(RefusedCall):
    """There is such a stack or change set."""

    code = "AlreadyExistsException"


class InsufficientCapabilities(RefusedCall):
    """The caller did not acknowledge that the template makes roles."""

    code = "InsufficientCapabilitiesException"


class ChangeSetNotFound(RefusedCall):
    """There is no such change set."""

    code = "ChangeSetNotFound"


class InvalidChangeSetStatus(RefusedCall):
    """The change set cannot be executed as it is."""

    code = "InvalidChangeSetStatus"


def no_stack(name: str) -> ValidationError:
    """Return the refusal of a call about a stack that is not there."""
    return ValidationError(f"Stack with id {name} does not exist")


def not_here(lacks: Iterable[str]) -> ValidationError:
    """Return the refusal of what AWS may do and the embedded cloud does not: all of it, by name."""
    listed = "\n".join(f"- {each}" for each in lacks)
    return ValidationError(
        "the embedded cloud's CloudFormation does not do this, though AWS may; leave it out, or try it on AWS:\n"
        f"{listed}"
    )
