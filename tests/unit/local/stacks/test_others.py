"""Types beside Step Functions and Lambda: made, changed in place, deleted."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.unit.local.stacks.conftest import machine

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}],
}
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
WRITE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def one(kind, **properties):
    return {"R": {"Type": kind, "Properties": properties}}


CHANGES = [
    (
        "AWS::IAM::Role",
        {"AssumeRolePolicyDocument": TRUST, "Policies": [{"PolicyName": "a", "PolicyDocument": READ}]},
        {
            "AssumeRolePolicyDocument": TRUST,
            "Description": "new",
            "ManagedPolicyArns": [BASIC],
            "Policies": [{"PolicyName": "b", "PolicyDocument": WRITE}],
            "Tags": [{"Key": "k", "Value": "v"}],
        },
    ),
    (
        "AWS::DynamoDB::Table",
        {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
        {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "ProvisionedThroughput": {"ReadCapacityUnits": "5", "WriteCapacityUnits": 5},
            "BillingMode": "PROVISIONED",
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
            "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "Tags": [{"Key": "k", "Value": "v"}],
        },
    ),
    (
        "AWS::S3::Bucket",
        {"VersioningConfiguration": {"Status": "Enabled"}},
        {
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
            "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "PublicAccessBlockConfiguration": {"BlockPublicAcls": True},
            "Tags": [{"Key": "k", "Value": "v"}],
        },
    ),
    (
        "AWS::SQS::Queue",
        {"VisibilityTimeout": 60, "DelaySeconds": 5},
        {"VisibilityTimeout": "90", "Tags": [{"Key": "k", "Value": "v"}]},
    ),
    ("AWS::SNS::Topic", {"DisplayName": "one"}, {"DisplayName": "two", "Tags": [{"Key": "k", "Value": "v"}]}),
    ("AWS::Logs::LogGroup", {"RetentionInDays": 1}, {"RetentionInDays": 7, "Tags": [{"Key": "k", "Value": "v"}]}),
    ("AWS::SSM::Parameter", {"Type": "String", "Value": "one"}, {"Type": "String", "Value": "two"}),
    (
        "AWS::Events::Rule",
        {"EventPattern": {"source": ["a"]}, "State": "DISABLED"},
        {"EventPattern": {"source": ["b"]}, "State": "ENABLED"},
    ),
    ("AWS::Scheduler::ScheduleGroup", {}, {"Tags": [{"Key": "k", "Value": "v"}]}),
    (
        "AWS::SecretsManager::Secret",
        {"SecretString": "sesame"},
        {"GenerateSecretString": {"PasswordLength": "20", "SecretStringTemplate": "{}", "GenerateStringKey": "k"}},
    ),
    (
        "AWS::Events::Connection",
        {
            "AuthorizationType": "API_KEY",
            "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}},
        },
        {
            "AuthorizationType": "API_KEY",
            "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "w"}},
            "Description": "new",
        },
    ),
    ("AWS::IAM::ManagedPolicy", {"PolicyDocument": READ}, {"PolicyDocument": WRITE}),
    ("AWS::CDK::Metadata", {"Analytics": "v2:deflate64:one"}, {"Analytics": "v2:deflate64:two"}),
]


@pytest.mark.parametrize(("kind", "before", "after"), CHANGES, ids=[each[0] for each in CHANGES])
def test_each_is_made_changed_in_place_and_back_and_deleted(account, name, kind, before, after):
    assert account.create(name, one(kind, **before))["StackStatus"] == "CREATE_COMPLETE", account.events(name)
    physical = account.physical(name, "R")

    assert account.update(name, one(kind, **after))["StackStatus"] == "UPDATE_COMPLETE", account.events(name)
    assert account.update(name, one(kind, **before))["StackStatus"] == "UPDATE_COMPLETE", account.events(name)

    assert account.physical(name, "R") == physical
    identity = account.stack(name)["StackId"]
    account.stacks.delete_stack(StackName=name)
    assert account.stack(identity)["StackStatus"] == "DELETE_COMPLETE", account.events(identity)


def test_a_role_has_its_policies_and_what_aws_manages(account, name):
    kind, before, after = CHANGES[0]
    account.create(name, one(kind, **before))
    role = account.physical(name, "R")
    assert account.iam.list_role_policies(RoleName=role)["PolicyNames"] == ["a"]

    account.update(name, one(kind, **after))

    assert account.iam.list_role_policies(RoleName=role)["PolicyNames"] == ["b"]
    attached = account.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert attached == [{"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": BASIC}]


def test_what_holds_others_is_deleted_first(account, name):
    resources = {
        "Policy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {"PolicyName": "p", "PolicyDocument": READ, "Roles": [{"Ref": "Role"}]},
        },
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
        "Told": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "Queue"}],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "s3.amazonaws.com"},
                            "Action": "sqs:SendMessage",
                            "Resource": {"Fn::GetAtt": ["Queue", "Arn"]},
                        }
                    ],
                },
            },
        },
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "DependsOn": "Told",
            "Properties": {
                "NotificationConfiguration": {
                    "QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": {"Fn::GetAtt": ["Queue", "Arn"]}}]
                }
            },
        },
        "Open": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Bucket"},
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:DeleteObject",
                            "Resource": {"Fn::Sub": "${Bucket.Arn}/*"},
                        }
                    ],
                },
            },
        },
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Told2": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": {"Ref": "Topic"},
                "Protocol": "sqs",
                "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
                "RawMessageDelivery": True,
                "FilterPolicy": {"kind": ["a"]},
            },
        },
    }

    assert account.create(name, resources)["StackStatus"] == "CREATE_COMPLETE", account.events(name)
    bucket = account.physical(name, "Bucket")
    account.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    found = account.aws.client("sqs").receive_message(QueueUrl=account.physical(name, "Queue"), MaxNumberOfMessages=10)
    assert any("ObjectCreated" in each["Body"] for each in found["Messages"])

    identity = account.stack(name)["StackId"]
    account.stacks.delete_stack(StackName=name)
    assert account.stack(identity)["StackStatus"] == "DELETE_FAILED"
    assert "[Bucket]" in account.stack(identity)["StackStatusReason"]

    account.stacks.delete_stack(StackName=name, RetainResources=["Bucket"])
    assert account.stack(identity)["StackStatus"] == "DELETE_COMPLETE"
    assert bucket in [each["Name"] for each in account.s3.list_buckets()["Buckets"]]


def test_a_schedule_has_its_group_and_is_changed_in_place(account, name, states_role):
    def resources(rate):
        role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": json.loads(trust)}}
        target = {"Arn": {"Ref": "M"}, "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}
        schedule = {
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "GroupName": {"Ref": "G"},
            "ScheduleExpression": f"rate({rate} hours)",
            "Target": target,
        }
        return {
            "G": {"Type": "AWS::Scheduler::ScheduleGroup"},
            "M": machine(RoleArn=states_role),
            "Role": role,
            "S": {"Type": "AWS::Scheduler::Schedule", "Properties": schedule},
        }

    trust = json.dumps(TRUST).replace("lambda.", "scheduler.")
    assert account.create(name, resources(2))["StackStatus"] == "CREATE_COMPLETE", account.events(name, "S")
    called, group = account.physical(name, "S"), account.physical(name, "G")

    assert account.update(name, resources(3))["StackStatus"] == "UPDATE_COMPLETE", account.events(name)

    scheduler = account.aws.client("scheduler")
    assert scheduler.get_schedule(Name=called, GroupName=group)["ScheduleExpression"] == "rate(3 hours)"
    account.stacks.delete_stack(StackName=name)
    assert group not in [each["Name"] for each in scheduler.list_schedule_groups()["ScheduleGroups"]]


def test_a_type_that_only_moto_makes_is_made_for_the_owner_and_never_changed(account, name):
    network = {"CidrBlock": "10.1.0.0/16"}
    assert account.create(name, one("AWS::EC2::VPC", **network))["StackStatus"] == "CREATE_COMPLETE"
    vpc = account.physical(name, "R")
    assert account.aws.client("ec2").describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["CidrBlock"] == "10.1.0.0/16"

    changed = account.update(name, one("AWS::EC2::VPC", CidrBlock="10.2.0.0/16"))

    assert changed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "cannot change AWS::EC2::VPC" in account.events(name, "R")[-1][1]
    user = account.user(f"{name}-user", "cloudformation:*", "ec2:*")
    user.create(f"{name}-by-user", one("AWS::EC2::VPC", **network))
    assert "nobody's rights are checked" in user.events(f"{name}-by-user", "R")[-1][1]


def test_what_moto_never_deletes_is_not_said_to_be_deleted(account, name):
    account.create(name, one("AWS::ECR::Repository", RepositoryName=f"{name}-images"))

    account.stacks.delete_stack(StackName=name)

    assert account.stack(name)["StackStatus"] == "DELETE_FAILED"
    assert (
        f"cannot delete AWS::ECR::Repository with its stack; delete {name}-images" in account.events(name, "R")[-1][1]
    )
    account.stacks.delete_stack(StackName=name, RetainResources=["R"])
    with pytest.raises(ClientError, match="does not exist"):
        account.stack(name)


def test_what_nobody_does_is_refused_by_name_all_of_it_before_anything(account, name):
    resources = {
        "Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"{name}-q", "Colour": "red"}},
        "F": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"ZipFile": "x", "Elsewhere": 1},
                "Role": "r",
                "VpcConfig": {"SubnetIds": [], "Moon": True},
                "FileSystemConfigs": [],
            },
        },
        "U": {"Type": "AWS::Lambda::Url", "Properties": {}},
        "V": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16", "Unheard": 1}},
    }
    for call in ("create_stack", "create_change_set"):
        more = {"ChangeSetName": "c", "ChangeSetType": "CREATE"} if call == "create_change_set" else {}
        with pytest.raises(ClientError) as refused:
            getattr(account.stacks, call)(StackName=name, TemplateBody=json.dumps({"Resources": resources}), **more)
        said = str(refused.value)
        for each in (
            "the type AWS::Lambda::Url (U)",
            "the property Colour of AWS::SQS::Queue (Q)",
            "the property Code.Elsewhere of AWS::Lambda::Function (F)",
            "the property VpcConfig.Moon of AWS::Lambda::Function (F)",
            "the property FileSystemConfigs of AWS::Lambda::Function (F)",
            "the property Unheard of AWS::EC2::VPC (V)",
        ):
            assert each in said

    assert name not in [each["StackName"] for each in account.stacks.describe_stacks()["Stacks"]]
    assert not account.aws.client("sqs").list_queues(QueueNamePrefix=name).get("QueueUrls")
