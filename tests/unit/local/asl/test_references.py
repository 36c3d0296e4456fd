"""Which variables a state refers to, in all places of the language. Recorded answers are in the contract tests."""

import json

import pytest

from shared.local.asl.validation.references import variable_references


def references(state, language=None):
    machine = {"StartAt": "S", "States": {"S": state}}
    return variable_references(json.dumps(machine | ({"QueryLanguage": language} if language else {})))


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ({"Type": "Pass", "InputPath": "$a", "OutputPath": "$b.c[0]"}, ["a", "b"]),
        ({"Type": "Pass", "Parameters": {"x.$": "$a", "y": {"z.$": "$b.c"}}, "ResultPath": "$.d"}, ["a", "b"]),
        ({"Type": "Pass", "Parameters": {"x": "$a", "InputPath": "$b"}, "Result": {"c.$": "$c"}}, None),
        ({"Type": "Pass", "Assign": {"x.$": "States.Format('$no {}', $a, $$.State.Name, $.b)"}}, ["a"]),
        ({"Type": "Pass", "Assign": {"x.$": "$", "y.$": "$$"}}, None),
        ({"Type": "Choice", "Choices": [{"Variable": "$a", "StringEqualsPath": "$b", "Next": "T"}]}, ["a", "b"]),
        ({"Type": "Choice", "Choices": [{"And": [{"Not": {"Variable": "$a.b", "IsNull": True}}], "Next": "T"}]}, ["a"]),
        ({"Type": "Wait", "SecondsPath": "$a"}, ["a"]),
        ({"Type": "Fail", "ErrorPath": "$e", "CausePath": "$c"}, ["c", "e"]),
        ({"Type": "Task", "TimeoutSecondsPath": "$t", "Catch": [{"Assign": {"e.$": "$u"}, "Next": "T"}]}, ["t", "u"]),
        ({"Type": "Map", "ItemReader": {"Parameters": {"K.$": "$k"}}}, ["k"]),
        ({"Type": "Map", "ItemReader": {"ReaderConfig": {"MaxItemsPath": "$m"}}}, ["m"]),
        ({"Type": "Map", "ItemBatcher": {"BatchInput": {"a.$": "$b"}, "MaxItemsPerBatchPath": "$c"}}, ["b", "c"]),
        ({"Type": "Pass", "Comment": "$a"}, None),
    ],
)  # fmt: skip
def test_jsonpath(state, names):
    assert references(state) == ({"S": names} if names else {})


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("$a + $b.c[$d = 1]", ["a", "b", "d"]),
        ("$sum([$a, $states.input.b])", ["a"]),
        ("($x := 1; $f := function($p) { $p + $x + $y }; $f($z))", ["y", "z"]),
        ("($n := function($i) { $i > 0 ? $n($i - 1) : $i }; $n($m))", ["m"]),
        ("$map($l, function($v, $i) { $v & $i & $w })", ["l", "w"]),
        ("'$no' & \"$no\" & $$.a & $", None),
        ("books@$b.loans#$i[$b.isbn = $k].{'t': $b.title, 'i': $i}", ["k"]),
        ("$uuid() & $partition([1..$n], 2) ~> $string", ["n"]),
        ("a^(>$k){$g: $v}", ["g", "k", "v"]),
        ("($x := 1; ($y := 2; $y)) + $y", ["y"]),
    ],
)  # fmt: skip
def test_jsonata(expression, names):
    state = {"Type": "Pass", "Output": {"x": [f"{{% {expression} %}}"]}}
    assert references(state, "JSONata") == ({"S": names} if names else {})


def test_states_inside_have_their_own_at_every_depth_and_their_own_language():
    inner = {
        "StartAt": "In",
        "States": {"In": {"Type": "Pass", "Assign": {"x": "{% $a %}"}, "QueryLanguage": "JSONata"}},
    }
    branch = {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemsPath": "$items", "ItemProcessor": inner}}}
    state = {"Type": "Parallel", "Branches": [branch], "ResultSelector": {"r.$": "$r"}}
    assert references(state) == {"S": ["r"], "M": ["items"], "In": ["a"]}
