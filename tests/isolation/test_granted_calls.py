"""What a deploy really asks of AWS, call by call, against what the platform's and the deployer's policies grant.

The calls are recorded as boto3 makes them, so a new call in the code fails here until a policy grants it.
"""

import contextlib
import dataclasses
import datetime as dt

import pytest

from shared.cli.chalice_command import _check_foundation
from shared.config.load import load_project
from shared.deploy.apply import apply
from shared.deploy.aws import connect_endpoint
from shared.deploy.deploy import carry_out, plan
from shared.deploy.plan import destroy_plan
from shared.isolation.catalogue import load_catalogue
from shared.isolation.deployer import deployer_policy
from shared.isolation.globs import contains
from shared.isolation.platform_role import platform_policy
from shared.local.cloud import EmbeddedCloud
from shared.run.items import load_items
from shared.run.listing import list_runs
from shared.run.start import start
from shared.run.upload import upload_files
from shared.run.watch import read_logs

TEAM = """
team: lab
owner: lab@example.edu
functions: {cosmic-init: {reservedConcurrency: 1}}
workflows: {cosmic: , item-map: , random-mean: , wssr: }
"""
# The IAM actions of a call that has not one of its own name. Source: AWS's service authorization reference.
ACTIONS = {
    "budgets:CreateBudget": ["budgets:ModifyBudget"],
    "budgets:DeleteBudget": ["budgets:ModifyBudget"],
    "budgets:DescribeBudget": ["budgets:ViewBudget"],
    "budgets:DescribeBudgets": ["budgets:ViewBudget"],
    "budgets:DescribeNotificationsForBudget": ["budgets:ViewBudget"],
    "budgets:DescribeSubscribersForNotification": ["budgets:ViewBudget"],
    "dynamodb:BatchWriteItem": ["dynamodb:BatchWriteItem"],
    "lambda:Invoke": ["lambda:InvokeFunction"],
    "s3:DeleteObjects": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
    "s3:GetBucketEncryption": ["s3:GetEncryptionConfiguration"],
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
RESOURCES = {
    "budgets": {"BudgetName": "budget/", "AccountId": "budget/*"},
    "dynamodb": {"TableName": "table/", "ResourceArn": "", "RequestItems": "table/"},
    "ecr": {"repositoryName": "repository/", "repositoryNames": "repository/", "resourceArn": ""},
    "iam": {"RoleName": "role/", "PolicyArn": "", "PolicyName": "policy/"},
    "lambda": {"FunctionName": "function:", "Resource": ""},
    "logs": {"logGroupName": "log-group:", "resourceArn": ""},
    "s3": {"Bucket": ""},
    "states": {"stateMachineArn": "", "resourceArn": "", "executionArn": "", "name": "stateMachine:"},
}
OF_OBJECTS = ("Object", "Objects")
TAGGING = {"iam:CreateRole": "iam:TagRole", "iam:CreatePolicy": "iam:TagPolicy"}


@dataclasses.dataclass(frozen=True)
class Asked:
    """One action that a call needs, on what, and what AWS would know of it."""

    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()


class Recorder:
    """Writes down what every boto3 call through *aws* asks for."""

    def __init__(self, aws, lane):
        self.asked = set()
        self._lane = lane
        aws.session.events.register("provide-client-params.*.*", self._record)

    def take(self):
        taken, self.asked = self.asked, set()
        return taken

    def _record(self, params, model, **_):
        self.asked |= set(needs(model.service_model.signing_name, model.name, params, self._lane))


def needs(service, operation, params, lane):
    """Yield what AWS checks before it does *operation*."""
    call = f"{service}:{operation}"
    resource = named(service, operation, params, lane.place)
    for action in ACTIONS.get(call, [call]):
        yield Asked(action, resource, context(action, params, lane))
    if operation.startswith("Create") and any(params.get(key) for key in ("Tags", "tags", "ResourceTags")):
        yield Asked(TAGGING.get(call, f"{service}:TagResource"), resource)
    if params.get("CreateBucketConfiguration", {}).get("Tags"):
        yield Asked("s3:TagResource", resource)
    role = params.get("Role") or params.get("roleArn")
    if role:
        yield Asked("iam:PassRole", role, (("iam:PassedToService", f"{service}.amazonaws.com"),))


def named(service, operation, params, place):
    params = {**params.get("Budget", {}), **params}
    for key, head in RESOURCES.get(service, {}).items():
        if key in params:
            value = next(iter(params[key])) if isinstance(params[key], dict | list) else params[key]
            if value.startswith("arn:"):
                return value
            name = "" if head.endswith("*") else value
            inside = f"/{params.get('Key', '*')}" if service == "s3" and operation.endswith(OF_OBJECTS) else ""
            return place.arn(service, f"{head}{name}{inside}")
    return "*"


def context(action, params, lane):
    """The boundary of the role that a call is about: the one it has, or the one it is given."""
    role = params.get("RoleName")
    if role is None or not action.startswith("iam:"):
        return ()
    own = lane.deployer_boundary_arn if role == lane.deployer else lane.boundary_arn
    return (("iam:PermissionsBoundary", params.get("PermissionsBoundary", own)),)


def refused(policy, asked):
    """Return what of *asked* no statement of *policy* allows."""
    return sorted(f"{each.action} on {each.resource}" for each in asked if not allows(policy, each))


def allows(policy, each):
    return any(
        each.action in statement.actions
        and contains(statement.resources, each.resource)
        and all(
            contains((value,) if isinstance(value, str) else tuple(value), dict(each.context).get(key, ""))
            for lines in statement.conditions.values()
            for key, value in lines.items()
        )
        for statement in policy.statements
    )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, copy_project):
    """Deploy, change by hand, deploy again, use and destroy a team: what each of these asked for."""
    root = copy_project(tmp_path_factory.mktemp("granted") / "project")
    (root / "teams" / "lab.yaml").write_text(TEAM, encoding="utf-8")
    project = load_project(root)
    lane = project.lane("lab")
    with EmbeddedCloud(project.place, tmp_path_factory.mktemp("cloud")) as cloud:
        aws = connect_endpoint(project.place, cloud.endpoint)
        calls = Recorder(aws, lane)
        todo = plan(lane, project, aws)
        by_kind = {"plan": calls.take()}

        def done(step):
            by_kind.setdefault(step.kind, set()).update(calls.take())

        carry_out(todo, lane, project, aws, on_step=done)
        with quiet(calls):
            drift(aws, lane)
        changed = smaller(lane)
        todo = plan(changed, project, aws)
        by_kind["plan"] |= calls.take()
        carry_out(todo, changed, project, aws, on_step=done)
        _check_foundation(changed, aws)
        by_kind["chalice"] = calls.take()
        use(aws, lane, tmp_path_factory.mktemp("files"))
        by_kind["use"] = calls.take()
        apply(destroy_plan(lane, aws), aws)
        by_kind["destroy"] = calls.take()
        return lane, by_kind


