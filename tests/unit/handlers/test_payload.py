"""The reader that workflows' payloads go through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.handlers.payload import BadInput, Reader, whole


def test_every_problem_is_told_in_one_error():
    reader = Reader({"wrold_size": 4, "world_size": 0, "name": 3, "deep": "perhaps", "at": "nowhere"}, ("world_size",))
    reader.whole("world_size", 10)
    reader.whole("batch_size", 10, required=True)
    reader.text("name")
    reader.truth("deep")
    reader.endpoint("at")
    with pytest.raises(BadInput) as caught:
        reader.finish()
    for part in (
        "unknown key 'wrold_size' (did you mean world_size)",
        "world_size is 0, not a whole number from 1 to 10",
        "batch_size is missing",
        "name is 3, not a string",
        "deep is 'perhaps', not true or false",
        "at is 'nowhere', not host:port",
    ):
        assert part in caught.value.what


def test_null_and_empty_are_not_given():
    reader = Reader({"a": None, "b": "", "c": "7"}, "abc")
    assert [reader.whole(key, 9, default=1) for key in "abc"] == [1, 1, 7]
    assert (reader.text("a"), reader.truth("b"), reader.endpoint("a")) == ("", False, "")
    reader.finish()


def test_what_is_null_or_empty_is_as_in_the_teams_file():
    reader = Reader({"a": None, "b": "", "c": 7, "d": 0}, "abcde", {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5})
    assert [reader.whole(key, 9, least=0) for key in "abcde"] == [1, 2, 7, 0, 5]


def test_another_teams_bucket_is_refused_and_the_own_one_is_not():
    reader = Reader({"bucket": "mine", "data_bucket": "theirs"}, ("bucket", "data_bucket"))
    reader.own_bucket("mine", ("bucket", "data_bucket"))
    with pytest.raises(BadInput, match=r"data_bucket is 'theirs', but this team's functions reach 'mine' only"):
        reader.finish()


@pytest.mark.parametrize("bucket", [["mine"], {"name": "mine"}, 4])
def test_a_bucket_that_is_no_text_is_one_problem_among_others(bucket):
    reader = Reader({"bucket": bucket, "deep": "perhaps"}, ("bucket", "deep"))
    reader.own_bucket("mine")
    reader.truth("deep")
    with pytest.raises(BadInput, match=r"bucket is .*mine.* only .*; deep is 'perhaps'"):
        reader.finish()


@pytest.mark.parametrize("payload", [[1], "text", 4, None])
def test_only_an_object_is_a_payload(payload):
    with pytest.raises(BadInput, match="not a JSON object"):
        Reader(payload, ())


@given(st.integers())
def test_a_number_is_the_same_as_its_text(number):
    assert whole(number) == whole(str(number)) == number


@pytest.mark.parametrize("value", [True, "4.5", 4.5, "four", None, [4], float("nan"), float("inf"), ""])
def test_what_is_no_whole_number(value):
    assert whole(value) is None
