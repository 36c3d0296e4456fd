"""What a user gives as JSON: a file, stdin, or the JSON itself."""

import io

import pytest

from shared.errors import UsageError
from shared.run.given_input import read_given


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("[1, 2]", [1, 2]),
        ('"ü"', "ü"),
        ("null", None),
        ("-1.5e3", -1500.0),
        (" true ", True),
        ('{"a": {"b": [null]}}', {"a": {"b": [None]}}),
    ],
)
def test_the_json_itself_may_be_any(given, value):
    assert read_given(given) == value


def test_what_is_no_json_names_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "5.json").write_text("[5]", encoding="utf-8")
    (tmp_path / "5").write_text("[6]", encoding="utf-8")
    assert read_given("5.json") == [5]
    assert read_given("./5") == [6]
    assert read_given("5") == 5


def test_stdin_is_read_as_bytes(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"[1]")))
    assert read_given("-") == [1]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf[1]")))
    with pytest.raises(UsageError, match="stdin: it begins with a byte order mark"):
        read_given("-")


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ("NaN", "--input: NaN is not JSON"),
        ("-Infinity", "--input: -Infinity is not JSON"),
        ('{"a": 1, "a": 2}', "--input: the key 'a' is given twice"),
        ('["\udcff"]', "half of a character"),
        ("nowhere.json", "nowhere.json: No such file"),
        ("a\0b", "null byte"),
        ("", r"Is a directory|No such file"),
    ],
)
def test_what_cannot_be_read_is_told_by_name(given, what):
    with pytest.raises(UsageError, match=what):
        read_given(given)
