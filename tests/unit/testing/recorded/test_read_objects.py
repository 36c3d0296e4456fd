"""What readers of Maps read of S3 is kept, and given again: objects and listings."""

import io
from datetime import UTC, datetime

import pytest

from shared.local.asl.services import Services
from shared.testing.recorded.read_objects import KeepingServices, KeptServices, parts_of

THEN, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


class FakeS3:
    def __init__(self, changed=THEN, body=b"[1]"):
        self._changed, self._body = changed, body

    def get_object(self, Bucket, Key):
        return {"Body": io.BytesIO(self._body), "LastModified": self._changed}

    def get_paginator(self, _operation):
        return self

    def paginate(self, **_):
        yield {"Contents": [{"Key": "in/a", "ETag": '"e"', "Size": 3, "LastModified": self._changed}]}
        yield {}


def as_it_is(_where, text):
    return text


def test_a_listing_is_the_same_again():
    keeping = KeepingServices(FakeS3(), THEN, as_it_is)
    (first, _) = keeping.client("s3", "r").get_paginator("list_objects_v2").paginate(Bucket="b", Prefix="in/")
    kept = KeptServices({}, keeping.listings, Services("")).client("s3", "r").get_paginator("list_objects_v2")
    (page,) = kept.paginate(Bucket="b", Prefix="in/")
    assert {**page["Contents"][0], "StorageClass": None} == {**first["Contents"][0], "StorageClass": None}
    with pytest.raises(LookupError, match="no listing of s3://b/other/"):
        list(kept.paginate(Bucket="b", Prefix="other/"))


def test_an_object_is_the_same_again_and_another_one_is_not_there():
    keeping = KeepingServices(FakeS3(), THEN, lambda _where, text: text.replace("1", "2"))
    assert keeping.get_object("b", "k/x")["Body"].read() == b"[2]"
    kept = KeptServices(keeping.objects, {}, Services("")).client("s3", "r")
    assert kept.get_object(Bucket="b", Key="k/x")["Body"].read() == b"[2]"
    with pytest.raises(LookupError, match="no s3://b/y: the run read s3://b/k/x"):
        kept.get_object(Bucket="b", Key="y")
    assert parts_of("s3://b/k/x") == ("b", "k/x")


def test_what_changed_since_and_what_is_no_text_is_a_problem():
    keeping = KeepingServices(FakeS3(LATER, b"\xff"), THEN, as_it_is)
    keeping.get_object("b", "k")
    list(keeping.paginate("b", "in/"))
    assert keeping.problems == [
        "s3://b/k: it has changed since the run, which read something else",
        "s3://b/k: it is read, and it is no text",
        "s3://b/in/a: it is new or has changed since the run",
    ]
