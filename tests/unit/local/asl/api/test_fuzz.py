"""No request, whatever is in it, is answered with an error of the server, or with one that the action does not have.

Requests are made at random from botocore's model: right ones, and ones in which a member is missing, of another type,
too long, not what it says it is, or hostile text. They go through moto's dispatching, as those of clients do.
"""

from __future__ import annotations

import json
from random import Random

import boto3
import pytest
from moto.core.base_backend import BackendDict
from moto.moto_server.werkzeug_app import create_backend_app

from shared.local.asl.plug import install
from shared.local.asl.services import Services

MODEL = boto3.client("stepfunctions", region_name="us-east-1").meta.service_model
HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/states/aws4_request, Signature=s",
}
COMMON = {"ValidationException", "SerializationException"}  # of every action
PREFIX = "arn:aws:states:us-east-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role/r"
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
EACH = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **PASS}
MAP = {"StartAt": "M", "States": {"M": {"Type": "Map", "Label": "L", "ItemProcessor": EACH, "End": True}}}
TEXTS = (
    "", " ", "a", "a\n", "0", "null", "{}", "[]", "[1]", '"', "{", "NaN", "'; DROP TABLE x; --", "../../etc/passwd",
    "<script>", "%s%n{0}", "${jndi:ldap://x}", "\0", "\x7f", "\ud800", "\uffff", "é", "𝄞" * 40, "a" * 81, "a" * 3000,
    "arn:", "arn:aws:states", ":" * 9, "arn:aws:states:us-east-1:123456789012:stateMachine:", "[" * 5000,
    "9" * 5000, "1e999", "STANDARD", "OFF", "ALL", "METADATA_ONLY", "RUNNING", "-", "true",
)  # fmt: skip
VALUES = (None, True, 0, -1, 1.5, 2**40, 10**400, float("1e300"), [], {}, [[]], {"a": {"b": []}}, [None], "x")
DEFINITIONS = [
    json.dumps(each)
    for each in (
        PASS, MAP, {}, [], "x", 1, {"StartAt": 1, "States": []}, {"StartAt": "P", "States": {"P": None}},
        {"Type": "Pass", "End": True},
        {"StartAt": "P", "States": {"P": {"Type": ["Pass"], "End": "x"}}},
        {"Type": "Pass", "End": True, "Output": "{% $x.( %}", "QueryLanguage": "JSONata"},
        {"Type": "Task", "Resource": 1, "End": True}, {"Type": "Map", "End": True}, {"Type": "Choice", "Choices": [{}]},
    )
]  # fmt: skip


class Fuzzer:
    """Makes requests; *known* are ARNs, names and tokens that mean something."""

    def __init__(self, seed: int, known: list[str]) -> None:
        self.random = Random(seed)
        self.known = known

    def request(self, operation: str) -> str:
        shape, random = MODEL.operation_model(operation).input_shape, self.random
        if random.random() < 0.03:
            return random.choice(["", "null", "[]", "{", "1", '"x"', '{"a":}', "[" * 100_000, "\xff"])
        return json.dumps(self.value(shape, 0.15))

    def value(self, shape, wild):
        random = self.random
        if random.random() < wild / 3:
            return random.choice(VALUES)
        if shape.type_name == "structure":
            return {
                name: self.value(member, wild)
                for name, member in shape.members.items()
                if random.random() < (0.97 if name in shape.required_members else 0.4)
            }
        if shape.type_name == "list":
            return [self.value(shape.member, wild) for _ in range(random.choice([0, 1, 1, 2, 3]))]
        if shape.type_name == "boolean":
            return random.random() < 0.5
        if shape.type_name != "string":
            return random.choice([0, 1, 2, 5, 60, 100, 1000, 1001, -1, 2**31])
        return self.text(shape, wild)

    def text(self, shape, wild):
        random = self.random
        if random.random() < wild:
            return random.choice(TEXTS)
        if "enum" in shape.metadata:
            return random.choice(shape.metadata["enum"])
        if shape.name == "Definition":
            return random.choice(DEFINITIONS)
        if shape.name == "SensitiveData":
            return random.choice(["{}", "[1,2]", "null", '{"a": 1}'])
        if shape.name == "Name":
            return random.choice(["n1", "n2", f"n{random.random()}"])
        return random.choice(self.known)


@pytest.fixture(scope="module")
def app():
    with install(lambda *_: None, Services("http://127.0.0.1:9"), speed=1000) as plug:
        plug.engine.activities.close()  # whoever polls gets an answer at once
        yield create_backend_app("stepfunctions")
    BackendDict.reset()


@pytest.fixture(scope="module")
def send(app):
    client = app.test_client()

    def answer(operation, body):
        headers = {**HEADERS, "X-Amz-Target": f"AWSStepFunctions.{operation}"}
        response = client.post("/", data=body.encode("utf-8", "surrogatepass"), headers=headers)
        return response.status_code, response.get_data(as_text=True)

    return answer


@pytest.fixture(scope="module")
def known(send):
    def made(operation, **params):
        status, text = send(operation, json.dumps(params))
        assert status == 200, text
        return json.loads(text)

    arns = [f"{PREFIX}:{each}" for each in ("stateMachine:no", "stateMachine:s/L", "execution:s:no", "mapRun:s/L:x")]
    for kind in ("STANDARD", "EXPRESS"):
        machine = made(
            "CreateStateMachine", name=kind, definition=json.dumps(MAP if kind == "STANDARD" else PASS), roleArn=ROLE,
            type=kind, publish=True,
        )  # fmt: skip
        routes = [{"stateMachineVersionArn": machine["stateMachineVersionArn"], "weight": 100}]
        alias = made("CreateStateMachineAlias", name="live", routingConfiguration=routes)["stateMachineAliasArn"]
        arns += [machine["stateMachineArn"], machine["stateMachineVersionArn"], alias]
        arns.append(made("StartExecution", stateMachineArn=alias, input="[1]")["executionArn"])
    activity = made("CreateActivity", name="a")["activityArn"]
    return [*arns, activity, ROLE, "A" * 128, "10", "live"]


@pytest.mark.parametrize("operation", MODEL.operation_names)
def test_every_answer_is_one_of_the_actions_own(send, known, operation):
    fuzzer = Fuzzer(MODEL.operation_names.index(operation), known)
    allowed = {shape.name for shape in MODEL.operation_model(operation).error_shapes} | COMMON
    for _ in range(100):
        body = fuzzer.request(operation)
        status, text = send(operation, body)
        if status != 200:
            assert 400 <= status < 500, (body[:2000], text)
            assert json.loads(text)["__type"].rpartition("#")[2] in allowed, (body[:2000], text)
        assert "Traceback" not in text


@pytest.mark.parametrize("operation", ["Nothing", "list_activities", "_get_action", "CreateActivity2"])
def test_an_action_that_the_api_does_not_have_is_refused(send, operation):
    assert send(operation, "{}") == (400, '{"__type": "UnknownOperationException"}')
