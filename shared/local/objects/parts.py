"""Objects that come in parts. The object that parts make is those parts: its bytes are not copied."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

from moto.core.responses import ActionResult
from moto.s3 import notifications
from moto.s3.models import FakeKey, FakeMultipart, S3Backend
from moto.s3.responses import S3Response

from shared.local.objects import sums
from shared.local.objects.arriving import LARGEST, Received, known, receive
from shared.local.objects.contents import joined
from shared.local.objects.copying import of_source, range_of, source_of
from shared.local.objects.getting import checksum_of
from shared.local.objects.keys import Part
from shared.local.objects.preconditions import check_write
from shared.local.objects.putting import check_name, encryption_of, locks_of, metadata_of, refuse_customer_keys
from shared.local.objects.refusals import Answer, Refusal, answering, invalid, no_such_upload
from shared.local.objects.versions import latest, new_key, publish
from shared.local.seams import Seam, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from moto.s3.models import FakeBucket

    from shared.local.objects.contents import Contents

SMALLEST = 5 << 20
"""What each part but the last one holds at least, in bytes."""

_MOST_PARTS = 10_000
_SUM = "x-amz-checksum-"
_SUMS = {f"Checksum{name}": name for name in sums.ALGORITHMS}


def seams(contents: Contents) -> tuple[Seam, ...]:
    """Return what makes moto keep parts in *contents*."""

    def upload_part(self: S3Response) -> Answer:
        return _upload(self, contents)

    def upload_part_copy(self: S3Response) -> Answer:
        return _upload_copy(self, contents)

    return (
        replacing(S3Response, "upload_part", answering(upload_part)),
        replacing(S3Response, "upload_part_copy", answering(upload_part_copy)),
        Seam(S3Response, "_key_response_post", _posted),
        replacing(S3Backend, "complete_multipart_upload", _complete),
    )


def _posted(original: Callable[..., Answer]) -> Callable[..., Answer]:
    """Wrap moto's answers to POST of a key: the beginning and the end of an upload are answered here."""

    def post(  # noqa: PLR0913, PLR0917  moto's own parameters
        self: S3Response, request: object, body: bytes, bucket: str, query: Mapping[str, Any], name: str
    ) -> Answer:
        if "uploads" in query:
            self._set_action("KEY", "POST", query)
            return _begin(self, name)
        if "uploadId" in query:
            self._set_action("KEY", "POST", query)
            return _end(self, name, body, query["uploadId"][0])
        return original(self, request, body, bucket, query, name)

    return answering(post)


def _begin(response: S3Response, name: str) -> Answer:
    headers, bucket = response.headers, response.backend.get_bucket(response.bucket_name)
    check_name(name)
    algorithm, kind = _asked_sum(headers)
    encryption = encryption_of(headers)
    upload: FakeMultipart = response.backend.create_multipart_upload(
        bucket.name,
        name,
        metadata_of(headers, response.querystring),
        headers.get("x-amz-storage-class", "STANDARD"),
        response._tagging_from_headers(headers),  # noqa: SLF001  moto's own
        response._acl_from_headers(headers) or bucket.acl,  # noqa: SLF001
        encryption["encryption"],
        encryption["kms_key_id"],
    )
    upload.algorithm, upload.checksum_type, upload.asked_sum = algorithm or sums.USUAL, kind, bool(algorithm)
    upload.settings = locks_of(response, bucket) | {
        "bucket_key_enabled": encryption["bucket_key_enabled"],
        "website_redirect_location": headers.get("x-amz-website-redirect-location"),
    }
    response.data["Action"] = "CreateMultipartUpload"
    told: dict[str, Any] = {"Bucket": bucket.name, "Key": name, "UploadId": upload.id}
    if algorithm:
        told |= {"ChecksumAlgorithm": algorithm, "ChecksumType": kind}
    status, answered, body = response.serialized(ActionResult(told))
    probe = new_key(response.backend, bucket, name, b"", **encryption)
    answered.update(_encryption_told(probe))
    return status, answered, body


def _asked_sum(headers: Mapping[str, str]) -> tuple[str, str]:
    """Return the algorithm of checksums that an upload will have, and of what the object's is."""
    algorithm, kind = headers.get(f"{_SUM}algorithm", "").upper(), headers.get(f"{_SUM}type", "").upper()
    known(algorithm)
    if kind and not algorithm:
        raise Refusal(
            "InvalidRequest",
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
        )
    if kind not in {"", sums.FULL, sums.COMPOSITE}:
        raise Refusal("InvalidRequest", "Value for x-amz-checksum-type header is invalid.")
    if (algorithm == sums.USUAL and kind == sums.COMPOSITE) or (algorithm.startswith("SHA") and kind == sums.FULL):
        raise Refusal(
            "InvalidRequest",
            f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm.",
        )
    return algorithm, kind or (sums.FULL if algorithm in {"", sums.USUAL} else sums.COMPOSITE)


def _encryption_told(key: FakeKey) -> dict[str, Any]:
    return {name: value for name, value in key.response_dict.items() if name.startswith("x-amz-server-side-encryption")}


