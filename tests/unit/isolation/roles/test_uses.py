"""What a card's ``uses`` grants: exact names and the fewest actions, and nothing where nothing is said."""

import dataclasses

import pytest

from shared.config.resources import NOTHING, OWN_BUCKET, Asynchronous, Uses, Vpc
from shared.isolation.roles.function_role import function_policy
from shared.isolation.roles.uses import granted
from tests.isolation.conftest import make_lane

PLACE = "us-east-1:123456789012"
TABLE = f"arn:aws:dynamodb:{PLACE}:table/team1-totals-0a1b2c3d"
QUEUE, TOPIC = f"arn:aws:sqs:{PLACE}:team1-work-0a1b2c3d", f"arn:aws:sns:{PLACE}:team1-done-0a1b2c3d"
BUCKET, RAW = "arn:aws:s3:::team1-data-0a1b2c3d", "arn:aws:s3:::team1-raw-0a1b2c3d"


@pytest.fixture
def lane():
    return make_lane("team1")


@pytest.fixture
def grants(lane):
    """Return a function: what a card says -> {sid: (actions, resources)}."""
    return lambda **told: {each.sid: (set(each.actions), each.resources) for each in granted(lane, Uses(**told))}


def test_nothing_is_granted_where_nothing_is_used(lane):
    assert list(granted(lane, NOTHING)) == []
    assert [each.sid for each in granted(lane, OWN_BUCKET)] == ["ListBucket", "Objects"]


@pytest.mark.parametrize(
    ("access", "sids", "actions"),
    [
        ("read", ["ListBucket", "Objects"], {"s3:GetObject"}),
        ("write", ["Objects"], {"s3:DeleteObject", "s3:PutObject"}),
        ("readwrite", ["ListBucket", "Objects"], {"s3:DeleteObject", "s3:GetObject", "s3:PutObject"}),
    ],
)
def test_the_own_bucket_is_read_written_or_both(grants, access, sids, actions):
    found = grants(bucket=access)
    assert (sorted(found), found["Objects"]) == (sids, (actions, (f"{BUCKET}/*",)))


def test_what_runs_got_by_reference_is_read_and_nothing_else_of_the_bucket(grants):
    assert grants(inputs=True) == {"ReadInputs": ({"s3:GetObject"}, (f"{BUCKET}/inputs/*",))}
    assert "ReadInputs" in grants(inputs=True, bucket="write")
    assert grants(inputs=True, bucket="read") == grants(bucket="read")


def test_a_table_is_read_with_its_indexes_and_written_without_them(grants):
    read, write, both = (grants(tables={"team1-totals-0a1b2c3d": each}) for each in ("read", "write", "readwrite"))
    assert read["FindByIndexes"] == ({"dynamodb:Query", "dynamodb:Scan"}, (f"{TABLE}/index/*",))
    assert read["ReadTables"][1] == write["WriteTables"][1] == (TABLE,)
    assert not {"dynamodb:PutItem", "dynamodb:DeleteItem"} & read["ReadTables"][0]
    assert not {"dynamodb:GetItem", "dynamodb:Scan"} & write["WriteTables"][0]
    assert both == {**read, **write}


def test_a_queue_is_sent_to_received_from_or_both(grants):
    send, receive = (grants(queues={"team1-work-0a1b2c3d": each}) for each in ("send", "receive"))
    assert send == {
        "SendToQueues": ({"sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"}, (QUEUE,)),
    }
    assert list(receive) == ["ReceiveFromQueues"]
    assert grants(queues={"team1-work-0a1b2c3d": "sendreceive"}) == {**send, **receive}


