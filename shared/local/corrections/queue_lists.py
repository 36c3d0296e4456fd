"""Lists of queues by prefix: moto 5.2 takes the prefix for a regular expression, which may be endless.

Source: Amazon SQS API reference, ListQueues (in botocore's model, read 2026-11-30).
"""

from __future__ import annotations

import contextlib
import functools
import re
from typing import TYPE_CHECKING

from moto.sqs.models import SQSBackend

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def queues_listed_by_plain_prefixes() -> Iterator[None]:
    """Have moto take a prefix as it is, while the block lasts."""
    with plugged([Seam(SQSBackend, "list_queues", _plainly)]):
        yield


def _plainly(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def list_queues(self: SQSBackend, queue_name_prefix: str) -> object:
        return original(self, re.escape(queue_name_prefix) if queue_name_prefix else queue_name_prefix)

    return list_queues
