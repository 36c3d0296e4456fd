"""Secrets Manager refuses names with other letters than its own."""

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from shared.local.corrections.secret_names import bad_secret_names_refused


@pytest.fixture
def secrets():
    keys = {"aws_access_key_id": "lanes", "aws_secret_access_key": "lanes", "region_name": "us-east-1"}
    with mock_aws(), bad_secret_names_refused():
        yield boto3.client("secretsmanager", **keys)


@pytest.mark.parametrize("name", ["a b", "a:b", "ö", "a*"])
def test_a_name_that_no_secret_can_have(secrets, name):
    with pytest.raises(ClientError, match=r"Invalid name\. Must be a valid name containing alphanumeric characters"):
        secrets.create_secret(Name=name, SecretString="s")


def test_a_name_that_a_secret_can_have(secrets):
    assert secrets.create_secret(Name="team/a_b+c=d.e@f!-1", SecretString="s")["ARN"]
