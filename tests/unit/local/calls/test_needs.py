"""What calls need: one row for each operation, with its actions and the resources that they are needed on."""

import datetime as dt
import random

import pytest

from shared.config.lane import Place
from shared.config.services import SERVICES
from shared.iam.catalogue import load_catalogue
from shared.iam.globs import contains
from shared.local.calls.asked import NoFacts
from shared.local.calls.call import Call, CallNotReadError
from shared.local.calls.every_request import request_keys
from shared.local.calls.models import model_of, models_signed_as
from shared.local.calls.needs import Need, needs
from shared.local.calls.rules import EITHER, EXCEPTIONS, RESOURCES
from tests.helpers.wire import structure

ACCOUNT = "123456789012"
HERE = f"us-east-1:{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
FUNCTION = f"arn:aws:lambda:{HERE}:function:f"
MACHINE = f"arn:aws:states:{HERE}:stateMachine:m"
TABLE = f"arn:aws:dynamodb:{HERE}:table/t"
GROUP = f"arn:aws:logs:{HERE}:log-group:g"
SECRET = f"arn:aws:secretsmanager:{HERE}:secret:s"
RULE = f"arn:aws:events:{HERE}:rule"
TASKS = f"arn:aws:ecs:{HERE}:task-definition"
TAGS = [{"Key": "team", "Value": "a"}]


class Known(NoFacts):
    """An account with one secret, one mapping, one table, one task definition, and roles under a path."""

    def secret_arn(self, _, name):
        return f"{SECRET}-a1B2c3" if name in {"s", SECRET} else None

    def iam_path(self, kind, name):
        return "/teams/" if (kind, name) == ("role", "deep") else "/"

    def mapping_function(self, _, uuid):
        return FUNCTION if uuid == "u" else None

    def task_definition(self, _, name):
        return (f"{TASKS}/f:7", (ROLE, f"{ROLE}2")) if name == "f" else None

    def hash_key(self, _, table):
        return "id" if table == "t" else None

    def boundary(self, _, name):
        return "arn:aws:iam::1:policy/has" if name == "deep" else None

    def tags(self, arn):
        return {"team": "a"} if arn.endswith("/sg-1") else {}


def asked(service, operation, **parameters):
    return needs(Call(service, operation, parameters, "us-east-1"), ACCOUNT, Known())


def pairs(found):
    return [(need.action, need.resource) for need in found]


STACKS = [
    ("servicecatalog", "ProvisionProduct", {"ProvisionedProductName": "p"}),
]


@pytest.mark.parametrize(("service", "operation", "parameters"), STACKS)
def test_what_makes_resources_with_nobodys_rights_is_refused(service, operation, parameters):
    with pytest.raises(CallNotReadError, match="nobody's rights") as refused:
        asked(service, operation, **parameters)
    assert "the account's own key" in refused.value.fix


