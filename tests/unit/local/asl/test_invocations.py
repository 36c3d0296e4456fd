"""Invocations of functions: what is sent for each Payload and setting, and what becomes of an answer."""

import base64

import pytest

from tests.unit.local.asl.conftest import Invocation

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


@pytest.fixture
def invoke(world):
    """Return a function that runs ``lambda:invoke`` with parameters."""

    def run(**parameters):
        task = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
        task["Parameters"] = {"FunctionName": "f", **parameters}
        return world.run({"StartAt": "T", "States": {"T": task}})

    return run


@pytest.fixture
def answering(world):
    """Return a function that makes the world's functions answer with bytes."""

    def answer(payload):
        world.engine.invoke_lambda = lambda *_: Invocation(payload)

    return answer


@pytest.mark.parametrize(
    ("payload", "sent"),
    [
        ('{"a":1}', {"a": 1}),
        ("0.0", 0.0),
        ("true", True),
        ('"HelloWorld"', "HelloWorld"),
        ("HelloWorld", "HelloWorld"),
        ("null", None),
        ("", ""),
        (None, {}),
        ({"a": None}, {"a": None}),
        ([], []),
        (0, 0),
    ],
)
def test_text_that_is_json_is_sent_as_it_is_and_nothing_as_an_empty_object(world, invoke, payload, sent):
    assert invoke(Payload=payload).output["Payload"] == sent
    assert world.calls == [("f", sent)]


def test_without_a_payload_an_empty_object_is_sent(world, invoke):
    invoke()
    assert world.calls == [("f", {})]


def test_the_tail_of_the_log_comes_when_it_is_asked_for(invoke):
    output = invoke(LogType="Tail").output
    assert base64.b64decode(output["LogResult"]) == b"END RequestId: request-1"
    assert output["SdkHttpMetadata"]["HttpHeaders"]["X-Amz-Log-Result"] == output["LogResult"]
    assert "LogResult" not in invoke(LogType="None").output


def test_the_client_context_is_handed_on(world, invoke):
    invoke(ClientContext=base64.b64encode(b'{"custom": {}}').decode())
    assert world.contexts == ['{"custom": {}}']
    assert invoke(ClientContext="%").error == "Lambda.InvalidRequestContentException"


def test_an_event_is_sent_and_not_waited_for(world, invoke):
    sent = []
    world.engine.send_events_with(lambda function, payload: sent.append((function, payload)) or "request-2")
    output = invoke(InvocationType="Event", Payload={"a": 1}).output
    assert (output["StatusCode"], output["SdkResponseMetadata"]["RequestId"]) == (202, "request-2")
    assert "Payload" not in output
    assert (sent, world.calls) == ([("f", b'{"a":1}')], [])


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"FunctionName": None}, "Value null at 'functionName' failed to satisfy constraint: Member must not be null"),
        (
            {"FunctionName": "a b"},
            "Value 'a b' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression ",
        ),
        ({"FunctionName": ""}, "Value '' at 'functionName' failed to satisfy constraint: Member must "),
        (
            {"InvocationType": "Later"},
            "Value 'Later' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [",
        ),
        (
            {"LogType": "All"},
            "Value 'All' at 'logType' failed to satisfy constraint: Member must satisfy enum value set: [None, Tail]",
        ),
    ],
)
def test_members_that_lambda_does_not_take(world, invoke, parameters, problem):
    execution = invoke(**parameters)
    assert execution.error == "Lambda.AWSLambdaException"
    assert execution.cause.startswith(
        f"1 validation error detected: {problem}",
    )
    assert " (Service: AWSLambda; Status Code: 400; Error Code: ValidationException; " in execution.cause
    assert world.calls == []


def test_a_qualifier_goes_with_the_function_and_may_not_differ_from_its_own(world, invoke):
    invoke(Qualifier="live")
    invoke(FunctionName=f"{FUNCTION}:2", Qualifier="2")
    assert [name for name, _ in world.calls] == ["f:live", f"{FUNCTION}:2"]
    assert invoke(FunctionName=f"{FUNCTION}:2", Qualifier="3").error == "Lambda.InvalidParameterValueException"


@pytest.mark.parametrize("resource", ["arn:aws:states:::lambda:invoke", FUNCTION])
@pytest.mark.parametrize("letter", ["a", "ö"])
def test_the_size_is_looked_at_before_the_answer_is_read(world, answering, resource, letter):
    answering(letter.encode() * (257 * 1024))
    task = {"Type": "Task", "Resource": resource, "Parameters": {"FunctionName": "f"}, "End": True}
    execution = world.run({"StartAt": "T", "States": {"T": task}})
    name = "lambda" if "states" in resource else FUNCTION
    assert (execution.error, execution.cause) == (
        "States.DataLimitExceeded",
        f"The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service limit.",
    )


@pytest.mark.parametrize("answer", [b"no json", b"\xff\xfe"])
def test_an_answer_that_is_no_json_fails_without_a_word_of_pythons(invoke, answering, answer):
    answering(answer)
    execution = invoke()
    assert execution.error == "Lambda.Unknown"
    assert execution.cause.startswith("The function returned what is no JSON: ")


def test_a_fault_of_ours_is_none_of_lambdas_errors(world, invoke, caplog):
    def broken(*_):
        raise KeyError("inside")

    world.engine.invoke_lambda = broken
    execution = invoke()
    assert (execution.error, "inside" in execution.cause) == ("States.Runtime", False)
    assert "KeyError: 'inside'" in caplog.text


def test_wrong_shapes_are_told_before_anything_is_scheduled(invoke, types):
    execution = invoke(FunctionName={"a": 1})
    assert execution.cause.endswith("[The value of the field 'FunctionName' has an invalid format]")
    assert "TaskScheduled" not in types(execution)
