"""The tags that a bucket is born with, which moto 5.2 drops: without, a bucket whose maker was killed is nobody's."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import xmltodict
from moto.s3.responses import S3Response

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEAM = "_bucket_response_put"


@contextlib.contextmanager
def tags_of_new_buckets_kept() -> Iterator[None]:
    """Make moto keep the tags of CreateBucketConfiguration, for as long as the block lasts."""
    before = getattr(S3Response, _SEAM)

    def put(response: Any, request: Any, name: str, query: dict[str, Any]) -> Any:
        new = not query and name not in response.backend.buckets
        answer = before(response, request, name, query)
        tags = _tags(response.body) if new else {}
        if tags:
            response.backend.put_bucket_tagging(name, tags)
        return answer

    setattr(S3Response, _SEAM, put)
    try:
        yield
    finally:
        setattr(S3Response, _SEAM, before)


def _tags(body: bytes) -> dict[str, str]:
    """Return the tags in the *body* of a CreateBucket."""
    told = xmltodict.parse(body).get("CreateBucketConfiguration") if body else None
    found = ((told or {}).get("Tags") or {}).get("Tag", [])
    return {tag["Key"]: tag["Value"] or "" for tag in (found if isinstance(found, list) else [found])}
