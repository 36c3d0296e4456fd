"""Seeded leaks, as data: which document, what is done to it, which statement must be named and by which rule.

And controls: edits that look alike and leak nothing. Tests read this file with runpy.
"""

from dataclasses import dataclass
from typing import Any

A = "123456789012"
FUNCTION = f"arn:aws:lambda:us-east-1:{A}:function:"
MACHINE = f"arn:aws:states:us-east-1:{A}:stateMachine:"
ROLE = f"arn:aws:iam::{A}:role/"
SECRET = f"arn:aws:secretsmanager:us-east-1:{A}:secret:"
LOGS = f"arn:aws:logs:us-east-1:{A}:log-group:"
MAPPING = f"arn:aws:lambda:us-east-1:{A}:event-source-mapping:*"


@dataclass(frozen=True)
class Grant:
    """Add a statement called New; ``more`` overrides any element, None takes it away."""

    action: Any
    resource: Any
    more: Any = None

    def __call__(self, body):
        added = {"Sid": "New", "Effect": "Allow", "Action": self.action, "Resource": self.resource, **(self.more or {})}
        body["Statement"].append({key: value for key, value in added.items() if value is not None})


@dataclass(frozen=True)
class Edit:
    """Set elements of the statement called ``sid`` (the first one when empty); None takes one away."""

    sid: str
    elements: Any

    def __call__(self, body):
        statements = body["Statement"]
        statement = next(s for s in statements if not self.sid or s.get("Sid") == self.sid)
        statement.update(self.elements)
        for key in [key for key, value in statement.items() if value is None]:
            del statement[key]


@dataclass(frozen=True)
class Drop:
    """Take the statement called ``sid`` away."""

    sid: str

    def __call__(self, body):
        body["Statement"] = [s for s in body["Statement"] if s.get("Sid") != self.sid]


@dataclass(frozen=True)
class Sql:
    """Put ``new`` for ``old`` in the statements that hold it, or add ``new`` at the end when there is no ``old``."""

    new: str
    old: str = ""

    def __call__(self, statements):
        if not self.old:
            return (*statements, self.new)
        return tuple(text for each in statements if (text := each.replace(self.old, self.new)))


def when(operator, key, *values):
    return {"Condition": {operator: {key: list(values)}}}


def source(**lines):
    """Edit the machine's trust: its condition becomes *lines*, operator -> key and value."""
    return Edit("", {"Condition": {operator: dict([pair]) for operator, pair in lines.items()} or None})


OWN_ACCOUNT = ("aws:SourceAccount", A)
OWN_FUNCTIONS = ("aws:SourceArn", f"{FUNCTION}team1-*")
OWN_MACHINE = ("aws:SourceArn", f"{MACHINE}team1-cosmic-0a1b2c3d")

