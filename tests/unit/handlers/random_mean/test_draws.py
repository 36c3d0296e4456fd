"""Draws are named in the field's own form, and every name is read back as what it was made from."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.handlers.payload import BadInput
from shared.handlers.random_mean import draws

RUN_IDS = st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters="+-_."), min_size=1)


def test_the_answer_of_step_1_is_the_fields_own():
    assert draws.response(draws.pairs("B", 3), "k") == {
        "statusCode": 200,
        "body": {"csv_name": [{"name1": "B+0"}, {"name2": "B+1"}, {"name3": "B+2"}]},
    }


@given(batch=RUN_IDS, repetitions=st.integers(1, 30))
def test_a_name_is_split_into_what_it_was_made_from(batch, repetitions):
    assert [draws.split(pair) for pair in draws.pairs(batch, repetitions)] == [
        (batch, number) for number in range(repetitions)
    ]


def test_an_answer_beyond_what_a_state_may_pass_on_says_where_the_names_lie():
    answer = draws.response(draws.pairs("20260102T030405Z-a1b2c3", 100_000), "runs/r/draws.json")
    assert answer == {"statusCode": 200, "body": {"csv_name": [], "csv_name_key": "runs/r/draws.json"}}
    whole = draws.response(draws.pairs("20260102T030405Z-a1b2c3", 1000), "runs/r/draws.json")
    assert len(whole["body"]["csv_name"]) == 1000
    assert len(json.dumps(whole)) < 256 * 1024


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"name1": "B"},
        {"name1": "B+"},
        {"name1": "+1"},
        {"name1": "B+one"},
        {"name1": 7},
        {"name1": "B+0", "name2": "B+1"},
    ],
)
def test_what_names_no_draw_is_refused(event):
    with pytest.raises(BadInput, match="does not name a draw"):
        draws.split(event)


def test_a_long_listing_is_cut():
    assert draws.listing([1, 2]) == "1, 2"
    assert draws.listing(range(100)).endswith("18, 19 and 80 more")
