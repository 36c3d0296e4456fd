"""Each format that a reader reads, held to Python's own csv and json over generated files cut anywhere."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import random

import pytest
from backports import zstd
from hypothesis import example, given
from hypothesis import strategies as st

from shared.local.asl.maps.delimited import records, rows
from shared.local.asl.maps.items import ITEM_BYTES, UnreadableError
from shared.local.asl.maps.json_stream import elements
from shared.local.asl.maps.objects import Objects, lines, texts


class Trickle:
    """The body of an object that comes in pieces of any size."""

    def __init__(self, body: bytes, seed: int) -> None:
        self._stream = io.BytesIO(body)
        self._random = random.Random(seed)
        self.closed = False

    def read(self, size: int) -> bytes:
        return self._stream.read(min(size, self._random.randint(1, 7)))

    def close(self) -> None:
        self.closed = True


class Stored:
    """A client of S3 that knows one object."""

    def __init__(self, body: bytes, seed: int = 0) -> None:
        self.body = Trickle(body, seed)

    def get_object(self, **_parameters: str) -> dict[str, Trickle]:
        return {"Body": self.body}


def cut(text: str, seed: int) -> list[str]:
    """Return *text* in pieces."""
    source, pieces, at = random.Random(seed), [], 0
    while at < len(text):
        size = source.randint(0, 5)
        pieces.append(text[at : at + size])
        at += size
    return pieces


def collect(items, found):
    """Add what *items* give to *found*, up to where they fail."""
    for _, value, _ in items:
        found.append(value)


SEEDS = st.integers(0, 2**16)
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00\\")
CELLS = st.text(LETTERS, max_size=6) | st.sampled_from(['"', ",", "\n", "\r\n", 'a"b', "", " ", "é", "🙂"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | CELLS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(CELLS, inner, max_size=4),
    max_leaves=20,
)
LAYOUTS = st.sampled_from([None, 0, 2])


@given(st.lists(VALUES, max_size=5), LAYOUTS, SEEDS)
@example([12, -0.5, 1e5, 123456789], None, 1)
def test_an_array_is_read_as_json_reads_it(values, indent, seed):
    text = json.dumps(values, indent=indent, ensure_ascii=bool(seed % 2))
    found = [value for _, value, _ in elements(iter(cut(text, seed)), None)]
    assert found == json.loads(text)
    assert list(map(type, found)) == list(map(type, json.loads(text)))


@given(st.dictionaries(CELLS, VALUES, max_size=4), VALUES, CELLS, LAYOUTS, SEEDS)
def test_what_a_pointer_leads_to_is_read_as_json_reads_it(members, other, key, indent, seed):
    document = {"before": other, "list": [0, {key: members}], "after": other}
    text = json.dumps(document, indent=indent)
    pointer = f"/list/1/{key.replace('~', '~0').replace('/', '~1')}"
    assert [(name, value) for name, value, _ in elements(iter(cut(text, seed)), pointer)] == list(members.items())


@pytest.mark.parametrize(
    ("text", "pointer", "cause"),
    [
        ('{"a": 1}', None, "Attempting to map over non-iterable node."),
        ('"text"', None, "Attempting to map over non-iterable node."),
        ('{"a": 1}', "/a", "Attempting to map over non-iterable node."),
        ('{"a": 1}', "/b", "ItemsPointer leads to nothing: there is no 'b'."),
        ('{"a": [1]}', "/a/01", "ItemsPointer leads to nothing: there is no '01'."),
        ('{"a": 1}', "/a/b", "ItemsPointer leads to nothing: 'b' is not in an array or object."),
        ("", None, "The object is not valid JSON."),
        ("nonsense", None, "The object is not valid JSON."),
        ("[NaN]", None, "The object is not valid JSON."),
        ("[" * 100_000, None, "The object holds JSON that is nested too deeply."),
        ('{"a": [}, "b": []}', "/b", "The object is not valid JSON."),
        ('{"a": "\\', "/b", "The object is not valid JSON."),
    ],
)
def test_json_without_elements_is_refused(text, pointer, cause):
    with pytest.raises(UnreadableError) as caught:
        list(elements(iter([text]), pointer))
    assert str(caught.value) == cause


@pytest.mark.parametrize("text", ["[1, 2, oops]", "[1, 2", "[1, 2, ]", "[1, 2] 3", "[1, 2}", "[1, 2 3]", "[1, 2, 1e]"])
def test_bad_json_fails_after_the_good_elements(text):
    for chunks in ([text], list(text)):
        found = []
        with pytest.raises(UnreadableError, match="not valid JSON"):
            collect(elements(iter(chunks), None), found)
        assert found == [1, 2]


def test_an_element_that_is_too_large_is_refused_before_it_is_read():
    read = 0

    def endless():
        nonlocal read
        yield '[1, "'
        while True:
            read += 1
            yield "x" * 2**20

    items = elements(endless(), None)
    assert next(items)[1] == 1
    with pytest.raises(UnreadableError, match="larger than 8388608 bytes"):
        next(items)
    assert read < 20


def test_an_array_of_any_length_is_read_in_little_memory():
    chunks = itertools.chain(["["], itertools.repeat('{"a": 1}, ' * 1000, 200), ["0]"])
    assert sum(1 for _ in elements(chunks, None)) == 200_001


def table(cells, delimiter, end, quoting):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(cells)
    return text.getvalue()


@given(
    st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=6),
    st.sampled_from([",", "|", ";", " ", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    SEEDS,
)
def test_delimited_text_is_read_as_csv_reads_it(cells, delimiter, end, quoting, seed):
    text = table(cells, delimiter, end, quoting)
    expected = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    stream = Objects(Stored(b"\xef\xbb\xbf" * (seed % 2) + text.encode(), seed)).unpacked({"Key": "k"})
    assert [fields for fields, _ in records(lines(stream, ""), delimiter)] == expected


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (r"C:\\Program Files\\MyApp.exe,6534512", [r"C:\Program Files\MyApp.exe", "6534512"]),
        (r"a\,b,c", ["a,b", "c"]),
        (r"a\"b,c", ['a"b', "c"]),
        (r'"a\"b",c', ['a"b', "c"]),
        (r"a\nb,c", ["anb", "c"]),
        ('abc,{""MyKey"":""MyValue""},"[1,2,3]"', ["abc", '{"MyKey":"MyValue"}', "[1,2,3]"]),
        ('"a ""b"", \n and c",d', ['a "b", \n and c', "d"]),
        ('"a"b,c', ["ab", "c"]),
        ("a,", ["a", ""]),
        ("a\\", ["a"]),
        ('""', [""]),
        ('""""', ['"']),
    ],
)
def test_backslashes_and_quotation_marks_mean_what_step_functions_says(text, fields):
    for end in ("", "\n", "\r\n"):
        assert [found for found, _ in records(lines(io.BytesIO((text + end).encode()), ""), ",")] == [fields]


