"""Requests behind the door: their needs are decided before the cloud sees them, and refusals have AWS's words."""

from __future__ import annotations

import io
import json
from urllib.parse import urlencode

import pytest
from moto.s3.models import s3_backends

from shared.local.calls import CALL
from shared.local.door.arrived import HEADERS
from shared.local.door.callers import CALLER, Caller
from shared.local.door.refused import RefusedError, Wrong
from shared.local.enforcement.app import Enforcement
from shared.local.enforcement.facts import MotoFacts
from shared.local.objects.arriving import BODY
from shared.local.trail import Trail

ROOT = "arn:aws:iam::123456789012:root"


class Cloud:
    """A cloud that answers everything, and remembers what it was asked."""

    def __init__(self):
        self.asked = []
        self.status = "200 OK"
        self.body = b"here"

    def __call__(self, environ, start):
        body = environ["wsgi.input"].read() or environ.get(BODY, io.BytesIO()).read()
        self.asked.append((environ["REQUEST_METHOD"], environ["REQUEST_URI"], body))
        self.call = str(environ.get(CALL))
        start(self.status, [("X-It", "is")])
        return [self.body]


@pytest.fixture
def cloud():
    return Cloud()


@pytest.fixture
def ask(cloud, judge, account):
    enforcement = Enforcement(cloud, judge, account.id, MotoFacts(account.id), Trail(account.id, lambda: 0.0))

    def request(caller, service, line, body=b"", headers=()):
        method, target = line.split(" ")
        told = {"Content-Length": str(len(body)), **dict(headers)}
        scope = f"Credential=AKIA/20261129/{account.region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
        environ = {
            CALLER: caller,
            HEADERS: list(told.items()),
            "REQUEST_METHOD": method,
            "REQUEST_URI": target,
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 {scope}",
            "wsgi.input": io.BytesIO(body),
        }
        answer = []
        got = b"".join(enforcement(environ, lambda status, _: answer.append(status)))
        return answer[0], got

    return request


@pytest.fixture
def root(account):
    return Caller("root", ROOT, ROOT, account.id, "AKIA")


@pytest.fixture
def caller(account):
    def make(role):
        name = role.rpartition("/")[2]
        return Caller("role", f"arn:aws:sts::{account.id}:assumed-role/{name}/run", role, account.id, "ASIA")

    return make


def form_request(pairs):
    return "POST /", urlencode(pairs).encode(), {"Content-Type": "application/x-www-form-urlencoded"}.items()


def json_request(target, body):
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"}
    return "POST /", json.dumps(body).encode(), headers.items()


def test_what_is_allowed_reaches_the_cloud_whole(ask, cloud, account, caller):
    role = caller(account.role("team1-f", account.allow("s3:PutObject", "arn:aws:s3:::team1-data/*")))
    assert ask(role, "s3", "PUT /team1-data/a%20b", b"body") == ("200 OK", b"here")
    assert cloud.asked == [("PUT", "/team1-data/a%20b", b"body")]
    assert cloud.call == "s3:PutObject"  # what was decided is what the cloud is told to do


def test_an_object_is_read_as_it_is_sent(cloud, judge, account, root):
    read = []

    def streaming(_environ, start):
        start("200 OK", [])
        return (read.append(number) or b"x" for number in range(3))

    ask = Enforcement(streaming, judge, account.id, MotoFacts(account.id), Trail(account.id, lambda: 0.0))
    scope = f"Credential=AKIA/20261129/{account.region}/s3/aws4_request, SignedHeaders=host, Signature=0"
    environ = {
        CALLER: root,
        HEADERS: [],
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": "/team1-data/a",
        "HTTP_AUTHORIZATION": f"AWS4-HMAC-SHA256 {scope}",
        "wsgi.input": io.BytesIO(),
    }
    answer = ask(environ, lambda *_: None)
    assert read == []
    assert b"".join(answer) == b"xxx"


def test_what_is_not_never_reaches_it(ask, cloud, account, caller):
    role = caller(account.role("team1-f", account.allow("s3:PutObject", "arn:aws:s3:::team1-data/*")))
    with pytest.raises(RefusedError) as refused:
        ask(role, "s3", "PUT /team2-data/a", b"body")
    assert cloud.asked == []
    assert (refused.value.wrong, refused.value.status) == (Wrong.FORBIDDEN, 403)
    assert refused.value.what == (
        "User: arn:aws:sts::123456789012:assumed-role/team1-f/run is not authorized to perform: s3:PutObject on "
        'resource: "arn:aws:s3:::team2-data/a" because no identity-based policy allows the s3:PutObject action'
    )
    assert "not one of team1's own names" in str(refused.value.fix)


def test_a_table_that_the_role_does_not_name(ask, account, caller):
    role = caller(account.role("team1-f", account.allow("s3:*")))
    put = {"TableName": "team1-totals", "Item": {"word": {"S": "a"}}}
    with pytest.raises(RefusedError) as refused:
        ask(role, "dynamodb", *json_request("DynamoDB_20120810.PutItem", put))
    assert refused.value.status == 400
    assert "dynamodb:PutItem on resource: arn:aws:dynamodb:us-east-1:123456789012:table/team1-totals" in str(
        refused.value.what
    )
    assert refused.value.fix == (
        "say on the workflow's card, under uses of what calls it: tables: {KEY: read, write or readwrite}; "
        "then lanes deploy team1"
    )


