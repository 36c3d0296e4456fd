from __future__ import annotations

from typing import Any

import boto3
import pytest

from shared.handlers.cosmic.errors import NoData, WrongModel
from shared.handlers.env import MissingEnvironment
from shared.handlers.payload import BadInput

PAYLOAD = {"world_size": 2, "batch_size": 8, "data_prefix": "datasets"}


@pytest.fixture
def init(step: Any) -> Any:
    """Run init on a payload; returns what it returns."""
    return lambda **changed: step("init")(
        {"run_id": "run-1", "run_started": "2026-01-01T00:00:00Z", "payload": {**PAYLOAD, **changed}}, None
    )


def keys(store: Any) -> list[list[str]]:
    return [[part["key"] for part in item["partitions"]] for item in store.json("runs/run-1/manifest.json")]


def test_it_returns_what_the_state_machine_needs(store: Any, init: Any) -> None:
    store.put("datasets/a.safetensors")
    answer = init(rendezvous_endpoint="host:1")
    assert answer.pop("ranks_started") > 0
    assert answer == {
        "run_id": "run-1",
        "run_started": "2026-01-01T00:00:00Z",
        "manifest": "runs/run-1/manifest.json",
        "world_size": 2,
        "batch_size": 8,
        "partitions": 1,
        "result_path": "results",
        "fmi_enabled": False,
        "rendezvous_endpoint": "host:1",
    }


def test_it_deals_what_is_listed_and_nothing_beside_it(store: Any, init: Any) -> None:
    for key in ("datasets/a.safetensors", "datasets/b.safetensors", "datasets/deep/c.safetensors"):
        store.put(key, b"xyz")
    for key in ("datasets/notes.txt", "datasets-old/d.safetensors", "datasets2.safetensors"):
        store.put(key)
    init()
    assert keys(store) == [["datasets/a.safetensors", "datasets/b.safetensors"], ["datasets/deep/c.safetensors"]]
    assert store.json("runs/run-1/manifest.json")[0]["partitions"][0]["bytes"] == 3


def test_a_file_limit_takes_the_first_and_is_the_world_size(store: Any, init: Any) -> None:
    for number in range(5):
        store.put(f"datasets/{number}.safetensors")
    assert init(world_size=None, file_limit="3")["world_size"] == 3
    assert keys(store) == [[f"datasets/{number}.safetensors"] for number in range(3)]


def test_a_data_map_is_used_as_it_stands(store: Any, init: Any) -> None:
    for key in ("x/1.safetensors", "y/2.safetensors", "datasets/never.safetensors"):
        store.put(key)
    init(data_map={"1": ["y/2.safetensors", "x/1.safetensors"], "0": None})
    assert keys(store) == [[], ["y/2.safetensors", "x/1.safetensors"]]


def test_a_model_that_is_not_there_is_told_before_any_rank_starts(store: Any, init: Any) -> None:
    store.put("datasets/a.safetensors")
    with pytest.raises(
        WrongModel, match=r"/models/mine\.onnx: model_key names an object that does not exist"
    ) as caught:
        init(model_key="models/mine.onnx")
    assert "lanes model import FILE --team team2" in str(caught.value)
    store.put("models/mine.onnx")
    assert init(model_key="models/mine.onnx")["partitions"] == 1


def test_a_data_map_of_what_is_not_there_names_it_all(store: Any, init: Any) -> None:
    store.put("x/1.safetensors")
    with pytest.raises(NoData, match="2 objects that do not exist: x/2, x/3"):
        init(data_map={"0": ["x/1.safetensors", "x/2"], "1": "x/3"})
    assert store.keys() == ["x/1.safetensors"]


def test_nothing_under_the_prefix_is_an_error_with_the_fix(store: Any, init: Any) -> None:
    with pytest.raises(NoData, match=r"(?s)no partitions under 'datasets/'\n.*lanes data upload TEAM"):
        init()
    store.put("datasets/1.pt")
    with pytest.raises(NoData, match=r"1 objects there are no \.safetensors files"):
        init()


def test_another_bucket_is_refused_before_anything_is_written(store: Any, init: Any) -> None:
    store.put("datasets/a.safetensors")
    with pytest.raises(BadInput, match="this team's functions reach 'team2-cosmical-7078ea12' only"):
        init(bucket="cosmicai-data")
    assert store.keys() == ["datasets/a.safetensors"]


def test_a_missing_variable_is_named(store: Any, init: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BUCKET")
    with pytest.raises(MissingEnvironment, match="lacks BUCKET"):
        init()


def test_partitions_of_shared_data_are_listed_there_and_the_manifest_stays_here(
    store: Any, init: Any, monkeypatch: pytest.MonkeyPatch, account: dict[str, str]
) -> None:
    monkeypatch.setenv("COMMONS", "cosmicai-data")
    monkeypatch.setenv("COMMONS_OWNERS", account["ACCOUNT"])
    boto3.client("s3").create_bucket(Bucket="cosmicai-data")
    boto3.client("s3").put_object(Bucket="cosmicai-data", Key="datasets/a.safetensors", Body=b"x")
    assert init(data_bucket="cosmicai-data")["partitions"] == 1
    assert keys(store) == [["datasets/a.safetensors"], []]
    assert {item["data_bucket"] for item in store.json("runs/run-1/manifest.json")} == {"cosmicai-data"}