def test_rows_have_the_headers_keys():
    body = ["a,b\n", "1\n", "\n", "1,2,3\n", ",\n"]
    read = rows(records(iter(body), ","), None)
    assert [row for row, _ in read] == [{"a": "1", "b": ""}, {"a": "1", "b": "2"}, {"a": "", "b": ""}]


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (["a,a\n"], "CSV headers cannot contain duplicates."),
        (["a" * 10_241 + "\n"], "The CSV header is larger than 10240 bytes."),
        (["a\n", '"never closed\n', "and on\n"], "A quotation mark in the CSV file is never closed."),
        (["a\n", '"' + "x" * ITEM_BYTES, "y" * ITEM_BYTES], f"An item is larger than {ITEM_BYTES} bytes."),
    ],
)
def test_delimited_text_that_cannot_be_read_is_refused(body, cause):
    with pytest.raises(UnreadableError) as caught:
        list(rows(records(iter(body), ","), None))
    assert str(caught.value) == cause


@given(st.lists(VALUES, max_size=6), SEEDS)
def test_lines_are_read_whole_however_the_body_comes(values, seed):
    body = "\n".join(json.dumps(value, ensure_ascii=False) for value in values).encode()
    stream = Objects(Stored(body, seed)).unpacked({"Key": "k"})
    assert [json.loads(line) for line in lines(stream, "\n")] == values


@given(st.text(LETTERS, max_size=200), SEEDS, st.sampled_from(["k", "k.gz", "k.GZIP", "k.zst", "k.jsonl.zstd"]))
def test_bodies_are_unpacked_and_decoded_however_they_come(text, seed, key):
    pack = gzip.compress if "gz" in key.lower() else zstd.compress if "zst" in key else bytes
    body = pack(text.encode())
    if key != "k" and seed % 2:
        body = pack(text[: seed % 9].encode()) + pack(text[seed % 9 :].encode())  # members, one after another
    client = Stored(body, seed)
    with Objects(client).unpacked({"Key": key}) as stream:
        assert "".join(texts(stream)) == text


def test_a_line_that_is_too_large_is_refused():
    stream = io.BytesIO(b"1\n" + b"x" * (ITEM_BYTES + 1) + b"\n")
    with pytest.raises(UnreadableError, match="larger than 8388608 bytes"):
        list(lines(stream, "\n"))
    letters = io.BytesIO("é".encode() * (ITEM_BYTES // 2 + 1))  # fewer letters than bytes
    with pytest.raises(UnreadableError, match="larger than 8388608 bytes"):
        list(lines(letters, "\n"))
