"""An account in moto's backends, for policies, and judges that decide about it."""

import json

import pytest
from moto.core.base_backend import BackendDict
from moto.iam.models import iam_backends

from shared.local.enforcement.gate import Gate
from shared.local.enforcement.judge import Judge

ACCOUNT, REGION = "123456789012", "us-east-1"


class Account:
    """IAM of one account, with the few things that tests do to it."""

    id, region = ACCOUNT, REGION

    def __init__(self):
        self.iam = iam_backends[ACCOUNT]["aws"]

    @staticmethod
    def document(*statements):
        return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})

    @staticmethod
    def allow(action, resource="*", **more):
        return {"Effect": "Allow", "Action": action, "Resource": resource, **more}

    def trusting(self, *services, condition=None):
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": list(services)}}
        return self.document({**statement, "Condition": condition} if condition else statement)

    def role(self, name, *statements, trust=None, boundary=None, path="/", tags=()):
        arn = boundary and self.policy(f"{name}-boundary", *boundary)
        trust = trust or self.trusting("lambda.amazonaws.com")
        role = self.iam.create_role(name, trust, path, arn, "", list(tags), None)
        if statements:
            self.iam.put_role_policy(name, "inline", self.document(*statements))
        return role.arn

    def policy(self, name, *statements):
        return self.iam.create_policy("", "/", self.document(*statements), name, {}).arn

    @staticmethod
    def arn(service, rest):
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


@pytest.fixture
def account():
    yield Account()
    BackendDict.reset()


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = 1_795_953_600.0  # 2026-11-29T12:00:00Z

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def judge(account, clock):
    return Judge(ACCOUNT, clock)


@pytest.fixture
def said():
    return []


@pytest.fixture
def gate(judge, said):
    return Gate(judge, ACCOUNT, said.append)
