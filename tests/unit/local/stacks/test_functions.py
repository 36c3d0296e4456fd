"""AWS::Lambda in stacks: code, settings, versions, aliases, permissions, layers, and what calls a function."""

import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.usefixtures("lambda_role")

CODE = "import os\ndef handler(event, context):\n    return os.environ.get('WORD', {!r})\n"


def function(text="one", **properties):
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": {"ZipFile": CODE.format(text)},
            "Handler": "index.handler",
            "Role": "arn:aws:iam::123456789012:role/functions",
            "Runtime": "python3.11",
            **properties,
        },
    }


def result(account, name):
    return json.loads(account.lambda_.invoke(FunctionName=name)["Payload"].read())


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file, text in files.items():
            archive.writestr(file.replace("__", "/") + ".py", text)
    return buffer.getvalue()


def test_inline_code_runs_and_is_changed_in_place(account, name):
    assert account.create(name, {"F": function()})["StackStatus"] == "CREATE_COMPLETE", account.events(name)
    called = account.physical(name, "F")
    assert called.startswith(f"{name}-F-")
    assert result(account, called) == "one"

    account.update(name, {"F": function("two", MemorySize="256", Environment={"Variables": {"A": 1}})})
    assert account.physical(name, "F") == called
    assert result(account, called) == "two"
    told = account.lambda_.get_function_configuration(FunctionName=called)
    assert (told["MemorySize"], told["Environment"]["Variables"]) == (256, {"A": "1"})

    account.update(name, {"F": function("two", Environment={"Variables": {"WORD": "three"}})})
    assert result(account, called) == "three"
    assert account.lambda_.get_function_configuration(FunctionName=called)["MemorySize"] == 128


def test_code_lies_in_s3_and_in_layers(account, name):
    account.s3.create_bucket(Bucket=f"{name}-code")
    put = account.s3.put_object
    put(Bucket=f"{name}-code", Key="f.zip", Body=zipped(app="import lib\ndef handler(e, c): return lib.WORD"))
    put(Bucket=f"{name}-code", Key="l.zip", Body=zipped(python__lib="WORD = 'layered'"))
    resources = {
        "L": {
            "Type": "AWS::Lambda::LayerVersion",
            "Properties": {"Content": {"S3Bucket": f"{name}-code", "S3Key": "l.zip"}, "LayerName": name},
        },
        "F": function(
            Code={"S3Bucket": f"{name}-code", "S3Key": "f.zip"}, Handler="app.handler", Layers=[{"Ref": "L"}]
        ),
    }

    assert account.create(name, resources)["StackStatus"] == "CREATE_COMPLETE", account.events(name)

    assert result(account, account.physical(name, "F")) == "layered"
    assert account.physical(name, "L").endswith(f":layer:{name}:1")


def test_a_new_name_takes_a_new_function(account, name):
    account.create(name, {"F": function(FunctionName=f"{name}-a")})

    account.update(name, {"F": function(FunctionName=f"{name}-b", ReservedConcurrentExecutions=2)})

    assert account.lambda_.get_function_concurrency(FunctionName=f"{name}-b")["ReservedConcurrentExecutions"] == 2
    with pytest.raises(ClientError, match="ResourceNotFound"):
        account.lambda_.get_function(FunctionName=f"{name}-a")


