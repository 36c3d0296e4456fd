"""Writes down what a deploy asks of AWS, call by call, and compares it with what a policy grants.

The calls are recorded as boto3 makes them, so a new call in the code fails here until a policy grants it.
"""

import contextlib
import dataclasses

import pytest
from botocore.exceptions import ClientError

from shared.iam.catalogue import load_catalogue
from shared.iam.globs import contains

# The IAM actions of a call that has not one of its own name. Source: AWS's service authorization reference.
ACTIONS = {
    "budgets:CreateBudget": ["budgets:ModifyBudget"],
    "budgets:DeleteBudget": ["budgets:ModifyBudget"],
    "budgets:DescribeBudget": ["budgets:ViewBudget"],
    "budgets:DescribeBudgets": ["budgets:ViewBudget"],
    "budgets:DescribeNotificationsForBudget": ["budgets:ViewBudget"],
    "budgets:DescribeSubscribersForNotification": ["budgets:ViewBudget"],
    "lambda:Invoke": ["lambda:InvokeFunction"],
    "s3:DeleteObjects": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
    "s3:GetBucketEncryption": ["s3:GetEncryptionConfiguration"],
    "s3:GetBucketNotificationConfiguration": ["s3:GetBucketNotification"],
    "s3:PutBucketNotificationConfiguration": ["s3:PutBucketNotification"],
    "s3:GetBucketLifecycleConfiguration": ["s3:GetLifecycleConfiguration"],
    "s3:GetPublicAccessBlock": ["s3:GetBucketPublicAccessBlock"],
    "s3:HeadBucket": ["s3:ListBucket"],
    "s3:HeadObject": ["s3:GetObject"],
    "s3:ListBuckets": ["s3:ListAllMyBuckets"],
    "s3:ListObjectVersions": ["s3:ListBucketVersions"],
    "s3:ListObjectsV2": ["s3:ListBucket"],
    "s3:PutBucketEncryption": ["s3:PutEncryptionConfiguration"],
    "s3:PutBucketLifecycleConfiguration": ["s3:PutLifecycleConfiguration"],
    "s3:PutPublicAccessBlock": ["s3:PutBucketPublicAccessBlock"],
}
# By service: which parameter names the resource, and what stands before a name in its ARN; the first one given counts.
# A service that is not here, or a call that names none, is asked for on everything.
RESOURCES = {
    "budgets": {"BudgetName": "budget/", "AccountId": "budget/*"},
    "cloudwatch": {"AlarmName": "alarm:", "AlarmNames": "alarm:", "ResourceARN": ""},
    "dynamodb": {"TableName": "table/", "ResourceArn": "", "RequestItems": "table/"},
    "ec2": {"GroupId": "security-group/", "VpcId": "vpc/", "Resources": "security-group/"},
    "ecr": {"repositoryName": "repository/", "repositoryNames": "repository/", "resourceArn": ""},
    "ecs": {
        "resourceArn": "",
        "services": "service/{cluster}/",
        "serviceName": "service/{cluster}/",
        "service": "service/{cluster}/",
        "tasks": "task/{cluster}/*",
        "clusterName": "cluster/",
        "clusters": "cluster/",
        "cluster": "cluster/",
        "family": "task-definition/",
    },
    "events": {"Name": "rule/", "Rule": "rule/", "ResourceARN": ""},
    "iam": {"RoleName": "role/", "PolicyArn": "", "PolicyName": "policy/"},
    "lambda": {"FunctionName": "function:", "Resource": ""},
    "logs": {"logGroupName": "log-group:", "resourceArn": ""},
    "route53": {"HostedZoneId": "hostedzone/", "Id": ""},
    "s3": {"Bucket": ""},
    "scheduler": {"GroupName": "schedule/", "Name": "schedule-group/", "ResourceArn": ""},
    "secretsmanager": {"SecretId": "secret:", "Name": "secret:"},
    "sns": {"TopicArn": "", "ResourceArn": ""},
    "sqs": {"QueueUrl": "", "QueueName": ""},
    "ssm": {"Name": "parameter", "Names": "parameter", "ResourceId": "parameter"},
    "states": {"stateMachineArn": "", "resourceArn": "", "executionArn": "", "name": "stateMachine:"},
}
OF_OBJECTS = ("Object", "Objects")
MAKING = ("Create", "Put", "Register")
TAGGING = {
    "iam:CreateRole": "iam:TagRole",
    "iam:CreatePolicy": "iam:TagPolicy",
    "ec2:CreateTags": "ec2:CreateTags",
    "sqs:CreateQueue": "sqs:TagQueue",
    "ssm:PutParameter": "ssm:AddTagsToResource",
}
PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}  # where a service signs by another name than its actions'
RECORD_NAMES = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
RECORD_TYPES = "route53:ChangeResourceRecordSetsRecordTypes"


