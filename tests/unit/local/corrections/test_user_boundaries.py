"""An IAM user's boundary is kept, told, and counts in decisions."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.local.corrections.user_boundaries import user_boundaries_kept
from shared.local.enforcement.identities import hanging_on

READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


@pytest.fixture
def iam():
    keys = {"region_name": "us-east-1", "aws_access_key_id": "lanes", "aws_secret_access_key": "lanes"}
    with mock_aws(), user_boundaries_kept():
        yield boto3.client("iam", **keys)


@pytest.fixture
def boundary(iam):
    document = json.dumps({"Version": "2012-10-17", "Statement": [READ]})
    return iam.create_policy(PolicyName="boundary", PolicyDocument=document)["Policy"]["Arn"]


def told(iam):
    return iam.get_user(UserName="ann")["User"].get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")


def decided_by(iam):
    found = hanging_on(iam.get_user(UserName="ann")["User"]["Arn"]).boundary
    return found and found.name


def test_a_new_user_has_the_boundary_that_was_asked_for(iam, boundary):
    iam.create_user(UserName="ann", PermissionsBoundary=boundary)
    assert (told(iam), decided_by(iam)) == (boundary, boundary)


def test_a_boundary_is_put_and_taken_away(iam, boundary):
    iam.create_user(UserName="ann")
    assert (told(iam), decided_by(iam)) == (None, None)
    iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=boundary)
    assert (told(iam), decided_by(iam)) == (boundary, boundary)
    iam.delete_user_permissions_boundary(UserName="ann")
    assert (told(iam), decided_by(iam)) == (None, None)


def test_a_boundary_must_be_there(iam):
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.create_user(UserName="ann", PermissionsBoundary="arn:aws:iam::123456789012:policy/none")
    assert iam.list_users()["Users"] == []
