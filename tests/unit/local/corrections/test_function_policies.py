"""What AddPermission writes is what IAM reads."""

from __future__ import annotations

import io
import json
import zipfile

import boto3
import pytest
from moto import mock_aws

from shared.iam.statements import read_resource_policy
from shared.local.corrections.function_policies import function_policies_written

ACCOUNT = "123456789012"


@pytest.fixture
def functions():
    keys = {"region_name": "us-east-1", "aws_access_key_id": "lanes", "aws_secret_access_key": "lanes"}
    with mock_aws(), function_policies_written():
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        role = boto3.client("iam", **keys).create_role(RoleName="team1-f", AssumeRolePolicyDocument=trust)["Role"]
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as file:
            file.writestr("a.py", "")
        client = boto3.client("lambda", **keys)
        client.create_function(
            FunctionName="f", Runtime="python3.12", Role=role["Arn"], Handler="a.b", Code={"ZipFile": code.getvalue()}
        )
        yield client


def written(functions, **asked):
    functions.add_permission(FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", **asked)
    document = functions.get_policy(FunctionName="f")["Policy"]
    assert not read_resource_policy("f", document).broken
    return json.loads(document)["Statement"][0]


@pytest.mark.parametrize(
    ("given", "written_as"),
    [
        (f"arn:aws:iam::{ACCOUNT}:role/x", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/x"}),
        (f"arn:aws:iam::{ACCOUNT}:user/x", {"AWS": f"arn:aws:iam::{ACCOUNT}:user/x"}),
        (f"arn:aws:iam::{ACCOUNT}:root", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        (ACCOUNT, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        ("s3.amazonaws.com", {"Service": "s3.amazonaws.com"}),
        ("*", "*"),
    ],
)
def test_a_principal_is_one_that_iam_knows(functions, given, written_as):
    assert written(functions, Principal=given)["Principal"] == written_as


def test_every_condition_that_was_asked_for_is_kept(functions):
    asked = {"SourceArn": "arn:aws:s3:::b", "SourceAccount": ACCOUNT, "PrincipalOrgID": "o-1234567890"}
    statement = written(functions, Principal="*", EventSourceToken="t", FunctionUrlAuthType="AWS_IAM", **asked)
    assert statement["Condition"] == {
        "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"},
        "StringEquals": {
            "AWS:SourceAccount": ACCOUNT,
            "aws:PrincipalOrgID": "o-1234567890",
            "lambda:EventSourceToken": "t",
            "lambda:FunctionUrlAuthType": "AWS_IAM",
        },
    }


def test_without_a_condition_there_is_none(functions):
    assert "Condition" not in written(functions, Principal="*")
