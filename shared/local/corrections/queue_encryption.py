"""Whose keys encrypt a queue: SQS's own or one of KMS, never both, which moto lets be.

A queue that is given a key of KMS has SQS's own no more. Source: SQS API reference, SetQueueAttributes ("Only one
server-side encryption option is supported per queue"); the message as users report it (hashicorp/
terraform-provider-aws issue 26843, from memory).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from moto.sqs.exceptions import SQSException
from moto.sqs.models import Queue

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_KMS, _SQS = "KmsMasterKeyId", "SqsManagedSseEnabled"
_BOTH = "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE."


@contextlib.contextmanager
def queues_encrypted_once() -> Iterator[None]:
    """Have moto know one kind of a queue's keys at a time, while the block lasts."""
    with plugged([Seam(Queue, "_set_attributes", _once)]):
        yield


def _once(original: Callable[..., None]) -> Callable[..., None]:
    def set_attributes(self: Queue, attributes: dict[str, Any], now: float | None = None) -> None:
        is_new = not hasattr(self, "kms_master_key_id")  # then moto's own defaults are among the attributes
        key = attributes[_KMS] if _KMS in attributes else getattr(self, "kms_master_key_id", None)
        by_sqs = str(attributes.get(_SQS, "")).lower() == "true"
        if key and by_sqs and not is_new:
            raise SQSException("InvalidAttributeValue", _BOTH)
        original(self, {**attributes, **({_SQS: "false"} if attributes.get(_KMS) else {})}, now)

    return set_attributes
