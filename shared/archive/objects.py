"""The objects of a bucket as parts of an archive: their current versions, by key and ETag."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shared.archive.part import Content, Part, moment, of
from shared.archive.paths import places
from shared.archive.stores import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.aws.client import Aws
    from shared.values import Json


def bucket_parts(aws: Aws, bucket: str) -> Iterator[Part]:
    """Yield a part for each object of *bucket*, page by page, in the order of their keys."""
    pages = aws.s3.get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=bucket, ExpectedBucketOwner=aws.place.account):
        for each in page.get("Contents", ()):
            key, etag = each["Key"], each["ETag"].strip('"')
            source = of("object", bucket=bucket, key=key, etag=etag, modified=moment(each["LastModified"]))
            yield Part(places("buckets", bucket, key), source, partial(_read, aws, bucket, key, etag))


def _read(aws: Aws, bucket: str, key: str, etag: str) -> Content:
    """Read the object as it was listed: S3 refuses it when it is another by now."""
    answer = aws.s3.get_object(Bucket=bucket, Key=key, IfMatch=etag, ExpectedBucketOwner=aws.place.account)
    about: dict[str, Json] = {"type": answer.get("ContentType", "")}
    if answer.get("Metadata"):
        about["metadata"] = dict(answer["Metadata"])
    return Content(answer["Body"].iter_chunks(CHUNK), about)