@contextlib.contextmanager
def quiet(calls):
    """Leave out what somebody else does."""
    before = set(calls.asked)
    yield
    calls.asked = before


def drift(aws, lane):
    """Change by hand all that a deploy puts right."""
    role = lane.functions["cosmic-init"].role
    wide = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
    trust = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}'
    managed = aws.iam.create_policy(PolicyName="Wide", PolicyDocument=wide)["Policy"]["Arn"]
    aws.iam.attach_role_policy(RoleName=role, PolicyArn=managed)
    aws.iam.put_role_policy(RoleName=role, PolicyName="by-hand", PolicyDocument=wide)
    aws.iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust)
    aws.iam.delete_role_permissions_boundary(RoleName=role)
    aws.iam.untag_role(RoleName=role, TagKeys=["owner"])
    aws.iam.create_policy_version(PolicyArn=lane.boundary_arn, PolicyDocument=wide, SetAsDefault=True)
    aws.iam.untag_policy(PolicyArn=lane.boundary_arn, TagKeys=["owner"])
    aws.s3.delete_bucket_policy(Bucket=lane.bucket)
    aws.s3.delete_public_access_block(Bucket=lane.bucket)
    group = lane.functions["cosmic-init"].log_group
    aws.logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    aws.logs.untag_resource(resourceArn=lane.place.arn("logs", f"log-group:{group}"), tagKeys=["owner"])
    machine = lane.state_machine_arn("cosmic")
    aws.states.untag_resource(resourceArn=machine, tagKeys=["owner"])
    aws.states.update_state_machine(stateMachineArn=machine, roleArn=lane.role_arn(role))
    tables = aws.client("dynamodb")
    tables.untag_resource(ResourceArn=lane.table_arn(lane.tables[0]), TagKeys=["owner"])