@dataclasses.dataclass(frozen=True)
class Asked:
    """One action that a call needs, on what, and what AWS would know of it: (condition key, its values)."""

    action: str
    resource: str
    context: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


class Recorder:
    """Writes down what every boto3 call asks for, through clients that *aws* has still to make."""

    def __init__(self, aws, lane):
        self.asked = set()
        self._lane = lane
        aws.session.events.register("provide-client-params.*.*", self._record)

    def take(self):
        taken, self.asked = self.asked, set()
        return taken

    @contextlib.contextmanager
    def quiet(self):
        """Leave out what somebody else does."""
        before = set(self.asked)
        yield
        self.asked = before

    def _record(self, params, model, **_):
        name = model.service_model.signing_name
        self.asked |= set(needs(PREFIXES.get(name, name), model.name, params, self._lane))


def needs(service, operation, params, lane):
    """Yield what AWS checks before it does *operation*."""
    call = f"{service}:{operation}"
    resource = named(service, operation, params, lane.place)
    for action in ACTIONS.get(call, [call]):
        yield Asked(action, resource if takes_resource(action) else "*", context(action, params, lane))
    code = {**params, **params.get("Code", {})}
    if service == "lambda" and "S3Bucket" in code:  # Lambda fetches it as whoever calls
        at = lane.place.arn("s3", f"{code['S3Bucket']}/{code['S3Key']}")
        yield from (Asked(action, at) for action in ("s3:GetObject", "s3:GetObjectVersion"))
    if call == "ec2:CreateSecurityGroup":
        group = lane.place.arn("ec2", "security-group/*")
        yield Asked(call, group, context(call, params, lane))
        yield Asked("ec2:CreateTags", group, (("ec2:CreateAction", (operation,)), *whose("aws:RequestTag", lane)))
    if operation.startswith(MAKING) and any(params.get(key) for key in ("Tags", "tags", "ResourceTags")):
        action = TAGGING.get(call, f"{service}:TagResource")
        yield Asked(action, resource, context(action, params, lane))
    if params.get("CreateBucketConfiguration", {}).get("Tags"):
        yield Asked("s3:TagResource", resource)
    if "RoleArn" in params.get("Target", {}):
        yield Asked(
            "iam:PassRole", params["Target"]["RoleArn"], (("iam:PassedToService", (f"{service}.amazonaws.com",)),)
        )
    for key, to in {"Role": service, "roleArn": service, "executionRoleArn": "ecs-tasks"}.items():
        if key in params:
            yield Asked("iam:PassRole", params[key], (("iam:PassedToService", (f"{to}.amazonaws.com",)),))


def takes_resource(action):
    """Whether AWS lets *action* be granted on less than everything; one that it does not know fails elsewhere."""
    return any(each.arns for each in load_catalogue().expand(action))


def named(service, operation, params, place):
    """Return the ARN of what a call names, or a star."""
    params = {**params.get("Budget", {}), **params}
    if service == "lambda" and "UUID" in params:
        return place.arn("lambda", f"event-source-mapping:{params['UUID']}")
    for key, head in RESOURCES.get(service, {}).items():
        if params.get(key):
            value = next(iter(params[key])) if isinstance(params[key], dict | list | tuple) else params[key]
            if value.startswith("arn:"):
                return value
            value = value.rpartition("/")[2] if key == "QueueUrl" else value
            if service == "route53":
                return f"arn:{place.partition}:route53:::{head}{value.strip('/')}"
            inside = f"/{params.get('Key', '*')}" if service == "s3" and operation.endswith(OF_OBJECTS) else ""
            revision = ":1" if key == "family" else ""
            revision = f"/{params.get('Name', '*')}" if key == "GroupName" else revision
            revision = "-AbCdEf" if service == "secretsmanager" else revision  # it ends an ARN with six letters
            before = head.format(cluster=str(params.get("cluster", "*")).rpartition("/")[2])
            return place.arn(service, f"{before}{'' if before.endswith('*') else value}{inside}{revision}")
    return "*"


