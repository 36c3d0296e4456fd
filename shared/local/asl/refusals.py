"""The errors of Step Functions' API, in AWS's words where a recorded answer or the documentation has them.

Source: recorded answers; the API reference's errors of each operation (read 2026-11-30). Words that AWS was not seen to
use are ours: those of limits, of deleting and of KMS.
"""

from __future__ import annotations

import json

from moto.core.exceptions import AWSError

_STATUS = {"ConflictException": 409, "ServiceQuotaExceededException": 402}  # all others are 400


class Refused(AWSError):
    """A request that the API refuses.

    Args:
        kind: The error's name.
        message: Its text.
        reason: What else a ValidationException says, one of the API's four reasons; None for nothing.
    """

    def __init__(self, kind: str, message: str, reason: str | None = None) -> None:
        super().__init__(message, kind, _STATUS.get(kind))
        self.kind = kind
        if reason is not None:
            self.description: str = json.dumps({"__type": kind, "message": message, "reason": reason})


def invalid_request(message: str, reason: str | None = None) -> Refused:
    """What asks for something that does not go together."""
    return Refused("ValidationException", message, reason)


def unreadable(message: str) -> Refused:
    """A body that is not the JSON that the API's model describes."""
    return Refused("SerializationException", message)


def invalid_arn(why: str) -> Refused:
    """Text that is no ARN, or one of another kind of thing."""
    return Refused("InvalidArn", f"Invalid Arn: '{why}'")


def invalid_name(name: str) -> Refused:
    """A name with characters that no name has."""
    return Refused("InvalidName", f"Invalid Name: '{name}'")


def invalid_token() -> Refused:
    """A page's or a task's token that was never issued, or is old."""
    return Refused("InvalidToken", "Invalid Token: 'Invalid token'")


def no_machine(arn: str) -> Refused:
    """No machine or version of this ARN."""
    return Refused("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")


def no_execution(arn: str) -> Refused:
    """No execution of this ARN."""
    return Refused("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")


def no_activity(arn: str) -> Refused:
    """No activity of this ARN."""
    return Refused("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")


def no_resource(arn: str) -> Refused:
    """Nothing of this ARN."""
    return Refused("ResourceNotFound", f"Resource not found: '{arn}'")


def no_alias() -> Refused:
    """No alias of the ARN that was given."""
    return Refused("ResourceNotFound", "Request references a resource that does not exist.")


def deleting(arn: str) -> Refused:
    """A machine that is being deleted: its executions are stopped first."""
    return Refused("StateMachineDeleting", f"State Machine is being deleted: '{arn}'")


def conflict(message: str) -> Refused:
    """What another request has changed meanwhile, or something else still needs."""
    return Refused("ConflictException", message)


def too_many(kind: str, what: str, most: int) -> Refused:
    """More of *what* than an account or a resource may have; *kind* is the API's error for it."""
    return Refused(kind, f"The maximum number of {what} has been reached: {most}")


def throttled() -> Refused:
    """One request more than the account may make now."""
    return Refused("ThrottlingException", "Rate exceeded")


def other_type() -> Refused:
    """An action that is not for machines of this type."""
    return Refused("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