ROWS = [
    (
        "lambda",
        "PublishLayerVersion",
        {"LayerName": "l", "Content": {"S3Bucket": "b", "S3Key": "k"}},
        [f"lambda:PublishLayerVersion arn:aws:lambda:{HERE}:layer:l", "s3:GetObject arn:aws:s3:::b/k"],
    ),
    (
        "dynamodb",
        "ExportTableToPointInTime",
        {"TableArn": TABLE, "S3Bucket": "b", "S3Prefix": "p"},
        [f"dynamodb:ExportTableToPointInTime {TABLE}", "s3:PutObject arn:aws:s3:::b/p/AWSDynamoDB/*"],
    ),
    (
        "dynamodb",
        "ImportTable",
        {"S3BucketSource": {"S3Bucket": "b", "S3KeyPrefix": "p"}, "TableCreationParameters": {"TableName": "t"}},
        [f"dynamodb:ImportTable {TABLE}", "s3:ListBucket arn:aws:s3:::b", "s3:GetObject arn:aws:s3:::b/p*"],
    ),
    # S3
    ("s3", "GetObject", {"Bucket": "b", "Key": "k/x"}, ["s3:GetObject arn:aws:s3:::b/k/x"]),
    ("s3", "GetObject", {"Bucket": "b", "Key": "k", "VersionId": "1"}, ["s3:GetObjectVersion arn:aws:s3:::b/k"]),
    ("s3", "HeadObject", {"Bucket": "b", "Key": "k"}, ["s3:GetObject arn:aws:s3:::b/k"]),
    ("s3", "HeadBucket", {"Bucket": "b"}, ["s3:ListBucket arn:aws:s3:::b"]),
    ("s3", "ListObjectsV2", {"Bucket": "b"}, ["s3:ListBucket arn:aws:s3:::b"]),
    ("s3", "ListBuckets", {}, ["s3:ListAllMyBuckets arn:aws:s3:::*"]),
    (
        "s3",
        "PutObject",
        {"Bucket": "b", "Key": "k", "Tagging": "a=b", "ACL": "private"},
        [f"s3:{each} arn:aws:s3:::b/k" for each in ("PutObject", "PutObjectTagging", "PutObjectAcl")],
    ),
    (
        "s3",
        "CopyObject",
        {"Bucket": "b", "Key": "k", "CopySource": "/c/d%20e?versionId=3"},
        ["s3:GetObjectVersion arn:aws:s3:::c/d e", "s3:PutObject arn:aws:s3:::b/k"],
    ),
    (
        "s3",
        "CopyObject",
        {"Bucket": "b", "Key": "k", "CopySource": {"Bucket": "c", "Key": "d"}},
        ["s3:GetObject arn:aws:s3:::c/d", "s3:PutObject arn:aws:s3:::b/k"],
    ),
    (
        "s3",
        "DeleteObjects",
        {"Bucket": "b", "Delete": {"Objects": [{"Key": "a"}, {"Key": "c", "VersionId": "1"}]}},
        ["s3:DeleteObject arn:aws:s3:::b/a", "s3:DeleteObjectVersion arn:aws:s3:::b/c"],
    ),
    ("s3", "UploadPart", {"Bucket": "b", "Key": "k"}, ["s3:PutObject arn:aws:s3:::b/k"]),
    ("s3", "DeleteBucketTagging", {"Bucket": "b"}, ["s3:PutBucketTagging arn:aws:s3:::b"]),
    ("s3", "GetBucketEncryption", {"Bucket": "b"}, ["s3:GetEncryptionConfiguration arn:aws:s3:::b"]),
    ("s3", "PutObject", {"Bucket": "arn:aws:s3:us-east-1:1:accesspoint/x", "Key": "k"}, ["s3:PutObject None"]),
    # Lambda
    ("lambda", "Invoke", {"FunctionName": "f"}, [f"lambda:InvokeFunction {FUNCTION}"]),
    ("lambda", "Invoke", {"FunctionName": "f:live"}, [f"lambda:InvokeFunction {FUNCTION}:live"]),
    ("lambda", "Invoke", {"FunctionName": "f", "Qualifier": "3"}, [f"lambda:InvokeFunction {FUNCTION}:3"]),
    ("lambda", "Invoke", {"FunctionName": f"{ACCOUNT}:function:f"}, [f"lambda:InvokeFunction {FUNCTION}"]),
    ("lambda", "Invoke", {"FunctionName": f"{FUNCTION}:live"}, [f"lambda:InvokeFunction {FUNCTION}:live"]),
    ("lambda", "ListTags", {"Resource": FUNCTION}, [f"lambda:ListTags {FUNCTION}"]),
    ("lambda", "GetAccountSettings", {}, ["lambda:GetAccountSettings *"]),
    (
        "lambda",
        "CreateFunction",
        {
            "FunctionName": "f",
            "Role": ROLE,
            "Tags": {"team": "a"},
            "Layers": ["arn:aws:lambda:us-east-1:1:layer:l:1"],
            "VpcConfig": {"SubnetIds": ["s"]},
            "Code": {"S3Bucket": "b", "S3Key": "k"},
        },
        [
            f"lambda:CreateFunction {FUNCTION}",
            "lambda:GetLayerVersion arn:aws:lambda:us-east-1:1:layer:l:1",
            f"lambda:TagResource {FUNCTION}",
            "s3:GetObject arn:aws:s3:::b/k",
            "ec2:DescribeSecurityGroups *",
            "ec2:DescribeSubnets *",
            "ec2:DescribeVpcs *",
            f"iam:PassRole {ROLE}",
        ],
    ),
    (
        "lambda",
        "UpdateFunctionConfiguration",
        {"FunctionName": "f"},
        [f"lambda:UpdateFunctionConfiguration {FUNCTION}"],
    ),
    # Step Functions
    ("stepfunctions", "StartExecution", {"stateMachineArn": f"{MACHINE}:live"}, [f"states:StartExecution {MACHINE}"]),
    (
        "stepfunctions",
        "CreateStateMachine",
        {"name": "m", "roleArn": ROLE, "tags": [{"key": "a", "value": "b"}], "publish": True},
        [
            f"states:CreateStateMachine {MACHINE}",
            f"states:PublishStateMachineVersion {MACHINE}",
            f"states:TagResource {MACHINE}",
            f"iam:PassRole {ROLE}",
        ],
    ),
    ("stepfunctions", "UpdateStateMachine", {"stateMachineArn": MACHINE}, [f"states:UpdateStateMachine {MACHINE}"]),
    ("stepfunctions", "TestState", {"roleArn": ROLE}, ["states:TestState *", f"iam:PassRole {ROLE}"]),
    ("stepfunctions", "SendTaskSuccess", {"taskToken": "t"}, ["states:SendTaskSuccess *"]),
    (
        "stepfunctions",
        "DescribeExecution",
        {"executionArn": f"arn:aws:states:{HERE}:express:m:a:b"},
        [f"states:DescribeExecution arn:aws:states:{HERE}:express:m:a:b"],
    ),
    (
        "stepfunctions",
        "RedriveExecution",
        {"executionArn": f"arn:aws:states:{HERE}:execution:m:a"},
        [f"states:RedriveExecution arn:aws:states:{HERE}:execution:m:a"],
    ),
    # DynamoDB
    ("dynamodb", "GetItem", {"TableName": "t"}, [f"dynamodb:GetItem {TABLE}"]),
    ("dynamodb", "GetItem", {"TableName": TABLE}, [f"dynamodb:GetItem {TABLE}"]),
    ("dynamodb", "Query", {"TableName": "t", "IndexName": "i"}, [f"dynamodb:Query {TABLE}/index/i"]),
    ("dynamodb", "ListTables", {}, ["dynamodb:ListTables *"]),
    (
        "dynamodb",
        "BatchGetItem",
        {"RequestItems": {"t": {}, "u": {}}},
        [f"dynamodb:BatchGetItem {TABLE[:-1]}{x}" for x in "tu"],
    ),
    (
        "dynamodb",
        "TransactWriteItems",
        {"TransactItems": [{"Put": {"TableName": "t", "Item": {}}}, {"Delete": {"TableName": "u", "Key": {}}}]},
        [f"dynamodb:PutItem {TABLE}", f"dynamodb:DeleteItem {TABLE[:-1]}u"],
    ),
    (
        "dynamodb",
        "ExecuteStatement",
        {"Statement": 'SELECT * FROM "t"."i"'},
        [f"dynamodb:PartiQLSelect {TABLE}/index/i"],
    ),
    ("dynamodb", "ExecuteStatement", {"Statement": "INSERT INTO t VALUE {'a':1}"}, [f"dynamodb:PartiQLInsert {TABLE}"]),
    # Secrets
    ("secretsmanager", "GetSecretValue", {"SecretId": "s"}, [f"secretsmanager:GetSecretValue {SECRET}-a1B2c3"]),
    ("secretsmanager", "GetSecretValue", {"SecretId": SECRET}, [f"secretsmanager:GetSecretValue {SECRET}-a1B2c3"]),
    ("secretsmanager", "CreateSecret", {"Name": "n"}, [f"secretsmanager:CreateSecret {SECRET[:-1]}n-??????"]),
    # Logs
    (
        "logs",
        "CreateLogStream",
        {"logGroupName": "g", "logStreamName": "s"},
        [f"logs:CreateLogStream {GROUP}:log-stream:s"],
    ),
    ("logs", "PutRetentionPolicy", {"logGroupName": "g"}, [f"logs:PutRetentionPolicy {GROUP}:log-stream:"]),
    ("logs", "FilterLogEvents", {"logGroupIdentifier": f"{GROUP}:*"}, [f"logs:FilterLogEvents {GROUP}:log-stream:"]),
    ("logs", "TagResource", {"resourceArn": GROUP, "tags": {"a": "b"}}, [f"logs:TagResource {GROUP}"]),
    # EventBridge and its scheduler
    ("events", "PutRule", {"Name": "r"}, [f"events:PutRule {RULE}/r"]),
    (
        "events",
        "PutTargets",
        {"Rule": "r", "EventBusName": "b", "Targets": [{"Id": "1", "Arn": FUNCTION, "RoleArn": ROLE}]},
        [f"events:PutTargets {RULE}/b/r", f"iam:PassRole {ROLE}"],
    ),
    (
        "events",
        "PutEvents",
        {"Entries": [{"Source": "s"}]},
        [f"events:PutEvents arn:aws:events:{HERE}:event-bus/default"],
    ),
    (
        "scheduler",
        "CreateSchedule",
        {"Name": "s", "Target": {"Arn": "x", "RoleArn": ROLE}},
        [f"scheduler:CreateSchedule arn:aws:scheduler:{HERE}:schedule/default/s", f"iam:PassRole {ROLE}"],
    ),
    # ECS and ECR
    ("ecs", "RunTask", {"taskDefinition": "g:2"}, [f"ecs:RunTask {TASKS}/g:2"]),
    (
        "ecs",
        "RunTask",
        {"taskDefinition": "f", "cluster": "c"},
        [f"ecs:RunTask {TASKS}/f:7", f"iam:PassRole {ROLE}", f"iam:PassRole {ROLE}2"],
    ),
    (
        "ecs",
        "RegisterTaskDefinition",
        {"family": "f", "executionRoleArn": ROLE},
        [f"ecs:RegisterTaskDefinition {TASKS}/f:*", f"iam:PassRole {ROLE}"],
    ),
    ("ecs", "DescribeTasks", {"cluster": "c", "tasks": ["t"]}, [f"ecs:DescribeTasks arn:aws:ecs:{HERE}:task/c/t"]),
    ("ecr", "BatchGetImage", {"repositoryName": "a/b"}, [f"ecr:BatchGetImage arn:aws:ecr:{HERE}:repository/a/b"]),
    ("ecr", "GetAuthorizationToken", {}, ["ecr:GetAuthorizationToken *"]),
    ("ecr", "DescribeRepositories", {}, [f"ecr:DescribeRepositories arn:aws:ecr:{HERE}:repository/*"]),
    # The account
    ("iam", "GetRole", {"RoleName": "deep"}, [f"iam:GetRole arn:aws:iam::{ACCOUNT}:role/teams/deep"]),
    ("iam", "CreateRole", {"RoleName": "deep", "Path": "/x/"}, [f"iam:CreateRole arn:aws:iam::{ACCOUNT}:role/x/deep"]),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "Tags": TAGS}, [f"sts:AssumeRole {ROLE}", f"sts:TagSession {ROLE}"]),
    ("sts", "GetCallerIdentity", {}, []),
    (
        "budgets",
        "CreateBudget",
        {"Budget": {"BudgetName": "x"}},
        [f"budgets:ModifyBudget arn:aws:budgets::{ACCOUNT}:budget/x"],
    ),
    ("budgets", "DescribeBudget", {"BudgetName": "x"}, [f"budgets:ViewBudget arn:aws:budgets::{ACCOUNT}:budget/x"]),
    ("ce", "GetCostAndUsage", {"Metrics": ["UnblendedCost"]}, ["ce:GetCostAndUsage *"]),
    (
        "cloudformation",
        "CreateStack",
        {"StackName": "s", "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/r"},
        [
            f"cloudformation:CreateStack arn:aws:cloudformation:{HERE}:stack/s/*",
            f"iam:PassRole arn:aws:iam::{ACCOUNT}:role/r",
        ],
    ),
    (
        "cloudformation",
        "ExecuteChangeSet",
        {"StackName": "s", "ChangeSetName": "c"},
        [f"cloudformation:ExecuteChangeSet arn:aws:cloudformation:{HERE}:stack/s/*"],
    ),
    (
        "cloudformation",
        "GetTemplate",
        {"StackName": "s"},
        [f"cloudformation:GetTemplate arn:aws:cloudformation:{HERE}:stack/s/*"],
    ),
    # Others
    (
        "sqs",
        "SendMessageBatch",
        {"QueueUrl": f"http://127.0.0.1:1/{ACCOUNT}/q"},
        [f"sqs:SendMessage arn:aws:sqs:{HERE}:q"],
    ),
    ("sns", "PublishBatch", {"TopicArn": f"arn:aws:sns:{HERE}:t"}, [f"sns:Publish arn:aws:sns:{HERE}:t"]),
    ("route53", "GetHostedZone", {"Id": "/hostedzone/Z1"}, ["route53:GetHostedZone arn:aws:route53:::hostedzone/Z1"]),
    (
        "ssm",
        "GetParameters",
        {"Names": ["/a/b", "c"]},
        [f"ssm:GetParameters arn:aws:ssm:{HERE}:parameter/{x}" for x in ("a/b", "c")],
    ),
    ("cloudwatch", "PutMetricData", {"Namespace": "n"}, ["cloudwatch:PutMetricData *"]),
    ("resourcegroupstaggingapi", "GetResources", {}, ["tag:GetResources *"]),
    ("kms", "Encrypt", {"KeyId": "k"}, [f"kms:Encrypt arn:aws:kms:{HERE}:key/k"]),
    ("kms", "Decrypt", {"CiphertextBlob": b""}, ["kms:Decrypt None"]),
    ("ec2", "DescribeSubnets", {}, ["ec2:DescribeSubnets *"]),
    (
        "ec2",
        "TerminateInstances",
        {"InstanceIds": ["i-1"]},
        [f"ec2:TerminateInstances arn:aws:ec2:{HERE}:instance/i-1"],
    ),
    (
        "glue",
        "CreateJob",
        {"Name": "x", "Role": "deep"},
        ["glue:CreateJob None", f"iam:PassRole arn:aws:iam::{ACCOUNT}:role/teams/deep"],
    ),
]


