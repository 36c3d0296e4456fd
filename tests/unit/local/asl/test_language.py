"""States that only compute: data flow, choices, intrinsics, JSONata, variables."""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.local.asl.budget import Budget
from shared.local.asl.choice import parse_time, wildcard
from shared.local.asl.errors import RuntimeFailure
from shared.local.asl.json_text import JsonTextError, read_json
from shared.local.asl.languages.intrinsic_functions import ARGUMENTS, FUNCTIONS
from shared.local.asl.payload import compile_template
from shared.local.asl.validation import problems_of
from shared.local.asl.variables import Scope


class Around:
    """What an expression sees beside its input."""

    def __init__(self):
        self.random, self.variables, self.budget = Random(0), Scope(), Budget()

    def context(self):
        return {}


def passed(**fields):
    return {"StartAt": "S", "States": {"S": {"Type": "Pass", **fields, "End": True}}}


def query(**fields):
    return {**passed(**fields), "QueryLanguage": "JSONata"}


@pytest.mark.parametrize(
    ("call", "value", "result"),
    [
        ("States.Format('{} of {}: {}', $.a, $.b, $.c)", {"a": 1, "b": "x", "c": [1, None]}, "1 of x: [1, null]"),
        (r"States.Format('\{{}\} it\'s', $.a)", {"a": True}, "{true} it's"),
        ("States.StringToJson($.a)", {"a": '{"b":[1]}'}, {"b": [1]}),
        ("States.JsonToString($)", {"b": [1, "é"]}, '{"b":[1,"é"]}'),
        ("States.ArrayPartition($, 2)", [1, 2, 3], [[1, 2], [3]]),
        ("States.ArrayContains($, 1)", [True, "1"], False),
        ("States.ArrayRange(1, 9, 2)", {}, [1, 3, 5, 7, 9]),
        ("States.ArrayRange(3, 1, -1)", {}, [3, 2, 1]),
        ("States.ArrayUnique($)", [1, True, 1, "1", {"a": 1}, {"a": 1}], [1, True, "1", {"a": 1}]),
        ("States.Base64Decode(States.Base64Encode('Data é'))", {}, "Data é"),
        ("States.Hash('input data', 'SHA-1')", {}, "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("States.JsonMerge($.a, $.b, false)", {"a": {"x": 1, "y": 1}, "b": {"y": 2}}, {"x": 1, "y": 2}),
        ("States.MathAdd(2.5, -5)", {}, -2),
        ("States.StringSplit('1,2;3', ',;')", {}, ["1", "2", "3"]),
        ("States.Array(States.Array(), null, false, -1.5)", {}, [[], None, False, -1.5]),
        ("States.ArrayGetItem($.l[1:], 0)", {"l": [1, 2]}, 2),
    ],
)
def test_intrinsic_functions(world, call, value, result):
    assert world.output(passed(Parameters={"r.$": call}), value) == {"r": result}


@pytest.mark.parametrize(
    "call",
    [
        "States.StringToJson('{')",
        "States.ArrayPartition($, 0)",
        "States.ArrayGetItem($, 9)",
        "States.ArrayRange(0, 5000, 1)",
        "States.MathAdd('a', 1)",
        "States.JsonMerge($, $, true)",
        "States.Hash('a', 'CRC')",
        "States.Base64Decode('*')",
        "States.Format('{}')",
        "States.ArrayGetItem($, 1e400)",
    ],
)
def test_an_intrinsic_function_that_cannot_work_fails_the_state(world, call):
    execution = world.run(passed(Parameters={"r.$": call}), [1])
    assert execution.error == "States.IntrinsicFailure"
    assert execution.cause.startswith("An error occurred while executing the state 'S' (entered at the event id #2).")


@pytest.mark.parametrize(
    "call",
    [
        "States.UUID(1)",
        "States.Format()",
        "States.MathAdd(1)",
        "States.ArrayRange(1, 2)",
        "States.MathAdd(1, 2,)",
        r'States.StringToJson(\'{"a": "a \"quote\""}\')',  # as recorded on AWS, which refuses it
        r"States.Format('a\nb')",
        "States.Array(" * 11 + ")" * 11,
        "States.Array(1) 2",
        "States.Array('open)",
    ],
)
def test_a_call_that_aws_refuses_is_refused(call):
    (problem,) = problems_of(json.dumps(passed(Parameters={"r.$": call})))
    what = "The value for the field 'r.$' must be a valid JSONPath or a valid intrinsic function call"
    assert (problem.message, problem.location) == (what, "/States/S/Parameters")


def test_the_text_that_is_no_json_is_told_as_jackson_tells_it(world):
    execution = world.run(passed(Parameters={"r.$": "States.StringToJson($.t)"}), {"t": "{a}"})
    assert "Unexpected character ('a' (code 97)): was expecting double-quote to start field name" in execution.cause


@given(
    call=st.sampled_from(sorted(FUNCTIONS)).flatmap(
        lambda name: st.lists(
            st.sampled_from(["$.a", "$.b", "'x'", "1", "-1.5", "null", "true", "$", "States.Array(1)"]),
            min_size=ARGUMENTS.get(name, (0, 3))[0],
            max_size=min(3, ARGUMENTS.get(name, (0, 3))[1]),
        ).map(lambda arguments: f"States.{name}({', '.join(arguments)})")
    ),
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
        max_leaves=6,
    ),
)
def test_a_call_gives_a_value_or_fails_as_on_aws(call, value):
    compiled = compile_template({"r.$": call})
    try:
        compiled({"a": value, "b": value}, Around())
    except RuntimeFailure as failure:
        assert failure.error in {"States.IntrinsicFailure", "States.Runtime"}  # noqa: PT017  most calls do not fail


