"""Bucket policies with conditions, which moto cannot read.

moto 5.2 answers "denied" to whatever a statement with a Condition is about, met or not: our own bucket policy
(TLS only, own account only) would shut every bucket. Here such statements are left out when moto decides; they are
still stored and read back. Nobody reaches the loopback but this machine, and moto is no evidence of isolation.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from moto.iam.access_control import IAMPolicy
from moto.s3.models import FakeBucket

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEAM = "get_permission"


@contextlib.contextmanager
def conditions_left_out() -> Iterator[None]:
    """Make moto decide by the unconditional statements of a bucket's policy, for as long as the block lasts."""
    before = getattr(FakeBucket, _SEAM)
    setattr(FakeBucket, _SEAM, _get_permission)
    try:
        yield
    finally:
        setattr(FakeBucket, _SEAM, before)


def _get_permission(bucket: Any, action: str, resource: str) -> Any:
    document = json.loads(bucket.policy or "{}")
    statements = document.get("Statement", [])
    plain = [each for each in ([statements] if isinstance(statements, dict) else statements) if "Condition" not in each]
    return IAMPolicy(json.dumps({**document, "Statement": plain})).is_action_permitted(action, resource)