@pytest.mark.parametrize(("service", "operation", "parameters", "wanted"), ROWS)
def test_what_an_operation_needs(service, operation, parameters, wanted):
    assert [f"{action} {resource}" for action, resource in pairs(asked(service, operation, **parameters))] == wanted


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "keys"),
    [
        (
            "s3",
            "ListObjectsV2",
            {"Bucket": "b", "Prefix": "x/", "MaxKeys": 5},
            {"s3:prefix": ("x/",), "s3:max-keys": ("5",)},
        ),
        ("s3", "PutObject", {"Bucket": "b", "Key": "k", "ACL": "private"}, {"s3:x-amz-acl": ("private",)}),
        ("lambda", "UpdateEventSourceMapping", {"UUID": "u"}, {"lambda:FunctionArn": (FUNCTION,)}),
        ("lambda", "CreateEventSourceMapping", {"FunctionName": "f"}, {"lambda:FunctionArn": (FUNCTION,)}),
        (
            "stepfunctions",
            "StartExecution",
            {"stateMachineArn": f"{MACHINE}:live"},
            {"states:StateMachineQualifier": ("live",)},
        ),
        ("dynamodb", "GetItem", {"TableName": "t", "Key": {"id": {"S": "me"}}}, {"dynamodb:LeadingKeys": ("me",)}),
        (
            "dynamodb",
            "BatchWriteItem",
            {
                "RequestItems": {
                    "t": [{"PutRequest": {"Item": {"id": {"S": "1"}}}}, {"DeleteRequest": {"Key": {"id": {"S": "2"}}}}]
                }
            },
            {"dynamodb:LeadingKeys": ("1", "2")},
        ),
        ("ecs", "DescribeTasks", {"cluster": "c", "tasks": ["t"]}, {"ecs:cluster": (f"arn:aws:ecs:{HERE}:cluster/c",)}),
        ("cloudwatch", "PutMetricData", {"Namespace": "n"}, {"cloudwatch:namespace": ("n",)}),
        (
            "iam",
            "AttachRolePolicy",
            {"RoleName": "deep", "PolicyArn": "arn:p"},
            {"iam:PolicyARN": ("arn:p",), "iam:PermissionsBoundary": ("arn:aws:iam::1:policy/has",)},
        ),
        (
            "iam",
            "CreateRole",
            {"RoleName": "n", "PermissionsBoundary": "arn:b", "Tags": TAGS},
            {"iam:PermissionsBoundary": ("arn:b",), "aws:RequestTag/team": ("a",), "aws:TagKeys": ("team",)},
        ),
        ("iam", "UntagRole", {"RoleName": "n", "TagKeys": ["team"]}, {"aws:TagKeys": ("team",)}),
        ("sts", "AssumeRole", {"RoleArn": ROLE, "ExternalId": "x"}, {"sts:ExternalId": ("x",)}),
        (
            "route53",
            "ChangeResourceRecordSets",
            {
                "HostedZoneId": "Z",
                "ChangeBatch": {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": {"Name": "A.b.", "Type": "A"}}]},
            },
            {
                "route53:ChangeResourceRecordSetsNormalizedRecordNames": ("a.b",),
                "route53:ChangeResourceRecordSetsRecordTypes": ("A",),
                "route53:ChangeResourceRecordSetsActions": ("UPSERT",),
            },
        ),
        (
            "secretsmanager",
            "GetSecretValue",
            {"SecretId": "s", "VersionStage": "AWSCURRENT"},
            {"secretsmanager:VersionStage": ("AWSCURRENT",)},
        ),
    ],
)
def test_the_condition_keys_of_a_call(service, operation, parameters, keys):
    context = asked(service, operation, **parameters)[0].context
    assert keys.items() <= dict(context).items()


