"""JSONPath as AWS evaluates it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.local.asl.languages.jsonpath import NoResultError, PathSyntaxError, compile_path, compile_reference
from shared.local.asl.languages.jsonpath_filter import FilterSyntaxError

STORE = {
    "store": {
        "book": [
            {"category": "reference", "author": "Rees", "price": 8.95},
            {"category": "fiction", "author": "Waugh", "price": 12.99, "tags": ["x"]},
            {"category": "fiction", "author": "Melville", "isbn": "0-553", "price": 8.99},
        ],
        "bicycle": {"color": "red", "price": 19.95},
    },
    "a.b": {"c'd": 1},
    "limit": 10,
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.limit", 10),
        ("$['a.b']['c\\'d']", 1),
        ('$["limit"]', 10),
        ("$.store.book[0].author", "Rees"),
        ("$.store.book[-1].author", "Melville"),
        ("$.store.book[*].author", ["Rees", "Waugh", "Melville"]),
        ("$.store.book[0,2].author", ["Rees", "Melville"]),
        ("$.store.book[1:].author", ["Waugh", "Melville"]),
        ("$.store.book[:-1].author", ["Rees", "Waugh"]),
        ("$.store.book[::2].author", ["Rees", "Melville"]),
        ("$..price", [8.95, 12.99, 8.99, 19.95]),
        ("$.store.*.price", [19.95]),
        ("$..book[2].author", ["Melville"]),
        ("$.store.bicycle['color','price']", {"color": "red", "price": 19.95}),
        ("$.store.book[:2].['author', 'tags']", [{"author": "Rees"}, {"author": "Waugh", "tags": ["x"]}]),
        ("$.store['book','bicycle'].price", [19.95]),
        ("$.store.book.[0].author", "Rees"),
        ("$.store.book.[?(@.price > 10)].author", ["Waugh"]),
        ("$.store.book[?(@.author==Rees)].price", [8.95]),
        ("$.store.book[?(@.tags.[0]==x)].author", ["Waugh"]),
        ("$.store.book[?(@.isbn)].author", ["Melville"]),
        ("$.store.book[?(@.price < 10)].author", ["Rees", "Melville"]),
        ("$.store.book[?(@.price < $.limit && @.category == 'fiction')].author", ["Melville"]),
        ("$.store.book[?(@.author == 'Rees' || @.tags)].author", ["Rees", "Waugh"]),
        ("$.store.book[?(!(@.isbn))].author", ["Rees", "Waugh"]),
        ("$.store.book[?(@.author =~ /M.*/i)].author", ["Melville"]),
        ("$.store.book[?(@.category in ['reference'])].author", ["Rees"]),
        ("$.store.book[?(@.category nin ['reference'])].author", ["Waugh", "Melville"]),
        ("$.store.book[?(@.price >= 12.99)]['author']", ["Waugh"]),
        ("$.store.book.length()", 3),
        ("$.none[*]", []),
        ("$..none", []),
    ],
)
def test_what_a_path_selects(path, found):
    assert compile_path(path).read(STORE) == found


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("$.none", "No results for path: $['none']"),
        ("$.store.none", "No results for path: $['store']['none']"),
        ("$.none.below", "Missing property in path $['none']"),
        ("$.store.book[3]", "No results for path: $['store']['book'][3]"),
    ],
)
def test_a_definite_path_that_leads_nowhere(path, message):
    with pytest.raises(NoResultError) as error:
        compile_path(path).read(STORE)
    assert str(error.value) == message


@pytest.mark.parametrize("path", ["", "x", "$x", "$.", "$[", "$[]", "$.a[?(@.b ==)]", "$.a[?(@.b]", "$.a..", "$['a"])
def test_what_is_no_path(path):
    with pytest.raises((PathSyntaxError, FilterSyntaxError)):
        compile_path(path)


@pytest.mark.parametrize("path", ["$..a", "$.a[*]", "$.a[1:]", "$.a[?(@.b)]", "$['a','b']", "$.a.length()"])
def test_a_reference_names_one_place(path):
    with pytest.raises(PathSyntaxError):
        compile_reference(path)


def test_writing_shares_what_it_does_not_change():
    value = {"a": {"b": 1}, "big": [1, 2]}
    written = compile_reference("$.a.c.d").write(value, 5)
    assert written == {"a": {"b": 1, "c": {"d": 5}}, "big": [1, 2]}
    assert written["big"] is value["big"]
    assert value == {"a": {"b": 1}, "big": [1, 2]}


def test_writing_through_a_scalar_fails():
    with pytest.raises(NoResultError):
        compile_reference("$.a.b").write({"a": 1}, 5)


KEYS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=5)
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@given(value=st.dictionaries(KEYS, VALUES, max_size=4), key=KEYS, content=VALUES)
def test_what_is_written_is_read_back(value, key, content):
    path = compile_reference(f"$['{key}']")
    assert path.read(path.write(value, content)) == content