def test_each_other_kind_is_granted_by_its_exact_name(grants):
    found = grants(
        buckets={"team1-raw-0a1b2c3d": "read"},
        topics=("team1-done-0a1b2c3d",),
        secrets=("team1/key-0a1b2c3d",),
        settings=("/team1/limit-0a1b2c3d",),
        functions=("team1-cosmic-init-0a1b2c3d",),
        machines=("team1-cosmic-0a1b2c3d",),
    )
    assert {sid: resources for sid, (_, resources) in found.items()} == {
        "ReadBuckets": (RAW, f"{RAW}/*"),
        "PublishToTopics": (TOPIC,),
        "ReadSecrets": (f"arn:aws:secretsmanager:{PLACE}:secret:team1/key-0a1b2c3d-??????",),
        "ReadSettings": (f"arn:aws:ssm:{PLACE}:parameter/team1/limit-0a1b2c3d",),
        "InvokeOwnFunctions": (f"arn:aws:lambda:{PLACE}:function:team1-cosmic-init-0a1b2c3d",),
        "StartMachines": (f"arn:aws:states:{PLACE}:stateMachine:team1-cosmic-0a1b2c3d",),
        "FollowMachines": (f"arn:aws:states:{PLACE}:execution:team1-cosmic-0a1b2c3d:*",),
    }


def test_an_express_machine_is_started_and_awaited_and_has_no_execution_to_follow(lane):
    express = dataclasses.replace(lane.workflows["cosmic"], type="express")
    quick = dataclasses.replace(lane, workflows={"cosmic": express})
    sids = [each.sid for each in granted(quick, Uses(machines=("team1-cosmic-0a1b2c3d",)))]
    assert sids == ["StartMachines", "StartAndAwaitMachines"]


def test_shared_data_is_read_while_its_account_owns_it(lane):
    ours, theirs = granted(lane, Uses(commons=("field-data", "abroad-data")))
    assert (ours.sid, theirs.sid) == ("ReadCommonsOf123456789012", "ReadCommonsOf210987654321")
    assert set(ours.actions) == {"s3:GetObject", "s3:ListBucket"}
    assert ours.resources == ("arn:aws:s3:::field-data", "arn:aws:s3:::field-data/*")
    assert ours.conditions == {"StringEquals": {"s3:ResourceAccount": "123456789012"}}
    assert theirs.conditions == {"StringEquals": {"s3:ResourceAccount": "210987654321"}}


def test_names_of_shared_data_that_differ_in_a_hyphen_make_no_two_statements_of_one_sid(lane):
    owners = {"data-12": "123456789012", "data-1-2": "123456789012", "data--12": "210987654321"}
    told = dataclasses.replace(lane, commons=owners)
    sids = [each.sid for each in granted(told, Uses(commons=tuple(owners)))]
    assert len(sids) == len(set(sids)) == 2


def test_reviewed_actions_are_granted_on_what_the_review_says(grants):
    found = grants(services=("rekognition:DetectLabels", "comprehend:DetectSyntax", "bedrock:InvokeModel"))
    assert found == {
        "Services": ({"comprehend:DetectSyntax", "rekognition:DetectLabels"}, ("*",)),
        "ServicesBedrock": ({"bedrock:InvokeModel"}, ("arn:aws:bedrock:us-east-1::foundation-model/*",)),
    }


def test_a_function_may_tell_its_destinations_and_no_others(lane):
    plain = dataclasses.replace(lane.functions["cosmic-init"], uses=NOTHING)
    told = dataclasses.replace(plain, asynchronous=Asynchronous(on_success=TOPIC, on_failure=QUEUE))
    before = function_policy(lane, plain).statements
    more = [each for each in function_policy(lane, told).statements if each not in before]
    assert {(each.actions, each.resources) for each in more} == {
        (("sns:Publish",), (TOPIC,)),
        (("sqs:SendMessage",), (QUEUE,)),
    }


def test_a_function_in_a_network_lets_lambda_and_not_its_code_make_interfaces(lane):
    plain = lane.functions["cosmic-init"]
    networked = dataclasses.replace(plain, vpc=Vpc(("subnet-1",), ("sg-1",)))
    before = function_policy(lane, plain).statements
    (more,) = (each for each in function_policy(lane, networked).statements if each not in before)
    assert more.conditions == {"Null": {"lambda:SourceFunctionArn": "true"}}
    assert all(action.startswith("ec2:") for action in more.actions)