def test_a_security_group_is_known_by_the_tags_that_it_was_born_with():
    born = {"TagSpecifications": [{"ResourceType": "security-group", "Tags": TAGS}]}
    made = asked("ec2", "CreateSecurityGroup", GroupName="g", VpcId="vpc-1", **born)
    groups = f"arn:aws:ec2:{HERE}:security-group/*"
    assert pairs(made) == [
        ("ec2:CreateSecurityGroup", groups),
        ("ec2:CreateSecurityGroup", f"arn:aws:ec2:{HERE}:vpc/vpc-1"),
        ("ec2:CreateTags", groups),
    ]
    assert made[0].context["aws:RequestTag/team"] == ("a",)
    assert made[2].context["ec2:CreateAction"] == ("CreateSecurityGroup",)
    found = asked("ec2", "AuthorizeSecurityGroupIngress", GroupId="sg-1")
    assert pairs(found) == [("ec2:AuthorizeSecurityGroupIngress", f"arn:aws:ec2:{HERE}:security-group/sg-1")]
    assert found[0].context["aws:ResourceTag/team"] == ("a",)
    assert "aws:ResourceTag/team" not in asked("ec2", "DeleteSecurityGroup", GroupId="sg-2")[0].context


def test_a_key_is_given_only_to_actions_that_have_it():
    assert "s3:prefix" not in asked("s3", "GetObject", Bucket="b", Key="k")[0].context
    assert asked("lambda", "GetFunction", FunctionName="f") == (Need("lambda:GetFunction", FUNCTION, {}),)


