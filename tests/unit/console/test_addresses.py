"""The parameters of addresses, which anybody may write by hand."""

import pytest

from shared.console.addresses import query, whole_number
from shared.errors import UsageError


@pytest.mark.parametrize(("text", "number"), [("", None), (" ", None), ("0", 0), ("007", 7), (" 12 ", 12)])
def test_a_whole_number_or_none(text, number):
    assert whole_number({"page": text}, "page") == number
    assert whole_number({}, "page") is None


@pytest.mark.parametrize(
    "text", ["-1", "+1", "1.0", "1e3", "x", "٣", "²", "1_0", "101", "0", "0" * 8 + "9" * 5000, "9" * 5000]
)
def test_anything_else_is_refused_by_name(text):
    with pytest.raises(UsageError, match=r"page is .* from 1 to 100"):
        whole_number({"page": text}, "page", 1, 100)


def test_what_is_empty_is_left_out_of_an_address():
    assert query({"map": None, "at": 0, "of": "", "text": "a b&c"}) == "?at=0&text=a+b%26c"
    assert query({"map": None}) == ""
