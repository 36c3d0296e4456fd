"""What single events of a history say, and how long the waits between looks are."""

from itertools import islice

import pytest

from shared.run.history import details, parse_object, rank_in
from shared.run.patience import growing_waits, looks


def test_an_event_s_own_part_is_found_by_its_name():
    failed = {"id": 2, "type": "TaskFailed", "taskFailedEventDetails": {"error": "E"}}
    assert details(failed) == {"error": "E"}
    assert details({"id": 3, "type": "MapIterationSucceeded"}) == {}


@pytest.mark.parametrize(
    ("text", "rank"),
    [('{"rank": 3}', 3), ('{"rank": "3"}', 3), ('{"rank": -1}', None), ('{"rank": 0.5}', None), ("{}", None)],
)
def test_a_rank_is_a_whole_number_from_zero_on(text, rank):
    assert rank_in(text) == rank


@pytest.mark.parametrize("text", [None, "", "no JSON", "[1]", '"text"', "3"])
def test_what_is_no_object_has_nothing_in_it(text):
    assert parse_object(text) == {}
    assert rank_in(text) is None


def test_waits_grow_up_to_the_longest():
    assert list(islice(growing_waits(1.0, 5.0, 2.0), 5)) == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_looks_are_a_second_apart_and_end():
    waits = []
    assert list(looks(waits.append)) == list(range(20))
    assert waits == [1.0] * 19


def test_who_sees_it_at_once_does_not_wait():
    waits = []
    assert next(looks(waits.append)) == 0
    assert waits == []
