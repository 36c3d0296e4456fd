"""Whose rights make a stack: its caller's, or those of the role that it was given."""

import contextlib
import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError

from shared.local.door.callers import Caller, root
from shared.local.door.sessions import Issuer
from shared.local.stacks.refusals import ValidationError
from shared.local.stacks.rights import Rights
from tests.unit.local.stacks.conftest import machine

STACKS = ("cloudformation:*",)


def test_a_stack_may_what_its_caller_may(account, name, states_role):
    may = account.user(f"{name}-may", *STACKS, "states:*", "iam:PassRole")
    may_not = account.user(f"{name}-not", *STACKS, "states:Describe*", "iam:PassRole")

    made = may.create(f"{name}-a", {"M": machine(RoleArn=states_role)})
    failed = may_not.create(f"{name}-b", {"M": machine(RoleArn=states_role)})

    assert made["StackStatus"] == "CREATE_COMPLETE", may.events(f"{name}-a")
    assert failed["StackStatus"] == "ROLLBACK_COMPLETE"
    reason = may_not.events(f"{name}-b", "M")[1][1]
    assert f"user/{name}-not is not authorized to perform: states:CreateStateMachine" in reason
    assert "HandlerErrorCode: AccessDenied" in reason


def test_a_role_that_the_caller_may_not_pass_is_not_passed_in_a_template(account, name, states_role):
    may = account.user(name, *STACKS, "states:*")

    assert may.create(name, {"M": machine(RoleArn=states_role)})["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "iam:PassRole" in may.events(name, "M")[1][1]


def test_a_stacks_role_does_the_work_from_then_on(account, name, states_role):
    role = account.role(f"{name}-makes", "cloudformation.amazonaws.com", "states:*", "iam:PassRole")
    caller = account.user(name, *STACKS, "iam:PassRole")

    made = caller.create(name, {"M": machine(RoleArn=states_role)}, RoleARN=role)
    changed = caller.update(name, {"M": machine(RoleArn=states_role, TracingConfiguration={"Enabled": True})})

    assert made["StackStatus"] == "CREATE_COMPLETE", caller.events(name)
    assert made["RoleARN"] == role
    assert changed["StackStatus"] == "UPDATE_COMPLETE", caller.events(name)
    caller.stacks.delete_stack(StackName=name)
    assert account.stacks.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]


def test_a_role_must_be_passed_and_trust_cloudformation(account, name):
    role = account.role(f"{name}-makes", "cloudformation.amazonaws.com", "ssm:*")
    other = account.role(f"{name}-other", "lambda.amazonaws.com", "ssm:*")
    caller = account.user(name, *STACKS)
    resources = {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "v"}}}

    with pytest.raises(ClientError, match="iam:PassRole"):
        caller.create(name, resources, RoleARN=role)
    with pytest.raises(ClientError, match=r"cannot be (taken|assumed)|not authorized|trust"):
        account.create(name, resources, RoleARN=other)


def test_a_session_makes_a_stack_with_what_its_role_may(account, name):
    arn = account.iam.create_role(
        RoleName=f"{name}-deployer",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "123456789012"}}],
            }
        ),
    )["Role"]["Arn"]
    account.allow("role", f"{name}-deployer", ("cloudformation:*", "ssm:PutParameter", "ssm:DeleteParameter"))
    caller = account.user(name, "sts:AssumeRole")
    key = caller.aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="deploys")["Credentials"]
    session = account.signed_by(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])
    resources = {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "v"}}}

    assert session.create(name, resources)["StackStatus"] == "CREATE_COMPLETE", session.events(name)
    session.update(name, {**resources, "Q": {"Type": "AWS::SQS::Queue"}})
    assert session.stack(name)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def _zip():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("m.py", "def handler(event, context): return 1")
    return buffer.getvalue()


