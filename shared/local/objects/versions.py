"""Which objects have a name: what writing and deleting do in a bucket whose versions are kept, were kept, or never.

An object is seen when all that is told of it is there. Its bucket is still there then, and is not deleted with it.

Source: Amazon S3 User Guide, "Adding objects to", "Deleting object versions from a versioning-enabled bucket", and the
same for versioning-suspended buckets (read 2026-11-30).
"""

from __future__ import annotations

import copy
import functools
import threading
import uuid
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from moto.s3 import notifications
from moto.s3.exceptions import (
    AccessDeniedByLock,
    BadRequest,
    InvalidStorageClass,
    InvalidTagError,
    MethodNotAllowed,
    MissingBucket,
)
from moto.s3.models import FakeDeleteMarker, FakeKey, FakeTableStorageBucket, S3Backend
from moto.s3.utils import STORAGE_CLASS

from shared.local.seams import Seam, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from moto.s3.models import FakeBucket

    Check = Callable[[FakeKey | None], None]  # raises unless what has the name now may be replaced

_NULL = "null"
_MOST_TAGS = 10
_MOST_LISTED = 1000
_Event = notifications.S3NotificationEvent

_writing = threading.RLock()  # held while a name gets another object: what a write depends on still holds then


def seams() -> tuple[Seam, ...]:
    """Return what makes moto keep the versions that S3 keeps."""
    return (
        replacing(S3Backend, "put_object", _put_object),
        replacing(S3Backend, "_set_delete_marker", _set_delete_marker),
        replacing(S3Backend, "delete_object", delete),
        Seam(S3Backend, "delete_bucket", _while_nobody_writes),
        replacing(S3Backend, "list_object_versions", _list),
    )


def new_key(  # noqa: PLR0913  the settings that a request may give
    backend: S3Backend,
    bucket: FakeBucket,
    name: str,
    value: object,
    *,
    storage: str | None = None,
    encryption: str | None = None,
    kms_key_id: str | None = None,
    bucket_key_enabled: object = None,
    **more: object,
) -> FakeKey:
    """Return an object of *value* that nobody sees yet.

    Args:
        backend: moto's S3.
        bucket: Where it will be.
        name: Its name.
        value: Its content: received, copied, or all its bytes.
        storage: Its storage class.
        encryption: How it is encrypted; None for what the bucket says.
        kms_key_id: The key for that.
        bucket_key_enabled: Whether the bucket has a key of its own for it.
        more: moto's further settings of an object.

    Raises:
        ServiceException: There is no such storage class.
    """
    if storage is not None and storage not in STORAGE_CLASS:
        raise InvalidStorageClass(storage=storage)
    if bucket.encryption:
        rule = bucket.encryption["Rule"]
        usual = rule["ApplyServerSideEncryptionByDefault"]
        bucket_key_enabled = bucket_key_enabled or rule.get("BucketKeyEnabled", False)
        kms_key_id = kms_key_id or usual.get("KMSMasterKeyID")
        encryption = encryption or usual["SSEAlgorithm"]
    return FakeKey(
        name=name,
        value=value,
        account_id=backend.account_id,
        region_name=backend.region_name,
        storage=storage,
        is_versioned=bucket.is_versioned,
        version_id=str(uuid.uuid4()) if bucket.is_versioned else _NULL,
        bucket_name=bucket.name,
        encryption=encryption,
        kms_key_id=kms_key_id,
        bucket_key_enabled=bucket_key_enabled,
        **more,
    )


def publish(  # noqa: PLR0913, PLR0917  one write
    backend: S3Backend,
    bucket: FakeBucket,
    key: FakeKey,
    tags: Mapping[str, str],
    event: notifications.S3NotificationEvent | None,
    check: Check | None = None,
) -> None:
    """Give *key* its name, and tell of it.

    Args:
        backend: moto's S3.
        bucket: Where.
        key: The object.
        tags: Its tags.
        event: What is told; None for nothing.
        check: Raises unless what has the name now may be replaced.

    Raises:
        ServiceException: The tags are wrong, or the bucket has been deleted since the request began.
    """
    told = _tags(backend, tags)
    with _writing:
        if backend.get_bucket(bucket.name) is not bucket:  # a new one has its name
            raise MissingBucket(bucket=bucket.name)
        if check is not None:
            check(latest(bucket, key.name))
        kept = _kept(bucket, key.name)
        backend.tagger.delete_all_tags_for_resource(key.arn)
        if told:
            backend.tagger.tag_resource(key.arn, told)
        bucket.keys.setlist(key.name, [*kept, key])
    if event is not None:
        notifications.send_event(backend.account_id, event, bucket, key)


