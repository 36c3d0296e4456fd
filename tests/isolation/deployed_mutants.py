"""What an account may hold beside the teams' own documents, as data: leaks into team1 or out of it, and controls.

LEAKS_BY_RULE has what is there under the rule that must name it; CONTROLS what is there and harms nobody; BY_DESIGN who
is listed with a reason. The teams looked for are team1 and team10.
"""

from shared.iam.statements import read_identity_policy, read_resource_policy
from shared.isolation.proof.account.account import Principal, ServicePolicy
from shared.isolation.proof.account.code_links import FunctionLinks
from shared.isolation.proof.account.links import Logging, Rule
from shared.isolation.proof.account.trigger_links import TriggerLinks

A = "123456789012"
IAM = f"arn:aws:iam::{A}:"
FUNCTION = f"arn:aws:lambda:us-east-1:{A}:function:"
MACHINE = f"arn:aws:states:us-east-1:{A}:stateMachine:"
EXECUTION = f"arn:aws:states:us-east-1:{A}:execution:"
LOGS = f"arn:aws:logs:us-east-1:{A}:log-group:"
LAYER = f"arn:aws:lambda:us-east-1:{A}:layer:"
IMAGE = "dkr.ecr.us-east-1.amazonaws.com"
SCHEDULE = f"arn:aws:scheduler:us-east-1:{A}:schedule/"
EVENTS = f"arn:aws:events:us-east-1:{A}:"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
SSO = "/aws-reserved/sso.amazonaws.com/eu-west-1/"
OURS = "arn:aws:s3:::team1-data-0a1b2c3d"


def body(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action, resource, **more):
    grant = {"Sid": "New", "Effect": "Allow", "Action": action, "Resource": resource, **more}
    return {key: value for key, value in grant.items() if value is not None}


def who(kind, name, *statements, policy="quick", path="/", trust=None, boundary=None):
    """A principal with one policy of *statements*."""
    return Principal(
        kind,
        f"{IAM}{kind}{path}{name}",
        path,
        (read_identity_policy(policy, body(*statements)),) if statements else (),
        read_resource_policy("trust", body(trust)) if trust else None,
        read_identity_policy("boundary", body(boundary)) if boundary else None,
    )


def user(*statements, **more):
    return who("user", "ann", *statements, **more)


def trusting(principal, name="ci", **more):
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}
    return who("role", name, trust={key: value for key, value in trust.items() if value is not None})


def logs_policy(*statements, attached=""):
    return ServicePolicy(read_resource_policy("log resource policy x", body(*statements)), "logs", attached)


def bus_policy(bus, *statements):
    return ServicePolicy(
        read_resource_policy(f"policy of {bus}", body(*statements)), "events", f"{EVENTS}event-bus/{bus}"
    )


def rule(name, pattern=None, *targets, bus="default", managed=""):
    where = name if bus == "default" else f"{bus}/{name}"
    aims = tuple(each if isinstance(each, tuple) else (each, "") for each in targets)
    return Rule(f"{EVENTS}rule/{where}", bus, pattern, aims, managed)


def told(**detail):
    return {"source": ["aws.states"], "detail": detail}


def starting(kind, arn, *aims):
    return TriggerLinks(kind, arn, aims)


def delivery(**more):
    grant = allow(
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        f"{LOGS}/aws/vendedlogs/states/*",
        Principal={"Service": "delivery.logs.amazonaws.com"},
        Condition={"StringEquals": {"aws:SourceAccount": A}},
    )
    return {**grant, **more}


EVERYTHING = allow("*", "*")
DATA = allow("s3:*", f"{OURS}/*")