def test_random_functions_come_from_the_engines_source(world):
    output = world.output(
        passed(
            Parameters={
                "u.$": "States.UUID()",
                "n.$": "States.MathRandom(1, 10)",
                "s.$": "States.MathRandom(1, 1000, 5)",
            }
        )
    )
    again = type(world)().output(
        passed(
            Parameters={
                "u.$": "States.UUID()",
                "n.$": "States.MathRandom(1, 10)",
                "s.$": "States.MathRandom(1, 1000, 5)",
            }
        )
    )
    assert output == again
    assert output["u"][14] == "4"
    assert 1 <= output["n"] < 10


@pytest.mark.parametrize(
    ("rule", "value", "holds"),
    [
        ({"Variable": "$.a", "StringMatches": "log-*.txt"}, "log-1.txt", True),
        ({"Variable": "$.a", "StringMatches": r"a\*"}, "ab", False),
        ({"Variable": "$.a", "StringLessThan": "b"}, "a", True),
        ({"Variable": "$.a", "NumericGreaterThanEqualsPath": "$.a"}, 3, True),
        ({"Variable": "$.a", "NumericEquals": 1}, True, False),
        ({"Variable": "$.a", "BooleanEquals": True}, 1, False),
        ({"Variable": "$.a", "TimestampLessThan": "2024-01-01T00:00:00Z"}, "2023-12-31T23:59:59+00:00", True),
        ({"Variable": "$.a", "IsTimestamp": True}, "2023-12-31", False),
        ({"Variable": "$.b", "IsPresent": False}, 1, True),
        ({"Not": {"Variable": "$.a", "IsNull": True}}, 1, True),
        ({"And": [{"Variable": "$.a", "IsNumeric": True}, {"Variable": "$.a", "NumericLessThan": 5}]}, 4, True),
        ({"Or": [{"Variable": "$.a", "IsString": True}, {"Variable": "$.a", "IsBoolean": True}]}, 4, False),
    ],
)
def test_choice_rules(world, rule, value, holds):
    definition = {
        "StartAt": "C",
        "States": {
            "C": {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"},
            "Yes": {"Type": "Pass", "Result": True, "End": True},
            "No": {"Type": "Pass", "Result": False, "End": True},
        },
    }
    assert world.output(definition, {"a": value}) is holds


def test_a_choice_without_a_way_out_fails(world):
    definition = {
        "StartAt": "C",
        "States": {
            "C": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "D"}]},
            "D": {"Type": "Succeed"},
        },
    }
    execution = world.run(definition, {"a": 1})
    assert execution.error == "States.Runtime"
    assert execution.cause.endswith("Failed to transition out of the state. The state does not point to a next state.")
    missing = world.run(definition, {})
    assert missing.cause.endswith("Invalid path '$.a': The choice state's condition path references an invalid value.")


