"""S3: its actions are older than its operations' names; versions, tags and access control lists have their own.

Source: S3 User Guide, "Required permissions for Amazon S3 API operations".
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.calls.asked import Asked
    from shared.local.calls.rules.types import Exceptions

_BUCKET = "arn:${Partition}:s3:::${Bucket}"
_OBJECT = "arn:${Partition}:s3:::${Bucket}/${Key}"


def bucket(asked: Asked) -> list[str | None]:
    """Return the bucket; None for the ARN of an access point, which is another resource."""
    return [None if ":" in (asked.text("Bucket") or ":") else each for each in asked.fill(_BUCKET)]


def object_(asked: Asked) -> list[str | None]:
    """Return the object."""
    return [None] if bucket(asked) == [None] else list(asked.fill(_OBJECT))


def _latest(asked: Asked) -> list[str | None]:
    return [] if asked.text("VersionId") else object_(asked)


def _version(asked: Asked) -> list[str | None]:
    return object_(asked) if asked.text("VersionId") else []


def _deleted(*, versions: bool) -> Callable[[Asked], list[str | None]]:
    """Return what finds the objects that a DeleteObjects deletes: those with a version's id, or those without."""

    def found(asked: Asked) -> list[str | None]:
        objects = asked.records("Delete.Objects[]")
        if not objects:
            return [] if versions else [None]
        keys = [each.get("Key") for each in objects if bool(each.get("VersionId")) is versions]
        start = asked.fill(_BUCKET)[0]
        return [None if key is None or bucket(asked) == [None] else f"{start}/{key!s}" for key in keys]

    return found


def _source(*, version: bool) -> Callable[[Asked], list[str | None]]:
    """Return what finds the object that is copied: encoded ``bucket/key`` or ``/bucket/key``, maybe with a version."""

    def found(asked: Asked) -> list[str | None]:
        source = asked.call.parameters.get("CopySource")
        if isinstance(source, dict):  # a call that was never on the wire
            path, has_version = f"{source.get('Bucket')!s}/{source.get('Key')!s}", bool(source.get("VersionId"))
        else:
            path, _, given = str(source).partition("?versionId=")
            path, has_version = unquote(path).removeprefix("/"), bool(given)
        if has_version is not version:
            return []
        name, _, key = path.partition("/")
        return [f"arn:{asked.partition}:s3:::{name}/{key}" if key and ":" not in name else None]

    return found


def _with(*parameters: str) -> Callable[[Asked], list[str | None]]:
    """Return what finds the object if one of *parameters* is given."""
    return lambda asked: object_(asked) if any(name in asked.call.parameters for name in parameters) else []


def _bucket_with(*parameters: str) -> Callable[[Asked], list[str | None]]:
    return lambda asked: bucket(asked) if any(asked.all(path) for path in parameters) else []


_GRANTS = ("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")
_WRITE = (
    ("s3:PutObject", object_),
    ("s3:PutObjectTagging", _with("Tagging")),
    ("s3:PutObjectAcl", _with(*_GRANTS)),
    ("s3:PutObjectRetention", _with("ObjectLockMode", "ObjectLockRetainUntilDate")),
    ("s3:PutObjectLegalHold", _with("ObjectLockLegalHoldStatus")),
)
_READ_SOURCE = (("s3:GetObject", _source(version=False)), ("s3:GetObjectVersion", _source(version=True)))


def _either(latest: str, version: str) -> tuple[tuple[str, Callable[[Asked], list[str | None]]], ...]:
    """Return the exception for an operation that has another action for a version."""
    return ((latest, _latest), (version, _version))


def _on_bucket(action: str) -> tuple[tuple[str, Callable[[Asked], list[str | None]]], ...]:
    return ((action, bucket),)