def context(action, params, lane):
    """Return what AWS knows of a call: the boundary of its role, the cluster of its tasks, whose its group is."""
    known = {}
    if "RoleName" in params and action.startswith("iam:"):
        own = lane.deployer_boundary_arn if params["RoleName"] == lane.deployer else lane.boundary_arn
        has = "" if action == "iam:CreateRole" else own
        known["iam:PermissionsBoundary"] = [params.get("PermissionsBoundary", has)]
    elif action == "ecs:ListTasks":
        known["ecs:cluster"] = [lane.place.arn("ecs", f"cluster/{params['cluster'].rpartition('/')[2]}")]
    elif action == "ec2:CreateSecurityGroup":
        return whose("aws:RequestTag", lane)
    elif action.startswith("ec2:"):
        return whose("aws:ResourceTag", lane)
    elif "EventSourceMapping" in action:  # it is the function's of the one mapping that a lane has here
        starters = [each.name for each in lane.functions.values() if each.starts]
        known["lambda:FunctionArn"] = [lane.place.arn("lambda", f"function:{name}") for name in starters]
    elif action == "lambda:AddPermission":
        known["lambda:Principal"] = [params["Principal"]]
    elif action == "route53:ChangeResourceRecordSets":
        sets = [change["ResourceRecordSet"] for change in params["ChangeBatch"]["Changes"]]
        known[RECORD_NAMES] = [each["Name"].rstrip(".") for each in sets]
        known[RECORD_TYPES] = [each["Type"] for each in sets]
    return tuple((key, tuple(values)) for key, values in known.items())


def whose(key, lane):
    return ((f"{key}/team", (lane.team,)), (f"{key}/managed-by", ("teamlanes",)))


def refuse(policy, asked):
    """Return what of *asked* no statement of *policy* allows."""
    return sorted(str(each) for each in asked if not any(allows(statement, each) for statement in policy.statements))


def allows(statement, each):
    return (
        contains(statement.actions, each.action)
        and contains(statement.resources, each.resource)
        and all(
            holds(operator, (wanted,) if isinstance(wanted, str) else tuple(wanted), dict(each.context).get(key, ()))
            for operator, lines in statement.conditions.items()
            for key, wanted in lines.items()
        )
    )


def holds(operator, wanted, found):
    if operator == "Null":
        return wanted == (str(not found).lower(),)
    return (bool(found) or operator.startswith("ForAllValues:")) and all(contains(wanted, value) for value in found)


@pytest.fixture(scope="session")
def recorder():
    """Return a function from clients and a lane to what records the calls through them."""
    return Recorder


@pytest.fixture(scope="session")
def refused():
    """Return a function from a policy and what was asked for to what of it the policy does not allow."""
    return refuse


@pytest.fixture(scope="session")
def hold():
    """Return a function that limits the clients that an *aws* makes from then on to a policy, as AWS would."""

    def hold_to(aws, lane, policy):
        def check(params, model, **_):
            name = model.service_model.signing_name
            if refuse(policy, needs(PREFIXES.get(name, name), model.name, params, lane)):
                told = {"Code": "AccessDenied", "Message": "not allowed"}
                raise ClientError({"Error": told, "ResponseMetadata": {"HTTPStatusCode": 403}}, model.name)

        aws.session.events.register("provide-client-params.*.*", check)

    return hold_to


@pytest.fixture(scope="session")
def unknown():
    """Return a function from what was asked for to the actions of it that AWS has not."""
    catalogue = load_catalogue()
    return lambda asked: sorted({each.action for each in asked if not catalogue.expand(each.action)})
