"""GetObjectAttributes and ListParts: what is known of an object and of its parts."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.s3.responses import S3Response

from shared.local.objects import sums
from shared.local.objects.getting import checksum_of, found, version_of
from shared.local.objects.parts import upload_of
from shared.local.objects.preconditions import not_modified
from shared.local.objects.refusals import Answer, answering, invalid
from shared.local.seams import Seam, replacing

if TYPE_CHECKING:
    from moto.s3.models import FakeKey

_MOST = 1000  # parts in one answer


def seams() -> tuple[Seam, ...]:
    """Return what makes moto tell of parts and their checksums."""
    return (
        replacing(S3Response, "get_object_attributes", answering(_attributes)),
        replacing(S3Response, "list_parts", answering(_list_parts)),
    )


def _attributes(self: S3Response) -> Answer:
    key, _ = found(self, self.bucket_name, self.parse_key_name(), version_of(self))
    headers: dict[str, Any] = self._get_cors_headers_other()
    if key.version_id != "null":
        headers["x-amz-version-id"] = key.version_id
    if not_modified(self.headers, key):
        return HTTPStatus.NOT_MODIFIED, headers, ""
    asked = [name.strip() for name in self.headers.get("x-amz-object-attributes", "").split(",")]
    told: dict[str, Any] = {"LastModified": key.last_modified}
    if "ETag" in asked:
        told["ETag"] = key.etag.strip('"')
    if "ObjectSize" in asked:
        told["ObjectSize"] = key.size
    if "StorageClass" in asked:
        told["StorageClass"] = key.storage_class
    if "Checksum" in asked and key.checksum_value:
        told["Checksum"] = {
            f"Checksum{key.checksum_algorithm}": checksum_of(key),
            "ChecksumType": key.checksum_type or sums.FULL,
        }
    if "ObjectParts" in asked and key.parts:
        told["ObjectParts"] = _parts_of(self, key)
    self.data["Action"] = "GetObjectAttributes"
    status, answered, body = self.serialized(ActionResult(told))
    return status, answered | headers, body


def _parts_of(response: S3Response, key: FakeKey) -> dict[str, Any]:
    """Return what is told of the parts of *key*; of each by itself only if it was given a checksum."""
    marker = _whole_number("x-amz-part-number-marker", response.headers.get("x-amz-part-number-marker"), 0)
    most = _whole_number("x-amz-max-parts", response.headers.get("x-amz-max-parts"), _MOST)
    places = [(place, part) for place, part in enumerate(key.parts, 1) if place > marker]
    shown = places[:most]
    summed = {f"Checksum{key.checksum_algorithm}"} if key.checksum_type == sums.COMPOSITE else set()
    return {
        "TotalPartsCount": len(key.parts),
        "PartNumberMarker": marker,
        "NextPartNumberMarker": shown[-1][0] if shown else marker,
        "MaxParts": most,
        "IsTruncated": len(shown) < len(places),
        "Parts": [
            {"PartNumber": place, "Size": part.size, **{name: sums.written(part.digest) for name in summed}}
            for place, part in shown
        ],
    }


def _list_parts(self: S3Response) -> Answer:
    bucket, name = self.backend.get_bucket(self.bucket_name), self.parse_key_name()
    upload = upload_of(bucket, self.querystring["uploadId"][0], name)
    marker = _whole_number("part-number-marker", self.querystring.get("part-number-marker", [None])[0], 0)
    most = min(_whole_number("max-parts", self.querystring.get("max-parts", [None])[0], _MOST), _MOST)
    later = [part for number, part in sorted(upload.parts.items()) if number > marker]
    shown = later[:most]
    owner = {"ID": "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a", "DisplayName": "webfile"}
    told: dict[str, Any] = {
        "Bucket": bucket.name,
        "Key": name,
        "UploadId": upload.id,
        "StorageClass": upload.storage or "STANDARD",
        "Initiator": owner,
        "Owner": owner,
        "PartNumberMarker": marker,
        "NextPartNumberMarker": shown[-1].name if shown else 0,
        "MaxParts": most,
        "IsTruncated": len(shown) < len(later),
        "Parts": [
            {
                "PartNumber": part.name,
                "LastModified": part.last_modified_ISO8601,
                "ETag": part.etag,
                "Size": part.size,
                **({f"Checksum{upload.algorithm}": part.checksum_value} if upload.asked_sum else {}),
            }
            for part in shown
        ],
    }
    if upload.asked_sum:
        told |= {"ChecksumAlgorithm": upload.algorithm, "ChecksumType": upload.checksum_type}
    self.data["Action"] = "ListParts"
    status, headers, body = self.serialized(ActionResult(told))
    return status, headers | self._get_cors_headers_other(), body


def _whole_number(name: str, given: str | None, otherwise: int) -> int:
    if given is None:
        return otherwise
    if not given.isdigit() or int(given) > 2**31 - 1:
        raise invalid(name, given, f"Provided {name} not an integer or within integer range")
    return int(given)
