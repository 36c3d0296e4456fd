"""JSON that has one meaning."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.config.exact_json import InexactJsonError, read_exact

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES)
def test_any_json_is_read_as_it_is(value):
    assert read_exact(json.dumps(value)) == value
    assert read_exact(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ("\ufeff{}", "byte order mark"),
        (b'{"a": "\xff"}', "not UTF-8: byte 7 is 0xff"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' is given twice"),
        ("[NaN]", "NaN is not JSON"),
        ("-Infinity", "-Infinity is not JSON"),
        ("1e400", "1e400 is larger than any number"),
        ("[-1e-400]", "-1e-400 is smaller than any number that JSON's readers hold, and not 0"),
        ('"\\ud800"', r"'\\ud800', which is half of a character"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ("1" * 5_000, "it is not JSON: Exceeds the limit"),
        ("", "it is not JSON"),
        ("{'a': 1}", "it is not JSON"),
    ],
)
def test_what_readers_would_read_differently_is_refused_by_name(text, what):
    with pytest.raises(InexactJsonError, match=what):
        read_exact(text)
