"""Policies that our own never use, put together from a seed: all that a reader of IAM's documentation may write.

``NotAction``, ``NotResource``, ``NotPrincipal``, variables, explicit denies, every family of condition operators with
``IfExists`` and the set operators, and resource policies that name callers in each way.
"""

from tests.isolation.oracle import Case

ACCOUNT, OTHER = "123456789012", "210987654321"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ada"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/ada/session"
USER = f"arn:aws:iam::{ACCOUNT}:user/ada"

REQUESTS = (
    ("s3:GetObject", "arn:aws:s3:::lake/home/ada/x"),
    ("s3:PutObject", "arn:aws:s3:::lake/home/bob/x"),
    ("s3:ListBucket", "arn:aws:s3:::lake"),
    ("s3:DeleteObject", "arn:aws:s3:::pond/x"),
    ("dynamodb:GetItem", f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/ada-t"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"),
    ("ec2:DescribeInstances", "*"),
    ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/made"),
)
ACTIONS = (
    {"Action": "*"},
    {"Action": "s3:*"},
    {"Action": ["s3:Get*", "dynamodb:GetItem"]},
    {"Action": "S3:getobject"},
    {"Action": "s3:??tObject"},
    {"Action": ["lambda:Invoke*", "ec2:Describe*"]},
    {"NotAction": "iam:*"},
    {"NotAction": ["s3:Delete*", "s3:Put*"]},
)
RESOURCES = (
    {"Resource": "*"},
    {"Resource": "arn:aws:s3:::lake/*"},
    {"Resource": ["arn:aws:s3:::lake", "arn:aws:s3:::*/x"]},
    {"Resource": "arn:aws:s3:::lake/home/${aws:PrincipalTag/team}/*"},
    {"Resource": "arn:aws:s3:::lake/home/${aws:username}/*"},
    {"Resource": "arn:aws:s3:::lake/home/${aws:username, 'ada'}/*"},
    {"Resource": "arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/team}-*"},
    {"Resource": "arn:aws:*:us-east-1:123456789012:*"},
    {"NotResource": "arn:aws:s3:::pond/*"},
    {"NotResource": ["arn:aws:s3:::lake/home/bob/*", f"arn:aws:iam::{ACCOUNT}:role/*"]},
)
CONTEXT = {
    "aws:SourceIp": ("203.0.113.9", "198.51.100.7", "2001:db8::5"),
    "aws:SecureTransport": ("true", "false"),
    "aws:CurrentTime": ("2026-11-29T12:00:00Z", "2019-01-01T00:00:00Z"),
    "aws:EpochTime": ("1795953600", "1546300800"),
    "aws:PrincipalTag/team": ("ada", "bob", "*"),
    "aws:RequestedRegion": ("us-east-1", "eu-west-1"),
    "aws:UserAgent": ("boto3/1.40", "curl"),
    "aws:SourceArn": ("arn:aws:states:us-east-1:123456789012:stateMachine:ada-m", "arn:aws:sns:us-east-1:1:t"),
}
OF_ACTION = {
    "s3:ListBucket": {
        "s3:prefix": ("home/ada/", "home/bob/", ""),
        "s3:max-keys": ("10", "1000"),
        "s3:delimiter": ("/",),
    },
    "dynamodb:GetItem": {"dynamodb:LeadingKeys": (["ada"], ["ada", "bob"]), "dynamodb:Select": ("COUNT",)},
    "iam:CreateRole": {
        "aws:TagKeys": (["team"], ["team", "cost"], ["other"]),
        "aws:RequestTag/team": ("ada", "bob"),
        "iam:PermissionsBoundary": (f"arn:aws:iam::{ACCOUNT}:policy/ada",),
    },
}
CONDITIONS = (
    {"StringEquals": {"aws:PrincipalTag/team": "ada"}},
    {"StringEquals": {"aws:RequestedRegion": ["us-east-1", "us-east-2"]}},
    {"StringEqualsIgnoreCase": {"aws:principaltag/Team": "ADA"}},
    {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}},
    {"StringNotEqualsIfExists": {"aws:UserAgent": "curl"}},
    {"StringLike": {"aws:UserAgent": "boto3/*"}},
    {"StringNotLike": {"aws:UserAgent": ["boto?/*", "aws-*"]}},
    {"StringLikeIfExists": {"s3:prefix": ["home/${aws:PrincipalTag/team}/*", ""]}},
    {"StringEquals": {"s3:delimiter": "/"}, "NumericLessThanEquals": {"s3:max-keys": "10"}},
    {"NumericGreaterThan": {"s3:max-keys": "10"}},
    {"NumericEqualsIfExists": {"s3:max-keys": 10}},
    {"NumericNotEquals": {"s3:max-keys": "1000"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
    {"DateLessThanEquals": {"aws:CurrentTime": "2026-11-29T12:00:00Z"}},
    {"DateLessThan": {"aws:EpochTime": "2026-11-29T12:00:01Z"}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"Bool": {"aws:SecureTransport": False}},
    {"BoolIfExists": {"aws:SecureTransport": "true"}},
    {"Null": {"aws:SourceIp": "true"}},
    {"Null": {"aws:PrincipalTag/team": False}},
    {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/64"]}},
    {"NotIpAddress": {"aws:SourceIp": "203.0.113.9/32"}},
    {"IpAddressIfExists": {"aws:SourceIp": "198.51.100.0/25"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:states:*:123456789012:stateMachine:ada-*"}},
    {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:?:t"}},
    {"ArnNotLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}},
    {"ArnNotEqualsIfExists": {"aws:SourceArn": "arn:aws:states:us-east-1:123456789012:stateMachine:ada-m"}},
    {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "ada"}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "owner"]}},
    {"ForAnyValue:StringEquals": {"aws:TagKeys": ["cost"]}},
    {"ForAnyValue:StringNotEquals": {"aws:TagKeys": "team"}},
    {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/team}"]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    },
    {"StringEquals": {"aws:RequestTag/team": "${aws:PrincipalTag/team}"}},
    {"ArnEquals": {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/ada"}},
    {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:*/ada"}},
)
PRINCIPALS = (
    {"Principal": "*"},
    {"Principal": {"AWS": "*"}},
    {"Principal": {"AWS": ACCOUNT}},
    {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
    {"Principal": {"AWS": ROLE}},
    {"Principal": {"AWS": [SESSION, USER]}},
    {"Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}},
    {"Principal": {"Service": "states.amazonaws.com"}},
)


def statement(random, *, principal=False):
    """One statement."""
    made = {
        "Effect": random.choices(("Allow", "Deny"), (4, 1))[0],
        **random.choice(ACTIONS),
        **random.choice(RESOURCES),
    }
    if principal:
        made |= random.choice(PRINCIPALS)
    if random.random() < 0.6:
        made["Condition"] = random.choice(CONDITIONS)
    return made


def document(random, *, principal=False):
    """A policy of up to three statements; of the older version, which knows no variables, now and then."""
    version = "2008-10-17" if random.random() < 0.08 else "2012-10-17"
    return {
        "Version": version,
        "Statement": [statement(random, principal=principal) for _ in range(random.randint(1, 3))],
    }


def case(random):
    """A request of a role's session or a user, by policies put together by chance."""
    action, resource = random.choice(REQUESTS)
    values = {**CONTEXT, **OF_ACTION.get(action, {})}
    context = {key: random.choice(options) for key, options in values.items() if random.random() < 0.65}
    is_role = random.random() < 0.7
    on_resource = action.startswith(("s3:", "dynamodb:", "lambda:")) and random.random() < 0.35
    return Case(
        SESSION if is_role else USER,
        action,
        resource,
        context,
        identity=tuple(document(random) for _ in range(random.randint(0 if on_resource else 1, 2))),
        boundary=document(random) if random.random() < 0.4 else None,
        policy=document(random, principal=True) if on_resource else None,
        role=ROLE if is_role else "",
        owner=ACCOUNT,
    )
