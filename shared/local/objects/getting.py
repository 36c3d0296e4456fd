"""GetObject and HeadObject: an object, a range of it or one of its parts, streamed from its files."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from moto.s3.models import FakeDeleteMarker, FakeKey
from moto.s3.responses import ALLOWED_HEADER_OVERRIDES, S3Response
from moto.s3.utils import ARCHIVE_STORAGE_CLASSES

from shared.local.objects import sums
from shared.local.objects.preconditions import not_modified
from shared.local.objects.refusals import Answer, Refusal, answering, invalid, no_such_key
from shared.local.seams import Seam, replacing

if TYPE_CHECKING:
    from shared.local.objects.contents import Content, Contents

_RANGE = re.compile(r"bytes=(\d*)-(\d*)\s*")
_NOT_AN_ANSWERS = frozenset({"x-amz-content-sha256", "x-amz-checksum-algorithm", "x-amz-checksum-type", "content-md5"})
_LAST_PART = 10_000


def seams(contents: Contents) -> tuple[Seam, ...]:
    """Return what makes moto answer with what lies in *contents*."""

    def get_object(self: S3Response) -> Answer:
        return _get(self, contents)

    def head_object(self: S3Response, *_: object, **__: object) -> Answer:
        self._set_action("KEY", "HEAD", self.querystring)
        return _get(self, contents)

    return (
        replacing(S3Response, "get_object", answering(get_object)),
        replacing(S3Response, "head_object", answering(head_object)),
        # What is left out of an answer was left out here.
        replacing(S3Response, "_handle_range_header", lambda _, _request, headers, body: (200, headers, body)),
    )


def _get(response: S3Response, contents: Contents) -> Answer:
    key, content = found(response, response.bucket_name, response.parse_key_name(), version_of(response))
    if key.storage_class in ARCHIVE_STORAGE_CLASSES and response.method == "GET" and not _restored(key):
        raise Refusal(
            "InvalidObjectState",
            "The operation is not valid for the object's storage class",
            HTTPStatus.FORBIDDEN,
            {"StorageClass": key.storage_class},
        )
    if response.headers.get("x-amz-server-side-encryption"):
        raise invalid(
            "x-amz-server-side-encryption",
            response.headers["x-amz-server-side-encryption"],
            "x-amz-server-side-encryption header is not supported for this operation.",
        )
    headers = _headers(response, key)
    if not_modified(response.headers, key):
        kept = {name: value for name, value in headers.items() if not name.lower().startswith("content-")}
        return HTTPStatus.NOT_MODIFIED, kept, ""
    status, start, size = _asked(response, key, headers)
    if size == key.size or "partNumber" in response.querystring:
        _tell_checksum(response, key, headers)
    headers["content-length"] = str(size)
    return status, headers, "" if response.method == "HEAD" else contents.read(content.part(start, size))


def found(response: S3Response, bucket: str, name: str, version: str | None) -> tuple[FakeKey, Content]:
    """Return an object that is there, and what it holds at this moment.

    Raises:
        Refusal: It is not there, or is a mark of its deletion.
    """
    while True:
        key = response.backend.get_object(bucket, name, version_id=version, return_delete_marker=True)
        if isinstance(key, FakeKey):
            content = key.content
            if content is not None:  # else it was replaced just now
                return key, content
        elif isinstance(key, FakeDeleteMarker):
            raise _deleted(name, key, version)
        elif version is None:
            raise no_such_key(name)
        else:
            raise _no_such_version(name, version)


def _deleted(name: str, marker: FakeDeleteMarker, version: str | None) -> Refusal:
    headers = {"x-amz-delete-marker": "true", "x-amz-version-id": marker.version_id}
    if version is None:
        return no_such_key(name, headers)
    return Refusal(
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
        HTTPStatus.METHOD_NOT_ALLOWED,
        {"Method": "GET", "ResourceType": "DeleteMarker"},
        headers | {"Allow": "DELETE", "Last-Modified": f"{marker.last_modified:%a, %d %b %Y %H:%M:%S GMT}"},
    )


def _no_such_version(name: str, version: str) -> Refusal:
    if not version:
        return invalid("versionId", version, "Version id cannot be the empty string")
    return Refusal(
        "NoSuchVersion",
        "The specified version does not exist.",
        HTTPStatus.NOT_FOUND,
        {"Key": name, "VersionId": version},
    )


def version_of(response: S3Response) -> str | None:
    """Return the version that a request is about; None for the latest."""
    given = response.querystring.get("versionId")
    return None if given is None else str(given[0])


def _restored(key: FakeKey) -> bool:
    return 'ongoing-request="false"' in key.response_dict.get("x-amz-restore", "")


def _headers(response: S3Response, key: FakeKey) -> dict[str, Any]:
    """Return what an answer tells of *key*, as the request wants it told."""
    headers: dict[str, Any] = response._get_cors_headers_other()  # noqa: SLF001  moto's own
    headers.update(key.response_dict)
    headers.update((name, value) for name, value in key.metadata.items() if name.lower() not in _NOT_AN_ANSWERS)
    headers["Accept-Ranges"] = "bytes"
    headers.pop("x-amz-sdk-checksum-algorithm", None)
    for parameter, header in ALLOWED_HEADER_OVERRIDES.items():
        if parameter in response.querystring:
            for name in [name for name in headers if name.lower() == header.lower()]:
                del headers[name]
            headers[header] = response.querystring[parameter][0]
    return headers


def _asked(response: S3Response, key: FakeKey, headers: dict[str, Any]) -> tuple[int, int, int]:
    """Return the status, and where in the object the answer begins and how long it is, in bytes."""
    part, range_ = response.querystring.get("partNumber"), response.headers.get("range")
    if part is not None:
        if range_:
            raise Refusal("InvalidRequest", "Cannot specify both Range header and partNumber query parameter")
        start, size = _part(key, str(part[0]))
        if key.parts:
            headers["x-amz-mp-parts-count"] = str(len(key.parts))
    else:
        wanted = _range(range_ or "", key.size)
        if wanted is None:
            return HTTPStatus.OK, 0, key.size
        start, size = wanted
    if size:
        headers["content-range"] = f"bytes {start}-{start + size - 1}/{key.size}"
    return HTTPStatus.PARTIAL_CONTENT, start, size


def _part(key: FakeKey, number: str) -> tuple[int, int]:
    if not number.isdigit() or not 1 <= int(number) <= _LAST_PART:
        raise invalid("partNumber", number, f"Part number must be an integer between 1 and {_LAST_PART}, inclusive")
    sizes = [part.size for part in key.parts] or [key.size]
    place = int(number) - 1
    if place >= len(sizes):
        raise Refusal(
            "InvalidPartNumber",
            "The requested partnumber is not satisfiable",
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            {"PartNumberRequested": number, "ActualPartCount": len(sizes)},
        )
    return sum(sizes[:place]), sizes[place]


def _range(wanted: str, size: int) -> tuple[int, int] | None:
    """Return where the range begins and how long it is; None for all of the object.

    What is no single range of bytes asks for all, as on AWS.
    """
    told = _RANGE.fullmatch(wanted)
    if told is None or not (told[1] or told[2]):
        return None
    if told[1]:
        first, last = int(told[1]), min(int(told[2] or size), size - 1)
        if told[2] and int(told[2]) < first:
            return None
    else:
        first, last = max(size - int(told[2]), 0), size - 1
    if first >= size or not size:
        raise Refusal(
            "InvalidRange",
            "The requested range is not satisfiable",
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            {"RangeRequested": wanted, "ActualObjectSize": size},
            {"Content-Range": f"bytes */{size}"},
        )
    return first, last - first + 1


def _tell_checksum(response: S3Response, key: FakeKey, headers: dict[str, Any]) -> None:
    """Add the checksum of the object, or of the part that was asked for, if the request wants to know it."""
    if response.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED" and key.checksum_value:
        part = response.querystring.get("partNumber")
        told = sums.written(key.parts[int(part[0]) - 1].digest) if part and key.parts else checksum_of(key)
        headers[f"x-amz-checksum-{key.checksum_algorithm.lower()}"] = told
        headers["x-amz-checksum-type"] = key.checksum_type or sums.FULL


def checksum_of(key: FakeKey) -> str:
    """Return the checksum of *key* as answers have it: that of parts' checksums ends with their number."""
    return f"{key.checksum_value}-{key.checksum_parts}" if key.checksum_type == sums.COMPOSITE else key.checksum_value
