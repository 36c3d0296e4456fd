"""MockConfigFiles of Step Functions Local: AWS's own example is read, and everything wrong is told at once."""

import json

import pytest

from shared.config.problems import ConfigError
from shared.errors import UsageError
from shared.local.asl.answers import Raised, Returned
from shared.testing.mock_config import Responses, read_mock_config
from shared.testing.mocks import Asked, NoAnswerError

HELLO = {"StatusCode": 200, "Payload": {"StatusCode": 200, "body": "Hello from Lambda!"}}
SENT = {"MD5OfMessageBody": "3bcb6e8e-7h85-4375-b0bc-1a59812c6e51", "MessageId": "3bcb6e8e"}
# The example of the developer guide (sfn-local-mock-cfg-file), its values shortened.
AWS_EXAMPLE = {
    "StateMachines": {
        "LambdaSQSIntegration": {
            "TestCases": {
                "HappyPath": {"LambdaState": "MockedLambdaSuccess", "SQSState": "MockedSQSSuccess"},
                "RetryPath": {"LambdaState": "MockedLambdaRetry", "SQSState": "MockedSQSSuccess"},
                "HybridPath": {"LambdaState": "MockedLambdaSuccess"},
            }
        }
    },
    "MockedResponses": {
        "MockedLambdaSuccess": {"0": {"Return": HELLO}},
        "LambdaMockedResourceNotReady": {
            "0": {"Throw": {"Error": "Lambda.ResourceNotReadyException", "Cause": "Lambda resource is not ready."}}
        },
        "MockedSQSSuccess": {"0": {"Return": SENT}},
        "MockedLambdaRetry": {
            "0": {"Throw": {"Error": "Lambda.ResourceNotReadyException", "Cause": "Lambda resource is not ready."}},
            "1-2": {"Throw": {"Error": "Lambda.TimeoutException", "Cause": "Lambda timed out."}},
            "3": {"Return": HELLO},
        },
    },
}
TASKS = ("LambdaState", "SQSState")


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a MockConfigFile, given as a value or as text."""

    def go(value, machines=("sales",)):
        path = tmp_path / "MockConfigFile.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value, indent=1))
        return read_mock_config(path, machines, TASKS)

    return go


@pytest.fixture
def told(read):
    """Return a function that reads a wrong file, and returns each problem as its path and what it says."""

    def go(value):
        with pytest.raises(ConfigError) as caught:
            read(value)
        return {problem.path: problem.what for problem in caught.value.problems}

    return go


def case(responses, states=None):
    return {"StateMachines": {"m": {"TestCases": {"c": states or {"SQSState": "r"}}}}, "MockedResponses": responses}


def test_the_example_of_the_developer_guide(read):
    cases = read(AWS_EXAMPLE)
    assert list(cases) == ["HappyPath", "RetryPath", "HybridPath"]
    assert cases["HappyPath"] == {
        "LambdaState": Responses("MockedLambdaSuccess", (Returned(HELLO),)),
        "SQSState": Responses("MockedSQSSuccess", (Returned(SENT),)),
    }
    late = Raised("Lambda.TimeoutException", "Lambda timed out.")
    first, *timeouts, last = cases["RetryPath"]["LambdaState"].answers
    assert (first.error, timeouts, last) == ("Lambda.ResourceNotReadyException", [late, late], Returned(HELLO))


def test_an_invocation_is_any_call_of_the_state_in_the_run():
    mock = Responses("r", (Returned(1), Raised("e", "c")))
    calls = [Asked("S", None, (), attempt=1, number=number, item_number=1) for number in (1, 2, 3)]
    assert [mock.answer(each) for each in calls[:2]] == [Returned(1), Raised("e", "c")]
    with pytest.raises(NoAnswerError, match="its mocked response 'r' has 2 invocations; this is call 3"):
        mock.answer(calls[2])
    assert list(mock.left(calls[:1])) == []


@pytest.mark.parametrize(
    ("response", "path", "what"),
    [
        ({"0": {"Return": 1}, "2": {"Return": 1}}, "2", "no response for invocation 1 before this"),
        ({"1-2": {"Return": 1}}, "1-2", "no response for invocation 0 before this"),
        ({"0": {"Return": 1}, "4-5": {"Return": 1}}, "4-5", "no response for invocation 1-3 before this"),
        ({"0-2": {"Return": 1}, "2": {"Return": 1}}, "2", "invocation 2 has a response already"),
        ({"first": {"Return": 1}}, "first", "'first' is no number of an invocation"),
        ({"0": {"Return": 1}, "2-1": {"Return": 1}}, "2-1", "'2-1' is no number of an invocation"),
        ({"0-999999999": {"Return": 1}}, "0-999999999", "'0-999999999' is no number of an invocation"),
        ({}, "", "it has no response"),
        ({"0": {"Return": 1, "Throw": {"Error": "e", "Cause": "c"}}}, "0", "a response is one of Return and Throw"),
        ({"0": {}}, "0", "a response is one of Return and Throw"),
        ({"0": {"Returns": 1}}, "0.Returns", "unknown key 'Returns'"),
        ({"0": {"Throw": {"Cause": "c"}}}, "0.Throw.Error", "Throw has no Error that is a text"),
        ({"0": {"Throw": {"Error": "e"}}}, "0.Throw.Cause", "Throw has no Cause that is a text"),
        ({"0": {"Throw": "e"}}, "0.Throw", "this is not a JSON object"),
    ],
)
def test_what_is_wrong_with_a_response(response, path, what, told):
    here = f"MockedResponses.r.{path}".rstrip(".")
    assert told(case({"r": response}))[here] == what


def test_everything_wrong_is_told_at_once_with_its_line(read):
    wrong = case({"r": {"0": {"Return": 1}}}, {"LambdaStat": "r", "SQSState": "q", "LambdaState": 3})
    with pytest.raises(ConfigError) as caught:
        read({**wrong, "MockedResponse": {}})
    assert [str(problem) for problem in caught.value.problems] == [
        "MockConfigFile.json:6: 'LambdaStat' is no Task of this state machine (did you mean 'LambdaState'?)",
        "MockConfigFile.json:7: there is no mocked response 'q' (known: r)",
        "MockConfigFile.json:8: this is no name of a mocked response",
        "MockConfigFile.json:20: unknown key 'MockedResponse' (did you mean 'MockedResponses'?)",
    ]


def test_of_several_machines_the_one_of_this_name_is_meant(read):
    cases = {"a": {"TestCases": {"one": {"Elsewhere": "r"}}}, "sales": {"TestCases": {"two": {"SQSState": "r"}}}}
    value = {"StateMachines": cases, "MockedResponses": {"r": {"0": {"Return": None}}}}
    assert read(value) == {"two": {"SQSState": Responses("r", (Returned(None),))}}
    with pytest.raises(UsageError, match="it has the state machines a, sales") as caught:
        read(value, machines=("other",))
    assert caught.value.fix == "call one of them other"


def test_an_unknown_case_is_told_with_those_that_there_are(read):
    cases = read(case({"r": {"0": {"Return": 1}}}, {"LambdaState": "r"}))
    (known,) = cases
    with pytest.raises(UsageError, match=f"unknown test case '{known}x'") as caught:
        cases[f"{known}x"]
    assert f"did you mean '{known}'" in caught.value.fix


def test_what_is_no_such_file(read, tmp_path):
    with pytest.raises(ConfigError, match="this is not JSON"):
        read("{")
    with pytest.raises(ConfigError, match="it has no MockedResponses"):
        read({"StateMachines": {}})
    with pytest.raises(UsageError, match="No such file"):
        read_mock_config(tmp_path / "nowhere.json", (), ())
