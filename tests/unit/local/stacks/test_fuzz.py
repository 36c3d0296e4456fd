"""No input is answered with a fault of ours: calls made of botocore's model, and templates with something wrong.

The generator is seeded, so that each run makes the same calls.
"""

import copy
import json
import random

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from shared.aws.client import connect_endpoint
from shared.local.calls.models import model_of
from tests.helpers.in_process import go_straight

_TEXTS = (
    "",
    "a",
    "s1",
    "-",
    "ä" * 9,
    "arn:aws:x",
    "x" * 2000,
    "{}",
    "[]",
    "null",
    "[",
    "Resources:",
    "0",
    "\x00",
    "🙂",
)
_LEAVES = (None, 0, -1, 1.5, True, "", "x", [], {}, [None], {"Ref": "Nobody"}, {"Ref": 3}, {"Fn::GetAtt": "x"})
_WRONG_CALLS = (
    {"Fn::Sub": []},
    {"Fn::Join": [1, 2]},
    {"Fn::Select": ["x", []]},
    {"Fn::If": ["x"]},
    {"Fn::FindInMap": ["a", "b", "c"]},
    {"Fn::Split": [3, "a"]},
    {"Fn::Base64": {}},
    {"Fn::ImportValue": "nothing"},
    {"Fn::Transform": {}},
    {"Fn::GetAZs": ""},
    {"Fn::Equals": [1]},
)

TEMPLATE = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Parameters": {"A": {"Type": "String", "Default": "x", "AllowedPattern": "x+"}},
    "Mappings": {"M": {"a": {"b": "c"}}},
    "Conditions": {"C": {"Fn::Equals": [{"Ref": "A"}, "x"]}},
    "Rules": {"R": {"Assertions": [{"Assert": {"Fn::Contains": [["x"], {"Ref": "A"}]}}]}},
    "Resources": {
        "P": {
            "Type": "AWS::SSM::Parameter",
            "Condition": "C",
            "DependsOn": ["L"],
            "DeletionPolicy": "Delete",
            "Properties": {"Type": "String", "Value": {"Fn::Sub": ["${L.Arn}${A}${X}", {"X": {"Ref": "L"}}]}},
        },
        "L": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"RetentionInDays": 1, "Tags": [{"Key": "k", "Value": "v"}]},
        },
        "M": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": "arn:aws:iam::123456789012:role/x",
                "DefinitionSubstitutions": {"a": "b"},
                "DefinitionString": "{}",
                "LoggingConfiguration": {"Level": "OFF", "Destinations": []},
            },
        },
        "F": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"ZipFile": "x"},
                "Role": "r",
                "Runtime": "python3.11",
                "Environment": {"Variables": {"a": "b"}},
            },
        },
        "B": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                },
                "NotificationConfiguration": {"QueueConfigurations": []},
                "Tags": [{"Key": "k", "Value": "v"}],
            },
        },
        "Q": {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": {}, "DelaySeconds": 1}},
        "T": {"Type": "AWS::SNS::Topic", "Properties": {"Subscription": [{"Protocol": "sqs", "Endpoint": "e"}]}},
        "D": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
                "GlobalSecondaryIndexes": [],
            },
        },
        "E": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {}, "Targets": []}},
        "C": {"Type": "Custom::C", "Properties": {"ServiceToken": {"Fn::GetAtt": ["F", "Arn"]}}},
        "V": {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": "f", "FunctionVersion": "1", "Name": "n"}},
        "I": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {},
                "Policies": [{"PolicyName": "p", "PolicyDocument": {}}],
            },
        },
    },
    "Outputs": {"O": {"Value": {"Fn::GetAtt": ["L", "Arn"]}, "Export": {"Name": "fuzz"}}},
}


@pytest.fixture(scope="module")
def client(account):
    """A client that sends whatever it is given."""
    aws = account.aws
    unchecked = go_straight(connect_endpoint(account.place, account.endpoint, account.owner), account.application)
    return unchecked.session.client(
        "cloudformation",
        endpoint_url=account.endpoint,
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
        region_name=aws.place.region,
    )


def value(shape, random_, depth=0):  # noqa: PLR0911  a line for each kind
    """Return something that a client could send for *shape*, seldom what it should."""
    kind = shape.type_name
    if kind == "structure":
        return {name: value(each, random_, depth + 1) for name, each in shape.members.items() if random_.random() < 0.5}
    if kind == "list":
        return [value(shape.member, random_, depth + 1) for _ in range(random_.randrange(3))]
    if kind == "map":
        return {"k": value(shape.value, random_, depth + 1)}
    if kind in {"integer", "long"}:
        return random_.choice([-1, 0, 1, 10**12])
    if kind == "boolean":
        return random_.random() < 0.5
    if kind == "timestamp":
        return 0
    return random_.choice([*_TEXTS, *(shape.metadata.get("enum") or ())])


def told(call, **params):
    """Make a call, and return the status and the message of its answer."""
    try:
        call(**params)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"].get("Message", "")
    return 200, ""


@pytest.mark.parametrize("operation", model_of("cloudformation").operation_names)
def test_no_call_is_answered_with_a_fault_of_ours(client, operation):
    random_ = random.Random(operation)
    shape = model_of("cloudformation").operation_model(operation).input_shape
    method = next(name for name, each in client.meta.method_to_api_mapping.items() if each == operation)
    for _ in range(12):
        params = value(shape, random_) if shape else {}
        status, message = told(getattr(client, method), **params)
        assert status < 500, (params, message)
        assert "Internal error" not in message, params


def paths(tree, path=()):
    yield path
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, each in items:
        yield from paths(each, (*path, key))


def mutated(random_):
    """Return the template with one thing in it replaced, removed or renamed."""
    tree = copy.deepcopy(TEMPLATE)
    for name in random_.choice([(), ("M", "F", "C", "V", "E", "T")]):  # they fail, and what follows is never made
        del tree["Resources"][name]
    path = random_.choice([each for each in paths(tree) if each])
    holder = tree
    for key in path[:-1]:
        holder = holder[key]
    way = random_.randrange(3)
    if way == 0:
        holder[path[-1]] = random_.choice([*_LEAVES, *_WRONG_CALLS])
    elif way == 1:
        del holder[path[-1]]
    elif isinstance(holder, dict):
        holder[random_.choice(["Fn::If", "Ref", "Strange", ""])] = holder.pop(path[-1])
    return tree


@pytest.mark.parametrize("seed", range(8))
def test_no_template_is_answered_with_a_fault_of_ours(client, caplog, seed):
    random_ = random.Random(seed)
    for index in range(25):
        body = json.dumps(mutated(random_))
        name = f"fuzz-{seed}-{index}"
        status, message = told(
            client.create_stack, StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        assert status < 500, (body, message)
        assert "Internal error" not in message, body
        if status == 200:
            reasons = [
                each.get("ResourceStatusReason", "")
                for each in client.describe_stack_events(StackName=name)["StackEvents"]
            ]
            assert not [each for each in reasons if "Internal error" in each], (body, caplog.text)
            assert told(client.delete_stack, StackName=name)[0] == 200


@pytest.mark.parametrize(
    "body", ["[" * 100_000, "{" * 10_000, "a: &a [*a]", "? [", "!!python/object:os.system {}", "- - - -"]
)
def test_no_text_is_answered_with_a_fault_of_ours(client, body):
    status, message = told(client.create_stack, StackName="text", TemplateBody=body[:51_200])

    assert status == 400
    assert "Internal error" not in message
