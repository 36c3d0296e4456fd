"""Every problem of a definition, with its place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.local.asl.machine import Machine
from shared.local.asl.validation import problems_of, warnings_of
from shared.local.asl.validation.fields import KNOWN, TOP
from shared.local.asl.validation.problems import Problems


def found(states, start=None, **top):
    definition = {"StartAt": start or next(iter(states)), "States": states, **top}
    return [str(problem) for problem in problems_of(json.dumps(definition), "STANDARD")]


DONE = {"Type": "Succeed"}
PARALLEL = {"Type": "Parallel", "End": True}
MAP = {"Type": "Map", "End": True}
QUERY = {"QueryLanguage": "JSONata"}


def one(state):
    return {"StartAt": "B", "States": {"B": state}}


CONFIG = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
EACH = {**MAP, "ItemProcessor": {**CONFIG, **one(DONE)}}


def test_a_dangling_next_and_an_unreachable_state_are_both_reported():
    assert found({"A": {"Type": "Pass", "Next": "Nowhere"}, "B": DONE}) == [
        "MISSING_TRANSITION_TARGET: Missing 'Next' target: Nowhere at /States/A/Next",
        'MISSING_TRANSITION_TARGET: State "B" is not reachable. at /States/B',
    ]


def test_every_way_to_a_state_is_followed():
    choice = {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": "X"}], "Default": "Y"}
    assert found({"C": choice, "X": DONE}) == [
        "MISSING_TRANSITION_TARGET: Missing 'Next' target: Y at /States/C/Default"
    ]


def test_a_machine_without_an_end_is_refused_and_what_is_unreachable_is_then_not_told():
    loop = {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}
    endless = "MISSING_END_STATE: Workflow has no terminal state at null"
    assert found(loop) == [endless]
    assert found({**loop, "Unused": {"Type": "Pass", "Next": "A"}}) == [endless]
    assert found({"A": {"Type": "Pass", "Next": "Nowhere"}}) == [
        "MISSING_TRANSITION_TARGET: Missing 'Next' target: Nowhere at /States/A/Next",
        endless,
    ]
    assert found({**loop, "C": DONE}) == ['MISSING_TRANSITION_TARGET: State "C" is not reachable. at /States/C']
    within = {**MAP, "ItemProcessor": {"StartAt": "A", "States": loop}}
    assert found({"M": within}) == []  # AWS asks the outermost machine alone


def test_from_a_start_that_is_no_state_nothing_is_reached():
    assert found({"A": DONE}, start="Nowhere") == [
        "MISSING_TRANSITION_TARGET: Missing 'Next' target: Nowhere at /StartAt",
        'MISSING_TRANSITION_TARGET: State "A" is not reachable. at /States/A',
    ]


RETRY, CATCH = [{"ErrorEquals": ["States.ALL"]}], [{"ErrorEquals": ["States.ALL"], "Next": "Z"}]
KINDS = {
    "Pass": {"Next": "Z"},
    "Wait": {"Seconds": 1, "Next": "Z"},
    "Choice": {"Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "Z"}]},
    "Succeed": {},
    "Fail": {},
    "Map": {"ItemProcessor": one(DONE), "Next": "Z"},
    "Parallel": {"Branches": [one(DONE)], "Next": "Z"},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("field", "value"), [("TimeoutSeconds", 5), ("Retry", RETRY), ("Catch", CATCH)])
def test_a_state_has_no_field_that_aws_refuses_on_its_kind(kind, field, value):
    more = {} if kind in {"Succeed", "Fail"} and field != "Catch" else {"Z": DONE}
    refused = f"SCHEMA_VALIDATION_FAILED: Field '{field}' is not supported at /States/A"
    fits = field != "TimeoutSeconds" and kind in {"Map", "Parallel"}
    assert found({"A": {"Type": kind, **KINDS[kind], field: value}, **more}) == ([] if fits else [refused])


def test_a_state_of_a_jsonata_machine_is_no_jsonpath_state_and_no_branch_has_a_language():
    state = {"Type": "Pass", "QueryLanguage": "JSONPath", "Result": 1, "End": True}
    (problem,) = found({"A": state}, QueryLanguage="JSONata")
    assert problem.endswith("JSONPath' if set to 'JSONata' for whole state machine at /States/A")
    assert found({"A": state}) == []
    (problem,) = found({"M": {**MAP, "ItemProcessor": {**one(DONE), **QUERY}}})
    assert problem.endswith("Field 'QueryLanguage' is not supported at /States/M/ItemProcessor")


def test_what_a_map_says_of_its_language_holds_for_the_map_alone():
    query = {"Type": "Pass", "Output": "{% 1 %}", "End": True}
    (problem,) = found({"M": {**MAP, **QUERY, "ItemProcessor": one(query)}})
    assert problem == (
        "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for "
        "the 'JSONata' QueryLanguage at /States/M/ItemProcessor/States/B"
    )
    assert (
        found({"M": {**MAP, **QUERY, "ItemProcessor": one({"Type": "Pass", "ResultPath": "$.a", "End": True})}}) == []
    )


@pytest.mark.parametrize(
    ("state", "place"),
    [
        ({}, "/States/A"),
        ({"Type": "Nothing"}, "/States/A/Type"),
        ({"Type": "Pass"}, "/States/A"),
        ({"Type": "Pass", "End": True, "Next": "A"}, "/States/A"),
        ({"Type": "Pass", "End": True, "Surprise": 1}, "/States/A"),
        ({"Type": "Pass", "End": True, "InputPath": "x"}, "/States/A/InputPath"),
        ({"Type": "Pass", "End": True, "ResultPath": "$..x"}, "/States/A/ResultPath"),
        ({"Type": "Pass", "End": True, "Parameters": {"a": {"b.$": "no path"}}}, "/States/A/Parameters/a"),
        ({"Type": "Pass", "End": True, "Parameters": {"b.$": "States.Nothing()"}}, "/States/A/Parameters"),
        ({"Type": "Pass", "End": True, "Output": 1}, "/States/A"),
        ({"Type": "Pass", "End": True, "QueryLanguage": "JSONata", "Output": "{% 1 + %}"}, "/States/A/Output"),
        ({"Type": "Pass", "End": True, "QueryLanguage": "JSONata", "Parameters": {}}, "/States/A"),
        ({"Type": "Pass", "End": True, "QueryLanguage": "SQL"}, "/States/A/QueryLanguage"),
        ({"Type": "Pass", "Next": None}, "/States/A/Next"),
        ({"Type": "Fail", "ErrorPath": 1}, "/States/A/ErrorPath"),
        ({"Type": "Task", "End": True}, "/States/A"),
        ({"Type": "Task", "End": True, "Resource": "arn:nothing"}, "/States/A/Resource"),
        ({"Type": "Task", "End": True, "Resource": "arn:aws:states:::aws-sdk:s3:getObject.sync"}, "/States/A/Resource"),
        ({"Type": "Wait", "End": True}, "/States/A"),
        ({"Type": "Wait", "End": True, "Seconds": -1}, "/States/A/Seconds"),
        ({"Type": "Wait", "End": True, "Timestamp": "soon"}, "/States/A/Timestamp"),
        ({"Type": "Choice", "Choices": []}, "/States/A/Choices"),
        ({"Type": "Choice", "Choices": [{"Variable": "$.a", "Next": "A"}]}, "/States/A/Choices[0]"),
        ({"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": 1, "Next": "A"}]}, "/States/A/Choices[0]/IsNull"),
        ({"Type": "Choice", "Choices": [{"And": [{"IsNull": True}], "Next": "A"}]}, "/States/A/Choices[0]/And[0]"),
        ({"Type": "Parallel", "End": True, "Branches": []}, "/States/A/Branches"),
        ({**PARALLEL, "Branches": [{"StartAt": "B", "States": {}}]}, "/States/A/Branches[0]/StartAt"),
        ({"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": 1}]}, "/States/A/Choices[0]/Next"),
        ({"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True}], "Default": 1}, "/States/A/Default"),
        ({**QUERY, "Type": "Choice", "Choices": [{"Condition": 1, "Next": "A"}]}, "/States/A/Choices[0]/Condition"),
        ({"Type": "Wait", "Seconds": 1, "ResultPath": None, "End": True}, "/States/A"),
        ({"Type": "Succeed", "End": True}, "/States/A"),
        ({**MAP}, "/States/A"),
        ({**EACH, "ItemReader": {"Resource": 1}}, "/States/A/ItemReader/Resource"),
        ({**EACH, "ItemReader": {"Resource": "r", "ReaderConfig": 1}}, "/States/A/ItemReader/ReaderConfig"),
        (
            {**EACH, "ItemReader": {"Resource": "r", "ReaderConfig": {"MaxItems": "1"}}},
            "/States/A/ItemReader/ReaderConfig/MaxItems",
        ),
        ({**EACH, "ToleratedFailurePercentage": 101}, "/States/A/ToleratedFailurePercentage"),
        ({**EACH, "ResultWriter": {"WriterConfig": 1}}, "/States/A/ResultWriter/WriterConfig"),
        ({**EACH, "ItemBatcher": {"MaxItemsPerBatch": "1"}}, "/States/A/ItemBatcher/MaxItemsPerBatch"),
        ({**MAP, "ItemProcessor": one({"Type": "X"})}, "/States/A/ItemProcessor/States/B/Type"),
        ({**MAP, "ItemReader": {"Resource": "r"}, "Iterator": one(DONE)}, "/States/A/ItemReader"),
        ({**PARALLEL, "Branches": [{"StartAt": "A", "States": {"A": DONE}}]}, "/States/A/Branches[0]/States/A"),
    ],
)  # fmt: skip
def test_a_problem_is_found_where_it_is(state, place):
    problems = found({"A": state})
    assert any(problem.endswith(f" at {place}") for problem in problems), problems


@pytest.mark.parametrize(
    ("retry", "place"),
    [
        ([{}], "Retry[0]"),
        ([{"ErrorEquals": []}], "Retry[0]/ErrorEquals"),
        ([{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["X"]}], "Retry[0]"),
        ([{"ErrorEquals": ["X"], "BackoffRate": 0.5}], "Retry[0]/BackoffRate"),
        ([{"ErrorEquals": ["X"], "IntervalSeconds": 0}], "Retry[0]/IntervalSeconds"),
        ([{"ErrorEquals": ["X"], "JitterStrategy": "SOME"}], "Retry[0]/JitterStrategy"),
    ],
)
def test_retry_is_checked(call, retry, place):
    problems = found({"A": call(Retry=retry)})
    assert any(problem.endswith(f" at /States/A/{place}") for problem in problems), problems


def test_a_catcher_leads_to_a_state_by_name(call):
    problems = found({"A": call(Catch=[{"ErrorEquals": ["States.ALL"], "Next": None}])})
    assert problems == ["SCHEMA_VALIDATION_FAILED: Expected value of type String at /States/A/Catch[0]/Next"]


def test_a_machines_timeout_is_a_number():
    assert found({"A": DONE}, TimeoutSeconds="soon") == [
        "SCHEMA_VALIDATION_FAILED: Expected value of type Integer at /TimeoutSeconds"
    ]


def test_what_is_not_json_is_one_problem():
    (problem,) = problems_of("{")
    assert problem.code == "INVALID_JSON_DESCRIPTION"


@pytest.mark.parametrize(
    "text", ["null", "[]", "{}", '{"StartAt": 1, "States": 2}', '{"StartAt": "A", "States": {"A": 1}}']
)
def test_any_json_is_answered_with_problems(text):
    assert problems_of(text)


@pytest.mark.parametrize(
    "call",
    ["s3:getObject", "dynamodb:query", "dynamodb:putItem.waitForTaskToken", "sqs:receiveMessage", "sns:publish.sync"],
)
def test_of_an_optimized_service_only_the_calls_that_aws_has_are_known(call):
    task = {"Type": "Task", "End": True, "Resource": f"arn:aws:states:::{call}", "Parameters": {}}
    (problem,) = found({"A": task})
    assert f"arn:aws:states:::{call} is not recognized" in problem
    service, action = call.partition(".")[0].split(":")
    assert found({"A": {**task, "Resource": f"arn:aws:states:::aws-sdk:{service}:{action}"}}) == []


def test_express_machines_have_no_callbacks():
    task = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync", "End": True}
    text = json.dumps({"StartAt": "A", "States": {"A": task}})
    assert not problems_of(text)
    (problem,) = problems_of(text, "EXPRESS")
    assert problem.message == "Express state machine does not support '.sync' service integration"
    assert problem.location == "/States/A/Resource"


def test_express_machines_map_in_themselves():
    text = json.dumps({"StartAt": "A", "States": {"A": EACH}})
    assert not problems_of(text)
    assert [problem.location for problem in problems_of(text, "EXPRESS")] == [
        "/States/A/ItemProcessor/ProcessorConfig/Mode"
    ]


def test_express_children_have_no_callbacks_either():
    task = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync", "End": True}
    each = {**EACH, "ItemProcessor": {**EACH["ItemProcessor"], "StartAt": "B", "States": {"B": task}}}
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    express = {**each, "ItemProcessor": {**each["ItemProcessor"], "ProcessorConfig": config}}
    text = json.dumps({"StartAt": "A", "States": {"A": {**each, "End": False, "Next": "C"}, "C": task}})
    assert not problems_of(text.replace('"End": false, ', ""))
    (problem,) = problems_of(json.dumps({"StartAt": "A", "States": {"A": express}}))
    assert problem.location == "/States/A/ItemProcessor/States/B/Resource"


def test_what_the_embedded_cloud_lacks_is_told_apart_from_what_aws_refuses():
    problems = Problems()
    problems.not_here("/States/A/ItemReader", "read PARQUET files", "install pyarrow")
    (problem,) = problems.found
    assert str(problem) == (
        "NOT_EMULATED: The embedded cloud does not read PARQUET files, though AWS does: install pyarrow "
        "at /States/A/ItemReader"
    )


SOURCE = '[Source: (String)"{text}"; line: {line}, column: {column}]'
VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
TOKEN, LETTER, COMMA = f"was expecting {VALUES}", "Unexpected character", "was expecting comma to separate"
FIELD, COLON = (
    "was expecting double-quote to start field name",
    "was expecting a colon to separate field name and value",
)


@pytest.mark.parametrize(
    ("text", "what", "line", "column"),
    [
        ("not a definition", f"Unrecognized token 'not': {TOKEN}", 1, 4),
        ("{a: 1}", f"{LETTER} ('a' (code 97)): {FIELD}", 1, 3),
        ('{"a" 1}', f"{LETTER} ('1' (code 49)): {COLON}", 1, 7),
        ('{"a": 1\n "b": 2}', f"{LETTER} ('\"' (code 34)): {COMMA} Object entries", 2, 3),
        ("[1 2]", f"{LETTER} ('2' (code 50)): {COMMA} Array entries", 1, 5),
        ('{"a": 1,}', f"{LETTER} ('}}' (code 125)): {FIELD}", 1, 10),
        ('{"a": 1, "a": 2}', "Duplicate field 'a'", 1, 13),
        ('{"a": 01}', "Invalid numeric value: Leading zeroes not allowed", 1, 8),
        ('{"a": "\\x"}', "Unrecognized character escape 'x' (code 120)", 1, 10),
        ('{"a": NaN}', "Non-standard token 'NaN': enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to", 1, 10),
        ('{"a": "b', "Unexpected end-of-input in a String value", 1, 9),
        ('["a\nb"]', "Illegal unquoted character ((CTRL-CHAR, code 10)): has to be escaped using backslash", 1, 5),
    ],
)
def test_what_is_no_json_is_told_as_jackson_tells_it(text, what, line, column):
    (problem,) = problems_of(text)
    place = SOURCE.format(text=text, line=line, column=column)
    assert problem.code == "INVALID_JSON_DESCRIPTION"
    assert problem.message.startswith(what)
    assert problem.message.endswith(f"\n at {place}")
    assert problem.location == place


def test_a_text_that_ends_too_early_names_where_its_last_object_begins():
    (problem,) = problems_of('{"a": {')
    start = SOURCE.format(text='{"a": {', line=1, column=7)
    assert problem.message.startswith(
        f"Unexpected end-of-input: expected close marker for Object (start marker at {start})\n at "
    )


@given(st.text(st.sampled_from('{}[],:"\\ \nabtrue01.-e'), max_size=30))
def test_any_text_is_json_or_is_told_why_not(text):
    try:
        json.loads(text)
        fine = True
    except ValueError:
        fine = False
    told = [problem.code for problem in problems_of(text)]
    assert ("INVALID_JSON_DESCRIPTION" in told) != fine or "Duplicate field" in str(problems_of(text)[0])


WAIT = {"Type": "Wait", "Seconds": 1, "End": True}
PASS = {"Type": "Pass", "End": True}
BRANCHES = {**PARALLEL, "Branches": [one(DONE)]}
ONE_OF, TEMPLATE = "There should only be one of the following fields:", "must be a valid JSONPath or a valid intrinsic"
REFERENCE = "Value is not a Reference Path: Only single-node JSONPaths are allowed."
TYPES = "[Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]"


def foreign(mine, field, other):
    return (
        f"The QueryLanguage is set to '{mine}', but field '{field}' is only supported for the '{other}' QueryLanguage"
    )


def retry(**fields):
    return {**BRANCHES, "Retry": [{"ErrorEquals": ["E"], **fields}]}


def choice(**rule):
    return {"Type": "Choice", "Choices": [{**rule, "Next": "A"}]}


@pytest.mark.parametrize(
    ("state", "problem", "place"),
    [
        ({"Type": "Nothing"}, f"The field 'Type' should have one of these values: {TYPES}", "/Type"),
        ({**PARALLEL, "Branches": []}, "Value cannot be empty", "/Branches"),
        ({**WAIT, "TimestampPath": "$.a"}, f"{ONE_OF} [Seconds, SecondsPath, Timestamp, TimestampPath]", ""),
        ({**WAIT, "Seconds": 1.5}, "Expected value of type Integer", "/Seconds"),
        ({**WAIT, "Seconds": None}, "Expected value of type Integer", "/Seconds"),
        ({**WAIT, "Seconds": -1}, "Minimum value is 0", "/Seconds"),
        ({**WAIT, "Seconds": 10**8}, "Maximum value is 99999999", "/Seconds"),
        ({**WAIT, "Comment": 1}, "Expected value of type String", "/Comment"),
        ({**PASS, "End": "true"}, "Expected value of type Boolean", "/End"),
        ({**PASS, "Parameters": {"b": 1, "b.$": "$.b"}}, f"{ONE_OF} [b, b.$]", "/Parameters"),
        (
            {**PASS, "Parameters": {"b.$": "$["}},
            f"The value for the field 'b.$' {TEMPLATE} function call",
            "/Parameters",
        ),
        ({**PASS, "ResultPath": "$$.a"}, REFERENCE, "/ResultPath"),
        ({"Type": "Fail", "Error": "e", "ErrorPath": "$.e"}, f"{ONE_OF} [Error, ErrorPath]", ""),
        (
            {"Type": "Fail", "ErrorPath": "States.MathAdd(1, 2)"},
            "The intrinsic function of the field 'ErrorPath' must return a string",
            "/ErrorPath",
        ),
        ({**EACH, "MaxConcurrencyPath": "$$.n"}, REFERENCE, "/MaxConcurrencyPath"),
        ({**EACH, "ToleratedFailurePercentage": -1}, "Minimum value is 0.0", "/ToleratedFailurePercentage"),
        (
            {**EACH, "MaxConcurrency": 1, "MaxConcurrencyPath": "$.n"},
            f"{ONE_OF} [MaxConcurrency, MaxConcurrencyPath]",
            "",
        ),
        (
            {**PARALLEL, "Branches": [{**one(DONE), "TimeoutSeconds": 1}]},
            "Field 'TimeoutSeconds' is not supported",
            "/Branches[0]",
        ),
        ({**BRANCHES, "Retry": None}, "Expected value of type Array", "/Retry"),
        ({**EACH, "ItemsPath": None}, "Expected value of type String", "/ItemsPath"),
        (retry(MaxRetries=1), "Field 'MaxRetries' is not supported", "/Retry[0]"),
        (retry(MaxAttempts=1.0), "Expected value of type Integer", "/Retry[0]/MaxAttempts"),
        (retry(MaxDelaySeconds=31622401), "Maximum value is 31622400", "/Retry[0]/MaxDelaySeconds"),
        (
            {**BRANCHES, "Catch": [{"ErrorEquals": ["E"], "Next": "A", "Output": 1}]},
            foreign("JSONPath", "Output", "JSONata"),
            "/Catch[0]",
        ),
        ({"Type": "Task", "End": True, "Resource": "split"}, "Value is not a valid resource ARN", "/Resource"),
        (
            {"Type": "Task", "End": True, "Resource": "split", "Credentials": {}},
            "The field 'RoleArn' is required but was missing",
            "/Credentials",
        ),
        (choice(Condition=True), foreign("JSONPath", "Condition", "JSONata"), "/Choices[0]"),
        (
            {**QUERY, **choice(Variable="$.a", IsNull=True)},
            foreign("JSONata", "Variable", "JSONPath"),
            "/Choices[0]",
        ),
    ],
)
def test_a_problem_is_told_in_aws_words(state, problem, place):
    assert f"SCHEMA_VALIDATION_FAILED: {problem} at /States/A{place}" in found({"A": state})


def test_what_is_not_exactly_jsonpath_is_jsonata_and_wrong():
    problems = found({"A": {**PASS, "QueryLanguage": "JSONPATH", "Parameters": {}}})
    values = "The field 'QueryLanguage' should have one of these values: [JSONPath, JSONata]"
    assert problems == [
        f"SCHEMA_VALIDATION_FAILED: {values} at /States/A/QueryLanguage",
        f"SCHEMA_VALIDATION_FAILED: {foreign('JSONata', 'Parameters', 'JSONPath')} at /States/A",
    ]


def test_a_name_has_up_to_80_characters():
    assert found({"n" * 80: PASS}) == []
    (problem,) = found({"n" * 81: PASS})
    assert problem.startswith("INVALID_STATE_NAME: ")


def test_the_top_of_a_definition_is_checked():
    assert found({"A": PASS}, Version="1.0", Comment="", TimeoutSeconds=99999999) == []
    assert found({"A": PASS}, Version="2.0") == [
        "SCHEMA_VALIDATION_FAILED: The field 'Version' should have one of these values: [1.0] at /Version"
    ]
    assert found({"A": PASS}, Coment="x") == ["SCHEMA_VALIDATION_FAILED: Field 'Coment' is not supported at /"]
    assert str(problems_of("null")[0]).startswith("MISSING_DESCRIPTION: ")


def test_what_looks_like_a_path_where_none_is_read_is_warned_of():
    states = {
        "A": {"Type": "Pass", "Result": {"a": "$.b"}, "Next": "B"},
        "B": {"Type": "Pass", "Parameters": {"a": {"b": "$.b", "c.$": "$.c", "d": "$5"}}, "Next": "C"},
        "C": {"Type": "Choice", "Choices": [{"Variable": "$.a", "StringEquals": "$.b", "Next": "M"}], "Default": "M"},
        "M": {**MAP, "ItemProcessor": {"StartAt": "F", "States": {"F": {"Type": "Fail", "Cause": "$.c"}}}},
    }
    definition = json.dumps({"StartAt": "A", "States": states})
    assert problems_of(definition) == []
    assert [(each.code, each.location) for each in warnings_of(definition)] == [
        ("PASS_RESULT_IS_STATIC", "/States/A/Result"),
        ("NO_DOLLAR", "/States/B/Parameters/a"),
        ("NO_PATH", "/States/C/Choices[0]"),
        ("NO_PATH", "/States/M/ItemProcessor/States/F/Cause"),
    ]
    query = {"Q": {"Type": "Pass", "Output": {"a": "$.b"}, "End": True}}
    assert warnings_of(json.dumps({"StartAt": "Q", "States": query, "QueryLanguage": "JSONata"})) == []


ROOT, NO_ERROR = "Reference to '$$' is not supported.", "Field '$states.errorOutput' does not exist."


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("$states.errorOutput.Cause", NO_ERROR),
        ("$$.a", ROOT),
        ("$count($$)", ROOT),
        ("'$$' & \"$states.errorOutput\"", None),
        ("$replace($states.input, /a/, '$$')", None),
        ("/* $$ */ $states.input", None),
    ],
)
def test_jsonata_reads_only_what_aws_offers(expression, told):
    problems = found({"A": {**PASS, **QUERY, "Output": {"a": f"{{% {expression} %}}"}}})
    assert problems == ([f"UNSUPPORTED_JSONATA_EXPRESSION: {told} at /States/A/Output/a"] if told else [])


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("phone", ["phone"]), ("phone[0].number", ["phone"]), ("-phone", ["phone"]), ("phone ? 1 : 2", ["phone"]),
        ("$states.input.a ? phone : 2", ["phone"]), ("phone in $states.input.b", ["phone"]), ("$sum(phone)", ["phone"]),
        ("phone(1)", ["phone"]), ("phone ~> $string()", ["phone"]), ("[1..phone]", ["phone"]), ("(phone)", ["phone"]),
        ("(phone).other", ["phone"]), ("[phone].other", ["phone"]), ("{phone: 1}", ["phone"]),
        ("($x := phone; $x)", ["phone"]), ("$map($states.input.a, function($y) { phone })", ["phone"]),
        ("$count(phone[inner])", ["phone"]), ("phone.**.deeper", ["phone"]), ("[bbb, aaa, bbb]", ["bbb", "aaa"]),
        ("$", ["$"]), ("$.phone", ["$"]), ("$map($states.input.a, function($x) { $ })", ["$"]),
        ("$states.input.items[phone > 3]", []), ("$states.input.a^(phone)", []), ("$states.input.a{'k': phone}", []),
        ("$states.input.a.(phone)", []), ("$phone", []), ("$states.input ~> |phone|{'b': 1}|", []), ("**.phone", []),
        ("{'k': 1}.phone", []), ("$states.input.a[$ > 1]", []), ("function($x) { $x.phone }", []), ("'phone'", []),
    ],
)  # fmt: skip
def test_jsonata_reads_nothing_at_the_top_level(expression, names):
    told = "UNSUPPORTED_JSONATA_EXPRESSION: Reference to '{}' at the top level is not supported. at /States/A/Output"
    assert found({"A": {**PASS, **QUERY, "Output": f"{{% {expression} %}}"}}) == [told.format(name) for name in names]


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("a[1,2)", 'Expected "]", got ","'),
        ('"unterminated', "String literal must be terminated by a matching quote"),
        ("1 +", "Unexpected end of expression"),
        ('{"a":}', 'The symbol "}" cannot be used as a unary operator'),
        ("$x :=", "Unexpected end of expression"),
        ('$match("a", /abc', "No terminating / in regular expression"),
        ("phone %.other", 'The symbol "." cannot be used as a unary operator'),
        ("", "Unexpected end of expression"),
    ],
)
def test_jsonata_that_does_not_parse(expression, told):
    problems = found({"A": {**PASS, **QUERY, "Output": f"{{% {expression} %}}"}})
    assert problems == [f"INVALID_JSONATA_EXPRESSION: {told} at /States/A/Output"]


def test_a_catcher_reads_the_error_output():
    catch = [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Next": "C"}]
    assert found({"A": {**BRANCHES, **QUERY, "Catch": catch}, "C": PASS}) == []


@pytest.mark.parametrize("name", ["states", "1a", "a-b", "", "a" * 81, "a.b"])
def test_a_variable_has_a_name_that_an_expression_can_say(name):
    (problem,) = found({"A": {**PASS, "Assign": {f"{name}.$": "$.a", "_fine": 1, "größe": 2}}})
    assert f"'{name}' is not a valid variable name" in problem
    assert problem.endswith(" at /States/A/Assign")
    (problem,) = found(
        {"A": {**BRANCHES, "Catch": [{"ErrorEquals": ["E"], "Next": "C", "Assign": {name: 1}}]}, "C": PASS}
    )
    assert problem.endswith(" at /States/A/Catch[0]/Assign")


@pytest.mark.parametrize("path", ["$a-b.c", "$5", "$a b", "$$a"])
def test_what_names_no_variable_is_no_path(path):
    assert found({"A": {**PASS, "InputPath": path}}) == [
        "SCHEMA_VALIDATION_FAILED: Value is not a valid JSONPath. at /States/A/InputPath"
    ]


CALL = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "f"}}
RECOVERING = {
    "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1, "BackoffRate": 1.5}],
    "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Assign": {"v": 1}, "Next": "Z"}],
}
BOTH = [{"Variable": "$.a", "IsNull": True}, {"Not": {"Variable": "$.b", "StringMatches": "*"}}]
QUERYING = {**QUERY, "Type": "Pass", "Output": {"o": "{% $states.input %}"}, "Assign": {"y": "{% 1 %}"}, "End": True}
ALL = {
    "A": {
        "Type": "Pass",
        "Parameters": {"a.$": "$.a", "b": [{"c.$": "States.UUID()"}]},
        "ResultPath": "$.r",
        "Next": "B",
    },
    "B": {**CALL, **RECOVERING, "TimeoutSeconds": 5, "HeartbeatSecondsPath": "$.h", "ResultSelector": {}, "Next": "C"},
    "C": {
        "Type": "Choice",
        "Choices": [
            {"And": BOTH, "Assign": {"x.$": "$.x"}, "Next": "D"},
            {"Variable": "$v", "NumericLessThanPath": "$.n", "Next": "E"},
        ],
        "Default": "F",
    },
    "D": {"Type": "Wait", "TimestampPath": "$.t", "Next": "Z"},
    "E": {
        **PARALLEL,
        **RECOVERING,
        "Branches": [{"StartAt": "P", "States": {"P": {"Type": "Fail", "CausePath": "$.c"}}}],
    },
    "F": {
        **MAP,
        **RECOVERING,
        "ItemsPath": "$.i",
        "MaxConcurrencyPath": "$.m",
        "ItemSelector": {"v.$": "$$.Map.Item.Value"},
        "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "Q", "States": {"Q": QUERYING}},
    },
    "Z": {"Type": "Succeed", "OutputPath": None},
}
WHOLE = json.dumps({"Comment": "all kinds", "StartAt": "A", "States": ALL})
# Asked here: at its first use the library that parses JSONata sets Python's recursion limit, which Hypothesis minds.
FINE = problems_of(WHOLE)
SCALARS = st.sampled_from(["", "x", "$.a", "$..a", "$$", "$v", "Z", "{% 1 %}", "States.ALL", "JSONata", "Pass", "Map"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 10**9) | st.just(1.5) | SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b.$", "Type"]), inner, max_size=2)
    ),
    max_leaves=4,
)
FIELDS = sorted({*KNOWN, *TOP, "ErrorEquals", "Variable", "And", "Not", "Condition", "IsNull", "MaxAttempts", "x.$"})


def places(value):
    """Yield every object and array of *value*."""
    if isinstance(value, (dict, list)):
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from places(item)


def change(place, data):
    """Change the object or array *place* in one way."""
    if isinstance(place, list):
        place.append(data.draw(ANYTHING))
    elif place and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(place)))
        if data.draw(st.booleans()):
            del place[key]
        else:
            place[key] = data.draw(ANYTHING)
    else:
        place[data.draw(st.sampled_from(FIELDS))] = data.draw(ANYTHING)


@given(st.data())
def test_whatever_is_in_a_definition_it_is_refused_or_it_compiles(data):
    assert FINE == []
    definition = json.loads(WHOLE)
    for _ in range(data.draw(st.integers(1, 2))):
        change(data.draw(st.sampled_from(list(places(definition)))), data)
    if not problems_of(json.dumps(definition)):
        assert Machine(definition).start in definition["States"]


@pytest.mark.parametrize("mode", ["Distributed", "inline", 1, None])
def test_a_map_is_inline_or_distributed(mode):
    inner = {"ProcessorConfig": {"Mode": mode}, "StartAt": "P", "States": {"P": PASS}}
    (problem,) = found({"A": {"Type": "Map", "ItemProcessor": inner, "End": True}})
    told = "The field 'Mode' should have one of these values: [INLINE, DISTRIBUTED]"
    assert problem == f"SCHEMA_VALIDATION_FAILED: {told} at /States/A/ItemProcessor/ProcessorConfig/Mode"
