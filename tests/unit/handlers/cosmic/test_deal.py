from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.handlers.cosmic import payload
from shared.handlers.cosmic.deal import deal, items
from shared.handlers.payload import BadInput
from shared.handlers.s3 import Found


@given(st.integers(0, 300), st.integers(1, 40))
def test_every_file_is_dealt_once_in_order(files: int, ranks: int) -> None:
    hands = deal(range(files), ranks)
    assert len(hands) == ranks
    assert [file for hand in hands for file in hand] == list(range(files))


@given(st.integers(0, 300), st.integers(1, 40))
def test_each_rank_gets_the_ceiling_of_files_left_over_ranks_left(files: int, ranks: int) -> None:
    left = files
    for rank, hand in enumerate(deal(range(files), ranks)):
        assert len(hand) == (left + ranks - rank - 1) // (ranks - rank)
        left -= len(hand)


def test_ranks_beyond_the_files_get_none() -> None:
    assert deal("abc", 5) == [("a",), ("b",), ("c",), (), ()]
    assert deal("abcdefg", 3) == [("a", "b", "c"), ("d", "e"), ("f", "g")]


@pytest.fixture
def request_for_one() -> payload.Request:
    return payload.read({"world_size": 1, "batch_size": 8, "data_prefix": "d"}, "b")


def test_an_item_is_the_whole_event_of_a_rank(request_for_one: payload.Request) -> None:
    assert items(request_for_one, [(Found("d/x", 7),)], "run-1", "2026-01-01T00:00:00Z") == [
        {
            "run_id": "run-1",
            "run_started": "2026-01-01T00:00:00Z",
            "rank": 0,
            "world_size": 1,
            "batch_size": 8,
            "result_path": "results",
            "model_key": "",
            "data_bucket": "b",
            "fmi_enabled": False,
            "rendezvous_endpoint": "",
            "partitions": [{"key": "d/x", "bytes": 7}],
        }
    ]


def test_a_list_beyond_what_step_functions_hands_over_is_refused(request_for_one: payload.Request) -> None:
    hand: Any = [Found(f"datasets/part-{number:05}.safetensors", 10**8) for number in range(6000)]
    with pytest.raises(BadInput, match="rank 0 would get 6000 partitions"):
        items(request_for_one, [hand], "run-1", "")
    assert items(replace(request_for_one, world_size=6), deal(hand, 6), "run-1", "")


def test_the_list_of_most_bytes_counts_not_of_most_partitions(request_for_one: payload.Request) -> None:
    short: Any = [Found(f"{number}", 1) for number in range(1000)]
    long: Any = [Found(f"{'x' * 1000}/{number}", 1) for number in range(300)]
    with pytest.raises(BadInput, match="rank 1 would get 300 partitions"):
        items(replace(request_for_one, world_size=2), [short, long], "r", "2026-01-01T00:00:00Z")