# name: (document, edit, statement named, rule)
LEAKS = {
    # wildcards
    "everything": ("function", Grant("*", "*"), "New", "every-resource"),
    "all of a service": ("function", Grant("s3:*", "*"), "New", "every-resource"),
    "AmazonS3FullAccess": ("machine", Grant(["s3:*", "s3-object-lambda:*"], "*"), "New", "every-resource"),
    "AWSLambda_FullAccess": ("machine", Grant("lambda:*", "*"), "New", "every-resource"),
    "prefix without separator": (
        "function",
        Edit("Objects", {"Resource": "arn:aws:s3:::team1*"}),
        "Objects",
        "foreign-name",
    ),
    "question mark": ("function", Edit("Objects", {"Resource": "arn:aws:s3:::team?-*"}), "Objects", "foreign-name"),
    "every bucket's objects": ("function", Grant("s3:GetObject", "arn:aws:s3:::*/*"), "New", "foreign-name"),
    "suffix of every team": ("function", Grant("s3:GetObject", "arn:aws:s3:::*-data-*/*"), "New", "foreign-name"),
    "another team's bucket": ("function", Grant("s3:ListBucket", "arn:aws:s3:::team10-data"), "New", "foreign-name"),
    "own and another's": (
        "function",
        Edit("Objects", {"Resource": ["arn:aws:s3:::team1-data/*", "arn:aws:s3:::team2-data/*"]}),
        "Objects",
        "foreign-name",
    ),
    "shared generic bucket": ("function", Grant("s3:GetObject", "arn:aws:s3:::cosmicai-data/*"), "New", "foreign-name"),
    "action in odd case": ("function", Grant("S3:gEtObJect", "*"), "New", "every-resource"),
    "list all buckets": ("function", Grant("s3:ListAllMyBuckets", "*"), "New", "account-wide"),
    # region, account, partition, segments
    "any region": (
        "machine",
        Edit("InvokeFunctions", {"Resource": f"arn:aws:lambda:*:{A}:function:team1-x"}),
        "InvokeFunctions",
        "open-place",
    ),
    "cross-region": (
        "machine",
        Edit("InvokeFunctions", {"Resource": f"arn:aws:lambda:eu-west-1:{A}:function:team1-x"}),
        "InvokeFunctions",
        "open-place",
    ),
    "any account": (
        "machine",
        Edit("InvokeFunctions", {"Resource": "arn:aws:lambda:us-east-1:*:function:team1-x"}),
        "InvokeFunctions",
        "open-place",
    ),
    "cross-account": (
        "machine",
        Edit("InvokeFunctions", {"Resource": "arn:aws:lambda:us-east-1:210987654321:function:team1-x"}),
        "InvokeFunctions",
        "open-place",
    ),
    "star over colons": (
        "machine",
        Edit("InvokeFunctions", {"Resource": "arn:aws:lambda:us-east-1:*team1-x"}),
        "InvokeFunctions",
        "open-place",
    ),
    "missing segments": (
        "machine",
        Edit("InvokeFunctions", {"Resource": "arn:aws:lambda:us-east-1"}),
        "InvokeFunctions",
        "open-place",
    ),
    "any partition": (
        "function",
        Edit("Objects", {"Resource": "arn:*:s3:::team1-data/*"}),
        "Objects",
        "open-place",
    ),
    # inversion, denial, variables
    "NotResource": (
        "function",
        Edit("Objects", {"Resource": None, "NotResource": "arn:aws:s3:::team2-*"}),
        "Objects",
        "inverted",
    ),
    "NotAction": ("function", Edit("Objects", {"Action": None, "NotAction": "iam:*"}), "Objects", "inverted"),
    "allow all, deny others": (
        "function",
        Grant("s3:GetObject", "arn:aws:s3:::team2-*", {"Effect": "Deny"}),
        "New",
        "deny",
    ),
    "policy variable": (
        "function",
        Grant("s3:GetObject", "arn:aws:s3:::${aws:PrincipalTag/team}-data/*"),
        "New",
        "variable",
    ),
    "variable behind the own prefix": (
        "function",
        Grant("s3:GetObject", "arn:aws:s3:::team1-${aws:username}/*"),
        "New",
        "variable",
    ),
    "variable in a condition": (
        "deployer",
        Edit("PassToFunctions", when("StringEquals", "iam:PassedToService", "${aws:RequestTag/service}")),
        "PassToFunctions",
        "variable",
    ),
    # tags
    "tag of the resource": (
        "function",
        Grant("s3:GetObject", "*", when("StringEquals", "aws:ResourceTag/team", "team1")),
        "New",
        "tag",
    ),
    "tag of the principal": (
        "function",
        Grant("lambda:InvokeFunction", f"{FUNCTION}*", when("StringEquals", "aws:PrincipalTag/team", "team1")),
        "New",
        "tag",
    ),
    "tag of the object": (
        "function",
        Grant("s3:GetObject", "arn:aws:s3:::*", when("StringEquals", "s3:ExistingObjectTag/team", "team1")),
        "New",
        "tag",
    ),
    # calling and changing others' compute
    "invoke all": ("machine", Grant("lambda:InvokeFunction", f"{FUNCTION}*"), "New", "foreign-name"),
    "update another's code": (
        "deployer",
        Grant("lambda:UpdateFunctionCode", f"{FUNCTION}team10-*"),
        "New",
        "foreign-name",
    ),
    "start another's machine": ("machine", Grant("states:StartExecution", f"{MACHINE}team1*"), "New", "foreign-name"),
    "stop anybody's run": (
        "machine",
        Edit("FollowChildren", {"Resource": f"arn:aws:states:us-east-1:{A}:execution:*"}),
        "FollowChildren",
        "foreign-name",
    ),
    "read everybody's environment": ("deployer", Grant("lambda:ListFunctions", "*"), "New", "account-wide"),
    "answer waiting tasks": ("function", Grant("states:SendTaskSuccess", "*"), "New", "task-token"),
    "answer them by glob": ("function", Grant("states:SendTask*", f"{MACHINE}team1-*"), "New", "task-token"),
    "test any state": ("deployer", Grant("states:TestState", "*"), "New", "account-wide"),
    # roles
    "pass any role": ("deployer", Grant("iam:PassRole", "*"), "New", "pass-role"),
    "pass own roles by glob": (
        "deployer",
        Edit("PassToFunctions", {"Resource": f"{ROLE}team1-*"}),
        "PassToFunctions",
        "pass-role",
    ),
    "pass another's role": (
        "deployer",
        Edit("PassToFunctions", {"Resource": f"{ROLE}team10-cosmic-init-role-0a1b2c3d"}),
        "PassToFunctions",
        "pass-role",
    ),
    "pass to any service": ("deployer", Edit("PassToFunctions", {"Condition": None}), "PassToFunctions", "pass-role"),
    "pass to EC2": (
        "deployer",
        Edit("PassToFunctions", when("StringEquals", "iam:PassedToService", "ec2.amazonaws.com")),
        "PassToFunctions",
        "pass-role",
    ),
    "pass if the key exists": (
        "deployer",
        Edit("PassToFunctions", when("StringEqualsIfExists", "iam:PassedToService", "lambda.amazonaws.com")),
        "PassToFunctions",
        "pass-role",
    ),
    "deployer writes policies": ("deployer", Grant("iam:PutRolePolicy", f"{ROLE}team1-*"), "New", "iam-write"),
    "deployer makes roles": ("deployer", Grant("iam:CreateRole", f"{ROLE}team1-*"), "New", "iam-write"),
    "deployer edits its trust": (
        "deployer",
        Grant("iam:UpdateAssumeRolePolicy", f"{ROLE}team1-*"),
        "New",
        "iam-write",
    ),
    "deployer moves the boundary": (
        "deployer",
        Grant("iam:DeleteRolePermissionsBoundary", f"{ROLE}team1-*"),
        "New",
        "iam-write",
    ),
    "take another's role": ("function", Grant("sts:AssumeRole", f"{ROLE}team2-*"), "New", "foreign-name"),
    "take the platform's role": ("function", Grant("sts:AssumeRole", f"{ROLE}lanes_platform"), "New", "foreign-name"),
    # event source mappings
    "mapping to any function": (
        "deployer",
        Grant("lambda:CreateEventSourceMapping", "*"),
        "New",
        "unconfined",
    ),
    "mapping to another's function": (
        "deployer",
        Grant("lambda:CreateEventSourceMapping", "*", when("ArnLike", "lambda:FunctionArn", f"{FUNCTION}team1*")),
        "New",
        "unconfined",
    ),
    "mapping if the key exists": (
        "deployer",
        Grant(
            "lambda:DeleteEventSourceMapping",
            MAPPING,
            when("ArnLikeIfExists", "lambda:FunctionArn", f"{FUNCTION}team1-*"),
        ),
        "New",
        "unconfined",
    ),
    "mapping for all values": (
        "deployer",
        Grant(
            "lambda:DeleteEventSourceMapping",
            MAPPING,
            when("ForAllValues:ArnLike", "lambda:FunctionArn", f"{FUNCTION}team1-*"),
        ),
        "New",
        "unconfined",
    ),
    "metrics in any namespace": ("function", Grant("cloudwatch:PutMetricData", "*"), "New", "unconfined"),
    # logs, images, secrets, parameters, tables, rules
    "Chalice's default logs": (
        "function",
        Edit("WriteLogs", {"Resource": "arn:*:logs:*:*:*"}),
        "WriteLogs",
        "open-place",
    ),
    "every log group": ("function", Edit("WriteLogs", {"Resource": f"{LOGS}*"}), "WriteLogs", "foreign-name"),
    "log groups by prefix": (
        "deployer",
        Grant("logs:FilterLogEvents", f"{LOGS}/aws/lambda/team1*"),
        "New",
        "foreign-name",
    ),
    "log resource policy": ("machine", Grant("logs:PutResourcePolicy", "*"), "New", "opens-door"),
    "every image": (
        "function",
        Grant("ecr:BatchGetImage", f"arn:aws:ecr:us-east-1:{A}:repository/*"),
        "New",
        "foreign-name",
    ),
    "image repositories by prefix": (
        "function",
        Grant("ecr:PutImage", f"arn:aws:ecr:us-east-1:{A}:repository/team1*"),
        "New",
        "foreign-name",
    ),
    "every secret": (
        "function",
        Grant("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:us-east-1:{A}:secret:*"),
        "New",
        "foreign-name",
    ),
    "shared database secret": (
        "function",
        Grant("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:us-east-1:{A}:secret:rds-credentials-*"),
        "New",
        "foreign-name",
    ),
    "another team's rendezvous key": (
        "function",
        Edit("RendezvousSecret", {"Resource": f"{SECRET}team10/rendezvous-0a1b2c3d-??????"}),
        "RendezvousSecret",
        "foreign-name",
    ),
    "own rendezvous key by prefix": (
        "function",
        Edit("RendezvousSecret", {"Resource": f"{SECRET}team1*/rendezvous-*"}),
        "RendezvousSecret",
        "foreign-name",
    ),
    "everybody's rendezvous key": (
        "function",
        Edit("RendezvousSecret", {"Resource": f"{SECRET}*/rendezvous-0a1b2c3d-??????"}),
        "RendezvousSecret",
        "foreign-name",
    ),
    "the rendezvous master key": (
        "function",
        Edit("RendezvousSecret", {"Resource": f"{SECRET}platform/rendezvous-master-??????"}),
        "RendezvousSecret",
        "foreign-name",
    ),
    "the rendezvous service's own key": (
        "deployer",
        Grant("secretsmanager:GetSecretValue", f"{SECRET}platform/rendezvous-0a1b2c3d-??????"),
        "New",
        "foreign-name",
    ),
    "rendezvous key of any region": (
        "function",
        Edit("RendezvousSecret", {"Resource": f"arn:aws:secretsmanager:*:{A}:secret:team1/rendezvous-0a1b2c3d-??????"}),
        "RendezvousSecret",
        "open-place",
    ),
    "parameters by prefix": (
        "function",
        Grant("ssm:GetParametersByPath", f"arn:aws:ssm:us-east-1:{A}:parameter/team1*"),
        "New",
        "foreign-name",
    ),
    "every table": (
        "function",
        Grant("dynamodb:Scan", f"arn:aws:dynamodb:us-east-1:{A}:table/*"),
        "New",
        "foreign-name",
    ),
    "any rule": (
        "machine",
        Edit("AwaitNested", {"Resource": f"arn:aws:events:us-east-1:{A}:rule/*"}),
        "AwaitNested",
        "foreign-name",
    ),
    # doors opened from inside
    "own bucket's policy": ("deployer", Grant("s3:PutBucketPolicy", "arn:aws:s3:::team1-data"), "New", "opens-door"),
    "own function's policy": ("deployer", Grant("lambda:AddPermission", f"{FUNCTION}team1-*"), "New", "opens-door"),
    "own objects' ACL": ("function", Grant("s3:PutObjectAcl", "arn:aws:s3:::team1-data/*"), "New", "opens-door"),
    # what is not known
    "misspelt action": ("function", Grant("s3:GetObjcet", "arn:aws:s3:::team1-data/*"), "New", "unknown-action"),
    "action of another resource": ("function", Grant("s3:GetObject", f"{FUNCTION}team1-x"), "New", "no-such-resource"),
    "unknown element": (
        "function",
        Grant("s3:GetObject", "arn:aws:s3:::team1-x/*", {"Scope": "*"}),
        "New",
        "malformed",
    ),
    "unknown effect": (
        "function",
        Grant("s3:GetObject", "arn:aws:s3:::team1-x/*", {"Effect": "allow"}),
        "New",
        "malformed",
    ),
    "principal in a role's policy": (
        "function",
        Grant("s3:GetObject", "arn:aws:s3:::team1-x/*", {"Principal": "*"}),
        "New",
        "malformed",
    ),
    # trust
    "trust without source": ("machine trust", source(), "#0", "source-arn"),
    "trust without SourceArn": ("machine trust", source(StringEquals=OWN_ACCOUNT), "#0", "source-arn"),
    "trust without SourceAccount": ("machine trust", source(ArnLike=OWN_MACHINE), "#0", "source-account"),
    "trust any machine": (
        "machine trust",
        source(StringEquals=OWN_ACCOUNT, ArnLike=("aws:SourceArn", f"{MACHINE}*")),
        "#0",
        "source-arn",
    ),
    "trust by prefix": (
        "machine trust",
        source(StringEquals=OWN_ACCOUNT, ArnLike=("aws:SourceArn", f"{MACHINE}team1*")),
        "#0",
        "source-arn",
    ),
    "trust if the source is told": (
        "machine trust",
        source(StringEquals=OWN_ACCOUNT, ArnLikeIfExists=OWN_MACHINE),
        "#0",
        "source-arn",
    ),
    "trust anybody": ("function trust", Edit("", {"Principal": "*"}), "#0", "principal"),
    "trust the account": (
        "function trust",
        Edit("", {"Principal": {"AWS": f"arn:aws:iam::{A}:root"}}),
        "#0",
        "principal",
    ),
    "trust another's role": (
        "function trust",
        Edit("", {"Principal": {"AWS": f"{ROLE}team2-cosmic-init-role-0a1b2c3d"}}),
        "#0",
        "principal",
    ),
    "trust a session": (
        "function trust",
        Edit("", {"Principal": {"AWS": f"arn:aws:sts::{A}:assumed-role/team2-x/session"}}),
        "#0",
        "principal",
    ),
    "trust EC2": ("function trust", Edit("", {"Principal": {"Service": "ec2.amazonaws.com"}}), "#0", "principal"),
    "trust all but one": (
        "function trust",
        Edit("", {"Principal": None, "NotPrincipal": {"AWS": f"{ROLE}team2-x"}}),
        "#0",
        "inverted",
    ),
    "trust a web identity": (
        "function trust",
        Edit("", {"Principal": {"Federated": "accounts.google.com"}, "Action": "sts:AssumeRoleWithWebIdentity"}),
        "#0",
        "principal",
    ),
    "trust with session tags": (
        "function trust",
        Edit("", {"Action": ["sts:AssumeRole", "sts:TagSession"]}),
        "#0",
        "trust-action",
    ),
    "deployer for everybody": ("deployer trust", Edit("OwnPeople", {"Condition": None}), "OwnPeople", "principal"),
    "deployer for team1*": (
        "deployer trust",
        Edit("OwnPeople", when("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{A}:user/team1*")),
        "OwnPeople",
        "principal",
    ),
    # bucket policies
    "public bucket": ("bucket", Edit("OwnRole", {"Principal": "*"}), "OwnRole", "principal"),
    "bucket for another's role": (
        "bucket",
        Edit("OwnRole", {"Principal": {"AWS": f"{ROLE}team10-cosmic-init-role-0a1b2c3d"}}),
        "OwnRole",
        "principal",
    ),
    "bucket for an own session": (
        "bucket",
        Edit("OwnRole", {"Principal": {"AWS": f"arn:aws:sts::{A}:assumed-role/team1-x/s"}}),
        "OwnRole",
        "session",
    ),
    "bucket for the account": (
        "bucket",
        Edit("OwnRole", {"Principal": {"AWS": f"arn:aws:iam::{A}:root"}}),
        "OwnRole",
        "principal",
    ),
    "bucket for a service": (
        "bucket",
        Edit("OwnRole", {"Principal": {"Service": "lambda.amazonaws.com"}}),
        "OwnRole",
        "principal",
    ),
    "bucket for all but one": (
        "bucket",
        Edit("OwnRole", {"Principal": None, "NotPrincipal": {"AWS": f"{ROLE}team2-x"}}),
        "OwnRole",
        "inverted",
    ),
    "bucket hands out its policy": ("bucket", Edit("OwnRole", {"Action": "s3:Put*"}), "OwnRole", "opens-door"),
    "bucket grants no S3 action": ("bucket", Edit("OwnRole", {"Action": "lambda:*"}), "OwnRole", "unknown-action"),
    "bucket without TLS rule": ("bucket", Drop("TlsOnly"), "", "tls"),
    "TLS rule for one user": (
        "bucket",
        Edit("TlsOnly", {"Principal": {"AWS": f"arn:aws:iam::{A}:user/team1-ann"}}),
        "",
        "tls",
    ),
    "TLS rule with a second condition": (
        "bucket",
        Edit("TlsOnly", {"Condition": {"Bool": {"aws:SecureTransport": "false", "aws:ViaAWSService": "true"}}}),
        "",
        "tls",
    ),
    # repository policies
    "repository for any function": ("repository", source(StringEquals=OWN_ACCOUNT), "LambdaFetches", "source-arn"),
    "repository without a source": ("repository", source(), "LambdaFetches", "source-arn"),
    "repository for another's functions": (
        "repository",
        source(StringEquals=OWN_ACCOUNT, ArnLike=("aws:SourceArn", f"{FUNCTION}team10-*")),
        "LambdaFetches",
        "source-arn",
    ),
    "repository for functions by prefix": (
        "repository",
        source(StringEquals=OWN_ACCOUNT, ArnLike=("aws:SourceArn", f"{FUNCTION}team1*")),
        "LambdaFetches",
        "source-arn",
    ),
    "repository for every function": (
        "repository",
        source(StringEquals=OWN_ACCOUNT, ArnLike=("aws:SourceArn", f"{FUNCTION}*")),
        "LambdaFetches",
        "source-arn",
    ),
    "repository if the source is told": (
        "repository",
        source(StringEquals=OWN_ACCOUNT, ArnLikeIfExists=OWN_FUNCTIONS),
        "LambdaFetches",
        "source-arn",
    ),
    "repository for another account's functions": (
        "repository",
        source(ArnLike=("aws:SourceArn", OWN_FUNCTIONS[1].replace(A, "210987654321"))),
        "LambdaFetches",
        "source-arn",
    ),
    "public repository": ("repository", Edit("LambdaFetches", {"Principal": "*"}), "LambdaFetches", "principal"),
    "repository for another's role": (
        "repository",
        Edit("LambdaFetches", {"Principal": {"AWS": f"{ROLE}team10-deployer-0a1b2c3d"}}),
        "LambdaFetches",
        "principal",
    ),
    "repository for another service": (
        "repository",
        Edit("LambdaFetches", {"Principal": {"Service": "ecs-tasks.amazonaws.com"}}),
        "LambdaFetches",
        "principal",
    ),
    "repository for nobody named": (
        "repository",
        Edit("LambdaFetches", {"Principal": None}),
        "LambdaFetches",
        "malformed",
    ),
    "repository for all but one": (
        "repository",
        Edit("LambdaFetches", {"Principal": None, "NotPrincipal": {"AWS": f"{ROLE}team2-x"}}),
        "LambdaFetches",
        "inverted",
    ),
    "repository that Lambda fills": (
        "repository",
        Edit("LambdaFetches", {"Action": ["ecr:BatchGetImage", "ecr:PutImage"]}),
        "LambdaFetches",
        "repository-action",
    ),
    "repository that hands out its policy": (
        "repository",
        Edit("LambdaFetches", {"Action": "ecr:*"}),
        "LambdaFetches",
        "repository-action",
    ),
    "repository of another": (
        "repository",
        Edit("LambdaFetches", {"Resource": f"arn:aws:ecr:us-east-1:{A}:repository/team10/*"}),
        "LambdaFetches",
        "malformed",
    ),
    "own repository's policy": (
        "deployer",
        Grant("ecr:SetRepositoryPolicy", f"arn:aws:ecr:us-east-1:{A}:repository/team1/*"),
        "New",
        "opens-door",
    ),
    "push to every repository": (
        "deployer",
        Edit("Images", {"Resource": f"arn:aws:ecr:us-east-1:{A}:repository/*"}),
        "Images",
        "foreign-name",
    ),
    # boundaries
    "boundary of everything": ("boundary", Edit("OwnBuckets", {"Resource": "*"}), "OwnBuckets", "every-resource"),
    "boundary by prefix": (
        "boundary",
        Edit("OwnFunctions", {"Resource": f"{FUNCTION}team1*"}),
        "OwnFunctions",
        "foreign-name",
    ),
    "boundary with IAM": ("boundary", Grant("iam:AttachRolePolicy", f"{ROLE}team1-*"), "New", "iam-write"),
    "role past its boundary": (
        "function",
        Grant("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{A}:team1-queue"),
        "New",
        "boundary-gap",
    ),
    "deployer past its boundary": (
        "deployer",
        Grant("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{A}:team1-queue"),
        "New",
        "boundary-gap",
    ),
    "deployer's boundary by prefix": (
        "deployer boundary",
        Edit("PassToFunctions", {"Resource": f"{ROLE}team1*"}),
        "PassToFunctions",
        "pass-role",
    ),
    "boundary that forbids the role": ("boundary", Drop("OwnLogs"), "WriteLogs", "boundary-gap"),
    # form
    "old language version": ("function", lambda body: body.update(Version="2008-10-17"), "", "malformed"),
    "past AWS's limit": (
        "function",
        Grant("s3:GetObject", [f"arn:aws:s3:::team1-data/{i:04}" for i in range(400)]),
        "",
        "size",
    ),
}

