"""CopyObject and UploadPartCopy. No bytes are copied: what is made shares the files of what is there."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from moto.core.responses import ActionResult
from moto.s3 import notifications
from moto.s3.responses import S3Response
from moto.s3.utils import ARCHIVE_STORAGE_CLASSES

from shared.local.objects import sums
from shared.local.objects.arriving import LARGEST, Received, calculated, known
from shared.local.objects.getting import checksum_of, found
from shared.local.objects.preconditions import check_source, check_write
from shared.local.objects.putting import acl_of, check_name, encryption_of, locks_of, metadata_of, refuse_customer_keys
from shared.local.objects.refusals import Answer, Refusal, answering, invalid
from shared.local.objects.versions import latest, new_key, publish
from shared.local.seams import Seam, replacing

if TYPE_CHECKING:
    from moto.s3.models import FakeKey

    from shared.local.objects.contents import Content, Contents

_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


def seams(contents: Contents) -> tuple[Seam, ...]:
    """Return what makes moto copy objects by sharing their files in *contents*."""

    def copy_object(self: S3Response) -> Answer:
        return _copy(self, contents)

    return (replacing(S3Response, "copy_object", answering(copy_object)),)


def source_of(response: S3Response) -> tuple[FakeKey, Content]:
    """Return the object that a request copies, and what it holds.

    Raises:
        Refusal: It is not there, or may not be copied.
    """
    refuse_customer_keys(response.headers, "x-amz-copy-source-server-side-encryption")
    path, _, query = response.headers["x-amz-copy-source"].partition("?")
    bucket, _, name = unquote(path).removeprefix("/").partition("/")
    if not bucket or not name:
        raise invalid("x-amz-copy-source", path, "Invalid copy source object key")
    key, content = found(response, bucket, name, parse_qs(query).get("versionId", [None])[0])
    if key.storage_class in ARCHIVE_STORAGE_CLASSES and 'ongoing-request="false"' not in key.response_dict.get(
        "x-amz-restore", ""
    ):
        raise Refusal(
            "ObjectNotInActiveTierError",
            "The source object of the COPY operation is not in the active tier and is only stored in Amazon Glacier.",
            HTTPStatus.FORBIDDEN,
        )
    check_source(response.headers, key)
    return key, content


def range_of(response: S3Response, content: Content) -> Content:
    """Return the part of *content* that a request copies.

    Raises:
        Refusal: There is no such part.
    """
    asked = response.headers.get("x-amz-copy-source-range")
    if asked is None:
        return content
    told = _RANGE.fullmatch(asked)
    if told is None or int(told[1]) > int(told[2]):
        raise invalid(
            "x-amz-copy-source-range",
            asked,
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            "zero-based offsets of the first and last bytes to copy",
        )
    first, last = int(told[1]), int(told[2])
    if last >= content.size:
        raise invalid(
            "x-amz-copy-source-range", asked, f"Range specified is not valid for source object of size: {content.size}"
        )
    return content.part(first, last - first + 1)


def of_source(contents: Contents, key: FakeKey, content: Content, algorithm: str) -> Received:
    """Return *content*, all or a part of what *key* holds, as what is made of it; it is read only if it must be."""
    whole = content.size == key.size and "-" not in key.etag
    if whole and key.checksum_algorithm == algorithm and key.checksum_type == sums.FULL:
        return Received(content, bytes.fromhex(key.etag.strip('"')), algorithm, sums.read(key.checksum_value))
    return calculated(contents, content, algorithm)


def _copy(response: S3Response, contents: Contents) -> Answer:
    name, bucket, headers = (
        response.parse_key_name(),
        response.backend.get_bucket(response.bucket_name),
        response.headers,
    )
    check_name(name)
    source, content = source_of(response)
    if content.size > LARGEST:
        raise Refusal(
            "InvalidRequest",
            f"The specified copy source is larger than the maximum allowable size for a copy source: {LARGEST}",
        )
    check_write(headers, name, latest(bucket, name))
    directives = {what: _directive(response, what) for what in ("metadata", "tagging")}
    settings = encryption_of(headers) | locks_of(response, bucket)
    redirect, storage = headers.get("x-amz-website-redirect-location"), headers.get("x-amz-storage-class")
    if source is latest(bucket, name):
        changed = (
            storage,
            settings["encryption"],
            redirect,
            bucket.encryption,
            "versionId=" in headers["x-amz-copy-source"],
        )
        if directives["metadata"] != "REPLACE" and not any(changed):
            raise Refusal(
                "InvalidRequest",
                "This copy request is illegal because it is trying to copy an object to itself without changing the "
                "object's metadata, storage class, website redirect location or encryption attributes.",
            )
    asked = headers.get("x-amz-checksum-algorithm", "").upper()
    known(asked)
    received = of_source(contents, source, content, asked or source.checksum_algorithm or sums.USUAL)
    key = new_key(response.backend, bucket, name, received, storage=storage or "STANDARD", **settings)
    key.set_metadata(dict(_metadata(response, source, directives["metadata"])))
    key.set_acl(acl_of(response, bucket))
    key.website_redirect_location = redirect
    if directives["tagging"] == "REPLACE":
        tags = response._tagging_from_headers(headers)  # noqa: SLF001  moto's own
    else:
        tags = response.backend.tagger.get_tag_dict_for_resource(source.arn)
    event = notifications.S3NotificationEvent.OBJECT_CREATED_COPY_EVENT
    publish(response.backend, bucket, key, tags, event, lambda there: check_write(headers, name, there))
    return _copied(response, source, key)


def _metadata(response: S3Response, source: FakeKey, directive: str) -> Any:
    if directive == "REPLACE":
        return metadata_of(response.headers, response.querystring)
    return dict(source.metadata)


def _directive(response: S3Response, what: str) -> str:
    given = response.headers.get(f"x-amz-{what}-directive", "COPY")
    if given not in {"COPY", "REPLACE"}:
        raise invalid(f"x-amz-{what}-directive", given, f"Unknown {what} directive.")
    return str(given)


def _copied(response: S3Response, source: FakeKey, key: FakeKey) -> Answer:
    response.data["Action"] = "CopyObject"
    told = {
        "ETag": key.etag,
        "LastModified": key.last_modified_ISO8601,
        "ChecksumType": key.checksum_type,
        f"Checksum{key.checksum_algorithm}": checksum_of(key),
    }
    status, headers, body = response.serialized(ActionResult({"CopyObjectResult": told}))
    headers.update(response._get_cors_headers_other())  # noqa: SLF001  moto's own
    kept = {
        name: value
        for name, value in key.response_dict.items()
        if name.startswith(("x-amz-server-", "x-amz-version-id"))
    }
    headers.update(kept)
    if source.version_id != "null":
        headers["x-amz-copy-source-version-id"] = source.version_id
    return status, headers, body