def _while_nobody_writes(delete_bucket: Callable[..., FakeBucket | None]) -> Callable[..., FakeBucket | None]:
    @functools.wraps(delete_bucket)
    def delete(*args: object, **named: object) -> FakeBucket | None:
        with _writing:
            return delete_bucket(*args, **named)

    return delete


def latest(bucket: FakeBucket, name: str) -> FakeKey | None:
    """Return the object that has *name* now."""
    found = bucket.keys.get(name)
    return found if isinstance(found, FakeKey) else None


def delete(  # noqa: PLR0913, PLR0917  moto's own parameters, and a check
    self: S3Backend,
    bucket_name: str,
    key_name: str,
    version_id: str | None = None,
    bypass: bool = False,  # noqa: FBT001, FBT002  as moto calls it
    check: Check | None = None,
) -> tuple[bool, dict[str, Any]]:
    """Delete what has the name, or one version; this takes the place of moto's ``delete_object``.

    Returns:
        Whether anything changed, and what the answer tells of it.

    Raises:
        ServiceException: It may not be deleted.
    """
    bucket = self.get_bucket(bucket_name)
    if isinstance(bucket, FakeTableStorageBucket):
        raise MethodNotAllowed
    if version_id is not None:
        return _delete_version(self, bucket, key_name, version_id, bypass=bypass)
    if bucket.versioning_status is not None:
        with _writing:
            if check is not None:
                check(latest(bucket, key_name))
            marker = self._set_delete_marker(bucket_name, key_name)  # moto's name, where others tell of it
        return True, {"version-id": marker.version_id, "delete-marker": "true"}
    with _writing:
        gone = latest(bucket, key_name)
        if check is not None:
            check(gone)
        _set(bucket, key_name, [])
    if gone is None:
        return False, {}
    notifications.send_event(self.account_id, _Event.OBJECT_REMOVED_DELETE_EVENT, bucket, gone)
    return True, {}


def _delete_version(
    backend: S3Backend, bucket: FakeBucket, name: str, version_id: str, *, bypass: bool
) -> tuple[bool, dict[str, Any]]:
    with _writing:
        versions = bucket.keys.getlist(name, [])
        gone = next((each for each in versions if each.version_id == version_id), None)
        if gone is None:
            return False, {"version-id": version_id}
        if isinstance(gone, FakeKey) and gone.is_locked(governance_bypass=bypass):
            raise AccessDeniedByLock
        _set(bucket, name, [each for each in versions if each is not gone])
    notifications.send_event(backend.account_id, _Event.OBJECT_REMOVED_DELETE_EVENT, bucket, gone)
    return True, {
        "version-id": version_id,
        **({"delete-marker": "true"} if isinstance(gone, FakeDeleteMarker) else {}),
    }


def _set_delete_marker(self: S3Backend, bucket_name: str, key_name: str) -> FakeDeleteMarker:
    bucket = self.get_bucket(bucket_name)
    marker = FakeDeleteMarker(key=SimpleNamespace(name=key_name))
    with _writing:
        if not bucket.is_versioned:
            marker._version_id = _NULL  # noqa: SLF001  moto's own attribute
        bucket.keys.setlist(key_name, [*_kept(bucket, key_name), marker])
    return marker


def _put_object(  # noqa: PLR0913  moto's own parameters
    self: S3Backend,
    bucket_name: str,
    key_name: str,
    value: bytes,
    *,
    request_method: str = "PUT",
    disable_notification: bool = False,
    **settings: Any,
) -> FakeKey:
    """Put an object for who is in this process: other services of moto's."""
    bucket = self.get_bucket(bucket_name)
    key = new_key(self, bucket, key_name, value, **settings)
    event = _Event.OBJECT_CREATED_POST_EVENT if request_method == "POST" else _Event.OBJECT_CREATED_PUT_EVENT
    publish(self, bucket, key, {}, None if disable_notification else event)
    return key


