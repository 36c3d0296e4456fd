import pytest

from shared.measure.drawing.arrows import Arrow, arrows_of
from shared.measure.drawing.conditions import condition_of

X = {"Variable": "$.x", "NumericEquals": 3}
Y = {"Variable": "$.y", "IsPresent": True}
Z = {"Variable": "$.z", "BooleanEquals": False}


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (X, "$.x == 3"),
        ({**X, "Next": "A", "Comment": "c", "Assign": {}, "Output": {}}, "$.x == 3"),
        ({"Variable": "$.x", "NumericLessThan": 3}, "$.x < 3"),
        ({"Variable": "$.x", "NumericGreaterThanEquals": 0.5}, "$.x >= 0.5"),
        ({"Variable": "$.s", "StringEquals": "a b"}, '$.s == "a b"'),
        ({"Variable": "$.s", "StringMatches": "log-*.txt"}, '$.s matches "log-*.txt"'),
        ({"Variable": "$.s", "StringEqualsPath": "$.t"}, "$.s == $.t"),
        ({"Variable": "$.t", "TimestampLessThanEquals": "2026-01-01T00:00:00Z"}, '$.t <= "2026-01-01T00:00:00Z"'),
        (Y, "$.y is present"),
        ({"Variable": "$.y", "IsPresent": False}, "$.y is not present"),
        ({"Variable": "$.y", "IsNull": True}, "$.y is null"),
        ({"Variable": "$.y", "IsNumeric": False}, "$.y is not a number"),
        (Z, "$.z == false"),
        ({"And": [X, Y], "Next": "A"}, "$.x == 3 and $.y is present"),
        ({"Or": [X, {"And": [Y, Z]}]}, "$.x == 3 or ($.y is present and $.z == false)"),
        ({"Not": X, "Next": "A"}, "not ($.x == 3)"),
        ({"Not": {"Or": [X, Y]}}, "not ($.x == 3 or $.y is present)"),
        ({"Condition": "{% $x > 3\n   and $y %}", "Next": "A"}, "$x > 3\n   and $y"),
        ({"Condition": True}, "true"),
        ({"Variable": "$.x", "SomethingNew": 3}, "$.x SomethingNew 3"),
    ],
)
def test_conditions_read_like_formulas(rule, text):
    assert condition_of(rule) == text


def test_arrows_say_when():
    states = {
        "A": {
            "Next": "B",
            "Catch": [
                {"ErrorEquals": ["States.Timeout", "Own"], "Next": "C"},
                {"ErrorEquals": ["States.ALL"], "Next": "C"},
            ],
        },
        "B": {
            "Choices": [{**X, "Next": "A"}, {**Y, "Next": "A"}, {"Condition": "{% $x\n>  3 %}", "Next": "C"}],
            "Default": "C",
        },
        "C": {"End": True},
    }
    assert arrows_of(states) == [
        Arrow("A", "B"),
        Arrow("A", "C", "States.Timeout, Own, any error", catches=True),
        Arrow("B", "A", "$.x == 3 or $.y is present"),
        Arrow("B", "C", "$x > 3 or otherwise"),
    ]
