"""Facts that calls refer to are found in moto's backends."""

from __future__ import annotations

import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.ec2.models import ec2_backends
from moto.ecs.models import ecs_backends
from moto.secretsmanager.models import secretsmanager_backends

from shared.local.enforcement.facts import MotoFacts


@pytest.fixture
def facts(account):
    return MotoFacts(account.id)


def test_iams_paths_and_boundaries(account, facts):
    account.role("r", path="/teams/one/", boundary=[account.allow("s3:*")])
    account.iam.create_user(account.region, "ada", "/people/")
    assert facts.iam_path("role", "r") == "/teams/one/"
    assert facts.iam_path("user", "ada") == "/people/"
    assert facts.iam_path("role", "nobody") == "/"
    assert facts.boundary("role", "r") == f"arn:aws:iam::{account.id}:policy/r-boundary"
    assert facts.boundary("user", "ada") is None


def test_a_secrets_six_letters(account, facts):
    backend = secretsmanager_backends[account.id][account.region]
    backend.create_secret("team/x", "x", None, None, None, None, None, [], force_overwrite=False)
    assert facts.secret_arn(account.region, "team/x") == backend.secrets["team/x"].arn
    assert facts.secret_arn(account.region, "none") is None


def test_the_roles_of_a_task_definition(account, facts):
    backend = ecs_backends[account.id][account.region]
    one = f"arn:aws:iam::{account.id}:role/one"
    for given in ({"task_role_arn": one}, {}):
        backend.register_task_definition(
            "f", container_definitions=[{"name": "c", "image": "i", "memory": 128}], **given
        )
    arn = account.arn("ecs", "task-definition/f")
    assert facts.task_definition(account.region, "f:1") == (f"{arn}:1", (one,))
    assert facts.task_definition(account.region, "f") == (f"{arn}:2", ())
    assert facts.task_definition(account.region, f"{arn}:1") == (f"{arn}:1", (one,))
    assert facts.task_definition(account.region, "none") is None


def test_the_partition_key_of_a_table_and_an_index(account, facts):
    key = [{"AttributeName": "id", "KeyType": "HASH"}]
    by_name = {"IndexName": "i", "KeySchema": [{"AttributeName": "name", "KeyType": "HASH"}], "Projection": {}}
    attributes = [{"AttributeName": each, "AttributeType": "S"} for each in ("id", "name")]
    dynamodb_backends[account.id][account.region].create_table(
        "t", schema=key, throughput=None, attr=attributes, global_indexes=[by_name], indexes=[], streams=None,
        billing_mode="PAY_PER_REQUEST", sse_specification=None, tags=[], deletion_protection_enabled=False,
        warm_throughput=None,
    )  # fmt: skip
    assert facts.hash_key(account.region, "t") == "id"
    assert facts.hash_key(account.region, account.arn("dynamodb", "table/t")) == "id"
    assert facts.hash_key(account.region, "t", "i") == "name"
    assert facts.hash_key(account.region, "none") is None


def test_no_mapping_feeds_a_function(account, facts):
    assert facts.mapping_function(account.region, "0" * 36) is None


def test_tags_are_told_of_what_has_no_name(account, facts):
    backend = ec2_backends[account.id][account.region]
    vpc = backend.create_vpc("10.0.0.0/16")
    backend.create_tags([vpc.id], {"team": "platform"})
    assert facts.tags(account.arn("ec2", f"vpc/{vpc.id}")) == {"team": "platform"}
    for arn in ("*", account.arn("ec2", "vpc"), account.arn("sqs", "x"), "arn:aws:s3:::data"):
        assert facts.tags(arn) == {}
