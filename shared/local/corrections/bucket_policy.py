"""moto's own look at bucket policies, switched off: what a call may is decided before moto sees it.

moto 5.2 reads no condition: it answers "denied" to whatever a statement with one is about, met or not, so our own
bucket policy (TLS only, own account only) would shut every bucket. :mod:`shared.local.enforcement` decides by all
of it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEAM = "get_permission"


@contextlib.contextmanager
def left_to_iam() -> Iterator[None]:
    """Keep moto from deciding by a bucket's policy, for as long as the block lasts."""
    before = getattr(FakeBucket, _SEAM)
    setattr(FakeBucket, _SEAM, _permitted)
    try:
        yield
    finally:
        setattr(FakeBucket, _SEAM, before)


def _permitted(_bucket: Any, _action: str, _resource: str) -> Any:
    return PermissionResult.PERMITTED
