"""Values of parameters, from files, payloads and options."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.config.lane import Parameter
from shared.config.parameters import coerce, coerce_all, shape_text
from shared.errors import UsageError

DEFAULTS = {"integer": 1, "number": 1.0, "string": "x", "boolean": False, "object": {}, "array": []}


def spec(type_, **rest):
    return Parameter("p", type_, rest.pop("default", DEFAULTS[type_]), "", **rest)


@pytest.mark.parametrize(
    ("type_", "value", "right"),
    [
        ("integer", "10", 10),
        ("integer", "-3", -3),
        ("integer", 4.0, 4),
        ("number", "0.5", 0.5),
        ("number", 3, 3),
        ("string", "10", "10"),
        ("boolean", "True", True),
        ("boolean", "false", False),
        ("boolean", True, True),
        ("object", '{"0": null}', {"0": None}),
        ("object", {"0": "a"}, {"0": "a"}),
        ("object", [1, 2], [1, 2]),
        ("array", "[]", []),
    ],
)
def test_text_is_taken_for_what_it_spells(type_, value, right):
    taken = coerce(spec(type_), value)
    assert taken == right
    assert type(taken) is type(right)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        *[("integer", value) for value in ("abc", "", "4.5", 4.5, True, None, [], "1_0", " 1", math.nan, math.inf)],
        *[("number", value) for value in ("abc", "nan", "inf", math.inf, True, None, 10**400, "1" * 5000)],
        *[("string", value) for value in (10, None, ["a"])],
        *[("boolean", value) for value in ("yes", 1, 0, None)],
        *[("array", value) for value in ("{}", {}, 3)],
        *[("object", value) for value in ("{", 3, None, "[" * 100_000)],
    ],
)
def test_what_is_of_another_type_is_refused(type_, value):
    with pytest.raises(UsageError, match=r"^at: p is .*, not "):
        coerce(spec(type_), value, "at")


def test_none_is_right_where_the_default_is_none():
    assert coerce(spec("integer", default=None), None) is None
    assert coerce(spec("integer", default=None), "null") is None
    assert coerce(spec("string", default=None), "null") == "null"
    with pytest.raises(UsageError, match='is "null", not a whole number'):
        coerce(spec("integer", default=3), "null")


@given(st.integers(), st.integers(-5, 5), st.integers(-5, 5))
def test_bounds_are_inclusive(value, low, high):
    bounded = spec("integer", minimum=low, maximum=high)
    if low <= value <= high:
        assert coerce(bounded, str(value)) == value
    else:
        with pytest.raises(UsageError, match=f"not {low} to {high}"):
            coerce(bounded, value)


def test_bounds_of_a_text_are_of_its_length_and_choices_are_shown():
    with pytest.raises(UsageError, match='p is "", less than 1 characters'):
        coerce(spec("string", minimum=1), "")
    with pytest.raises(UsageError, match='not one of "u", "g"'):
        coerce(spec("string", choices=("u", "g")), "z")


def test_all_wrong_inputs_are_told_at_once():
    specs = (Parameter("world_size", "integer", 4, "", 1), Parameter("deep", "boolean", default=False, description=""))
    assert coerce_all(specs, {"world_size": "10"}) == {"world_size": 10}
    with pytest.raises(UsageError) as caught:
        coerce_all(specs, {"world_size": 0, "deep": "maybe", "wrld_size": 2}, where="input.json")
    text = str(caught.value)
    assert text.startswith("input.json: ")
    assert "world_size is 0, less than 1" in text
    assert 'deep is "maybe", not true or false' in text
    assert "unknown parameter 'wrld_size' (did you mean 'world_size'?)" in text


REGION = Parameter(
    "an item of regions",
    "object",
    None,
    "",
    properties=(
        Parameter("name", "string", None, ""),
        Parameter("cell-size", "integer", None, "", 1, 9),
        Parameter("box", "array", None, "", nullable=True, items=Parameter("an item of box", "number", None, "")),
    ),
    required=("name",),
)
REGIONS = Parameter("regions", "array", None, "", 1, 5, items=REGION)


def test_parts_of_a_value_are_held_to_their_types_and_told_by_their_paths_all_at_once():
    right = [{"name": "n", "cell-size": 2, "box": [1, 2.5]}, {"name": "ü", "box": None}]
    assert coerce(REGIONS, right) == right
    wrong = [{"name": 7, "cell-size": "2"}, {"nme": "n", "box": [1, "2"]}, 3, {"name": "n", "cell-size": 10}]
    with pytest.raises(UsageError) as caught:
        coerce(REGIONS, wrong)
    assert caught.value.what.split("; ") == [
        "regions[0].name is 7, not text",
        'regions[0].cell-size is "2", not a whole number',
        "regions[1].name is missing",
        "regions[1].nme is no key of it (did you mean 'name'?)",
        'regions[1].box[1] is "2", not a number',
        "regions[2] is 3, not an object of keys to values",
        "regions[3].cell-size is 10, not 1 to 9",
    ]


def test_other_keys_are_let_in_where_the_card_says_so():
    open_to_all = Parameter("p", "object", None, "", properties=REGION.properties, additional_properties=True)
    assert coerce(open_to_all, {"name": "n", "x y": [None]}) == {"name": "n", "x y": [None]}
    with pytest.raises(UsageError, match=r'p\["x y"\] is no key of it'):
        coerce(Parameter("p", "object", None, "", properties=REGION.properties), {"x y": 1})


def test_of_thousands_of_wrong_items_the_first_are_told():
    with pytest.raises(UsageError, match=r"numbers\[19\] is null, not a number; and 9,980 more$"):
        coerce(Parameter("numbers", "array", None, "", items=Parameter("i", "number", None, "")), [None] * 10_000)


def test_text_that_spells_an_array_is_read_exactly():
    array = Parameter("p", "array", None, "")
    with pytest.raises(UsageError, match="the key 'a' is given twice"):
        coerce(array, '[{"a": 1, "a": 2}]')
    with pytest.raises(UsageError, match="NaN is not JSON"):
        coerce(array, "[NaN]")


def test_a_reference_stands_for_the_value_of_a_parameter_that_goes_by_reference():
    reference = {"bucket": "b", "key": "inputs/x.json"}
    assert coerce(Parameter("p", "array", None, "", by_reference=True), reference) == reference
    spelled = '{"bucket": "b", "key": "inputs/x.json"}'
    assert coerce(Parameter("p", "array", None, "", by_reference=True), spelled) == reference
    with pytest.raises(UsageError, match="not an array"):
        coerce(Parameter("p", "array", None, ""), reference)
    with pytest.raises(UsageError, match="not an array"):
        coerce(Parameter("p", "array", None, "", by_reference=True), {"bucket": "b", "key": 1})


def test_shapes_are_told_in_a_few_words():
    box = "box?: array of number or null"
    assert shape_text(REGIONS) == f"array of {{name: string, cell-size?: integer, {box}}}"