def _upload(response: S3Response, contents: Contents) -> Answer:
    upload, number = _asked(response)
    refuse_customer_keys(response.headers, "x-amz-server-side-encryption")
    _check_sum(response.headers, upload)
    key = _add(response, upload, number, receive(response.request.environ, contents, upload.algorithm))
    headers: dict[str, Any] = response._get_cors_headers_other()  # noqa: SLF001  moto's own
    headers |= {"ETag": key.etag, f"{_SUM}{upload.algorithm.lower()}": key.checksum_value, **_encryption_told(key)}
    return 200, headers, ""


def _check_sum(headers: Mapping[str, str], upload: FakeMultipart) -> None:
    """Refuse a part with another checksum than the upload was begun with."""
    named = headers.get("x-amz-sdk-checksum-algorithm", "").upper()
    given = [name for label, name in _SUMS.items() if f"{_SUM}{name.lower()}" in headers or label == f"Checksum{named}"]
    if upload.asked_sum and any(name != upload.algorithm for name in given):
        raise Refusal(
            "InvalidRequest",
            f"Checksum Type mismatch occurred, expected checksum Type: {upload.algorithm.lower()}, actual checksum "
            f"Type: {given[0].lower()}",
        )


def _upload_copy(response: S3Response, contents: Contents) -> Answer:
    upload, number = _asked(response)
    refuse_customer_keys(response.headers, "x-amz-server-side-encryption")
    source, content = source_of(response)
    part = range_of(response, content)
    if part.size > LARGEST:
        raise Refusal(
            "InvalidRequest",
            f"The specified copy source is larger than the maximum allowable size for a copy source: {LARGEST}",
        )
    key = _add(response, upload, number, of_source(contents, source, part, upload.algorithm))
    response.data["Action"] = "UploadPartCopy"
    told = {
        "LastModified": key.last_modified_ISO8601,
        "ETag": key.etag,
        f"Checksum{upload.algorithm}": key.checksum_value,
    }
    status, headers, body = response.serialized(ActionResult({"CopyPartResult": told}))
    headers.update(_encryption_told(key))
    if source.version_id != "null":
        headers["x-amz-copy-source-version-id"] = source.version_id
    return status, headers, body


def _asked(response: S3Response) -> tuple[FakeMultipart, int]:
    """Return the upload and the number of the part that a request is about."""
    number = str(response.querystring["partNumber"][0])
    if not number.isdigit() or not 1 <= int(number) <= _MOST_PARTS:
        raise invalid("partNumber", number, f"Part number must be an integer between 1 and {_MOST_PARTS}, inclusive")
    upload_id = response.querystring["uploadId"][0]
    bucket = response.backend.get_bucket(response.bucket_name)
    return upload_of(bucket, upload_id, response.parse_key_name()), int(number)


def upload_of(bucket: FakeBucket, upload_id: str, name: str) -> FakeMultipart:
    """Return an upload that was begun and has not ended.

    Raises:
        Refusal: There is none.
    """
    upload = bucket.multiparts.get(upload_id)
    if upload is None or upload.key_name != name:
        raise no_such_upload(upload_id)
    return upload


def _add(response: S3Response, upload: FakeMultipart, number: int, received: Received) -> FakeKey:
    key: FakeKey = upload.set_part(number, received)
    if upload.id not in response.backend.get_bucket(response.bucket_name).multiparts:  # it was ended in the meantime
        key.dispose()
        raise no_such_upload(upload.id)
    return key


class _Named(NamedTuple):
    """A part as the end of an upload names it."""

    number: int
    tag: str
    sums: dict[str, str]


def _end(response: S3Response, name: str, body: bytes, upload_id: str) -> Answer:
    bucket = response.backend.get_bucket(response.bucket_name)
    there = latest(bucket, name)
    if upload_id not in bucket.multiparts and there is not None and getattr(there, "upload_id", None) == upload_id:
        key = there  # it is told once more
    else:
        upload = upload_of(bucket, upload_id, name)
        key = response.backend.complete_multipart_upload(bucket.name, upload.id, _named(body), response.headers)
    response.data["Action"] = "CompleteMultipartUpload"
    told = {
        "Location": f"{response.request.host_url}{bucket.name}/{name}",
        "Bucket": bucket.name,
        "Key": name,
        "ETag": key.etag,
        "ChecksumType": key.checksum_type,
        f"Checksum{key.checksum_algorithm}": checksum_of(key),
    }
    status, headers, answer = response.serialized(ActionResult(told))
    kept = {each: value for each, value in key.response_dict.items() if each == "x-amz-version-id"}
    return status, headers | kept | _encryption_told(key), answer


