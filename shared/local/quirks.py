"""What moto does otherwise than AWS and a lane would stumble over, put right while a cloud runs.

moto reads a bucket policy's Deny without its conditions: "deny when not over TLS" denies everything. Here statements
with a condition are kept and not enforced, for nothing in this cloud is over TLS or from another account; that they
say what they should is proved from the policies themselves (``shared.isolation``), never from moto.
"""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def unconditional_bucket_policies() -> Iterator[None]:
    """Have moto enforce only what a bucket policy says without conditions."""
    before = FakeBucket.get_permission
    FakeBucket.get_permission = _get_permission
    try:
        yield
    finally:
        FakeBucket.get_permission = before


def _get_permission(self: FakeBucket, action: str, resource: str) -> PermissionResult:
    if self.policy is None:
        return PermissionResult.NEUTRAL
    document: dict[str, Any] = json.loads(self.policy)
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    plain = [statement for statement in statements if "Condition" not in statement]
    return IAMPolicy(json.dumps(document | {"Statement": plain})).is_action_permitted(action, resource)
