"""A whole cloud that is paced: over HTTP, behind the door and IAM, and over a restart."""

import json

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from shared.aws.client import connect_endpoint
from shared.config.aws_facts import HISTORY_CALLS, Throttle
from shared.config.lane import Place
from shared.local.cloud import EmbeddedCloud
from shared.local.pacing.account import Account
from shared.local.standing import Pace, read_standing
from tests.helpers.clock import Clock

PLACE = Place("123456789012", "eu-west-1", "test")
ONCE = Config(retries={"total_max_attempts": 1})
LISTS = ("stepfunctions", "ListStateMachines")
PASSING = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})


def account(count=2):
    """Return an account that may list machines so often, by a clock that stands still."""
    return Account(PLACE.region, throttles=lambda _: {LISTS: Throttle(count, 1, "", HISTORY_CALLS.read)}, clock=Clock())


def client(cloud, service="stepfunctions"):
    session = connect_endpoint(PLACE, cloud.endpoint, cloud.key).session
    return session.client(service, endpoint_url=cloud.endpoint, config=ONCE)


def standing(cloud):
    answer = client(cloud, "lambda").get_account_settings()
    return read_standing(answer["ResponseMetadata"]["HTTPHeaders"])


def test_it_refuses_as_aws_does_and_tells_of_it(tmp_path):
    with EmbeddedCloud(PLACE, tmp_path, account=account()) as cloud:
        one, other = client(cloud), client(cloud)
        one.list_state_machines()
        other.list_state_machines()
        for each in (one, other):
            with pytest.raises(ClientError, match=r"ThrottlingException.*Rate exceeded"):
                each.list_state_machines()
        assert standing(cloud).pace == Pace(PLACE.region, {"stepfunctions:ListStateMachines": 2})


def test_a_call_that_is_not_allowed_costs_nobody_a_token(tmp_path):
    with EmbeddedCloud(PLACE, tmp_path, account=account(1)) as cloud:
        iam = client(cloud, "iam")
        iam.create_user(UserName="nobody")
        key = iam.create_access_key(UserName="nobody")["AccessKey"]
        session = connect_endpoint(PLACE, cloud.endpoint, cloud.key).session
        stranger = session.client(
            "stepfunctions",
            endpoint_url=cloud.endpoint,
            config=ONCE,
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )
        with pytest.raises(ClientError, match="AccessDenied"):
            stranger.list_state_machines()
        client(cloud).list_state_machines()


def test_a_cloud_that_is_not_paced_refuses_nothing_and_tells_no_pace(tmp_path):
    with EmbeddedCloud(PLACE, tmp_path) as cloud:
        for _ in range(5):
            client(cloud).list_state_machines()
        assert standing(cloud).pace is None


def test_a_cloud_that_keeps_has_full_buckets_again_and_what_it_held(tmp_path):
    arn = f"arn:aws:states:{PLACE.region}:{PLACE.account}:stateMachine:m"
    for begun in (False, True):
        with EmbeddedCloud(PLACE, tmp_path, persist=True, account=account(1)) as cloud:
            states = client(cloud)
            assert [each["stateMachineArn"] for each in states.list_state_machines()["stateMachines"]] == [arn] * begun
            with pytest.raises(ClientError, match="Rate exceeded"):
                states.list_state_machines()
            if not begun:
                states.create_state_machine(name="m", definition=PASSING, roleArn=_role(cloud))


def _role(cloud):
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    return client(cloud, "iam").create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]["Arn"]


def test_what_came_since_is_what_came_without_what_was_before():
    pace = Pace("eu-west-1", {"logs:FilterLogEvents": 3}, 2, 1.5, 0.25)
    assert pace.since(Pace("eu-west-1", {"logs:FilterLogEvents": 1}, 1, 0.5, 0.25)) == Pace(
        "eu-west-1", {"logs:FilterLogEvents": 2}, 1, 1.0, 0.0
    )


@pytest.mark.parametrize(
    ("pace", "told"),
    [
        (Pace("r", {}), "paced as an account in r: this machine kept no start and no invocation waiting; how long"),
        (Pace("r", {"a:B": 2}), "meanwhile 2 calls were throttled: a:B 2"),
        (
            Pace("r", {}, 3, 1234.5),
            "this machine's, not AWS's: 3 invocations waited for this machine, 1,234.5 s together",
        ),
        (Pace("r", {}, 0, 0.0, 2.0), "this machine's, not AWS's: it was 2.0 s late to start children of Maps"),
    ],
)
def test_what_a_run_is_told_of_its_times(pace, told):
    assert told in pace.of_a_run()
