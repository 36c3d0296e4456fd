"""The policy of a queue, which moto 5.2 drops whenever another attribute is set.

SQS changes what a SetQueueAttributes names, and nothing else. Source: SQS API reference, SetQueueAttributes (read
2026-11-29).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from moto.sqs.models import Queue

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def queue_policies_kept() -> Iterator[None]:
    """Have moto keep a queue's policy, while the block lasts."""
    with plugged([Seam(Queue, "_set_attributes", _keeping)]):
        yield


def _keeping(original: Callable[..., None]) -> Callable[..., None]:
    def set_attributes(self: Queue, attributes: dict[str, Any], now: float | None = None) -> None:
        kept = {} if "Policy" in attributes else {"Policy": getattr(self, "policy", None)}
        original(self, {**kept, **attributes}, now)

    return set_attributes