def test_the_paths_of_a_state_apply_in_order(world, call):
    world.function = lambda value: {"got": value, "more": [1, 2]}
    task = call(
        InputPath="$.in",
        Parameters={"p.$": "$.x"},
        ResultSelector={"s.$": "$.got.p", "m.$": "$.more[1]"},
        ResultPath="$.in.result",
        OutputPath="$.in",
        Assign={"v.$": "$.s"},
        Next="After",
    )
    after = {"Type": "Pass", "Parameters": {"v.$": "$v", "result.$": "$.result"}, "End": True}
    output = world.output({"StartAt": "T", "States": {"T": task, "After": after}}, {"in": {"x": 5}})
    assert output == {"v": 5, "result": {"s": 5, "m": 2}}


def test_a_result_that_cannot_be_placed_fails_the_state(world):
    execution = world.run(passed(Result=1, ResultPath="$.a.b"), {"a": "text"})
    assert execution.error == "States.ResultPathMatchFailure"
    assert execution.cause.endswith('Unable to apply ReferencePath $.a.b to input {"a":"text"}')


@pytest.mark.parametrize(
    ("expression", "value", "result"),
    [
        ("{% $states.input.a + 1 %}", {"a": 1}, 2),
        ("{% $states.input.missing ? 1 : 2 %}", {}, 2),
        ("{% $states.input.a %}", {"a": None}, None),
        ("{% [$states.input.l.n] %}", {"l": [{"n": None}, {"n": 1}]}, [None, 1]),
        ("{% $partition([1,2,3], 2) %}", {}, [[1, 2], [3]]),
        ("{% $range(0, 6, 3) %}", {}, [0, 3, 6]),
        ("{% $hash('input data', 'MD5') %}", {}, "812f45842bc6d66ee14572ce20db8e86"),
        ("{% $parse('{\"a\":[1]}').a %}", {}, [1]),
        ("{% $states.context.Execution.Name %}", {}, "x1"),
        ({"a": ["{% 1 / 4 %}", "plain"]}, {}, {"a": [0.25, "plain"]}),
    ],
)
def test_jsonata(world, expression, value, result):
    assert world.output(query(Output=expression), value) == result


@pytest.mark.parametrize(
    ("expression", "end"),
    [
        ("{% $states.input.none %}", "specified for the field 'Output' returned nothing (undefined)."),
        (
            "{% 1 + 'a' %}",
            'threw an error during evaluation. T2002: The right side of the "+" operator must evaluate to a number',
        ),
    ],
)
def test_a_jsonata_expression_that_fails_leaves_an_event(world, types, expression, end):
    execution = world.run(query(Output=expression))
    assert execution.error == "States.QueryEvaluationError"
    assert execution.cause.endswith(end)
    assert "EvaluationFailed" in types(execution)


def test_jsonata_catches_with_output_and_assign(world, call, fail):
    def broken(_value):
        raise fail("E", "m")

    world.function = broken
    catch = [
        {
            "ErrorEquals": ["E"],
            "Output": "{% $states.errorOutput.Error & '!' %}",
            "Assign": {"c": "{% $states.input %}"},
            "Next": "D",
        }
    ]
    done = {"Type": "Pass", "Output": ["{% $states.input %}", "{% $c %}"], "End": True}
    definition = {"StartAt": "T", "QueryLanguage": "JSONata", "States": {"T": call(Catch=catch, Next="D"), "D": done}}
    assert world.output(definition, 7) == ["E!", 7]


def test_the_context_object_tells_where_it_is_read(world):
    output = world.output(passed(Parameters={"c.$": "$$"}), {"a": 1})["c"]
    assert output["Execution"]["Input"] == {"a": 1}
    assert output["Execution"]["Id"].endswith(":execution:m:x1")
    assert output["StateMachine"]["Name"] == "m"
    assert output["State"] == {"Name": "S", "EnteredTime": "2023-11-14T22:13:20.000Z"}


