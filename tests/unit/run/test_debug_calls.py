"""What a handler's calls meet in this process: none that writes is made, and the role's rights are asked."""

import json
import multiprocessing
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from botocore import handlers
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from shared.iam.decision import Policies
from shared.iam.principals import Principal
from shared.iam.statements import read_identity_policy
from shared.run.debug.calls import Guard, WriteRefusedError
from shared.run.debug.rights import RoleRights

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team-w-role"
MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m"
HERE = Path(__file__).parent


class Raw:
    """The body of an answer."""

    def __init__(self, body):
        self._body = body

    def stream(self, **_):
        yield self._body


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    for name, value in {
        "AWS_ACCESS_KEY_ID": "A",
        "AWS_SECRET_ACCESS_KEY": "B",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def client():
    """Return a function that makes a client as a handler does; what it sends is answered with a status and a body."""

    def make(service, status=200, body=b"{}"):
        made = boto3.client(service)
        made.sent = []

        def answer(request, **_):
            made.sent.append(request)
            return AWSResponse(request.url, status, {"content-type": "application/json"}, Raw(body))

        made.meta.events.register("before-send", answer)
        return made

    return make


def rights(*statements, commons=None, boundary=None):
    def document(statements):
        return {"Version": "2012-10-17", "Statement": list(statements)}

    policies = Policies(
        identity=(read_identity_policy("lane", document(statements)),),
        boundary=read_identity_policy("b", document([boundary])) if boundary else None,
    )
    session = Principal(f"arn:aws:sts::{ACCOUNT}:assumed-role/team-w-role/team-w-work", ROLE)
    return RoleRights(policies, session, {}, commons or {}, buckets={}, clock=lambda: datetime(2026, 1, 2, tzinfo=UTC))


def allow(action, resource, **condition):
    return {
        "Effect": "Allow",
        "Action": action,
        "Resource": resource,
        **({"Condition": condition} if condition else {}),
    }


@pytest.fixture
def guard():
    """Return a function that makes a guard for the code in this folder."""

    def make(*, write=False, rights=None):
        return Guard(ACCOUNT, (HERE,), write=write, rights=rights)

    return make


WRITES = {
    "an object": ("s3", "put_object", {"Bucket": "b", "Key": "k"}, "s3:PutObject on arn:aws:s3:::b/k"),
    "a message": ("sqs", "send_message", {"QueueUrl": "https://q/1/q", "MessageBody": "m"}, "sqs:SendMessage"),
    "a message that others then lack": ("sqs", "receive_message", {"QueueUrl": "https://q/1/q"}, "sqs:ReceiveMessage"),
    "a row": ("dynamodb", "put_item", {"TableName": "t", "Item": {"id": {"S": "1"}}}, "dynamodb:PutItem"),
    "an invocation": ("lambda", "invoke", {"FunctionName": "f"}, "lambda:Invoke"),
    "a run": ("stepfunctions", "start_execution", {"stateMachineArn": MACHINE}, "stepfunctions:StartExecution"),
}  # fmt: skip
READS = {
    "an object": ("s3", "get_object", {"Bucket": "b", "Key": "k"}),
    "a list": ("s3", "list_objects_v2", {"Bucket": "b"}),
    "a row": ("dynamodb", "get_item", {"TableName": "t", "Key": {"id": {"S": "1"}}}),
    "a secret": ("secretsmanager", "get_secret_value", {"SecretId": "team/x"}),
    "who it is": ("sts", "get_caller_identity", {}),
}


BODIES = {"s3": b"<a/>", "sts": b"<a><GetCallerIdentityResult/></a>"}


@pytest.mark.parametrize("kind", WRITES)
def test_what_writes_is_not_sent_and_its_line_is_named(kind, guard, client):
    service, operation, given, named = WRITES[kind]
    stands = guard()
    with stands.standing():
        called = client(service)
        with pytest.raises(WriteRefusedError, match="here nothing is written") as error:
            getattr(called, operation)(**given)
    assert called.sent == []
    assert error.value.what.startswith(named)
    assert error.value.where.startswith(f"{__file__}:")
    assert "--write" in error.value.fix
    (line,) = stands.refused
    assert line.startswith(named)
    assert line.endswith(": it writes")


@pytest.mark.parametrize("kind", READS)
def test_what_reads_is_sent(kind, guard, client):
    service, operation, given = READS[kind]
    stands = guard()
    with stands.standing():
        called = client(service, body=BODIES.get(service, b"{}"))
        getattr(called, operation)(**given)
    assert len(called.sent) == 1
    assert stands.refused == []


def test_with_leave_it_is_sent(guard, client):
    with guard(write=True).standing():
        called = client("s3", body=b"")
        called.put_object(Bucket="b", Key="k", Body=b"x")
    assert len(called.sent) == 1


def test_a_presigned_url_that_writes_is_not_made(guard, client):
    with guard().standing():
        s3 = client("s3")
        assert "Signature=" in s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
        with pytest.raises(WriteRefusedError, match="s3:PutObject on arn:aws:s3:::b/k"):
            s3.generate_presigned_url("put_object", Params={"Bucket": "b", "Key": "k"})


def test_a_call_in_a_librarys_thread_names_the_line_that_waits_for_it(guard, client, tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    stands = guard()
    with stands.standing(), pytest.raises(WriteRefusedError) as error:
        client("s3").upload_file(str(tmp_path / "x"), "b", "k")
    assert error.value.where.startswith(f"{__file__}:")


def test_a_program_is_not_started(guard):
    stands = guard()
    with stands.standing(), pytest.raises(WriteRefusedError, match="nobody sees what it calls"):
        subprocess.run([sys.executable, "-c", ""], check=True)
    assert len(stands.refused) == 1
    with guard(write=True).standing():
        subprocess.run([sys.executable, "-c", ""], check=True)
    subprocess.run([sys.executable, "-c", ""], check=True)


def test_a_shell_is_not_started_whatever_its_command_ends_in(guard):
    with guard().standing(), pytest.raises(WriteRefusedError, match="nobody sees what it calls"):
        os.system("true # /gcc")


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_another_python_is_not_started_by_multiprocessing_where_no_guard_would_stand(guard, method):
    process = multiprocessing.get_context(method).Process(target=int)
    with guard().standing(), pytest.raises(WriteRefusedError, match="nobody sees what it calls"):
        process.start()


def test_sessions_of_before_and_after_are_left_alone(guard, client):
    number, before = len(handlers.BUILTIN_HANDLERS), client("s3", body=b"")
    session = boto3.DEFAULT_SESSION
    with guard().standing():
        before.put_object(Bucket="b", Key="k")
    assert len(handlers.BUILTIN_HANDLERS) == number
    assert boto3.DEFAULT_SESSION is session
    after = client("s3", body=b"")
    after.put_object(Bucket="b", Key="k")
    assert (len(before.sent), len(after.sent)) == (1, 1)


def test_what_the_role_may_not_is_answered_as_aws_does(guard, client):
    stands = guard(rights=rights(allow("s3:GetObject", "arn:aws:s3:::own/*")))
    with stands.standing():
        s3, table = client("s3", body=b""), client("dynamodb")
        s3.get_object(Bucket="own", Key="k")
        with pytest.raises(ClientError) as error:
            s3.get_object(Bucket="others", Key="k")
        with pytest.raises(ClientError) as refused:
            table.get_item(TableName="t", Key={"id": {"S": "1"}})
    assert (len(s3.sent), table.sent) == (1, [])
    told = error.value.response
    assert told["Error"]["Code"] == "AccessDenied"
    assert told["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert told["Error"]["Message"] == (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/team-w-role/team-w-work is not authorized to perform: s3:GetObject "
        'on resource: "arn:aws:s3:::others/k" because no identity-based policy allows the s3:GetObject action'
    )
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert [line.rpartition(": ")[2] for line in stands.refused] == ["AccessDenied", "AccessDeniedException"]


def test_a_write_needs_the_right_too(guard, client):
    with guard(write=True, rights=rights(allow("s3:GetObject", "*"))).standing():
        s3 = client("s3")
        with pytest.raises(ClientError, match="no identity-based policy allows the s3:PutObject action"):
            s3.put_object(Bucket="b", Key="k")
    assert s3.sent == []


def test_the_boundary_holds(guard, client):
    told = rights(allow("s3:*", "*"), boundary=allow("s3:*", "arn:aws:s3:::team-*"))
    said = "because no permissions boundary allows the s3:ListBucket action"
    with guard(rights=told).standing(), pytest.raises(ClientError, match=said):
        client("s3").list_objects_v2(Bucket="others")


def test_shared_data_is_read_while_the_settings_account_owns_it(guard, client):
    mine = allow("s3:GetObject", "arn:aws:s3:::common/*", StringEquals={"s3:ResourceAccount": "210987654321"})
    with guard(rights=rights(mine, commons={"common": "210987654321"})).standing():
        client("s3", body=b"").get_object(Bucket="common", Key="k")
    with guard(rights=rights(mine, commons={"common": ACCOUNT})).standing(), pytest.raises(ClientError, match="Denied"):
        client("s3").get_object(Bucket="common", Key="k")


def test_a_missing_object_is_denied_to_whom_may_not_list(guard, client):
    missing = b"<Error><Code>NoSuchKey</Code><Message>m</Message></Error>"
    with guard(rights=rights(allow("s3:GetObject", "*"))).standing():
        s3 = client("s3", 404, missing)
        with pytest.raises(ClientError) as error:
            s3.get_object(Bucket="b", Key="k")
        assert error.value.response["Error"]["Code"] == "AccessDenied"
    with guard(rights=rights(allow(["s3:GetObject", "s3:ListBucket"], "*"))).standing():
        s3 = client("s3", 404, missing)
        with pytest.raises(ClientError) as error:
            s3.get_object(Bucket="b", Key="k")
        assert error.value.response["Error"]["Code"] == "NoSuchKey"


def test_a_refusal_that_is_the_users_own_is_said(guard, client):
    stands = guard(rights=rights(allow("secretsmanager:*", "*")))
    body = json.dumps({"__type": "AccessDeniedException", "Message": "m"}).encode()
    with stands.standing():
        secrets = client("secretsmanager", 403, body)
        with pytest.raises(ClientError):
            secrets.get_secret_value(SecretId="team/x")
    (line,) = stands.refused
    assert "AccessDeniedException, to your own credentials; the function's role may do it" in line