EXCEPTIONS: Exceptions = {
    # Listing.
    "ListBuckets": (("s3:ListAllMyBuckets", "arn:${Partition}:s3:::*"),),
    "HeadBucket": _on_bucket("s3:ListBucket"),
    "ListObjects": _on_bucket("s3:ListBucket"),
    "ListObjectsV2": _on_bucket("s3:ListBucket"),
    "ListObjectVersions": _on_bucket("s3:ListBucketVersions"),
    "ListMultipartUploads": _on_bucket("s3:ListBucketMultipartUploads"),
    "ListParts": (("s3:ListMultipartUploadParts", object_),),
    # Objects.
    "GetObject": _either("s3:GetObject", "s3:GetObjectVersion"),
    "HeadObject": _either("s3:GetObject", "s3:GetObjectVersion"),
    "SelectObjectContent": (("s3:GetObject", object_),),
    "GetObjectAttributes": (
        *_either("s3:GetObject", "s3:GetObjectVersion"),
        *_either("s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"),
    ),
    "GetObjectAcl": _either("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
    "GetObjectTagging": _either("s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
    "PutObjectAcl": _either("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
    "PutObjectTagging": _either("s3:PutObjectTagging", "s3:PutObjectVersionTagging"),
    "PutObjectRetention": (
        ("s3:PutObjectRetention", object_),
        ("s3:BypassGovernanceRetention", _with("BypassGovernanceRetention")),
    ),
    "DeleteObject": (
        *_either("s3:DeleteObject", "s3:DeleteObjectVersion"),
        ("s3:BypassGovernanceRetention", _with("BypassGovernanceRetention")),
    ),
    "DeleteObjectTagging": _either("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"),
    "DeleteObjects": (
        ("s3:DeleteObject", _deleted(versions=False)),
        ("s3:DeleteObjectVersion", _deleted(versions=True)),
    ),
    "PutObject": _WRITE,
    "CopyObject": (*_READ_SOURCE, *_WRITE),
    "CreateMultipartUpload": _WRITE,
    "UploadPart": (("s3:PutObject", object_),),
    "UploadPartCopy": (*_READ_SOURCE, ("s3:PutObject", object_)),
    "CompleteMultipartUpload": (("s3:PutObject", object_),),
    # Buckets.
    "CreateBucket": (
        ("s3:CreateBucket", bucket),
        ("s3:PutBucketAcl", _bucket_with(*_GRANTS)),
        ("s3:PutBucketObjectLockConfiguration", _bucket_with("ObjectLockEnabledForBucket")),
        ("s3:PutBucketVersioning", _bucket_with("ObjectLockEnabledForBucket")),
        ("s3:PutBucketOwnershipControls", _bucket_with("ObjectOwnership")),
        ("s3:TagResource", _bucket_with("CreateBucketConfiguration.Tags")),
    ),
    "GetBucketAcl": _on_bucket("s3:GetBucketAcl"),
    "PutBucketAcl": _on_bucket("s3:PutBucketAcl"),
    "GetBucketLocation": _on_bucket("s3:GetBucketLocation"),
    "GetBucketPolicy": _on_bucket("s3:GetBucketPolicy"),
    "PutBucketPolicy": _on_bucket("s3:PutBucketPolicy"),
    "DeleteBucketPolicy": _on_bucket("s3:DeleteBucketPolicy"),
    "GetBucketCors": _on_bucket("s3:GetBucketCORS"),
    "PutBucketCors": _on_bucket("s3:PutBucketCORS"),
    "DeleteBucketCors": _on_bucket("s3:PutBucketCORS"),
    "DeleteBucketEncryption": _on_bucket("s3:PutEncryptionConfiguration"),
    "GetBucketLifecycle": _on_bucket("s3:GetLifecycleConfiguration"),
    "PutBucketLifecycle": _on_bucket("s3:PutLifecycleConfiguration"),
    "DeleteBucketLifecycle": _on_bucket("s3:PutLifecycleConfiguration"),
    "DeleteBucketTagging": _on_bucket("s3:PutBucketTagging"),
    "DeleteBucketOwnershipControls": _on_bucket("s3:PutBucketOwnershipControls"),
    "DeleteBucketReplication": _on_bucket("s3:PutReplicationConfiguration"),
    "GetPublicAccessBlock": _on_bucket("s3:GetBucketPublicAccessBlock"),
    "PutPublicAccessBlock": _on_bucket("s3:PutBucketPublicAccessBlock"),
    "DeletePublicAccessBlock": _on_bucket("s3:PutBucketPublicAccessBlock"),
    "GetBucketNotification": _on_bucket("s3:GetBucketNotification"),
    "PutBucketNotification": _on_bucket("s3:PutBucketNotification"),
    "GetBucketNotificationConfiguration": _on_bucket("s3:GetBucketNotification"),
    "PutBucketNotificationConfiguration": _on_bucket("s3:PutBucketNotification"),
    **{
        operation.format(what): _on_bucket(action.format(what))
        for what in ("Analytics", "IntelligentTiering", "Inventory", "Metrics")
        for operation, action in (
            ("DeleteBucket{}Configuration", "s3:Put{}Configuration"),
            ("ListBucket{}Configurations", "s3:Get{}Configuration"),
        )
    },
}

RESOURCES = {
    "bucket": bucket,
    "object": object_,
    "accesspoint": lambda _: [],
    "accesspointobject": lambda _: [],
}
