"""What a state's call takes, and the fix that a refusal names."""

import dataclasses

import pytest

from shared.config.resources import NOTHING, Uses
from shared.isolation.roles.workflow_role import UngrantedError, workflow_policy
from tests.isolation.conftest import make_lane

HERE = "us-east-1:123456789012"
TABLE = f"arn:aws:dynamodb:{HERE}:table/team1-totals-0a1b2c3d"
URL = "https://sqs.us-east-1.amazonaws.com/123456789012/team1-work-0a1b2c3d"
TOPIC = f"arn:aws:sns:{HERE}:team1-done-0a1b2c3d"
MACHINE = f"arn:aws:states:{HERE}:stateMachine:team1-cosmic-0a1b2c3d"


def policy(api, uses=NOTHING, **arguments):
    lane = make_lane("team1")
    workflow = dataclasses.replace(lane.workflows["cosmic"], uses=uses)
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{api}", "Parameters": arguments}
    statements = workflow_policy(lane, workflow, {"States": {"A": state}}).statements
    return {each.sid: (each.actions, each.resources) for each in statements if each.sid != "DeliverLogs"}


@pytest.mark.parametrize(
    ("api", "arguments", "action", "resource"),
    [
        ("sqs:sendMessage", {"QueueUrl": URL}, "sqs:SendMessage", f"arn:aws:sqs:{HERE}:team1-work-0a1b2c3d"),
        ("sns:publish", {"TopicArn": TOPIC}, "sns:Publish", TOPIC),
        ("dynamodb:putItem", {"TableName": "team1-totals-0a1b2c3d"}, "dynamodb:PutItem", TABLE),
        ("aws-sdk:dynamodb:scan", {"TableName": TABLE}, "dynamodb:Scan", TABLE),
        (
            "aws-sdk:dynamodb:query",
            {"TableName": "team1-totals-0a1b2c3d", "IndexName": "by-day"},
            "dynamodb:Query",
            f"{TABLE}/index/*",
        ),
        (
            "aws-sdk:dynamodb:batchWriteItem",
            {"RequestItems": {"team1-totals-0a1b2c3d": []}},
            "dynamodb:BatchWriteItem",
            TABLE,
        ),
        (
            "aws-sdk:dynamodb:transactWriteItems",
            {"TransactItems": [{"ConditionCheck": {"TableName": "team1-totals-0a1b2c3d"}}]},
            "dynamodb:ConditionCheckItem",
            TABLE,
        ),
        (
            "aws-sdk:ssm:getParameter",
            {"Name": "/team1/limit-0a1b2c3d"},
            "ssm:GetParameter",
            f"arn:aws:ssm:{HERE}:parameter/team1/limit-0a1b2c3d",
        ),
        ("aws-sdk:s3:putObject", {"Bucket": "team1-raw-0a1b2c3d"}, "s3:PutObject", "arn:aws:s3:::team1-raw-0a1b2c3d/*"),
        ("aws-sdk:sfn:startExecution", {"StateMachineArn": MACHINE}, "states:StartExecution", MACHINE),
        ("aws-sdk:comprehend:detectSentiment", {}, "comprehend:DetectSentiment", "*"),
        ("bedrock:invokeModel", {}, "bedrock:InvokeModel", "arn:aws:bedrock:us-east-1::foundation-model/*"),
        (
            "aws-sdk:bedrockruntime:invokeModel",
            {},
            "bedrock:InvokeModel",
            "arn:aws:bedrock:us-east-1::foundation-model/*",
        ),
    ],
)
def test_a_call_takes_its_action_on_what_it_names(api, arguments, action, resource):
    ((actions, resources),) = policy(api, **arguments).values()
    assert (actions, resources) == ((action,), (resource,))


@pytest.mark.parametrize(
    ("api", "arguments", "said", "fix"),
    [
        ("sqs:sendMessage", {"QueueUrl": f"{URL}0"}, "none of the queues of team team1", "declare it under queues:"),
        ("sns:publish", {"TopicArn": f"{TOPIC}0"}, "none of the topics", "declare it under topics:"),
        ("sns:publish", {"PhoneNumber": "+1"}, "TopicArn is computed when the state runs, or missing", "uses: {topics"),
        ("dynamodb:putItem", {"TableName.$": "$.t"}, "TableName is computed", "uses: {tables: ...}"),
        ("aws-sdk:dynamodb:batchGetItem", {"RequestItems": {"theirs": {}}}, "theirs is none", "under tables:"),
        ("aws-sdk:dynamodb:transactWriteItems", {"TransactItems.$": "$.i"}, "is computed", "uses: {tables"),
        ("aws-sdk:s3:putObject", {"Bucket": "field-data"}, "shared data, which no team may write", "${bucket}"),
        ("aws-sdk:s3:getObject", {"Bucket": "labs-data"}, "is not the bucket of team team1", "under buckets:"),
        ("aws-sdk:sfn:startSyncExecution", {"StateMachineArn": MACHINE}, "no express machine", ".sync:2"),
        ("events:putEvents", {}, "the default event bus is every team's", "topics:"),
        ("aws-sdk:secretsmanager:getSecretValue", {}, "execution's history", "uses: {secrets"),
        ("aws-sdk:rekognition:searchFaces", {}, "not granted to any state machine", "shared/config/services.py"),
        ("aws-sdk:textract:analyzeDocument", {}, "not granted to any state machine", "shared/config/services.py"),
    ],
)
def test_what_is_refused_is_refused_with_the_fix(api, arguments, said, fix):
    with pytest.raises(UngrantedError) as refused:
        policy(api, **arguments)
    assert said in refused.value.what
    assert fix in str(refused.value.fix)


def test_what_is_computed_is_granted_by_the_card():
    uses = Uses(tables={"team1-totals-0a1b2c3d": "write"}, machines=("team1-cosmic-0a1b2c3d",))
    assert list(policy("dynamodb:putItem", uses, **{"TableName.$": "$.t"})) == [
        "FollowMachines",
        "StartMachines",
        "WriteTables",
    ]
    with pytest.raises(UngrantedError, match="TableName is computed"):
        policy("dynamodb:getItem", uses, **{"TableName.$": "$.t"})  # it may write, and not read
    followed = policy("states:startExecution.sync:2", uses, **{"StateMachineArn.$": "$.m"})
    assert followed["FollowNested"][1] == (f"arn:aws:states:{HERE}:execution:team1-cosmic-0a1b2c3d:*",)


def test_shared_data_is_read_by_a_state_and_by_a_map():
    found = policy("aws-sdk:s3:getObject", Bucket="field-data")
    assert found == {
        "ReadCommonsOf123456789012": (
            ("s3:GetObject", "s3:ListBucket"),
            ("arn:aws:s3:::field-data", "arn:aws:s3:::field-data/*"),
        )
    }
    lane = make_lane("team1")
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "field-data"}}
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": {"States": {}}}
    sids = [each.sid for each in workflow_policy(lane, lane.workflows["cosmic"], {"States": {"A": state}}).statements]
    assert "ReadCommonsOf123456789012" in sids


def test_a_listing_that_loads_what_it_lists_reads_objects_too():
    lane = make_lane("team1")
    reader = {
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "ReaderConfig": {"Transformation": "LOAD_AND_FLATTEN"},
        "Parameters": {"Bucket": lane.bucket},
    }
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": {"States": {}}}
    statements = workflow_policy(lane, lane.workflows["cosmic"], {"States": {"A": state}}).statements
    assert {"ListBucket", "ReadObjects"} <= {each.sid for each in statements}
