"""Access control lists and object ownership of buckets, which moto lets disagree.

S3 keeps no list that lets in others for a bucket whose owner owns all of its objects, and takes none. Source: S3 user
guide, "Prerequisites for disabling ACLs" and "Controlling ownership of objects" (from memory; codes and words as users
report them, hashicorp/terraform-provider-aws issues 22271 and 28353).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from moto.s3.exceptions import S3ClientError
from moto.s3.models import OWNER, S3Backend

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moto.s3.models import FakeAcl

_ENFORCED = "BucketOwnerEnforced"


class AclRemainsError(S3ClientError):
    """The owner is to own all objects of a bucket whose list lets in others."""

    code = 400

    def __init__(self) -> None:
        super().__init__(
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        )


class NoAclsError(S3ClientError):
    """A list is to let others into a bucket whose owner owns all objects."""

    code = 400

    def __init__(self) -> None:
        super().__init__("AccessControlListNotSupported", "The bucket does not allow ACLs")


@contextlib.contextmanager
def acls_held_to_ownership() -> Iterator[None]:
    """Make moto refuse lists of buckets that S3 refuses, while the block lasts."""
    with plugged(
        [
            Seam(S3Backend, "put_bucket_ownership_controls", _owning),
            Seam(S3Backend, "put_bucket_acl", _listing),
        ]
    ):
        yield


def _owning(original: Callable[..., None]) -> Callable[..., None]:
    def put(backend: S3Backend, bucket_name: str, ownership: object) -> None:
        if ownership == _ENFORCED and _lets_others_in(backend.get_bucket(bucket_name).acl):
            raise AclRemainsError
        original(backend, bucket_name, ownership)

    return put


def _listing(original: Callable[..., None]) -> Callable[..., None]:
    def put(backend: S3Backend, bucket_name: str, acl: FakeAcl | None) -> None:
        if backend.get_bucket(bucket_name).ownership_rule == _ENFORCED and _lets_others_in(acl):
            raise NoAclsError
        original(backend, bucket_name, acl)

    return put


def _lets_others_in(acl: FakeAcl | None) -> bool:
    """Whether *acl* grants anything to others than the bucket's owner, as moto knows the one owner of all."""
    return acl is not None and any(grantee.id != OWNER for grant in acl.grants for grantee in grant.grantees)
