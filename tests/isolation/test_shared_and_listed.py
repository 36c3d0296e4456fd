"""Shared data is nobody's own, and the reviewed list of services holds nothing that a team could own."""

import json

import pytest

from shared.config.services import SERVICES, Service
from shared.iam.catalogue import load_catalogue
from shared.isolation.proof.documents.document import Document, DocumentKind
from shared.isolation.proof.names.commons import Commons, prove_commons
from shared.isolation.proof.names.services import prove_services
from tests.isolation.conftest import COMMONS, PLACE


@pytest.mark.parametrize("team", ["field", "platform", "labs"])
def test_no_team_may_have_shared_data_among_its_own_names(team):
    commons = (*COMMONS, Commons("platform-data", PLACE.account))
    findings, shown = prove_commons(commons, ["team1", team])
    assert (team, "commons-name") in {(each.team, each.rule) for each in findings}
    assert shown == []


def test_a_name_without_a_hyphen_is_in_nobodys_territory():
    findings, shown = prove_commons([Commons("surveys", PLACE.account)], ["surveys"])
    assert (findings, shown) == ([], ["no team's name begins that of shared data (surveys)"])


def test_the_proof_falls_with_a_team_that_could_write_shared_data(rendered, proof_of):
    assert "commons-name" in {each.rule for each in proof_of(list(rendered("field").values())).findings}


@pytest.mark.parametrize(
    ("action", "why"),
    [
        ("s3:GetObject", "keeps teams' own"),
        ("lambda:ListFunctions", "keeps teams' own"),
        ("secretsmanager:GetRandomPassword", "keeps teams' own"),
        ("rekognition:Detect*", "is not one action"),
        ("rekognition:DetectLables", "is not one action"),
        ("comprehend:StartEntitiesDetectionJob", "changes something (Write)"),
        ("polly:PutLexicon", "changes something (Write)"),
    ],
)
def test_what_a_review_let_slip_is_found(action, why):
    findings, shown = prove_services(PLACE, load_catalogue(), {**SERVICES, action: Service(action, "oh")})
    (found,) = findings
    assert (found.rule, found.action, shown) == ("services", action, [])
    assert why in found.why


QUEUE = "arn:aws:sqs:us-east-1:123456789012:team1-work-0a1b2c3d"
TOPIC = "arn:aws:sns:us-east-1:123456789012:team1-done-0a1b2c3d"
LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:team1-code:1"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:team1/key-0a1b2c3d-AbCdEf"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/team1-totals-0a1b2c3d"
THEIRS = {"AWS": "arn:aws:iam::123456789012:role/team10-cosmic-init-role-0a1b2c3d"}
DEFAULT_OF_SNS = {"StringEquals": {"AWS:SourceOwner": "123456789012"}}
CARRIED = {
    "another team's role at a queue": (QUEUE, "sqs:SendMessage", THEIRS, {}),
    "anybody at a queue": (QUEUE, "sqs:*", "*", {}),
    "another's topic into a queue": (
        QUEUE,
        "sqs:SendMessage",
        {"Service": "sns.amazonaws.com"},
        {"ArnLike": {"aws:SourceArn": TOPIC.replace("team1", "team10")}},
    ),
    "what SNS makes by default": (TOPIC, "SNS:Publish", {"AWS": "*"}, DEFAULT_OF_SNS),
    "another team's role at a topic": (TOPIC, "sns:Subscribe", THEIRS, {}),
    "a layer for the account": (LAYER, "lambda:GetLayerVersion", {"AWS": "arn:aws:iam::123456789012:root"}, {}),
    "a layer for everybody": (LAYER, "lambda:GetLayerVersion", "*", {}),
    "another team's role at a secret": (SECRET, "secretsmanager:GetSecretValue", THEIRS, {}),
    "another team's role at a table": (TABLE, "dynamodb:Scan", THEIRS, {}),
}


def carried(arn, action, principal, condition, effect="Allow"):
    statement = {"Sid": "New", "Effect": effect, "Principal": principal, "Action": action, "Resource": arn}
    body = {"Version": "2012-10-17", "Statement": [statement | ({"Condition": condition} if condition else {})]}
    return Document(DocumentKind.RESOURCE, arn.rpartition(":")[2], "team1", json.loads(json.dumps(body)), arn)


@pytest.mark.parametrize("name", CARRIED)
def test_whom_a_resource_lets_in_by_itself_is_found(name, proof_of):
    assert [(each.statement, each.rule) for each in proof_of([carried(*CARRIED[name])]).findings] == [
        ("New", "resource-policy")
    ]


@pytest.mark.parametrize("arn", [QUEUE, TOPIC])
def test_a_resource_that_refuses_plain_http_harms_nobody(arn, proof_of):
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    action = f"{arn.split(':')[2]}:*"
    assert proof_of([carried(arn, action, "*", plain, "Deny")]).findings == ()


def test_a_policy_on_another_teams_queue_is_found(proof_of):
    (found,) = proof_of([carried(QUEUE.replace("team1", "team10"), "sqs:*", "*", {}, "Deny")]).findings
    assert found.rule == "foreign-name"