LEAKS_BY_RULE = {
    "foreign-layer": {
        "another team's layer": FunctionLinks(f"{FUNCTION}team1-x", (f"{LAYER}team10-code:1",)),
        "a layer of nobody's": FunctionLinks(f"{FUNCTION}team1-x", (f"{LAYER}shared:3",)),
        "own and another team's layer": FunctionLinks(
            f"{FUNCTION}team1-x", (f"{LAYER}team1-code:1", f"{LAYER}team10-code:1")
        ),
    },
    "foreign-image": {
        "another team's image": FunctionLinks(f"{FUNCTION}team1-x", (), f"{A}.{IMAGE}/team10/x@sha256:" + "0" * 64),
        "an image of nobody's": FunctionLinks(f"{FUNCTION}team1-x", (), f"{A}.{IMAGE}/shared:1"),
        "an image of no registry": FunctionLinks(f"{FUNCTION}team1-x", (), "public.ecr.aws/lambda/python:3.12"),
    },
    "foreign-schedule": {
        "a schedule of nobody's that starts a team's machine": starting(
            "schedule", f"{SCHEDULE}ops/nightly", f"{MACHINE}team1-cosmic-0a1b2c3d"
        ),
        "a schedule of nobody's as a team's role": starting(
            "schedule", f"{SCHEDULE}default/nightly", f"{IAM}role/team1-cosmic-scheduler-role-0a1b2c3d"
        ),
        "a team's schedule that starts another's machine": starting(
            "schedule", f"{SCHEDULE}team1-cosmic-0a1b2c3d/nightly", f"{MACHINE}team10-cosmic-0a1b2c3d"
        ),
        "a team's schedule with another's dead letters": starting(
            "schedule", f"{SCHEDULE}team1-cosmic-0a1b2c3d/nightly", f"arn:aws:sqs:us-east-1:{A}:team10-work"
        ),
    },
    "foreign-mapping": {
        "a function of nobody's that takes a team's uploads": starting(
            "event source mapping", f"{FUNCTION}ops", f"arn:aws:sqs:us-east-1:{A}:team1-cosmic-starts-0a1b2c3d"
        ),
        "a team's function that takes another's": starting(
            "event source mapping", f"{FUNCTION}team1-x", f"arn:aws:sqs:us-east-1:{A}:team10-cosmic-starts-0a1b2c3d"
        ),
        "a team's function that takes another's stream": starting(
            "event source mapping", f"{FUNCTION}team1-x", f"arn:aws:dynamodb:us-east-1:{A}:table/team10-x/stream/y"
        ),
    },
    "foreign-notification": {
        "a bucket that tells another's queue": starting(
            "bucket notification", OURS, f"arn:aws:sqs:us-east-1:{A}:team10-cosmic-starts-0a1b2c3d"
        ),
        "a bucket that tells the default bus": starting("bucket notification", OURS, f"{EVENTS}event-bus/default"),
        "a bucket that tells another account": starting(
            "bucket notification", OURS, "arn:aws:sns:us-east-1:210987654321:team1-done"
        ),
    },
    "foreign-destination": {
        "outcomes to another team's queue": FunctionLinks(
            f"{FUNCTION}team1-x", destinations=(f"arn:aws:sqs:us-east-1:{A}:team10-failed",)
        ),
        "outcomes to another account": FunctionLinks(
            f"{FUNCTION}team1-x", destinations=("arn:aws:sns:us-east-1:210987654321:team1-done",)
        ),
        "outcomes to the default bus": FunctionLinks(
            f"{FUNCTION}team1-x", destinations=(f"{EVENTS}event-bus/default",)
        ),
    },
    "outsider": {
        "user of a team's bucket": user(DATA),
        "user of everything": user(EVERYTHING),
        "user of all buckets": user(allow("s3:GetObject", "arn:aws:s3:::*/*")),
        "user by a managed policy": user(DATA, policy=f"{IAM}policy/Science"),
        "user by AWS's policy": user(allow("s3:*", "*"), policy="arn:aws:iam::aws:policy/AmazonS3FullAccess"),
        "an administrator's policy of one's own": user(EVERYTHING, policy=f"{IAM}policy/AdministratorAccess"),
        "an inline policy of that name": user(EVERYTHING, policy="policy/AdministratorAccess"),
        "group": who("group", "all", DATA),
        "role": who("role", "ec2", DATA),
        "role named nearly so": who("role", "team11-x", DATA),
        "user of another team": who("user", "team10-bob", DATA),
        "all but what is listed": user(allow(None, "*", NotAction="iam:*")),
        "everywhere but there": user(allow("s3:*", None, NotResource="arn:aws:s3:::cosmicai-*")),
        "everywhere but part of a team's": user(allow("s3:*", None, NotResource=f"{OURS}*")),
        "policy variable": user(allow("s3:GetObject", "arn:aws:s3:::${aws:username}-data/*")),
        "under a condition": user({**DATA, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}),
        "a Deny beside it": user(DATA, {"Sid": "No", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}),
        "under a wide boundary": user(DATA, boundary=allow("s3:*", "*")),
        "function's code": user(allow("lambda:UpdateFunctionCode", f"{FUNCTION}*")),
        "role handed on": user(allow("iam:PassRole", f"{IAM}role/*")),
        "role's policy": user(allow("iam:PutRolePolicy", f"{IAM}role/team1-*")),
        "secrets": user(allow("secretsmanager:GetSecretValue", "*")),
        "logs": user(allow("logs:FilterLogEvents", f"{LOGS}/aws/lambda/*")),
        "environments of all functions": user(allow("lambda:ListFunctions", "*")),
        "answers of waiting tasks": user(allow("states:SendTask*", "*")),
        "who may write logs": user(allow("logs:PutResourcePolicy", "*")),
        "a platform of its own": who("role", "platform", allow("iam:CreateRole", f"{IAM}role/*-*")),
    },
    "malformed": {
        "what cannot be read": user({"Sid": "New", "Effect": "allow", "Action": "s3:*", "Resource": "*"}),
    },
    "trusts-team": {
        "role for a team's role": trusting({"AWS": f"{IAM}role/team1-x-role-0a1b2c3d"}),
        "role for a team's session": trusting({"AWS": f"arn:aws:sts::{A}:assumed-role/team1-x/s"}),
        "role for a team's user": trusting({"AWS": [f"{IAM}user/ops", f"{IAM}user/team1-ann"]}),
        "role for anybody": trusting("*"),
        "role for all but one": trusting(None, Principal=None, NotPrincipal={"AWS": f"{IAM}role/x"}),
        "role for the account's teams": trusting(
            {"AWS": f"{IAM}root"}, Condition={"ArnLike": {"aws:PrincipalArn": f"{IAM}role/*-role-*"}}
        ),
        "an administrator's role for a team": Principal(
            "role",
            f"{IAM}role/admin",
            policies=(read_identity_policy(ADMINISTRATOR, body(EVERYTHING)),),
            trust=read_resource_policy(
                "trust",
                body({"Effect": "Allow", "Principal": {"AWS": f"{IAM}role/team1-x"}, "Action": "sts:AssumeRole"}),
            ),
        ),
    },
    "logs-policy": {
        "logs for anybody": logs_policy(allow("logs:*", "*", Principal="*")),
        "logs for another service": logs_policy(
            allow("logs:PutLogEvents", "arn:aws:logs:*", Principal={"Service": "es.amazonaws.com"})
        ),
        "logs delivered from anywhere": logs_policy(delivery(Condition={})),
        "logs delivered from another account": logs_policy(
            delivery(Condition={"StringEquals": {"aws:SourceAccount": "210987654321"}})
        ),
        "log delivery that reads": logs_policy(delivery(Action=["logs:PutLogEvents", "logs:GetLogEvents"])),
        "log delivery and somebody": logs_policy(
            delivery(Principal={"Service": ["delivery.logs.amazonaws.com", "es.amazonaws.com"]})
        ),
        "a group's own policy": logs_policy(
            allow("logs:GetLogEvents", None, Principal={"AWS": f"{IAM}role/team10-x"}),
            attached=f"{LOGS}/aws/lambda/team1-x",
        ),
    },
    "events-policy": {
        "a team's bus for another": bus_policy(
            "team1-events", allow("events:PutEvents", None, Principal={"AWS": f"{IAM}role/team10-x"})
        ),
    },
    "default-bus": {
        "every execution on the default bus": rule("team1-ended", {"source": ["aws.states"]}),
        "everything on the default bus": rule("team1-all", {"account": [A]}),
        "executions by prefix without separator": rule(
            "team1-ended", told(stateMachineArn=[{"prefix": f"{MACHINE}team1"}])
        ),
        "executions by suffix": rule("team1-ended", told(stateMachineArn=[{"suffix": "-cosmic"}])),
        "executions but another's": rule("team1-ended", told(stateMachineArn=[{"anything-but": f"{MACHINE}team10-x"}])),
        "own executions and another's": rule(
            "team1-ended", told(stateMachineArn=[f"{MACHINE}team1-x", f"{MACHINE}team10-x"])
        ),
        "executions by name": rule("team1-ended", told(name=[{"prefix": "team1-"}])),
        "no execution named": rule("team1-ended", told(stateMachineArn=[])),
        "one of two patterns": rule(
            "team1-ended", {"$or": [told(stateMachineArn=[f"{MACHINE}team1-x"]), {"source": ["aws.s3"]}]}
        ),
        "objects of every bucket": rule(
            "team1-new", {"source": ["aws.s3"], "detail": {"bucket": {"name": [{"wildcard": "*-data-*"}]}}}
        ),
    },
    "foreign-rule": {
        "a rule of its name on a shared bus": rule("team1-x", {"source": ["lab"]}, f"{FUNCTION}team1-x", bus="lab"),
        "a stranger's rule on a function": rule("nightly", None, f"{FUNCTION}team1-x"),
        "a stranger's rule on an alias": rule("nightly", None, f"{FUNCTION}team1-x:live"),
        "a stranger's rule as a team's role": rule("nightly", None, (f"{MACHINE}x", f"{IAM}role/team1-x")),
        "a stranger's rule on a bus of its own": rule("nightly", {"source": ["lab"]}, f"{MACHINE}team1-x", bus="lab"),
    },
    "foreign-target": {
        "own events to another's function": rule(
            "team1-x", told(stateMachineArn=[f"{MACHINE}team1-x"]), f"{FUNCTION}team10-x"
        ),
        "own events as another's role": rule(
            "team1-x", told(stateMachineArn=[f"{MACHINE}team1-x"]), (f"{MACHINE}team1-y", f"{IAM}role/ops")
        ),
        "a schedule of another's function": rule("team1-x", None, f"{FUNCTION}team10-x"),
    },
    "overhears": {
        "a stranger listens": rule("audit", {"source": ["aws.states"]}),
        "a stranger listens to all": rule("audit", {"account": [A]}),
        "a stranger listens by prefix": rule("audit", {"source": [{"prefix": "aws."}]}),
        "a stranger listens to a team": rule("audit", told(stateMachineArn=[f"{MACHINE}team1-x"])),
    },
    "foreign-log": {
        "a team's machine logs elsewhere": Logging(f"{MACHINE}team1-x", (f"{LOGS}/aws/vendedlogs/states/team10-x:*",)),
        "a team's machine logs there too": Logging(
            f"{MACHINE}team1-x",
            (f"{LOGS}/aws/vendedlogs/states/team1-x:*", f"{LOGS}/aws/vendedlogs/states/shared:*"),
        ),
        "a team's machine logs in another region": Logging(
            f"{MACHINE}team1-x", (f"{LOGS}/aws/vendedlogs/states/team1-x:*".replace("us-east-1", "eu-west-1"),)
        ),
        "a stranger's machine logs into a team's": Logging(
            f"{MACHINE}mine", (f"{LOGS}/aws/vendedlogs/states/team1-x:*",)
        ),
    },
}
LEAKS = {name: (thing, rule) for rule, things in LEAKS_BY_RULE.items() for name, thing in things.items()}

