"""Records of events: a function's configuration says where they go, its role whether they may, on a whole cloud."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.config.runtimes import MACHINE
from shared.local.cloud import EmbeddedCloud
from tests.helpers.zips import zipped

pytestmark = pytest.mark.workflow

PLACE = Place("123456789012", "us-east-1", "dev")
SOURCE = """
def handler(event, context):
    if "requestContext" in event:
        print("a record of", event["requestContext"]["functionArn"])
        return
    if event["fail"]:
        raise ValueError("no stars")
    return {"stars": 3}
"""
PUBLIC = "arn:aws:lambda:us-east-1:336392948345:layer:AWSSDKPandas-Python312:16"


@pytest.fixture(scope="module")
def aws(tmp_path_factory):
    with EmbeddedCloud(PLACE, tmp_path_factory.mktemp("cloud")) as cloud:
        yield connect_endpoint(PLACE, cloud.endpoint, cloud.key)


@pytest.fixture(scope="module")
def queue(aws):
    """The queue that records go to, by its URL."""
    return aws.client("sqs").create_queue(QueueName="records")["QueueUrl"]


@pytest.fixture(scope="module")
def function(aws, queue):
    """Return a function that makes one, with a role that may do some actions."""

    def make(name, *actions, source=SOURCE, **settings):
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        document = {"Version": "2012-10-17", "Statement": [trust]}
        aws.iam.create_role(RoleName=f"{name}-role", AssumeRolePolicyDocument=json.dumps(document))
        allow(name, "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", *actions)
        aws.lambda_.create_function(
            FunctionName=name,
            Role=PLACE.arn("iam", f"role/{name}-role"),
            Runtime=MACHINE,
            Handler="app.handler",
            Code={"ZipFile": zipped(source)},
            Timeout=10,
            **settings,
        )

    def allow(name, *actions):
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        aws.iam.put_role_policy(RoleName=f"{name}-role", PolicyName="p", PolicyDocument=json.dumps(document))

    make.allow = allow
    return make


def send(aws, name, *, fail):
    payload = json.dumps({"fail": fail}).encode()
    return aws.lambda_.invoke(FunctionName=name, InvocationType="Event", Payload=payload)["ResponseMetadata"]


def received(aws, queue):
    """Return the next record, waiting for it."""
    client = aws.client("sqs")
    (message,) = client.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
    client.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return json.loads(message["Body"])


def to(**arns):
    return {"DestinationConfig": {name: {"Destination": arn} for name, arn in arns.items()}}


def test_what_became_of_events_goes_to_a_queue_by_the_functions_role(aws, function, queue):
    function("count")
    arn = PLACE.arn("sqs", "records")
    settings = {"FunctionName": "count", "MaximumRetryAttempts": 0, **to(OnSuccess=arn, OnFailure=arn)}
    with pytest.raises(ClientError, match="role does not have permissions to call SendMessage on SQS"):
        aws.lambda_.put_function_event_invoke_config(**settings)
    function.allow("count", "sqs:SendMessage")
    aws.lambda_.put_function_event_invoke_config(**settings)

    request = send(aws, "count", fail=False)["RequestId"]
    record = received(aws, queue)
    assert record["version"] == "1.0"
    assert record["requestContext"] == {
        "requestId": request,
        "functionArn": PLACE.arn("lambda", "function:count:$LATEST"),
        "condition": "Success",
        "approximateInvokeCount": 1,
    }
    assert (record["requestPayload"], record["responsePayload"]) == ({"fail": False}, {"stars": 3})
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}

    send(aws, "count", fail=True)
    record = received(aws, queue)
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorMessage"] == "no stars"


def test_a_record_that_the_role_may_not_send_any_more_is_lost(aws, function, queue):
    function("lost", "sqs:SendMessage")
    arn = PLACE.arn("sqs", "records")
    aws.lambda_.put_function_event_invoke_config(FunctionName="lost", MaximumRetryAttempts=0, **to(OnSuccess=arn))
    function.allow("lost", "logs:*")
    send(aws, "lost", fail=False)
    function("kept", "sqs:SendMessage")
    aws.lambda_.put_function_event_invoke_config(FunctionName="kept", **to(OnSuccess=arn))
    send(aws, "kept", fail=False)
    assert received(aws, queue)["requestContext"]["functionArn"].endswith(":kept:$LATEST")


def test_records_go_to_topics_and_to_functions(aws, function, queue):
    topic = aws.client("sns").create_topic(Name="told")["TopicArn"]
    arn = PLACE.arn("sqs", "records")
    statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
                 "Resource": arn}  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    function("reads", "sqs:SendMessage")
    aws.lambda_.put_function_event_invoke_config(FunctionName="reads", **to(OnSuccess=arn))
    function("tells", "sns:Publish", "lambda:InvokeFunction")
    other = PLACE.arn("lambda", "function:reads")
    aws.lambda_.put_function_event_invoke_config(
        FunctionName="tells", MaximumRetryAttempts=0, **to(OnSuccess=other, OnFailure=topic)
    )
    send(aws, "tells", fail=True)
    message = json.loads(received(aws, queue)["Message"])
    assert message["requestContext"]["condition"] == "RetriesExhausted"
    send(aws, "tells", fail=False)
    record = received(aws, queue)
    assert record["requestContext"]["functionArn"].endswith(":reads:$LATEST")
    assert record["requestPayload"]["requestContext"]["functionArn"].endswith(":tells:$LATEST")


def test_a_dead_letter_queue_gets_the_event_beside_the_record_of_a_destination(aws, function):
    client = aws.client("sqs")
    dead = client.create_queue(QueueName="dead")["QueueUrl"]
    arn = PLACE.arn("sqs", "dead")
    with pytest.raises(ClientError, match="role does not have permissions to call SendMessage on SQS"):
        function("buries", DeadLetterConfig={"TargetArn": arn})
    function.allow("buries", "sqs:SendMessage")
    aws.iam.delete_role_policy(RoleName="buries-role", PolicyName="p")
    aws.iam.delete_role(RoleName="buries-role")
    function("buries", "sqs:SendMessage", DeadLetterConfig={"TargetArn": arn})
    aws.lambda_.put_function_event_invoke_config(FunctionName="buries", MaximumRetryAttempts=0, **to(OnFailure=arn))
    request = send(aws, "buries", fail=True)["RequestId"]
    found = []
    while len(found) < 2:
        found += client.receive_message(QueueUrl=dead, WaitTimeSeconds=20, MessageAttributeNames=["All"])["Messages"]
    (letter,) = [each for each in found if "MessageAttributes" in each]
    assert json.loads(letter["Body"]) == {"fail": True}
    told = {name: each["StringValue"] for name, each in letter["MessageAttributes"].items()}
    assert told == {"RequestID": request, "ErrorCode": "200", "ErrorMessage": "no stars"}
    (record,) = [json.loads(each["Body"]) for each in found if "MessageAttributes" not in each]
    assert record["requestContext"]["condition"] == "RetriesExhausted"


def test_records_go_to_buses_and_name_the_alias_that_was_called(aws, function):
    events, client = aws.client("events"), aws.client("sqs")
    heard = client.create_queue(QueueName="heard")["QueueUrl"]
    arn = PLACE.arn("sqs", "heard")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client.set_queue_attributes(QueueUrl=heard, Attributes={"Policy": policy})
    bus = events.create_event_bus(Name="results")["EventBusArn"]
    events.put_rule(Name="r", EventBusName="results", EventPattern='{"source": ["lambda"]}')
    events.put_targets(Rule="r", EventBusName="results", Targets=[{"Id": "1", "Arn": arn}])
    function("heard", "events:PutEvents")
    aws.lambda_.publish_version(FunctionName="heard")
    aws.lambda_.create_alias(FunctionName="heard", Name="live", FunctionVersion="1")
    aws.lambda_.put_function_event_invoke_config(FunctionName="heard", Qualifier="live", **to(OnSuccess=bus))
    send(aws, "heard", fail=False)  # not by the alias: nobody is told
    send(aws, "heard:live", fail=False)
    event = received(aws, heard)
    assert event["detail-type"] == "Lambda Function Invocation Result - Success"
    alias = PLACE.arn("lambda", "function:heard:live")
    assert event["resources"] == [alias, bus]
    assert event["detail"]["requestContext"]["functionArn"] == alias
    assert event["detail"]["responseContext"]["executedVersion"] == "1"


def test_an_alias_is_told_to_the_function_and_shares_its_calls_by_weight(aws, function):
    function("shared", source="def handler(event, context): return context.invoked_function_arn, 1\n")
    client = aws.lambda_
    client.publish_version(FunctionName="shared")
    client.update_function_code(
        FunctionName="shared",
        ZipFile=zipped("def handler(event, context): return context.invoked_function_arn, 2\n"),
    )
    client.publish_version(FunctionName="shared")
    client.create_alias(
        FunctionName="shared",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
    )
    told = [json.load(client.invoke(FunctionName="shared", Qualifier="live")["Payload"]) for _ in range(40)]
    assert {arn for arn, _ in told} == {PLACE.arn("lambda", "function:shared:live")}
    assert 8 <= sum(version == 2 for _, version in told) <= 32
    for qualifier in ("1", "$LATEST"):
        arn, _ = json.load(client.invoke(FunctionName="shared", Qualifier=qualifier)["Payload"])
        assert arn == PLACE.arn("lambda", f"function:shared:{qualifier}")


def test_a_function_without_concurrency_gives_its_events_up(aws, function, queue):
    function("held", "sqs:SendMessage")
    arn = PLACE.arn("sqs", "records")
    aws.lambda_.put_function_event_invoke_config(FunctionName="held", **to(OnFailure=arn))
    aws.lambda_.put_function_concurrency(FunctionName="held", ReservedConcurrentExecutions=0)
    send(aws, "held", fail=False)
    record = received(aws, queue)
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert "responsePayload" not in record


def test_a_public_layer_is_there_once_it_was_published_in_its_place(aws, function):
    source = "import from_layer\ndef handler(event, context): return from_layer.value\n"
    with pytest.raises(ClientError, match="not authorized to perform: lambda:GetLayerVersion"):
        function("early", source=source, Layers=[PUBLIC])
    content = {"ZipFile": zipped("value = 42", "python/from_layer.py")}
    aws.lambda_.publish_layer_version(LayerName="pandas", Description=PUBLIC, Content=content)
    function("layered", source=source, Layers=[PUBLIC])
    assert json.load(aws.lambda_.invoke(FunctionName="layered")["Payload"]) == 42
