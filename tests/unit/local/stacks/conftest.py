"""A cloud for the tests of one module, asked without a socket; and the few things that its stacks need."""

from __future__ import annotations

import itertools
import json

import pytest

from shared.aws.access_key import AccessKey
from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.local.cloud import EmbeddedCloud
from tests.helpers.in_process import go_straight

PLACE = Place("123456789012", "us-east-1", "dev")
PASS = {"StartAt": "S", "States": {"S": {"Type": "Pass", "End": True}}}


class Account:
    """One account, and how its stacks are made."""

    place = PLACE

    def __init__(self, cloud, key):
        self._cloud = cloud
        self.endpoint, self.application, self.owner = cloud.endpoint, cloud.application, cloud.key
        self.aws = go_straight(connect_endpoint(PLACE, cloud.endpoint, key), cloud.application)
        self.stacks, self.states, self.lambda_, self.iam, self.s3 = (
            self.aws.client(name) for name in ("cloudformation", "stepfunctions", "lambda", "iam", "s3")
        )

    def role(self, name, service, *actions):
        """Make a role that *service* may take, which may do *actions* to everything; return its ARN."""
        trust = _document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}})
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        if actions:
            self.allow("role", name, actions)
        return arn

    def allow(self, kind, name, actions):
        """Let the user or role called *name* do *actions* to everything."""
        document = _document({"Effect": "Allow", "Action": list(actions), "Resource": "*"})
        put = getattr(self.iam, f"put_{kind}_policy")
        put(**{f"{kind.title()}Name": name}, PolicyName="p", PolicyDocument=document)

    def user(self, name, *actions):
        """Return the account as a user sees it who may do *actions* to everything."""
        self.iam.create_user(UserName=name)
        self.allow("user", name, actions)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return self.signed_by(key["AccessKeyId"], key["SecretAccessKey"])

    def signed_by(self, *key):
        """Return the account as the owner of a key sees it: its id, secret, and token if it has one."""
        return Account(self._cloud, AccessKey(*key))

    def create(self, name, resources, *, more=None, **told):
        """Make a stack of *resources*; return it as it is then."""
        body = json.dumps({"Resources": resources, **(more or {})})
        self.stacks.create_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"], **told)
        return self.stack(name)

    def update(self, name, resources, *, more=None, **told):
        """Change a stack to *resources*; return it as it is then."""
        body = json.dumps({"Resources": resources, **(more or {})})
        self.stacks.update_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"], **told)
        return self.stack(name)

    def stack(self, name):
        """Return what DescribeStacks tells of a stack."""
        return self.stacks.describe_stacks(StackName=name)["Stacks"][0]

    def outputs(self, name):
        """Return a stack's outputs as a map."""
        return {each["OutputKey"]: each["OutputValue"] for each in self.stack(name).get("Outputs", [])}

    def physical(self, name, resource):
        """Return the physical id of a resource of a stack."""
        told = self.stacks.describe_stack_resource(StackName=name, LogicalResourceId=resource)
        return told["StackResourceDetail"]["PhysicalResourceId"]

    def events(self, name, resource=None):
        """Return what happened to a stack's *resource* (or to all of it): status and reason, the oldest first."""
        told = self.stacks.describe_stack_events(StackName=name)["StackEvents"]
        return [
            (each["ResourceStatus"], each.get("ResourceStatusReason", ""))
            for each in reversed(told)
            if resource in (None, each["LogicalResourceId"])
        ]


def _document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    with EmbeddedCloud(PLACE, tmp_path_factory.mktemp("cloud")) as cloud:
        yield Account(cloud, cloud.key)


_numbers = itertools.count()


@pytest.fixture
def name():
    """A name that no other test uses."""
    return f"s{next(_numbers)}"


def machine(**properties):
    """Return a state machine for a template."""
    role = properties.pop("RoleArn", "arn:aws:iam::123456789012:role/states")
    given = {"DefinitionString": json.dumps(PASS)} if not any("Definition" in each for each in properties) else {}
    return {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"RoleArn": role, **given, **properties}}


@pytest.fixture(scope="module")
def states_role(account):
    """The ARN of a role for state machines."""
    return account.role("states", "states.amazonaws.com", "logs:*", "lambda:*")


@pytest.fixture(scope="module")
def lambda_role(account):
    """The ARN of a role for functions."""
    return account.role("functions", "lambda.amazonaws.com", "logs:*", "sqs:*")