def test_wait_in_its_four_forms(world):
    def wait(following, **field):
        return {"Type": "Wait", **field, "Next": following}

    later = "2023-11-14T22:13:30Z"
    states = {
        "A": wait("B", Seconds=1),
        "B": wait("C", SecondsPath="$.s"),
        "C": wait("D", Timestamp=later),
        "D": wait("E", TimestampPath="$.t"),
        "E": {"Type": "Succeed"},
    }
    world.output({"StartAt": "A", "States": states}, {"s": 2, "t": "2023-11-14T22:13:35+00:00"})
    assert world.elapsed == pytest.approx(15)


def test_speed_shortens_waits_and_retry_delays_only(world, call, fail):
    def broken(_value):
        raise fail("E")

    world.function = broken
    world.engine.speed = 60.0
    retry = [{"ErrorEquals": ["E"], "IntervalSeconds": 60, "MaxAttempts": 1}]
    definition = {
        "StartAt": "W",
        "States": {"W": {"Type": "Wait", "Seconds": 120, "Next": "T"}, "T": call(Retry=retry)},
    }
    world.run(definition)
    assert world.elapsed == pytest.approx(3)


@pytest.mark.parametrize(
    ("seconds", "end"),
    [
        (-1, "The SecondsPath parameter references a negative value: $.s == -1"),
        (1.5, "The SecondsPath parameter cannot be parsed as a long value: $.s == 1.5"),
        (1.0, "The SecondsPath parameter cannot be parsed as a long value: $.s == 1.0"),
        ("1", "The SecondsPath parameter cannot be parsed as a long value: $.s == 1"),
        (True, "The SecondsPath parameter cannot be parsed as a long value: $.s == true"),
        (None, "The SecondsPath parameter cannot be parsed as a long value: $.s == null"),
        (10**8, "The SecondsPath parameter references a value over 99999999: $.s == 100000000"),
    ],
)
def test_a_wait_that_is_no_number_of_seconds_fails(world, seconds, end):
    execution = world.run(
        {"StartAt": "W", "States": {"W": {"Type": "Wait", "SecondsPath": "$.s", "End": True}}}, {"s": seconds}
    )
    assert execution.error == "States.Runtime"
    assert execution.cause.endswith(end)


@pytest.mark.parametrize(
    ("field", "end"),
    [
        ({"Seconds": "{% 1.5 %}"}, "The Seconds field cannot be parsed as an integer: 1.5"),
        ({"Seconds": "{% -1 %}"}, "Seconds must be between 0 and 99999999 but was: -1"),
        ({"Seconds": "{% 'x' %}"}, "Expected 'number', but was 'string' for value: \"x\""),
        ({"Timestamp": "{% 5 %}"}, "Expected 'string', but was 'number' for value: 5"),
    ],
)
def test_an_expression_that_gives_no_time_to_wait_fails(world, field, end):
    state = {"Type": "Wait", "QueryLanguage": "JSONata", **field, "End": True}
    execution = world.run({"StartAt": "W", "States": {"W": state}})
    assert execution.error == "States.QueryEvaluationError"
    assert execution.cause.endswith(end)


def test_a_wait_until_a_fraction_of_a_second_and_one_that_is_past(world):
    times = [{"Timestamp": "2023-11-14T22:13:20.75Z", "Next": "B"}, {"Timestamp": "2020-01-01T00:00:00Z", "End": True}]
    states = {name: {"Type": "Wait", **field} for name, field in zip("AB", times, strict=True)}
    world.run({"StartAt": "A", "States": states})
    assert world.elapsed == pytest.approx(0.75)