def test_a_role_is_passed_to_the_service_that_will_take_it():
    found = {
        service: asked(service, operation, **parameters)[-1].context["iam:PassedToService"]
        for service, operation, parameters in (
            ("lambda", "UpdateFunctionConfiguration", {"FunctionName": "f", "Role": ROLE}),
            ("stepfunctions", "UpdateStateMachine", {"stateMachineArn": MACHINE, "roleArn": ROLE}),
            ("ecs", "RegisterTaskDefinition", {"family": "f", "taskRoleArn": ROLE}),
            ("events", "PutTargets", {"Rule": "r", "Targets": [{"RoleArn": ROLE}]}),
            ("scheduler", "UpdateSchedule", {"Name": "s", "Target": {"RoleArn": ROLE}}),
            ("logs", "PutSubscriptionFilter", {"logGroupName": "g", "roleArn": ROLE}),
            ("iam", "AddRoleToInstanceProfile", {"RoleName": "r", "InstanceProfileName": "p"}),
        )
    }
    assert found == {
        "lambda": ("lambda.amazonaws.com",),
        "stepfunctions": ("states.amazonaws.com",),
        "ecs": ("ecs-tasks.amazonaws.com",),
        "events": ("events.amazonaws.com",),
        "scheduler": ("scheduler.amazonaws.com",),
        "logs": ("logs.amazonaws.com",),
        "iam": ("ec2.amazonaws.com",),
    }