# Edits that look alike and leak nothing.
CONTROLS = {
    "own prefix": ("function", Grant("s3:GetObject", "arn:aws:s3:::team1-*")),
    "own prefix and a wildcard inside": ("function", Grant("s3:GetObject", "arn:aws:s3:::team1-d?ta-*/runs/*")),
    "scalar for list": (
        "function",
        Edit("Objects", {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::team1-data/*"}),
    ),
    "action glob on own names": ("deployer boundary", Grant("lambda:Get*Configuration", f"{FUNCTION}team1-*")),
    "action in odd case": ("function", Grant("S3:gEtObJect", "arn:aws:s3:::team1-data/*")),
    "own nested folder": (
        "deployer boundary",
        Grant("ecr:PutImage", f"arn:aws:ecr:us-east-1:{A}:repository/team1/*"),
    ),
    "own rendezvous key": (
        "function",
        Edit("RendezvousSecret", {"Resource": f"{SECRET}team1/rendezvous-0a1b2c3d-AbCdEf"}),
    ),
    "own parameters": (
        "deployer boundary",
        Grant("ssm:GetParametersByPath", f"arn:aws:ssm:us-east-1:{A}:parameter/team1/*"),
    ),
    "login to the registry": ("deployer boundary", Grant("ecr:GetAuthorizationToken", "*")),
    "own mapping": (
        "deployer boundary",
        Grant("lambda:CreateEventSourceMapping", "*", when("ArnLike", "lambda:FunctionArn", f"{FUNCTION}team1-*")),
    ),
    "end an own mapping": (
        "deployer boundary",
        Grant("lambda:DeleteEventSourceMapping", MAPPING, when("ArnLike", "lambda:FunctionArn", f"{FUNCTION}team1-*")),
    ),
    "own metrics": (
        "deployer boundary",
        Grant("cloudwatch:PutMetricData", "*", when("StringEquals", "cloudwatch:namespace", "team1/cosmic")),
    ),
    "narrowed by a prefix": ("function", Edit("ListBucket", when("StringLike", "s3:prefix", "runs/*"))),
    "tag asked for on creation": (
        "deployer boundary",
        Grant("lambda:TagResource", f"{FUNCTION}team1-*", when("StringEquals", "aws:RequestTag/team", "team1")),
    ),
    "own role taken": ("deployer boundary", Grant("sts:AssumeRole", f"{ROLE}team1-runner-0a1b2c3d")),
    "trust by glob of own machines": (
        "machine trust",
        source(StringEquals=OWN_ACCOUNT, ArnLike=("AWS:SourceArn", f"{MACHINE}team1-*")),
    ),
    "schedule runs an own machine": (
        "machine trust",
        Edit(
            "",
            {
                "Principal": {"Service": "scheduler.amazonaws.com"},
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": A},
                    "ArnLike": {"aws:SourceArn": f"arn:aws:scheduler:us-east-1:{A}:schedule/default/team1-x"},
                },
            },
        ),
    ),
    "repository for one own function": (
        "repository",
        source(StringEquals=OWN_ACCOUNT, ArnEquals=("aws:SourceArn", f"{FUNCTION}team1-cosmic-inference-0a1b2c3d")),
    ),
    "repository denies more": (
        "repository",
        Grant("ecr:PutImage", None, {"Effect": "Deny", "Principal": "*"}),
    ),
    "bucket denies more": (
        "bucket",
        Grant("s3:*", "arn:aws:s3:::team1-data-0a1b2c3d/*", {"Effect": "Deny", "Principal": "*"}),
    ),
}

MINE, OTHER = "team1_data_0a1b2c3d", "team10_data_0a1b2c3d"
HERE = r"team1\_data\_0a1b2c3d"
LIMIT = " CONNECTION LIMIT 40"
CLOSED = "REVOKE ALL ON SCHEMA public FROM PUBLIC"

# What makes a database role. name: (dialect, edit, statement named, rule)
SQL_LEAKS = {
    "another's schema granted": (
        "postgresql",
        Sql(f'GRANT ALL ON SCHEMA "{OTHER}" TO "{MINE}"'),
        "#6",
        "foreign-name",
    ),
    "own schema granted to another": (
        "postgresql",
        Sql(f'GRANT USAGE ON SCHEMA "{MINE}" TO "{OTHER}"'),
        "#6",
        "foreign-name",
    ),
    "without quotes": ("postgresql", Sql(f"GRANT ALL ON SCHEMA {OTHER} TO {MINE}"), "#6", "unreviewed"),
    "granted to everybody": ("postgresql", Sql(f'GRANT USAGE ON SCHEMA "{MINE}" TO PUBLIC'), "#6", "public"),
    "granted to everybody, in odd case": (
        "postgresql",
        Sql(f'grant usage on schema "{MINE}" to public'),
        "#6",
        "public",
    ),
    "tables of all schemas": (
        "postgresql",
        Sql(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{MINE}"'),
        "#6",
        "every-resource",
    ),
    "superuser": ("postgresql", Sql(" SUPERUSER LOGIN ", " LOGIN "), "#1", "power"),
    "may make roles": ("postgresql", Sql(f'ALTER ROLE "{MINE}" CREATEROLE'), "#6", "power"),
    "may make databases": ("postgresql", Sql(f'CREATE ROLE "{MINE}" CREATEDB', f'CREATE ROLE "{MINE}"'), "#0", "power"),
    "past row security": ("postgresql", Sql(f'ALTER ROLE "{MINE}" BYPASSRLS'), "#6", "power"),
    "reads the server's log of changes": ("postgresql", Sql(f'ALTER ROLE "{MINE}" REPLICATION'), "#6", "power"),
    "member of another's role": ("postgresql", Sql(f'GRANT "{OTHER}" TO "{MINE}"'), "#6", "foreign-name"),
    "another a member of it": ("postgresql", Sql(f'"{OTHER}"', "CURRENT_USER"), "#3", "foreign-name"),
    "reads all data": ("postgresql", Sql(f'GRANT pg_read_all_data TO "{MINE}"'), "#6", "unreviewed"),
    "runs programs": ("postgresql", Sql(f'GRANT "pg_execute_server_program" TO "{MINE}"'), "#6", "foreign-name"),
    "passes its role on": ("postgresql", Sql(f'GRANT "{MINE}" TO CURRENT_USER WITH ADMIN OPTION'), "#6", "power"),
    "looks in another's schema": ("postgresql", Sql(f'path = "{OTHER}"', f'path = "{MINE}"'), "#2", "foreign-name"),
    "looks in another's schema too": (
        "postgresql",
        Sql(f'path = "{MINE}", "{OTHER}"', f'path = "{MINE}"'),
        "#2",
        "foreign-name",
    ),
    "looks in public": ("postgresql", Sql(f'path = "{MINE}", public', f'path = "{MINE}"'), "#2", "unreviewed"),
    "no connection limit": ("postgresql", Sql("", LIMIT), "#1", "connections"),
    "limit lifted": ("postgresql", Sql(" CONNECTION LIMIT -1", LIMIT), "#1", "unreviewed"),
    "every connection": ("postgresql", Sql(" CONNECTION LIMIT 5000", LIMIT), "#1", "connections"),
    "another's role made over": (
        "postgresql",
        Sql(f'ROLE "{OTHER}" LOGIN', f'ROLE "{MINE}" LOGIN'),
        "#1",
        "foreign-name",
    ),
    "schema of another's role": (
        "postgresql",
        Sql(f'AUTHORIZATION "{OTHER}"', f'AUTHORIZATION "{MINE}"'),
        "#4",
        "foreign-name",
    ),
    "slug without separator": ("postgresql", Sql('"team1data"', f'"{MINE}"'), "#0", "foreign-name"),
    "name in capitals": ("postgresql", Sql('"team1_DATA"', f'"{MINE}"'), "#4", "foreign-name"),
    "public left open": ("postgresql", Sql("", CLOSED), "#4", "public"),
    "public opened": ("postgresql", Sql("GRANT ALL ON SCHEMA public TO PUBLIC"), "#6", "public"),
    "rights of tables to come": (
        "postgresql",
        Sql(f'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO "{MINE}"'),
        "#6",
        "unreviewed",
    ),
    "owner of the database": ("postgresql", Sql(f'ALTER DATABASE postgres OWNER TO "{MINE}"'), "#6", "unreviewed"),
    "password that ends its text": ("postgresql", Sql("'x' SUPERUSER PASSWORD 'y'", "'any'"), "#1", "power"),
    "password with a statement behind it": (
        "postgresql",
        Sql("'x'; DROP ROLE \"a\"; --'", "'any'"),
        "#1",
        "unreviewed",
    ),
    "password that an escape lengthens": ("mysql", Sql(r"'x\'", "'any'"), "#1", "password"),
    "two statements in one": ("postgresql", Sql(f"{CLOSED}; GRANT x TO y", CLOSED), "#5", "unreviewed"),
    "comment": ("postgresql", Sql(f"{CLOSED} -- not", CLOSED), "#5", "unreviewed"),
    "every database": ("mysql", Sql("*.*", f"`{HERE}`.*"), "#3", "every-resource"),
    "every database, spaced": ("mysql", Sql("* . *", f"`{HERE}`.*"), "#3", "every-resource"),
    "every database by pattern": ("mysql", Sql("`%`.*", f"`{HERE}`.*"), "#3", "wildcard"),
    "pattern of the slug": ("mysql", Sql(r"`team1\_%`.*", f"`{HERE}`.*"), "#3", "wildcard"),
    "pattern without separator": ("mysql", Sql("`team1%`.*", f"`{HERE}`.*"), "#3", "wildcard"),
    "bare underscores": ("mysql", Sql(MINE, HERE), "#3", "wildcard"),
    "another's database": ("mysql", Sql(r"team10\_data", r"team1\_data"), "#3", "foreign-name"),
    "to another's user": ("mysql", Sql(f"GRANT ALL ON `{HERE}`.* TO '{OTHER}'@'%'"), "#4", "foreign-name"),
    "to anybody": ("mysql", Sql(f"GRANT ALL ON `{HERE}`.* TO ''@'%'"), "#4", "foreign-name"),
    "user of another role": ("mysql", Sql(f"GRANT '{OTHER}'@'%' TO '{MINE}'@'%'"), "#4", "foreign-name"),
    "passes its rights on": ("mysql", Sql(f"GRANT ALL ON `{HERE}`.* TO '{MINE}'@'%' WITH GRANT OPTION"), "#4", "power"),
    "global right": ("mysql", Sql(f"GRANT FILE ON *.* TO '{MINE}'@'%'"), "#4", "every-resource"),
    "global super": ("mysql", Sql(f"GRANT SUPER ON *.* TO '{MINE}'@'%'"), "#4", "power"),
    "the server's own tables": ("mysql", Sql(f"GRANT SELECT ON `mysql`.* TO '{MINE}'@'%'"), "#4", "foreign-name"),
    "in another's name": ("mysql", Sql(f"GRANT PROXY ON '{OTHER}'@'%' TO '{MINE}'@'%'"), "#4", "foreign-name"),
    "no limit of connections": ("mysql", Sql("", " WITH MAX_USER_CONNECTIONS 40"), "#2", "connections"),
    "limit of none, which is no limit": ("mysql", Sql("CONNECTIONS 0", "CONNECTIONS 40"), "#2", "connections"),
    "another's database made": ("mysql", Sql(f"EXISTS `{OTHER}`", f"EXISTS `{MINE}`"), "#0", "foreign-name"),
}
# What removes it.
SQL_DROPS = {
    "drops another's schema": (
        "postgresql",
        Sql(f'EXISTS "{OTHER}" CASCADE', f'EXISTS "{MINE}" CASCADE'),
        "#1",
        "foreign-name",
    ),
    "drops another's role": (
        "postgresql",
        Sql(f'ROLE IF EXISTS "{OTHER}"', f'ROLE IF EXISTS "{MINE}"'),
        "#2",
        "foreign-name",
    ),
    "ends another's sessions": ("postgresql", Sql(f"usename = '{OTHER}'", f"usename = '{MINE}'"), "#0", "foreign-name"),
    "ends sessions by pattern": (
        "postgresql",
        Sql("usename LIKE 'team1_%'", f"usename = '{MINE}'"),
        "#0",
        "unreviewed",
    ),
    "ends everybody's sessions": ("postgresql", Sql("true", f"usename = '{MINE}'"), "#0", "unreviewed"),
    "drops another's database": ("mysql", Sql(f"`{OTHER}`", f"`{MINE}`"), "#0", "foreign-name"),
    "drops another's user": ("mysql", Sql(f"'{OTHER}'", f"'{MINE}'"), "#1", "foreign-name"),
}
SQL_CONTROLS = {
    "another own schema": ("postgresql", Sql("team1_more_0a1b2c3d", MINE)),
    "fewer connections": ("postgresql", Sql("LIMIT 3", "LIMIT 40")),
    "another password": ("postgresql", Sql("'Aa0-_'", "'any'")),
    "only once": ("mysql", Sql("", f"CREATE DATABASE IF NOT EXISTS `{MINE}`")),
    "fewer users": ("mysql", Sql("CONNECTIONS 3", "CONNECTIONS 40")),
}
