"""moto's own check of bucket policies, switched off. What a call may do is decided before moto sees it.

moto 5.2 reads no conditions. It denies every call that a statement with a condition is about, whether the condition is
met or not. So our own bucket policy (only TLS, only this account) would close every bucket.
:mod:`shared.local.enforcement` decides by the whole policy.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from shared.local.seams import plugged, replacing

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def left_to_iam() -> Iterator[None]:
    """Keep moto from deciding by a bucket's policy, while the block lasts."""
    with plugged([replacing(FakeBucket, "get_permission", _permitted)]):
        yield


def _permitted(_bucket: FakeBucket, _action: str, _resource: str) -> PermissionResult:
    return PermissionResult.PERMITTED