def test_a_role_in_data_is_not_passed():
    item = {"roleArn": {"S": ROLE}}
    assert "iam:PassRole" not in [need.action for need in asked("dynamodb", "PutItem", TableName="t", Item=item)]
    assert "iam:PassRole" not in [need.action for need in asked("sts", "AssumeRole", RoleArn=ROLE)]


@pytest.mark.parametrize(("service", "operation"), [("ecs", "CreateGateway"), ("apigateway", "GetRestApis")])
def test_an_operation_without_a_known_action_is_refused_by_name(service, operation):
    with pytest.raises(CallNotReadError, match=f"{service}:{operation}"):
        asked(service, operation)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 'x' FROM mine WHERE a = (SELECT b FROM theirs)",
        "SELECT /* FROM mine */ * FROM theirs",
        "-- FROM mine\nSELECT * FROM theirs",
        "DROP TABLE mine",
        "",
        "SELECT 1",
        "INSERT mine INTO theirs",
        "SELECT * FROM mine; DELETE FROM theirs",
    ],
)
def test_a_statement_that_cannot_be_told_for_sure_is_about_nobody_knows_what(statement):
    assert {need.resource for need in asked("dynamodb", "ExecuteStatement", Statement=statement)} == {None}


def test_a_text_in_a_statement_is_not_its_table():
    found = asked("dynamodb", "ExecuteStatement", Statement="SELECT a FROM theirs WHERE b = ' FROM mine'")
    assert pairs(found) == [("dynamodb:PartiQLSelect", f"{TABLE[:-1]}theirs")]