def _named(body: bytes) -> list[_Named]:
    """Return the parts that the end of an upload names, in their order."""
    malformed = Refusal(
        "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema"
    )
    try:
        root = ET.fromstring(body)  # noqa: S314  expat itself limits the growth of entities
        found = [
            {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in each}
            for each in root
            if each.tag.rpartition("}")[2] == "Part"
        ]
        parts = [
            _Named(
                int(each["PartNumber"]),
                each["ETag"].strip('"'),
                {_SUMS[label]: each[label] for label in _SUMS if label in each},
            )
            for each in found
        ]
    except (ET.ParseError, KeyError, ValueError):
        raise malformed from None
    if not parts or len(parts) > _MOST_PARTS:
        raise malformed
    if any(one.number >= other.number for one, other in pairwise(parts)):
        raise Refusal(
            "InvalidPartOrder",
            "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
        )
    return parts


def _complete(
    self: S3Backend, bucket_name: str, multipart_id: str, body: list[_Named], headers: Mapping[str, str]
) -> FakeKey:
    """Make the object of its parts; this takes the place of moto's ``complete_multipart_upload``."""
    bucket = self.get_bucket(bucket_name)
    upload = bucket.multiparts[multipart_id]
    chosen = [_chosen(upload, named) for named in body]
    for part, named in list(zip(chosen, body, strict=True))[:-1]:
        if part.size < SMALLEST:
            raise Refusal(
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size",
                more={
                    "ProposedSize": part.size,
                    "MinSizeAllowed": SMALLEST,
                    "PartNumber": named.number,
                    "ETag": named.tag,
                },
            )
    settings = dict(upload.settings)
    redirect = settings.pop("website_redirect_location")
    key = new_key(
        self,
        bucket,
        upload.key_name,
        joined(part.content for part in chosen),
        storage=upload.storage,
        encryption=upload.sse_encryption,
        kms_key_id=upload.kms_key_id,
        **settings,
    )
    _sum_up(key, upload, chosen)
    _check_whole(key, headers)
    key.set_metadata(dict(upload.metadata))
    key.set_acl(upload.acl)
    key.website_redirect_location = redirect
    key.upload_id = upload.id

    def check(there: FakeKey | None) -> None:
        check_write(headers, upload.key_name, there)
        if bucket.multiparts.pop(multipart_id, None) is None:
            raise no_such_upload(multipart_id)

    event = notifications.S3NotificationEvent.OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD_EVENT
    publish(self, bucket, key, upload.tags or {}, event, check)
    return key


def _chosen(upload: FakeMultipart, named: _Named) -> FakeKey:
    """Return the part that the end of an upload names."""
    part = upload.parts.get(named.number)
    given = named.sums.get(upload.algorithm)
    if part is None or part.etag.strip('"') != named.tag or (given is not None and given != part.checksum_value):
        raise Refusal(
            "InvalidPart",
            "One or more of the specified parts could not be found.  The part may not have been uploaded, or the "
            "specified entity tag may not match the part's entity tag.",
            more={"UploadId": upload.id, "PartNumber": named.number, "ETag": named.tag},
        )
    if upload.asked_sum and upload.checksum_type == sums.COMPOSITE and given is None:
        raise Refusal(
            "InvalidRequest",
            f"The upload was created using a {upload.algorithm.lower()} checksum. The complete request must include "
            f"the checksum for each part. It was missing for part {named.number} in the request.",
        )
    return part


def _sum_up(key: FakeKey, upload: FakeMultipart, parts: list[FakeKey]) -> None:
    """Give *key* the tag and the checksum that those of its *parts* make."""
    tags = b"".join(bytes.fromhex(part.etag.strip('"')) for part in parts)
    key._etag = f"{hashlib.md5(tags, usedforsecurity=False).hexdigest()}-{len(parts)}"  # noqa: SLF001  moto's own
    digests = [sums.read(part.checksum_value) for part in parts]
    key.parts = tuple(Part(part.name, part.size, digest) for part, digest in zip(parts, digests, strict=True))
    key.checksum_algorithm, key.checksum_type = upload.algorithm, upload.checksum_type
    if upload.checksum_type == sums.COMPOSITE:
        key.checksum_value = sums.written(sums.of_sums(upload.algorithm, digests))
        key.checksum_parts = len(parts)
    else:
        pairs = zip(digests, (part.size for part in parts), strict=True)
        key.checksum_value = sums.written(sums.of_all(upload.algorithm, pairs))


def _check_whole(key: FakeKey, headers: Mapping[str, str]) -> None:
    """Refuse *key* if it is not what the end of its upload says of it."""
    size, kind = headers.get("x-amz-mp-object-size"), headers.get(f"{_SUM}type")
    if size is not None and size != str(key.size):
        raise Refusal(
            "InvalidRequest",
            f"The provided 'x-amz-mp-object-size' header value {size} does not match what was computed: {key.size}",
        )
    if kind is not None and kind.upper() != key.checksum_type:
        raise Refusal(
            "InvalidRequest",
            f"The upload was created using the {key.checksum_type} checksum mode. The complete request must use the "
            "same checksum mode.",
        )
    stated = headers.get(f"{_SUM}{key.checksum_algorithm.lower()}")
    if stated is not None and stated not in {key.checksum_value, checksum_of(key)}:
        raise Refusal(
            "BadDigest",
            f"The {key.checksum_algorithm.lower()} you specified did not match the calculated checksum.",
            HTTPStatus.BAD_REQUEST,
        )
