from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.handlers.s3 import Bucket, MissingObject, StorageFull


def test_a_listing_has_every_page_in_the_order_of_keys(store: Any, short_pages: int) -> None:
    keys = [f"data/{number:04}" for number in range(2 * short_pages + 3)]
    for key in reversed(keys):
        store.put(key)
    store.put("database/other")
    assert [found.key for found in store.handlers.list("data/")] == keys


def test_what_is_not_there_is_named(store: Any, tmp_path: Path) -> None:
    for ask in (store.handlers.head, store.handlers.get, lambda key: store.handlers.download(key, tmp_path / "x")):
        with pytest.raises(MissingObject, match="s3://team2-cosmical-7078ea12/no/such: there is no such object"):
            ask("no/such")


def test_another_failure_keeps_its_own_name(store: Any) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        Bucket("some-other-bucket", store.handlers.owner).get("key")


def test_every_call_names_the_owner(store: Any) -> None:
    from shared.handlers.s3 import client  # the client of this test's store

    asked: list[tuple[str, Any]] = []

    def note(params: Any, model: Any, **_: Any) -> None:
        asked.append((model.name, params.get("ExpectedBucketOwner")))

    client().meta.events.register("before-parameter-build.s3", note)
    store.handlers.put_json("a/b.json", {"x": 1})
    assert list(store.handlers.list("a/"))
    store.handlers.head("a/b.json")
    store.handlers.get("a/b.json")
    store.handlers.download("a/b.json", Path("/dev/null"))
    assert {name for name, _ in asked} == {"PutObject", "ListObjectsV2", "HeadObject", "GetObject"}
    assert {owner for _, owner in asked} == {store.handlers.owner}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_names_ephemeral_storage_and_the_fix(store: Any) -> None:
    store.put("data/large", b"x" * 100_000)
    with pytest.raises(StorageFull, match=r"(?s)data/large: no room in /dev.*ephemeral storage"):
        store.handlers.download("data/large", Path("/dev/full"))