CONTROLS = {
    "user of something else": user(allow("s3:*", "arn:aws:s3:::cosmicai-data/*")),
    "user of a slug without separator": user(allow("s3:*", "arn:aws:s3:::team1data/*")),
    "user of a third team": user(allow("s3:*", "arn:aws:s3:::team2-data/*")),
    "user of machines": user(allow("ec2:*", "*")),
    "user of what is reviewed": user(allow(["logs:DescribeLogGroups", "ecr:GetAuthorizationToken"], "*")),
    "user who asks who he is": user(allow("sts:GetCallerIdentity", "*")),
    "the team's own user": who("user", "team1-ann", DATA),
    "everywhere but the teams": user(
        allow("s3:*", None, NotResource=["arn:aws:s3:::team1-*", "arn:aws:s3:::team10-*"])
    ),
    "all but the team's service": user(allow(None, f"{OURS}/*", NotAction=["s3:*", "s3express:*"])),
    "only a Deny": user({"Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "*"}),
    "under a narrow boundary": user(DATA, boundary=allow("ec2:*", "*")),
    "under a boundary of other names": user(EVERYTHING, boundary=allow("s3:*", "arn:aws:s3:::cosmicai-*")),
    "role for a service": trusting({"Service": "ec2.amazonaws.com"}),
    "role for the account": trusting({"AWS": f"{IAM}root"}),
    "role for another role": trusting({"AWS": f"{IAM}role/team1x"}),
    "role for operators": trusting(
        {"AWS": f"{IAM}root"}, Condition={"ArnLike": {"aws:PrincipalArn": f"{IAM}role/ops-*"}}
    ),
    "role that trusts nobody of a team": who(
        "role",
        "ci",
        trust={"Effect": "Deny", "Principal": {"AWS": f"{IAM}role/team1-x"}, "Action": "sts:AssumeRole"},
    ),
    "log delivery": logs_policy(delivery()),
    "logs of another service": logs_policy(
        allow("logs:PutLogEvents", f"{LOGS}/aws/route53/*", Principal={"Service": "route53.amazonaws.com"})
    ),
    "logs denied": logs_policy({**allow("logs:*", "*", Principal="*"), "Effect": "Deny"}),
    "a team's bus for itself": bus_policy(
        "team1-events", allow("events:PutEvents", None, Principal={"AWS": f"{IAM}role/team1-x"})
    ),
    "another bus for anybody": bus_policy("lab", allow("events:PutEvents", None, Principal="*")),
    "a rule on its own bus": rule("ended", {"source": ["lab"]}, f"{FUNCTION}team1-x", bus="team1-events"),
    "own machines by name": rule("team1-ended", told(stateMachineArn=[f"{MACHINE}team1-x"]), f"{FUNCTION}team1-x"),
    "own machines by prefix": rule("team1-ended", told(stateMachineArn=[{"prefix": f"{MACHINE}team1-"}])),
    "own executions by wildcard": rule("team1-ended", told(executionArn=[{"wildcard": f"{EXECUTION}team1-x:*"}])),
    "own bucket's objects": rule("team1-new", {"detail": {"bucket": {"name": ["team1-data-0a1b2c3d"]}}}),
    "a schedule": rule("team1-check", None, f"{FUNCTION}team1-check", (f"{MACHINE}team1-x", f"{IAM}role/team1-x")),
    "AWS's own rule": rule("StepFunctionsGetEvents", {"source": ["aws.states"]}, managed="states.amazonaws.com"),
    "a stranger listens to something else": rule("audit", {"source": ["aws.guardduty"]}, f"{FUNCTION}audit"),
    "a stranger listens to its own machine": rule("audit", told(stateMachineArn=[f"{MACHINE}audit"])),
    "a stranger listens on another bus": rule("audit", {"account": [A]}, bus="lab"),
    "a team's machine logs at home": Logging(f"{MACHINE}team1-x", (f"{LOGS}/aws/vendedlogs/states/team1-x:*",)),
    "a schedule of its own": starting(
        "schedule",
        f"{SCHEDULE}team1-cosmic-0a1b2c3d/nightly",
        *(f"{MACHINE}team1-cosmic-0a1b2c3d", f"{IAM}role/team1-cosmic-scheduler-role-0a1b2c3d"),
    ),
    "a schedule of nobody's": starting("schedule", f"{SCHEDULE}default/x", f"{FUNCTION}ops", f"{IAM}role/ops"),
    "a function that takes its own team's uploads": starting(
        "event source mapping", f"{FUNCTION}team1-x", f"arn:aws:sqs:us-east-1:{A}:team1-cosmic-starts-0a1b2c3d"
    ),
    "a bucket that tells its own team's queue": starting(
        "bucket notification", OURS, f"arn:aws:sqs:us-east-1:{A}:team1-cosmic-starts-0a1b2c3d"
    ),
    "a function of its own": FunctionLinks(
        f"{FUNCTION}team1-x",
        (f"{LAYER}team1-code:1",),
        f"{A}.{IMAGE}/team1/x@sha256:" + "0" * 64,
        (f"arn:aws:sqs:us-east-1:{A}:team1-failed", f"{FUNCTION}team1-y"),
    ),
    "a function of another account's code": FunctionLinks(
        f"{FUNCTION}team1-x",
        ("arn:aws:lambda:us-east-1:210987654321:layer:team10-code:1",),
        f"210987654321.{IMAGE}/models:1",
    ),
    "a stranger's function of a team's layer": FunctionLinks(f"{FUNCTION}mine", (f"{LAYER}team1-code:1",)),
    "a machine that does not log": Logging(f"{MACHINE}team1-x", ()),
    "a stranger's machine logs at home": Logging(f"{MACHINE}mine", (f"{LOGS}/aws/vendedlogs/states/mine:*",)),
}

BY_DESIGN = {
    "administrator": (user(EVERYTHING, policy=ADMINISTRATOR), "user/ann"),
    "administrators' group": (who("group", "admins", EVERYTHING, policy=ADMINISTRATOR), "group/admins"),
    "login of the organisation": (
        who("role", "AWSReservedSSO_Ops_1", EVERYTHING, path=SSO),
        "role/AWSReservedSSO_Ops_1",
    ),
    "service-linked role": (
        who("role", "AWSServiceRoleForX", EVERYTHING, path="/aws-service-role/x.amazonaws.com/"),
        "role/AWSServiceRoleForX",
    ),
    "operator": (who("role", "audit", DATA), "role/audit"),
    "operator that a team may take": (trusting({"AWS": f"{IAM}role/team1-x"}, name="audit"), ""),
    "operator's rule": (rule("watch", {"source": ["aws.states"]}), "rule/watch"),
}
OPERATORS = {"role/audit": "reads what a night cost", "rule/watch": "counts failures"}