def test_versions_aliases_permissions_and_destinations_come_and_go(account, name):
    queue = account.aws.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:123456789012:{name}"

    def resources(*versions):
        last, *others = reversed(versions)
        routing = {
            "AdditionalVersionWeights": [
                {"FunctionVersion": {"Fn::GetAtt": [each, "Version"]}, "FunctionWeight": 0.25} for each in others
            ]
        }
        return {
            "F": function(last),
            **{
                each: {
                    "Type": "AWS::Lambda::Version",
                    "Properties": {"FunctionName": {"Ref": "F"}, "Description": each},
                }
                for each in versions
            },
            "A": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {
                    "FunctionName": {"Ref": "F"},
                    "FunctionVersion": {"Fn::GetAtt": [last, "Version"]},
                    "Name": "live",
                    **({"RoutingConfig": routing} if others else {}),
                },
            },
            "P": {
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "Action": "lambda:InvokeFunction",
                    "FunctionName": {"Ref": "A"},
                    "Principal": "s3.amazonaws.com",
                    "SourceAccount": {"Ref": "AWS::AccountId"},
                },
            },
            "E": {
                "Type": "AWS::Lambda::EventInvokeConfig",
                "Properties": {
                    "FunctionName": {"Ref": "F"},
                    "Qualifier": "$LATEST",
                    "MaximumRetryAttempts": "0",
                    "DestinationConfig": {"OnSuccess": {"Destination": arn}},
                },
            },
            "S": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {"EventSourceArn": arn, "FunctionName": {"Ref": "F"}, "BatchSize": 3, "Enabled": False},
            },
        }

    assert account.create(name, resources("V1"))["StackStatus"] == "CREATE_COMPLETE", account.events(name)
    called = account.physical(name, "F")
    assert account.physical(name, "V1").endswith(f":function:{called}:1")
    policy = json.loads(account.lambda_.get_policy(FunctionName=called, Qualifier="live")["Policy"])
    assert [each["Sid"] for each in policy["Statement"]] == [account.physical(name, "P")]
    asked = account.lambda_.get_function_event_invoke_config(FunctionName=called)
    assert asked["DestinationConfig"]["OnSuccess"]["Destination"] == arn
    assert account.lambda_.get_event_source_mapping(UUID=account.physical(name, "S"))["BatchSize"] == 3

    assert account.update(name, resources("V1", "V2"))["StackStatus"] == "UPDATE_COMPLETE", account.events(name)
    alias = account.lambda_.get_alias(FunctionName=called, Name="live")
    assert (alias["FunctionVersion"], alias["RoutingConfig"]["AdditionalVersionWeights"]) == ("2", {"1": 0.25})

    identity = account.stack(name)["StackId"]
    account.stacks.delete_stack(StackName=name)
    assert account.stack(identity)["StackStatus"] == "DELETE_COMPLETE", account.events(identity)
    account.aws.client("sqs").delete_queue(QueueUrl=queue)


def test_code_that_was_published_has_no_second_version(account, name):
    version = {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "F"}}}
    account.create(name, {"F": function(), "V": version})

    changed = account.update(name, {"F": function(), "V": version, "W": version})

    assert changed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "A version for this Lambda function exists ( 1 )" in account.events(name, "W")[1][1]


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"Code": {}}, "exactly one of ZipFile, S3Bucket, ImageUri"),
        ({"Code": {"S3Bucket": "b"}}, r"required key \[S3Key\] not found"),
        ({"Runtime": "java21"}, "ZipFile can only be used"),
        ({"MemorySize": "much"}, "#/MemorySize: expected type: Integer, found: String"),
        ({"Role": "arn:aws:iam::123456789012:role/nobody"}, "cannot be assumed by Lambda"),
    ],
)
def test_what_lambda_refuses_is_the_reason(account, name, properties, says):
    made = account.create(name, {"F": function(**properties)})

    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(account.events(name, "F")[-1])


ANSWERS = """
import json, urllib.request
def handler(event, context):
    told = event["ResourceProperties"]
    answer = {{
        "Status": {status}, "Reason": "so", "RequestId": event["RequestId"], "StackId": event["StackId"],
        "LogicalResourceId": event["LogicalResourceId"], "PhysicalResourceId": "id-" + told.get("Id", "0"),
        "Data": {{"Seen": event["RequestType"] + told.get("Count", "")}},
    }}
    body = json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], body, method="PUT")).read()
"""


def custom(status="'SUCCESS'", code=None, **properties):
    return {
        "C": {"Type": "Custom::Thing", "Properties": {"ServiceToken": {"Fn::GetAtt": ["F", "Arn"]}, **properties}},
        "F": function(Code={"ZipFile": code or ANSWERS.format(status=status)}),
    }


def test_a_custom_resource_is_made_by_a_function_that_answers(account, name):
    outputs = {"Outputs": {"Seen": {"Value": {"Fn::GetAtt": ["C", "Seen"]}}, "Id": {"Value": {"Ref": "C"}}}}

    assert account.create(name, custom(Count=3), more=outputs)["StackStatus"] == "CREATE_COMPLETE", account.events(name)
    assert account.outputs(name) == {"Seen": "Create3", "Id": "id-0"}

    account.update(name, custom(Count=4, Id="1"), more=outputs)
    assert account.outputs(name) == {"Seen": "Update4", "Id": "id-1"}
    assert "DELETE_COMPLETE" in [status for status, _ in account.events(name, "C")]  # of id-0


def test_a_custom_resource_of_a_provider_that_cannot_run_is_refused_by_name(account, name):
    resources = custom()
    resources["F"]["Properties"]["Runtime"] = "nodejs22.x"

    with pytest.raises(ClientError, match=r"Custom::Thing \(C\), which a function of nodejs22"):
        account.create(name, resources)


@pytest.mark.parametrize(
    ("resources", "says"),
    [
        (custom("'FAILED'"), "Message returned: so"),
        (custom(code="def handler(event, context): raise ValueError('no')"), "it failed"),
    ],
)
def test_a_custom_resource_whose_function_fails_fails_the_stack(account, name, resources, says):
    assert account.create(name, resources)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert says in account.events(name, "C")[1][1]
