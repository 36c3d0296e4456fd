"""Calls about things that may be gone."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator

_GONE = frozenset(
    [
        "ResourceNotFoundException",
        "NoSuchEntity",
        "NoSuchBucket",
        "NoSuchBucketPolicy",
        "NotFound",
        "NotFoundException",
        "ResourceNotFound",
        "StateMachineDoesNotExist",
        "ActivityDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
        "ParameterNotFound",
    ]
)


def code_of(error: ClientError) -> str:
    """Return AWS's code of *error*."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextlib.contextmanager
def gone_already() -> Iterator[None]:
    """Take it as done when what the block deletes is not there."""
    try:
        yield
    except ClientError as error:
        if code_of(error) not in _GONE:
            raise
