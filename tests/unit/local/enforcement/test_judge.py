"""The judge over moto's tables: whose policies count, where they are, and when decisions are forgotten."""

from __future__ import annotations

from dataclasses import replace

import pytest
from moto.awslambda.models import lambda_backends
from moto.dynamodb.models import dynamodb_backends
from moto.ecr.models import ecr_backends
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from shared.iam.decision import Layer
from shared.iam.principals import Principal
from shared.local.door.callers import of_session
from shared.local.door.sessions import Session
from shared.local.enforcement.callers import Actor, actor_of, role_session, service

DATA, KEY = "arn:aws:s3:::data", "arn:aws:s3:::data/key"


def may(judge, role, action="s3:GetObject", resource=KEY, keys=()):
    return judge.decide(role_session(role, "run"), action, resource, keys)


def test_inline_and_attached_policies_of_a_role_count(account, judge):
    role = account.role("reader", account.allow("s3:GetObject"))
    writes = account.policy("writes", account.allow("s3:PutObject"))
    account.iam.attach_role_policy(writes, "reader")
    assert may(judge, role).allowed
    assert may(judge, role, "s3:PutObject").policy == writes
    assert may(judge, role, "s3:DeleteObject").layer is Layer.IDENTITY


def test_of_a_managed_policy_the_default_version_counts(account, judge):
    role = account.role("reader")
    arn = account.policy("changing", account.allow("s3:GetObject"))
    account.iam.attach_role_policy(arn, "reader")
    account.iam.create_policy_version(arn, account.document(account.allow("s3:PutObject")), "true")
    assert not may(judge, role).allowed
    assert may(judge, role, "s3:PutObject").allowed


def test_a_users_groups_count(account, judge):
    user = account.iam.create_user(account.region, "ada").arn
    account.iam.create_group("readers")
    account.iam.put_group_policy("readers", "read", account.document(account.allow("s3:GetObject")))
    actor = Actor(Principal(user), user)
    assert not judge.decide(actor, "s3:GetObject", KEY).allowed
    account.iam.add_user_to_group("readers", "ada")
    judge.changed()
    assert judge.decide(actor, "s3:GetObject", KEY).allowed


def test_a_boundary_narrows_and_one_that_is_gone_allows_nothing(account, judge):
    role = account.role("reader", account.allow("s3:*"), boundary=[account.allow("s3:Get*")])
    assert may(judge, role).allowed
    assert may(judge, role, "s3:PutObject").layer is Layer.BOUNDARY
    account.iam.managed_policies.clear()
    judge.changed()
    assert may(judge, role).notes == (
        f"permissions boundary arn:aws:iam::{account.id}:policy/reader-boundary: there is no such policy",
    )


def test_a_role_that_is_gone_may_nothing(account, judge):
    role = account.role("reader", account.allow("s3:*"))
    assert may(judge, role).allowed
    account.iam.delete_role_policy("reader", "inline")
    account.iam.delete_role("reader")
    judge.changed()
    assert not may(judge, role).allowed


def test_a_roles_path_is_part_of_its_name(account, judge):
    role = account.role("reader", account.allow("s3:*"), path="/teams/one/")
    assert may(judge, role).allowed
    assert not may(judge, role.replace("/teams/one/", "/")).allowed


def test_a_sessions_own_policies_narrow(account, judge):
    role = account.role("reader", account.allow("s3:*"))
    managed = account.policy("only-put", account.allow("s3:PutObject"))
    principal = role_session(role, "run").principal
    inline = Actor(principal, role, policies=(account.document(account.allow("s3:PutObject")),))
    assert judge.decide(inline, "s3:GetObject", KEY).layer is Layer.SESSION
    assert judge.decide(Actor(principal, role, policy_arns=(managed,)), "s3:GetObject", KEY).layer is Layer.SESSION


def test_tags_of_the_role_and_of_the_session_are_known(account, judge):
    own = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
    role = account.role("r", account.allow("s3:*", Condition=own), tags=[{"Key": "team", "Value": "red"}])
    assert may(judge, role).allowed
    told = Actor(role_session(role, "run").principal, role, context=(("aws:PrincipalTag/team", ("blue",)),))
    assert not judge.decide(told, "s3:GetObject", KEY).allowed


def test_a_bucket_policy_lets_in_and_keeps_out(account, judge):
    role = account.role("reader")
    bucket = s3_backends[account.id]["aws"].create_bucket("data", account.region)
    opened = account.allow("s3:GetObject", f"{DATA}/*", Principal={"AWS": role})
    bucket.policy = account.document(opened).encode()
    assert may(judge, role).policy == KEY
    bucket.policy = account.document(opened, {**opened, "Effect": "Deny", "Principal": "*"}).encode()
    judge.changed()
    assert may(judge, role).explicit


def test_plain_http_over_the_loopback_stands_for_tls(account, judge):
    role = account.role("reader", account.allow("s3:*"))
    bucket = s3_backends[account.id]["aws"].create_bucket("data", account.region)
    tls = {"Bool": {"aws:SecureTransport": "false"}}
    no_http = {**account.allow("s3:*", f"{DATA}/*", Principal="*", Condition=tls), "Effect": "Deny"}
    bucket.policy = account.document(no_http).encode()
    assert may(judge, role).allowed