def test_each_exception_is_of_an_operation_that_is_there_and_names_actions_that_are():
    catalogue = load_catalogue()
    for service, exceptions in EXCEPTIONS.items():
        assert set(exceptions) <= set(model_of(service).operation_names), service
        for actions in exceptions.values():
            assert [name for name, _ in actions if len(catalogue.expand(name)) != 1] == [], service


def test_each_kind_of_resource_that_has_a_rule_is_in_the_catalogue():
    catalogue = load_catalogue()
    for prefix, rules in RESOURCES.items():
        kinds = {kind.name for action in catalogue.service(prefix).values() for kind in action.types}
        assert set(rules) <= kinds, prefix
    for action, kinds in EITHER.items():
        assert set(kinds) <= {kind.name for kind in catalogue.expand(action)[0].types}


def test_the_keys_of_every_request():
    now = dt.datetime(2026, 11, 29, 12, 0, tzinfo=dt.UTC)
    assert request_keys("us-east-1", now, "127.0.0.1", {"user-agent": "boto3"}, secure=True) == {
        "aws:RequestedRegion": ("us-east-1",),
        "aws:CurrentTime": ("2026-11-29T12:00:00+00:00",),
        "aws:EpochTime": (str(int(now.timestamp())),),
        "aws:SecureTransport": ("true",),
        "aws:SourceIp": ("127.0.0.1",),
        "aws:UserAgent": ("boto3",),
    }