def test_fail_may_read_its_error_and_cause(world):
    fail = {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('no {}', $.c)"}
    execution = world.run({"StartAt": "F", "States": {"F": fail}}, {"e": "E", "c": "c"})
    assert (execution.error, execution.cause) == ("E", "no c")


def test_times_and_wildcards():
    assert parse_time("2023-11-14T22:13:20.5Z") == 1_700_000_000.5
    assert parse_time("2023-11-14T22:13:20") is None
    assert parse_time("2023-13-14T22:13:20Z") is None
    assert wildcard("a*c").fullmatch("abc")
    assert not wildcard(r"a\*c").fullmatch("abc")


def test_states_inside_a_map_have_the_language_around_the_map(world):
    inner = {"StartAt": "P", "States": {"P": {"Type": "Pass", "Parameters": {"twice.$": "$"}, "End": True}}}
    state = {"Type": "Map", "QueryLanguage": "JSONata", "Items": "{% [1, 2] %}", "ItemProcessor": inner, "End": True}
    assert world.output({"StartAt": "M", "States": {"M": state}}) == [{"twice": 1}, {"twice": 2}]


@pytest.mark.parametrize(
    ("field", "value", "cause"),
    [
        ("SecondsPath", {"w": -1}, "The SecondsPath parameter references a negative value: $.w == -1"),
        ("SecondsPath", {}, "The SecondsPath parameter does not reference an input value: $.w"),
        ("TimestampPath", {}, "The TimestampPath parameter does not reference an input value: $.w"),
        ("TimestampPath", {"w": "soon"}, "extended offset date-time format string: $.w == soon"),
    ],
)
def test_a_wait_for_what_is_no_time_fails_in_aws_words(world, field, value, cause):
    execution = world.run({"StartAt": "W", "States": {"W": {"Type": "Wait", field: "$.w", "End": True}}}, value)
    assert execution.error == "States.Runtime"
    assert execution.cause.endswith(cause)


LARGE = "x" * 200_000


@pytest.mark.parametrize(
    "definition",
    [
        passed(Parameters={"a.$": "$", "b.$": "$"}, ResultPath=None),
        query(Output="{% $states.input & $states.input %}"),
        query(Output=1, Assign={"a": "{% $states.input %}", "b": "{% $states.input %}"}),
    ],
)
def test_what_a_state_makes_of_its_input_may_have_256_kb(world, definition):
    execution = world.run(definition, LARGE)
    assert execution.error == "States.DataLimitExceeded"
    assert execution.cause.startswith("The state/task 'S' returned a result with a size exceeding")


def test_arguments_of_more_than_256_kb_are_sent_to_nobody(world, call):
    definition = {"StartAt": "S", "States": {"S": call(Parameters={"a.$": "$", "b.$": "$"})}}
    assert world.run(definition, LARGE).error == "States.DataLimitExceeded"
    assert world.calls == []


def test_half_a_letter_is_a_question_mark_for_whoever_reads_bytes(world, call):
    assert world.output(query(Output="{% '\\uD83D' & $pad('x', 70000) %}")).startswith("\ud83d")
    assert world.output({"StartAt": "S", "States": {"S": call()}}, {"a": "\ud83d"}) == {"a": "?"}


def test_a_number_beyond_all_doubles_leaves_the_output_json(world):
    assert json.loads(world.run(passed(), [float("inf")]).output_text()) == ["Infinity"]


def test_a_function_that_returns_no_json_fails(world, call):
    world.function = lambda _value: float("nan")
    execution = world.run({"StartAt": "S", "States": {"S": call()}})
    assert (execution.error, execution.cause) == ("Lambda.Unknown", "The function returned what is no JSON: NaN")


def test_data_of_any_depth_is_told_or_refused(world):
    wrap = passed(Parameters={"a.$": "$"})
    deep = json.loads("[" * 999 + "0" + "]" * 999)
    assert json.loads(world.run(wrap, deep).output_text()) == {"a": deep}
    execution = world.run(wrap, [deep])
    assert execution.error == "States.Runtime"
    assert execution.cause.startswith("Document nesting depth exceeds the maximum allowed (1000)")
    with pytest.raises(JsonTextError, match="Document nesting depth exceeds"):
        read_json("[" * 1001 + "]" * 1001)
    assert read_json(json.dumps([[]] * 2000)) == [[]] * 2000
