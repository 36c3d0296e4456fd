from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.handlers.cosmic import payload
from shared.handlers.payload import BadInput

BUCKET = "team2-cosmical-7078ea12"
NEW: dict[str, Any] = {
    "bucket": BUCKET,
    "world_size": 4,
    "batch_size": 128,
    "data_prefix": "datasets",
    "rendezvous_endpoint": "rendezvous.uva-ds5110.com:10000",
    "fmi_enabled": True,
    "data_map": {"0": None, "1": None, "2": None, "3": None},
}
OLD: dict[str, Any] = {
    "bucket": BUCKET,
    "file_limit": "11",
    "batch_size": 512,
    "object_type": "folder",
    "S3_object_name": "Anomaly Detection",
    "script": "/tmp/Anomaly Detection/Inference/inference.py",
    "result_path": "result-partition-100MB/1GB/1",
    "data_bucket": BUCKET,
    "data_prefix": "100MB",
}


def read(**changed: Any) -> payload.Request:
    return payload.read({**NEW, **changed}, BUCKET)


def test_the_form_with_a_world_size() -> None:
    assert payload.read(NEW, BUCKET) == payload.Request(
        world_size=4,
        batch_size=128,
        data_bucket=BUCKET,
        data_prefix="datasets/",
        file_limit=None,
        data_map=None,
        result_path="results",
        model_key="",
        fmi_enabled=True,
        rendezvous_endpoint="rendezvous.uva-ds5110.com:10000",
    )


def test_the_form_with_a_file_limit() -> None:
    assert payload.read(OLD, BUCKET) == payload.Request(
        world_size=11,
        batch_size=512,
        data_bucket=BUCKET,
        data_prefix="100MB/",
        file_limit=11,
        data_map=None,
        result_path="result-partition-100MB/1GB/1",
        model_key="",
        fmi_enabled=False,
        rendezvous_endpoint="",
    )


@given(st.integers(1, 10_000), st.integers(1, 8192))
def test_numbers_may_come_as_strings(world_size: int, batch_size: int) -> None:
    as_numbers = read(world_size=world_size, batch_size=batch_size, data_map=None, fmi_enabled=False)
    assert as_numbers == read(world_size=str(world_size), batch_size=str(batch_size), data_map=None, fmi_enabled=False)
    assert as_numbers == read(world_size=float(world_size), batch_size=batch_size, data_map=None, fmi_enabled=False)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=4))
def test_nothing_but_a_whole_number_in_bounds_is_a_world_size(value: Any) -> None:
    try:
        request = read(world_size=value, data_map=None)
    except BadInput as error:
        assert "world_size" in error.what  # noqa: PT017  both outcomes are right, which one depends on the value
    else:
        assert 1 <= request.world_size <= payload.MAX_RANKS


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"world_size": 0}, "world_size is 0, not a whole number from 1 to 10000"),
        ({"world_size": "abc"}, "world_size is 'abc'"),
        ({"world_size": True}, "world_size is True"),
        ({"world_size": 1.5}, "world_size is 1.5"),
        ({"world_size": "1e400"}, "world_size is '1e400'"),
        ({"world_size": float("inf")}, "world_size is inf"),
        ({"world_size": None}, "world_size is missing (and there is no file_limit to take its place)"),
        ({"batch_size": -1}, "batch_size is -1, not a whole number from 1 to 8192"),
        ({"batch_size": None}, "batch_size is missing"),
        ({"data_prefix": ""}, "data_prefix is missing or empty"),
        ({"data_prefix": "/"}, "data_prefix is missing or empty"),
        ({"data_prefix": 7}, "data_prefix is 7, not a string"),
        ({"bucket": "cosmicai-data"}, "bucket is 'cosmicai-data', but this team's functions reach"),
        ({"data_bucket": "cosmicai-data"}, "data_bucket is 'cosmicai-data', but"),
        ({"fmi_enabled": "perhaps"}, "fmi_enabled is 'perhaps', not true or false"),
        ({"rendezvous_endpoint": "somewhere"}, "rendezvous_endpoint is 'somewhere', not host:port"),
        ({"rendezvous_endpoint": "host:99999"}, "not host:port"),
        ({"data_map": ["a"]}, "data_map is ['a'], not an object"),
        ({"data_map": {"4": "k"}}, "data_map has '4', which is no rank of this run"),
        ({"data_map": {"x": "k"}}, "data_map has 'x', which is no rank of this run"),
        ({"data_map": {"0": 7}}, "data_map['0'] is 7, not a key or a list of keys"),
        ({"data_map": {"0": ["k", ""]}}, "data_map['0'] is ['k', ''], not a key or a list of keys"),
        ({"wrld_size": 4}, "unknown key 'wrld_size' (did you mean world_size)"),
        ({"colour": 4}, "unknown key 'colour' (known are"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(changed: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(**changed)
    assert problem in str(caught.value)


def test_all_problems_come_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        read(world_size=0, batch_size=-1, data_prefix="", bucket="other")
    assert all(key in caught.value.what for key in ("world_size", "batch_size", "data_prefix", "bucket"))


@pytest.mark.parametrize("given", [[], "text", None, 7])
def test_a_payload_is_an_object(given: Any) -> None:
    with pytest.raises(BadInput, match="not a JSON object"):
        payload.read(given, BUCKET)


def test_a_data_map_names_keys_alone_or_in_lists() -> None:
    request = read(data_map={"0": "a", "2": ["b", "c"], "3": None})
    assert request.data_map == (("a",), (), ("b", "c"), ())


def test_truth_may_come_as_text() -> None:
    assert read(fmi_enabled="True").fmi_enabled is True
    assert read(fmi_enabled="false").fmi_enabled is False


def test_empty_values_of_the_card_count_as_not_given() -> None:
    empty = {"bucket": "", "data_bucket": "", "script": "", "file_limit": None, "data_map": None, "model_key": ""}
    assert payload.read({**NEW, **empty}, BUCKET) == payload.read(NEW, BUCKET)


def test_ranks_that_wait_for_each_other_must_all_run_at_once() -> None:
    assert read(world_size=4096, data_map=None, fmi_enabled=True).fmi_enabled
    assert read(world_size=4097, data_map=None, fmi_enabled=False).world_size == 4097
    with pytest.raises(BadInput, match="world_size is 4097; with fmi_enabled it is at most 4096"):
        read(world_size=4097, data_map=None, fmi_enabled=True)


def test_partitions_may_lie_in_shared_data_and_results_stay() -> None:
    field = {**OLD, "bucket": "cosmicai-data", "data_bucket": "cosmicai-data"}
    assert payload.read(field, BUCKET, {"cosmicai-data"}).data_bucket == "cosmicai-data"
    assert payload.read({**OLD, "bucket": "cosmicai-data", "data_bucket": ""}, BUCKET, ["cosmicai-data"]).data_bucket
    with pytest.raises(BadInput, match=r"reach .team2-[a-z]+-[0-9a-f]+., and read .cosmicai-data."):
        payload.read({**OLD, "data_bucket": "theirs"}, BUCKET, {"cosmicai-data"})