def policy_of_a_secret(account, document):
    backend = secretsmanager_backends[account.id][account.region]
    backend.create_secret("team/x", "x", None, None, None, None, None, [], force_overwrite=False)
    backend.put_resource_policy("team/x", document)
    return "secretsmanager:GetSecretValue", backend.secrets["team/x"].arn


def policy_of_a_repository(account, document):
    backend = ecr_backends[account.id][account.region]
    made = backend.create_repository("team/x", account.id, "", {}, "MUTABLE", [])
    backend.set_repository_policy(account.id, "team/x", document)
    return "ecr:BatchGetImage", made.arn


def policy_of_a_table(account, document):
    arn = account.arn("dynamodb", "table/x")
    backend = dynamodb_backends[account.id][account.region]
    schema = [{"AttributeName": "id", "KeyType": "HASH"}]
    backend.create_table(
        "x", schema=schema, throughput=None, attr=[{"AttributeName": "id", "AttributeType": "S"}], global_indexes=[],
        indexes=[], streams=None, billing_mode="PAY_PER_REQUEST", sse_specification=None, tags=[],
        deletion_protection_enabled=False, warm_throughput=None,
    )  # fmt: skip
    backend.put_resource_policy(arn, document, None)
    return "dynamodb:Query", f"{arn}/index/by-name"


def policy_of_a_queue(account, document):
    queue = sqs_backends[account.id][account.region].create_queue("x", {})
    queue.policy = document
    return "sqs:SendMessage", queue.queue_arn


def policy_of_a_topic(account, document):
    topic = sns_backends[account.id][account.region].create_topic("x")
    topic.policy = document
    return "sns:Publish", topic.arn


@pytest.mark.parametrize(
    "hang", [policy_of_a_secret, policy_of_a_repository, policy_of_a_table, policy_of_a_queue, policy_of_a_topic]
)
def test_policies_of_other_resources_count(account, judge, hang):
    role = account.role("reader")
    principal = {"AWS": role}
    opened = {"Effect": "Allow", "Action": "*", "Principal": principal}
    if hang is not policy_of_a_repository:
        opened["Resource"] = "*"
    action, arn = hang(account, account.document(opened))
    assert may(judge, role, action, arn).layer is Layer.RESOURCE
    assert not may(judge, account.role("stranger"), action, arn).allowed


def test_each_alias_of_a_function_is_opened_by_itself(account, judge):
    role = account.role("caller")
    backend = lambda_backends[account.id][account.region]
    spec = {"FunctionName": "f", "Role": role, "Handler": "a.b", "Runtime": "python3.12", "Code": {"ZipFile": ""}}
    backend.create_function(spec)
    raw = f'{{"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "{role}"}}'
    backend.add_permission("f", None, raw)
    arn = account.arn("lambda", "function:f")
    assert may(judge, role, "lambda:InvokeFunction", arn).layer is Layer.RESOURCE
    assert not may(judge, role, "lambda:InvokeFunction", f"{arn}:live").allowed


def test_what_was_decided_holds_until_something_changes(account, judge):
    role = account.role("reader", account.allow("s3:GetObject"))
    assert may(judge, role).allowed
    account.iam.delete_role_policy("reader", "inline")
    assert may(judge, role).allowed  # nobody has said that anything changed
    judge.changed()
    assert not may(judge, role).allowed


def test_a_policy_that_asks_for_the_time_is_decided_anew(account, judge, clock):
    until = {"DateLessThan": {"aws:CurrentTime": "2026-11-29T12:00:10Z"}}
    role = account.role("reader", account.allow("s3:GetObject", Condition=until))
    assert may(judge, role).allowed
    clock.now += 60
    assert not may(judge, role).allowed


def test_a_service_is_judged_by_the_resource_alone(account, judge):
    account.role("reader", account.allow("s3:*"))
    assert judge.decide(service("s3.amazonaws.com"), "s3:GetObject", KEY).layer is Layer.RESOURCE


def test_awss_own_policies_are_nobody_elses(account, judge):
    role = account.role("reader", account.allow("iam:GetPolicy"))
    assert may(judge, role, "iam:GetPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess").allowed


def test_accounts_do_not_meet(account, judge):
    other = iam_backends["999999999999"]["aws"]
    trust = account.trusting("lambda.amazonaws.com")
    foreign = other.create_role("reader", trust, "/", None, "", [], None).arn
    other.put_role_policy("reader", "inline", account.document(account.allow("*")))
    assert may(judge, foreign).allowed  # a bucket's ARN names no account, so its owner is not checked
    assert not may(judge, foreign, "sqs:SendMessage", account.arn("sqs", "x")).allowed


def test_what_lambda_does_for_a_function_its_code_may_not(account, judge):
    """Source: Lambda Developer Guide, on ``lambda:SourceFunctionArn`` in requests of a function's code."""
    condition = {"Null": {"lambda:SourceFunctionArn": "true"}}
    role = account.role("team1-f", account.allow("ec2:CreateNetworkInterface", Condition=condition))
    arn = "arn:aws:lambda:us-east-1:123456789012:function:team1-f"
    session = Session(role, "team1-f", 0, 10)
    code = actor_of(of_session(replace(session, function=arn), "ASIA"))
    lambda_itself = actor_of(of_session(session, "ASIA"))
    assert judge.decide(lambda_itself, "ec2:CreateNetworkInterface", "*").allowed
    assert not judge.decide(code, "ec2:CreateNetworkInterface", "*").allowed
