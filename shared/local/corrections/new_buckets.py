"""The tags in CreateBucket, which moto 5.2 drops. Without them, a bucket whose maker was killed belongs to nobody."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import xmltodict
from moto.s3.responses import S3Response

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Put = Callable[[S3Response, object, str, dict[str, object]], object]


@contextlib.contextmanager
def tags_of_new_buckets_kept() -> Iterator[None]:
    """Make moto keep the tags of CreateBucketConfiguration, while the block lasts."""
    with plugged([Seam(S3Response, "_bucket_response_put", _tagging)]):
        yield


def _tagging(original: Put) -> Put:
    def put(response: S3Response, request: object, name: str, query: dict[str, object]) -> object:
        new = not query and name not in response.backend.buckets
        answer = original(response, request, name, query)
        tags = _tags(response.body) if new else {}
        if tags:
            response.backend.put_bucket_tagging(name, tags)
        return answer

    return put


def _tags(body: bytes) -> dict[str, str]:
    """Return the tags in the *body* of a CreateBucket."""
    told = xmltodict.parse(body).get("CreateBucketConfiguration") if body else None
    found = ((told or {}).get("Tags") or {}).get("Tag", [])
    return {tag["Key"]: tag["Value"] or "" for tag in (found if isinstance(found, list) else [found])}