def smaller(lane):
    """The lane with other settings of its functions, and without one workflow."""
    functions = {
        key: dataclasses.replace(function, memory_mb=256, reserved_concurrency=None)
        for key, function in lane.functions.items()
        if not key.startswith("random-mean-")
    }
    workflows = {key: workflow for key, workflow in lane.workflows.items() if key != "random-mean"}
    budget = dataclasses.replace(lane.budget, monthly_usd=99)
    return dataclasses.replace(lane, functions=functions, workflows=workflows, budget=budget)


def use(aws, lane, folder):
    """Bring files, load a table, start a run, look at it."""
    program = folder / "program.py"
    program.write_text("print()\n", encoding="utf-8")
    specs = [dataclasses.replace(lane.workflows["cosmic"].specs[0], name="script", upload="inputs")]
    upload_files(aws, lane, specs, {"script": str(program)}, "run-1")
    load_items(aws, lane.tables[0], ["a", "b"])
    run = start(aws, lane, "item-map", {}, "run-1")
    aws.states.stop_execution(executionArn=run.arn)
    list_runs(aws, lane, 3)
    read_logs(aws, run, dt.datetime(2025, 1, 1, tzinfo=dt.UTC))


def test_the_platform_may_make_every_call_of_a_deploy_and_a_destroy(recorded):
    lane, by_kind = recorded
    asked = set().union(*(calls for kind, calls in by_kind.items() if kind not in {"chalice", "use"}))
    assert refused(platform_policy(lane.place), asked) == []
    assert len({each.action for each in asked}) > 60


def test_a_deployer_may_deploy_code_and_machines_and_run_them(recorded):
    lane, by_kind = recorded
    asked = by_kind["function"] | by_kind["state machine"] | by_kind["chalice"] | by_kind["use"]
    assert refused(deployer_policy(lane), asked) == []
    assert {"lambda:CreateFunction", "lambda:UpdateFunctionCode", "iam:PassRole", "states:StartExecution"} <= {
        each.action for each in asked
    }


def test_a_deployer_may_do_none_of_it_to_the_foundation_or_to_another_team(recorded):
    lane, by_kind = recorded
    mine = deployer_policy(lane)
    for kind in ("role", "policy", "bucket"):
        writes = {each for each in by_kind[kind] if not reads(each)}
        assert writes
        assert len(refused(mine, writes)) == len(writes)
    theirs = deployer_policy(dataclasses.replace(lane, team="lab1"))
    own = {each for each in by_kind["function"] if "lab-" in each.resource and each.action != "iam:PassRole"}
    assert own
    assert len(refused(theirs, own)) == len(own)


def reads(each):
    return load_catalogue().expand(each.action)[0].level in {"Read", "List"}


def test_every_action_asked_for_is_one_that_aws_has(recorded):
    _, by_kind = recorded
    catalogue = load_catalogue()
    unknown = [each for calls in by_kind.values() for each in calls if not catalogue.expand(each.action)]
    assert unknown == []


def test_what_is_not_granted_is_told(recorded):
    lane, by_kind = recorded
    less = dataclasses.replace(platform_policy(lane.place), statements=platform_policy(lane.place).statements[1:])
    assert any(said.startswith("iam:CreateRole on ") for said in refused(less, by_kind["role"]))
