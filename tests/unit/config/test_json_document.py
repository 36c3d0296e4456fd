"""JSON and YAML templates know the line of each of their values."""

import json

from hypothesis import given
from hypothesis import strategies as st

from shared.config.json_document import read_json
from shared.config.problems import Problems

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def paths(value, path=()):
    """Yield every path in *value*, the outer first."""
    yield path
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(item, (*path, key))


@given(JSON)
def test_every_value_has_its_line(value):
    problems = Problems()
    document = read_json(json.dumps(value, indent=1), "x.json", problems)
    assert not problems.found
    assert document.data == value
    assert list(document.lines) == list(paths(value))
    lines = list(document.lines.values())
    assert lines == sorted(lines)
    if isinstance(value, dict | list):  # written so, each value has a line of its own
        assert len(set(lines)) == len(lines)


def test_a_key_given_twice_is_told_with_both_lines_and_the_second_holds():
    problems = Problems()
    document = read_json('{"a": {"x": 1},\n"b": ["}", {"a": 1}],\n"\\u0061":\n{"x": 2}}', "x.json", problems)
    assert [str(problem) for problem in problems.found] == [
        "x.json:3: the key 'a' is given twice, first on line 1 (keep one)"
    ]
    assert document.data["a"] == {"x": 2}
    assert (document.line(("a",)), document.line(("a", "x")), document.line(("b", 1, "a"))) == (3, 4, 2)


def test_what_is_not_json_is_told_with_its_line():
    for text, line in (('{"a": 1,\n}', 2), ("[" * 100_000, 1), ("9" * 5000, 1)):
        problems = Problems()
        assert read_json(text, "x.json", problems) is None
        assert [problem.line for problem in problems.found] == [line]