@pytest.mark.parametrize("service", sorted(EXCEPTIONS))
def test_whatever_a_call_says_its_needs_are_told_or_refused(service):
    model, rng = model_of(service), random.Random(service)
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        for _ in range(3):
            said = structure(shape, rng) if shape else {}
            left = {key: value for key, value in said.items() if rng.random() < 0.7}
            try:
                found = needs(Call(service, name, left, "us-east-1"), ACCOUNT, Known())
            except CallNotReadError:
                continue
            assert found or name in {"GetCallerIdentity", "GetSessionToken"}, (name, left)
            assert all(
                need.resource is None or need.resource == "*" or need.resource.startswith("arn:") for need in found
            )


@pytest.mark.parametrize("action", SERVICES)
def test_each_reviewed_action_is_what_a_plain_call_needs_where_it_is_granted(action):
    prefix, _, operation = action.partition(":")
    (model,) = (each for each in models_signed_as(prefix) if operation in each.operation_names)
    call = Call(model.service_name, operation, {"modelId": "a.b", "modelIdentifier": "a.b"}, "us-east-1")
    (need,) = needs(call, ACCOUNT)
    assert need.action == action
    assert contains(SERVICES[action].granted_on(Place(ACCOUNT, "us-east-1", "dev")), need.resource)


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "resource"),
    [
        ("bedrock-runtime", "Converse", {"modelId": "us.a.b"}, f"arn:aws:bedrock:{HERE}:inference-profile/us.a.b"),
        ("bedrock-runtime", "InvokeModel", {"modelId": "arn:aws:bedrock:x"}, "arn:aws:bedrock:x"),
        ("bedrock-runtime", "InvokeModel", {}, None),
        ("polly", "SynthesizeSpeech", {"LexiconNames": ["w"]}, f"arn:aws:polly:{HERE}:lexicon/w"),
        ("translate", "TranslateText", {"TerminologyNames": ["t"]}, f"arn:aws:translate:{HERE}:terminology/t"),
    ],
)
def test_what_somebody_keeps_is_named_when_a_service_is_asked(service, operation, parameters, resource):
    (need,) = needs(Call(service, operation, parameters, "us-east-1"), ACCOUNT)
    assert need.resource == resource


@pytest.mark.parametrize("operation", ["AddTagsToResource", "ListTagsForResource", "RemoveTagsFromResource"])
@pytest.mark.parametrize(
    ("kind", "name", "resource"),
    [
        ("Parameter", "/team1/limit", f"arn:aws:ssm:{HERE}:parameter/team1/limit"),
        ("Document", "run", f"arn:aws:ssm:{HERE}:document/run"),
        ("Invented", "x", None),
    ],
)
def test_the_type_tells_what_a_call_about_tags_of_ssm_is_about(operation, kind, name, resource):
    (need,) = needs(Call("ssm", operation, {"ResourceType": kind, "ResourceId": name}, "us-east-1"), ACCOUNT)
    assert need == Need(f"ssm:{operation}", resource)