def test_a_function_that_is_no_provider_lends_its_role_to_nobodys_stack(account, name):
    victim = account.aws.client("s3")
    victim.create_bucket(Bucket=f"{name}-bucket")
    victim.put_object(Bucket=f"{name}-bucket", Key="key", Body=b"kept")
    arn = account.lambda_.create_function(
        FunctionName=name,
        Role=account.role(f"{name}-role", "lambda.amazonaws.com", "s3:*"),
        Runtime="python3.11",
        Handler="m.handler",
        Code={"ZipFile": _zip()},
    )["FunctionArn"]
    properties = {"ServiceToken": arn, "BucketName": f"{name}-bucket"}
    resources = {"Emptied": {"Type": "Custom::S3AutoDeleteObjects", "Properties": properties}}
    knows = account.user(f"{name}-knows", *STACKS, "lambda:GetFunctionConfiguration")
    calls = account.user(f"{name}-calls", *STACKS, "lambda:GetFunctionConfiguration", "lambda:InvokeFunction")

    for who, stack in ((knows, f"{name}-a"), (calls, f"{name}-b")):
        who.create(stack, resources)
        who.stacks.delete_stack(StackName=stack)

    assert "is not authorized to perform: lambda:InvokeFunction" in knows.events(f"{name}-a", "Emptied")[-1][1]
    assert "is not the CDK's provider" in calls.events(f"{name}-b", "Emptied")[-1][1]
    assert victim.list_objects_v2(Bucket=f"{name}-bucket")["KeyCount"] == 1


def test_what_is_made_past_the_api_is_deleted_by_the_owner_alone(account, name):
    account.create(name, {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}}})
    other = account.user(name, *STACKS)

    other.stacks.delete_stack(StackName=name)

    assert account.stack(name)["StackStatus"] == "DELETE_FAILED"
    assert "with the account's own key" in account.events(name, "Stream")[-1][1]
    account.stacks.delete_stack(StackName=name)
    with pytest.raises(ClientError, match="does not exist"):
        account.stack(name)


def test_a_change_set_is_reached_with_its_own_stacks_rights(account, name):
    topic = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    theirs, mine = f"{name}-theirs", f"{name}-mine"
    told = {"ChangeSetName": "first", "ChangeSetType": "CREATE", "TemplateBody": topic}
    first = account.stacks.create_change_set(StackName=theirs, **told)["Id"]
    account.stacks.create_change_set(StackName=mine, **told | {"ChangeSetName": "second"})
    stacks = account.stacks

    for ask in (stacks.get_template, stacks.describe_change_set, stacks.execute_change_set):
        with pytest.raises(ClientError, match=r"ChangeSet \[.*\] does not exist"):
            ask(StackName=mine, ChangeSetName=first)
    with pytest.raises(ClientError, match=r"ChangeSet \[first\] does not exist"):
        stacks.get_template(StackName=mine, ChangeSetName="first")
    stacks.delete_change_set(StackName=mine, ChangeSetName=first)
    assert stacks.describe_change_set(StackName=theirs, ChangeSetName=first)["ChangeSetName"] == "first"
    assert stacks.describe_change_set(ChangeSetName=first)["ChangeSetName"] == "first"


def test_a_functions_whole_time_is_waited_for(account):
    rights = Rights(lambda: account.endpoint, Issuer(account.owner), lambda *_: None, lambda *_: True)
    with contextlib.closing(rights):
        client = rights.of(root("123456789012", account.owner.id), "us-east-1", "")("lambda")
        assert client.meta.config.read_timeout > 900


def test_a_user_whose_key_is_gone_gets_nobodys_rights(account):
    arn = "arn:aws:iam::123456789012:user/gone"
    rights = Rights(lambda: account.endpoint, Issuer(account.owner), lambda *_: None, lambda *_: True)
    with contextlib.closing(rights), pytest.raises(ValidationError, match="deleted meanwhile"):
        rights.of(Caller("user", arn, arn, "123456789012", "AKIAGONE"), "us-east-1", "")