def test_what_no_card_grants_is_told_so(ask, account, caller):
    role = caller(account.role("team1-f", account.allow("s3:*")))
    with pytest.raises(RefusedError, match="ListRoles") as refused:
        ask(role, "iam", *form_request({"Action": "ListRoles", "Version": "2010-05-08"}))
    assert "no card can grant iam:ListRoles: uses names resources and reviewed services" in str(refused.value.fix)
    with pytest.raises(RefusedError) as refused:
        ask(role, "dynamodb", *json_request("DynamoDB_20120810.DeleteTable", {"TableName": "team1-totals"}))
    assert "no card can grant dynamodb:DeleteTable" in str(refused.value.fix)


def test_a_reviewed_service_is_refused_by_name_once_it_is_granted(ask, cloud, account, caller):
    image = {"Image": {"Bytes": "aGk="}}
    bare, granted = (
        caller(account.role(name, account.allow(action)))
        for name, action in (("team1-bare", "s3:*"), ("team1-sees", "rekognition:DetectLabels"))
    )
    with pytest.raises(RefusedError) as refused:
        ask(bare, "rekognition", *json_request("RekognitionService.DetectLabels", image))
    assert refused.value.wrong is Wrong.FORBIDDEN
    assert "services: [rekognition:DetectLabels]" in str(refused.value.fix)
    with pytest.raises(RefusedError) as refused:
        ask(granted, "rekognition", *json_request("RekognitionService.DetectLabels", image))
    assert (refused.value.wrong, refused.value.status) == (Wrong.NOT_HERE, 501)
    assert refused.value.what == "the embedded cloud has no rekognition and makes up no answer to DetectLabels"
    assert "botocore.stub.Stubber" in str(refused.value.fix)
    assert cloud.asked == []


def test_a_call_that_nobody_knows_is_refused_to_roles_by_name_and_not_to_the_root(ask, cloud, account, caller, root):
    unknown = json_request("DynamoDB_20120810.InventTable", {})
    role = caller(account.role("team1-f", account.allow("*")))
    with pytest.raises(RefusedError, match="no operation of dynamodb"):
        ask(role, "dynamodb", *unknown)
    assert ask(root, "dynamodb", *unknown)[0] == "200 OK"
    assert len(cloud.asked) == 1


def test_the_root_may_what_no_bucket_denies_it(ask, cloud, account, root):
    assert ask(root, "s3", "GET /data/key")[0] == "200 OK"
    bucket = s3_backends[account.id]["aws"].create_bucket("data", account.region)
    shut = {**account.allow("s3:GetObject", "arn:aws:s3:::data/*", Principal="*"), "Effect": "Deny"}
    bucket.policy = account.document(shut).encode()
    assert ask(root, "s3", "PUT /data?policy", b"{}")[0] == "200 OK"  # after this all is judged anew
    with pytest.raises(RefusedError, match="with an explicit deny in a resource-based policy"):
        ask(root, "s3", "GET /data/key")


def test_a_change_of_a_policy_counts_at_once(ask, account, caller, root):
    role = caller(account.role("team1-f", account.allow("s3:GetObject")))
    assert ask(role, "s3", "GET /data/key")[0] == "200 OK"
    account.iam.delete_role_policy("team1-f", "inline")  # as the cloud does, when it is asked to:
    form = b"Action=DeleteRolePolicy&RoleName=team1-f&PolicyName=inline&Version=2010-05-08"
    ask(root, "iam", "POST /", form, [("Content-Type", "application/x-www-form-urlencoded")])
    with pytest.raises(RefusedError):
        ask(role, "s3", "GET /data/key")


def test_that_an_object_is_not_there_is_told_to_who_may_list(ask, cloud, account, caller):
    cloud.status, cloud.body = "404 Not Found", b"<Code>NoSuchKey</Code>"
    reads = caller(account.role("team1-r", account.allow("s3:GetObject")))
    lists = caller(account.role("team1-l", account.allow(["s3:GetObject", "s3:ListBucket"])))
    assert ask(lists, "s3", "GET /data/key") == ("404 Not Found", b"<Code>NoSuchKey</Code>")
    with pytest.raises(RefusedError, match="s3:ListBucket"):
        ask(reads, "s3", "GET /data/key")
    cloud.body = b"<Code>NoSuchBucket</Code>"
    assert ask(reads, "s3", "GET /data/key")[0] == "404 Not Found"


def test_a_topics_and_a_queues_refusals_have_their_own_codes(ask, account, caller):
    role = caller(account.role("team1-f"))
    form = b"Action=Publish&TopicArn=arn:aws:sns:us-east-1:123456789012:t&Message=m&Version=2010-03-31"
    with pytest.raises(RefusedError) as refused:
        ask(role, "sns", "POST /", form, [("Content-Type", "application/x-www-form-urlencoded")])
    assert refused.value.wrong is Wrong.FORBIDDEN_BY_TOPIC
    with pytest.raises(RefusedError) as refused:
        ask(role, "sqs", *json_request("AmazonSQS.ListQueues", {}))
    assert refused.value.wrong is Wrong.FORBIDDEN_BY_QUEUE
