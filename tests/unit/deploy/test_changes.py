"""Who changed what: CloudTrail's events of the lane's region, and of the one that tells those without a region."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from shared.config.lane import Place
from shared.deploy.causes import find_causes
from shared.deploy.changes import read_changes
from shared.deploy.model import Plan, Resource, Step
from shared.deploy.record import Record, Records, digest_wanted

NOW = datetime(2026, 12, 1, tzinfo=UTC)
ROLE, FUNCTION = "team1-role-0a1b2c3d", "team1-x-0a1b2c3d"


def event(minute, source, name, **parameters):
    told = {"userIdentity": {"arn": "arn:ann"}, "requestParameters": parameters}
    return {
        "EventId": f"{source}{minute}",
        "EventName": name,
        "EventSource": f"{source}.amazonaws.com",
        "EventTime": NOW + timedelta(minutes=minute),
        "CloudTrailEvent": json.dumps(told),
    }


class SmallAws:
    """Clients of CloudTrail in several regions, each of which tells its own events, the newest first."""

    def __init__(self, place, **events):
        self.place, self.events, self.asked = place, {key.replace("_", "-"): told for key, told in events.items()}, []

    def client(self, service, region):
        assert service == "cloudtrail"
        self.asked.append(region)
        return self

    def get_paginator(self, name):
        assert name == "lookup_events"
        return self

    def paginate(self, *, StartTime, **_):
        told = self.events.get(self.asked[-1], [])
        yield {"Events": [each for each in told if each["EventTime"] >= StartTime]}


@pytest.mark.parametrize(
    ("partition", "region", "other"),
    [
        ("aws", "eu-central-1", "us-east-1"),
        ("aws-us-gov", "us-gov-east-1", "us-gov-west-1"),
        ("aws-cn", "cn-northwest-1", "cn-north-1"),
    ],
)
def test_changes_of_roles_are_told_by_another_region_than_the_lanes(partition, region, other):
    function = event(1, "lambda", "UpdateFunctionConfiguration20150331v2", functionName=FUNCTION)
    role = event(2, "iam", "PutRolePolicy", roleName=ROLE)
    aws = SmallAws(Place("123456789012", region, "dev", partition), **{region: [function], other: [role]})
    found = read_changes(aws, {ROLE, FUNCTION}, NOW).found
    assert [(each.what, each.names) for each in found] == [
        ("iam:PutRolePolicy", (ROLE,)),
        ("lambda:UpdateFunctionConfiguration", (FUNCTION,)),
    ]
    assert aws.asked == [region, other]


def test_where_that_is_the_lanes_own_region_it_is_asked_once():
    aws = SmallAws(Place("123456789012", "us-east-1", "dev"), us_east_1=[event(1, "iam", "TagRole", roleName=ROLE)])
    assert len(read_changes(aws, {ROLE}, NOW).found) == 1
    assert aws.asked == ["us-east-1"]


class SmallDeployment:
    """A deployment of one function."""

    def __init__(self, aws):
        self.aws = aws

    def wanted(self):
        return [Resource("function", FUNCTION, {}, {"timeout_seconds": 60})]


@pytest.mark.parametrize(("by_hand", "who"), [(None, None), (9, "lambda:UpdateFunctionConfiguration")])
def test_a_deploys_own_calls_are_nobodys_change_by_hand(by_hand, who):
    """CloudTrail tells a call minutes later; the deploy's own ones, of the same function, are there before."""
    own = event(2, "lambda", "CreateFunction20150331", functionName=FUNCTION)
    late = [event(by_hand, "lambda", "UpdateFunctionConfiguration20150331v2", functionName=FUNCTION)] if by_hand else []
    deployment = SmallDeployment(SmallAws(Place("123456789012", "us-east-1", "dev"), us_east_1=[*late, own]))
    digests = digest_wanted(deployment.wanted())
    done = Record(digests.whole, NOW, "arn", None, {"create": 1}, complete=True)
    todo = Plan("team1", "dev", (Step("update", "function", FUNCTION),), {}, digests)
    found = find_causes(deployment, todo, Records({"platform": done}, written={"platform": NOW + timedelta(minutes=5)}))
    assert found.causes == {("function", FUNCTION): "by hand"}
    assert [each.what for each in found.who.values()] == ([who] if who else [])
