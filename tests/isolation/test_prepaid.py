"""A prepaid lane: its people run what the platform deployed, and state machines alone call the ledger."""

import dataclasses

import pytest

from shared.config.lane import Prepaid
from shared.iam.catalogue import load_catalogue
from shared.isolation.proof.documents.document import DocumentKind
from shared.isolation.proof.proof import prove
from shared.isolation.roles.boundary import boundary_policy
from shared.isolation.roles.deployer import deployer_boundary, deployer_policy
from shared.isolation.roles.policy import Policy, Statement
from tests.isolation.conftest import NAMES, PLACE, make_lane, render

LEDGER = PLACE.arn("lambda", "function:platform-ledger-0a1b2c3d")
SPENDING = (
    "lambda:InvokeFunction",
    "lambda:CreateFunction",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
    "lambda:PutFunctionEventInvokeConfig",
    "states:CreateStateMachine",
    "states:UpdateStateMachine",
    "states:DeleteStateMachine",
    "states:RedriveExecution",
    "states:StartSyncExecution",
    "states:TestState",
    "scheduler:CreateSchedule",
    "iam:PassRole",
)
"""What would run something that nothing reserves, or take the gate away."""


@pytest.fixture
def lane():
    return make_lane("team1")


@pytest.fixture
def prepaid(lane):
    return dataclasses.replace(lane, prepaid=Prepaid(20.0, LEDGER))


def proved(documents):
    return prove(list(documents), PLACE, NAMES, load_catalogue())


def documents(prepaid):
    """Return its documents, with the boundary of a prepaid lane, by their short names."""
    own = render(prepaid)
    body = boundary_policy(prepaid.team, PLACE, prepaid.commons, LEDGER).document()
    return own | {"boundary": dataclasses.replace(own["boundary"], body=body)}


def granted(policy):
    catalogue = load_catalogue()
    statements = policy.document()["Statement"]
    return {action.name for each in statements for glob in each["Action"] for action in catalogue.expand(glob)}


@pytest.mark.parametrize("make", [deployer_policy, deployer_boundary])
def test_the_people_of_a_prepaid_lane_start_and_change_nothing(lane, prepaid, make):
    assert granted(make(prepaid)).isdisjoint(SPENDING)
    assert {"states:StartExecution", "states:StopExecution", "states:DescribeExecution"} <= granted(make(prepaid))
    assert len(granted(make(lane)).intersection(SPENDING)) > 8


def test_the_proof_holds_for_a_prepaid_lane(prepaid):
    assert proved(documents(prepaid).values()).findings == ()


@pytest.mark.parametrize("key", ["function", "deployer"])
def test_nobody_but_machines_may_call_the_ledger(prepaid, key):
    all_of = documents(prepaid)
    more = Policy((Statement("Forge", ("lambda:InvokeFunction",), (LEDGER,)),)).document()["Statement"]
    body = {**all_of[key].body, "Statement": [*all_of[key].body["Statement"], *more]}
    all_of[key] = dataclasses.replace(all_of[key], body=body)
    assert "ledger" in {each.rule for each in proved(all_of.values()).findings}


@pytest.mark.parametrize(
    "resource",
    [
        PLACE.arn("lambda", "function:platform-ledger-*"),
        PLACE.arn("lambda", "function:platform-rendezvous-restart-0a1b2c3d"),
        "arn:aws:lambda:*:123456789012:function:platform-ledger-0a1b2c3d",
        "arn:aws:lambda:us-east-1:210987654321:function:platform-ledger-0a1b2c3d",
    ],
)
def test_what_is_only_like_the_ledger_is_no_exception(prepaid, resource):
    all_of = documents(prepaid)
    more = Policy((Statement("Forge", ("lambda:InvokeFunction",), (resource,)),)).document()["Statement"]
    body = {**all_of["machine"].body, "Statement": [*all_of["machine"].body["Statement"], *more]}
    all_of["machine"] = dataclasses.replace(all_of["machine"], body=body)
    assert {each.rule for each in proved(all_of.values()).findings} & {"foreign-name", "open-place"}


def test_another_action_on_the_ledger_is_no_exception(prepaid):
    all_of = documents(prepaid)
    more = Policy((Statement("Forge", ("lambda:UpdateFunctionCode",), (LEDGER,)),)).document()["Statement"]
    body = {**all_of["machine"].body, "Statement": [*all_of["machine"].body["Statement"], *more]}
    all_of["machine"] = dataclasses.replace(all_of["machine"], body=body)
    assert "foreign-name" in {each.rule for each in proved(all_of.values()).findings}


def test_a_lane_that_is_not_prepaid_has_nothing_of_the_ledger(lane):
    assert all(LEDGER not in str(each.body) for each in render(lane).values() if each.kind is not DocumentKind.TRUST)