class _Page:
    """What one answer lists, until it is full."""

    def __init__(self, most: int) -> None:
        self.versions: list[FakeKey] = []
        self.prefixes: list[str] = []
        self.markers: list[FakeDeleteMarker] = []
        self.last: tuple[str, str | None] = ("", None)  # a name or a prefix, and a version
        self._left = most

    def full(self) -> bool:
        return self._left <= 0

    def add(self, version: FakeKey | FakeDeleteMarker, *, latest: bool) -> None:
        shown = copy.copy(version)  # moto tells of each whether it is the latest by an attribute
        shown.is_latest = latest
        (self.versions if isinstance(version, FakeKey) else self.markers).append(shown)
        self.last = version.name, version.version_id
        self._left -= 1

    def add_prefix(self, prefix: str) -> None:
        self.prefixes.append(prefix)
        self.last = prefix, None
        self._left -= 1


def _list(  # noqa: PLR0913, PLR0917  moto's own parameters
    self: S3Backend,
    bucket_name: str,
    delimiter: str | None = None,
    key_marker: str | None = None,
    max_keys: int | None = 1000,
    prefix: str = "",
    version_id_marker: str | None = None,
) -> tuple[list[FakeKey], list[str], list[FakeDeleteMarker], str | None, str | None]:
    """List versions after the markers, by name and the newest first; this takes the place of moto's own.

    What the markers name may be gone: who empties a bucket deletes each page before the next one.
    """
    keys = self.get_bucket(bucket_name).keys
    page = _Page(_MOST_LISTED if max_keys is None else max_keys)
    if page.full():
        return [], [], [], None, None
    for name in sorted(name for name in list(keys) if name.startswith(prefix) and name >= (key_marker or "")):
        before, found, _ = name[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
        if found:
            common = f"{prefix}{before}{delimiter}"
            if common == key_marker or common in page.prefixes[-1:]:
                continue
            if page.full():
                return page.versions, page.prefixes, page.markers, *page.last
            page.add_prefix(common)
            continue
        for version, latest_ in _after(keys.getlist(name, []), name, key_marker, version_id_marker):
            if page.full():
                return page.versions, page.prefixes, page.markers, *page.last
            page.add(version, latest=latest_)
    return page.versions, page.prefixes, page.markers, None, None


def _after(
    versions: list[FakeKey | FakeDeleteMarker], name: str, key_marker: str | None, version_id_marker: str | None
) -> list[tuple[FakeKey | FakeDeleteMarker, bool]]:
    """Return the versions of *name* after the markers, the newest first, and of each whether it is the latest."""
    newest_first = [(version, place == 0) for place, version in enumerate(reversed(versions))]
    if name != key_marker:
        return newest_first
    if not version_id_marker:
        return []
    ids = [version.version_id for version, _ in newest_first]
    return newest_first[ids.index(version_id_marker) + 1 :] if version_id_marker in ids else newest_first


def _kept(bucket: FakeBucket, name: str) -> list[FakeKey | FakeDeleteMarker]:
    """Return the versions of *name* that another one leaves there."""
    if bucket.versioning_status is None:
        return []
    versions: list[FakeKey | FakeDeleteMarker] = bucket.keys.getlist(name, [])
    return list(versions) if bucket.is_versioned else [each for each in versions if each.version_id != _NULL]


def _set(bucket: FakeBucket, name: str, versions: list[FakeKey | FakeDeleteMarker]) -> None:
    if name in bucket.keys:
        bucket.keys.setlist(name, versions)
        if not versions:
            dict.pop(bucket.keys, name)  # moto's own pop cannot do it to marks of deletion


def _tags(backend: S3Backend, tags: Mapping[str, str]) -> list[dict[str, str]]:
    told: list[dict[str, str]] = backend.tagger.convert_dict_to_tags_input(tags)
    if len(told) > _MOST_TAGS:
        raise BadRequest("Object tags cannot be greater than 10")
    if any(name.startswith("aws:") for name in tags):
        raise InvalidTagError("Your TagKey cannot be prefixed with aws:")
    if why := backend.tagger.validate_tags(told):
        raise InvalidTagError(why)
    return told
