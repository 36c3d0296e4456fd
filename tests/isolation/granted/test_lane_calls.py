"""What deploying, using and destroying a lane really asks of AWS, against the policies of who may do it."""

import dataclasses
import datetime as dt

import pytest

from shared.aws.client import connect_endpoint
from shared.config.load import find_root, load_project
from shared.deploy.apply import apply
from shared.deploy.chalice.foundation import check_foundation
from shared.deploy.chalice.large_code import LargeCodeClient
from shared.deploy.code import package_code
from shared.deploy.lane_deployment import prepare_lane
from shared.deploy.plan import plan_removal
from shared.deploy.watch import Watch
from shared.iam.catalogue import load_catalogue
from shared.isolation.roles.deployer import deployer_policy
from shared.isolation.roles.function_role import function_policy
from shared.isolation.roles.platform_role import platform_policy
from shared.isolation.roles.policy import Policy
from shared.isolation.roles.resources_role import resources_policy
from shared.local.cloud import EmbeddedCloud
from shared.local.images import images_here
from shared.run.items import load_items
from shared.run.listing import list_runs
from shared.run.logs import read_logs
from shared.run.start import start
from shared.run.upload import upload_files
from tests.helpers.in_process import go_straight
from tests.helpers.project import hollow
from tests.helpers.triggered import triggered

TEAM = """
team: lab
owner: lab@example.edu
functions: {cosmic-init: {reservedConcurrency: 1}}
workflows: {cosmic: , item-map: , random-mean: , wssr: }
"""

REPOSITORIES = "arn:aws:ecr:us-east-1:123456789012:repository/{}/*"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, copy_project, recorder):
    """Deploy, change by hand, deploy again, use and destroy a team: what each of these asked for."""
    root = hollow(copy_project(tmp_path_factory.mktemp("granted") / "project"))
    (root / "teams" / "lab.yaml").write_text(TEAM, encoding="utf-8")
    project = load_project(root)
    lane = triggered(project.lane("lab"), "item-map")
    with EmbeddedCloud(project.place, tmp_path_factory.mktemp("cloud")) as cloud:
        aws = go_straight(connect_endpoint(project.place, cloud.endpoint, cloud.key), cloud.application)
        calls = recorder(aws, lane)
        by_kind = {step: push(lane, project, aws, calls) for step in ("make repositories", "push")}
        with calls.quiet():
            call_latest(aws, lane)
        todo = prepare_lane(lane, project, aws).plan()
        by_kind["plan"] = calls.take()

        def done(step):
            by_kind.setdefault(step.kind, set()).update(calls.take())

        prepare_lane(lane, project, aws).carry_out(todo, Watch(on_step=done))
        with calls.quiet():
            drift(aws, lane)
        changed = smaller(lane)
        todo = prepare_lane(changed, project, aws).plan()
        by_kind["plan"] |= calls.take()
        prepare_lane(changed, project, aws).carry_out(todo, Watch(on_step=done))
        check_foundation(changed, aws)
        by_kind["chalice"] = calls.take()
        send_large_code(aws, lane, package_code(project, lane)["cosmic"].path.read_bytes())
        by_kind["large code"] = calls.take()
        use(aws, lane, tmp_path_factory.mktemp("files"))
        by_kind["use"] = calls.take()
        aws.caller = f"arn:aws:sts::{project.place.account}:assumed-role/{lane.deployer}/alice"
        work_as_team(root, changed, project, aws)
        by_kind["team"] = calls.take()
        wssr = project.lane("wssr")
        with calls.quiet():
            push(wssr, project, aws, calls)
            call_latest(aws, wssr)
        aws.caller = f"arn:aws:sts::{project.place.account}:assumed-role/{wssr.deployer}/alice"
        prepare_lane(wssr, project, aws).plan()
        by_kind["wssr"] = calls.take()
        aws.caller = ""
        apply(plan_removal(lane, aws), aws)
        by_kind["destroy"] = calls.take()
        return lane, records_apart(by_kind)


def records_apart(by_kind):
    """Take the platform's deploy record out of the kinds of the steps beside it: nobody is told of its own."""
    records = {each for each in set().union(*by_kind.values()) if each.resource.endswith("/lab/platform")}
    by_kind = {kind: asked if kind == "team" else asked - records for kind, asked in by_kind.items()}
    return {**by_kind, "deploy record": records}


def push(lane, project, aws, calls):
    """Bring the images of the lane; return what boto3 asked for. The registry's own calls are not boto3's."""
    images_here(lane, package_code(project, lane), project.root / "images", aws, push=True)
    return calls.take()


def call_latest(aws, lane):
    ecr = aws.client("ecr")
    for name in (each.image.repository for each in lane.functions.values() if each.image):
        (digest,) = ecr.list_images(repositoryName=name)["imageIds"]
        (image,) = ecr.batch_get_image(repositoryName=name, imageIds=[digest])["images"]
        ecr.put_image(repositoryName=name, imageManifest=image["imageManifest"], imageTag="latest")


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
    manager = aws.client("secretsmanager")
    manager.put_secret_value(SecretId=lane.rendezvous_key, SecretString="by hand")
    manager.untag_resource(SecretId=lane.rendezvous_key, TagKeys=["owner"])
    tables = aws.client("dynamodb")
    tables.untag_resource(ResourceArn=lane.table_arn(lane.tables[0]), TagKeys=["owner"])
    image = lane.functions["wssr-init"]
    aws.lambda_.untag_resource(Resource=lane.function_arn("wssr-init"), TagKeys=["owner"])
    aws.client("ecr").delete_repository_policy(repositoryName=image.image.repository)


def send_large_code(aws, lane, code):
    """Give functions the *code* by way of the bucket: the first time it is sent, the second time it is there."""
    sender = LargeCodeClient(aws, lane, largest=0)
    for step in ("cosmic-init", "cosmic-inference"):
        sender.update_function_code(FunctionName=lane.functions[step].name, ZipFile=code)


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


def work_as_team(root, lane, project, aws):
    """Plan as the team's own people, then bring new code, more memory and another template."""
    assert prepare_lane(lane, project, aws).plan().changes == ()
    handler = root / "shared" / "handlers" / "cosmic" / "init.py"
    handler.write_text(handler.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    template = root / "statemachines" / "cosmic.asl.json"
    text = template.read_text(encoding="utf-8")
    template.write_text(text.replace('"Comment": "', '"Comment": "Edited. ', 1), encoding="utf-8")
    more = {key: dataclasses.replace(each, memory_mb=300) for key, each in lane.functions.items()}
    lane = dataclasses.replace(lane, functions=more)
    todo = prepare_lane(lane, project, aws).plan()
    assert {step.kind for step in todo.changes} == {"function", "state machine"}
    prepare_lane(lane, project, aws).carry_out(todo)
    assert prepare_lane(lane, project, aws).plan().changes == ()


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


def platform(lane):
    """All that the platform's role has for lanes."""
    return Policy((*platform_policy(lane.place).statements, *resources_policy(lane.place).statements))


def test_the_platform_may_make_every_call_of_a_deploy_and_a_destroy(recorded, refused):
    lane, by_kind = recorded
    asked = set().union(*(calls for kind, calls in by_kind.items() if kind not in {"chalice", "use", "team", "wssr"}))
    assert refused(platform(lane), asked) == []
    assert len({each.action for each in asked}) > 60


def test_a_deployer_may_deploy_code_and_machines_and_run_them(recorded, refused):
    lane, by_kind = recorded
    asked = set().union(*(by_kind[kind] for kind in ("function", "state machine", "chalice", "large code", "use")))
    assert refused(deployer_policy(lane), asked) == []
    assert {"lambda:CreateFunction", "lambda:UpdateFunctionCode", "iam:PassRole", "states:StartExecution"} <= {
        each.action for each in asked
    }


def test_a_deployer_may_make_schedules_in_its_groups_and_make_no_group(recorded, refused):
    lane, by_kind = recorded
    made = {each.split()[0] for each in refused(deployer_policy(lane), by_kind["schedules"])}
    assert made == {"scheduler:CreateScheduleGroup", "scheduler:TagResource"}
    assert "scheduler:CreateSchedule" in {each.action for each in by_kind["schedules"]}


def test_code_goes_through_the_bucket_with_what_deployers_may_and_functions_may_not(recorded, refused):
    lane, by_kind = recorded
    asked = {each for each in by_kind["large code"] if "/runs/code/" in each.resource}
    assert {each.action for each in asked} == {"s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"}
    theirs = deployer_policy(dataclasses.replace(lane, team="lab1"))
    assert len(refused(theirs, asked)) == len(asked)
    versions = {each for each in asked if each.action == "s3:GetObjectVersion"}
    for function in lane.functions.values():
        assert len(refused(function_policy(lane, function), versions)) == len(versions)


def test_a_team_may_deploy_what_leaves_its_foundation_as_it_is(recorded, refused, request):
    lane, by_kind = recorded
    assert refused(deployer_policy(lane), by_kind["team"]) == []
    assert {"iam:GetPolicyVersion", "s3:GetBucketPolicy", "budgets:ViewBudget", "lambda:UpdateFunctionCode"} <= {
        each.action for each in by_kind["team"]
    }
    wssr = load_project(find_root(request.config.rootpath)).lane("wssr")
    assert refused(deployer_policy(wssr), by_kind["wssr"]) == []
    assert "secretsmanager:DescribeSecret" in {each.action for each in by_kind["wssr"]}


def test_a_deployer_may_push_to_its_repositories_and_make_none(recorded, refused):
    lane, by_kind = recorded
    mine = deployer_policy(lane)
    assert refused(mine, by_kind["push"]) == []
    made = {each.split()[0] for each in refused(mine, by_kind["make repositories"])}
    assert made == {"ecr:CreateRepository", "ecr:SetRepositoryPolicy", "ecr:TagResource"}
    # What a push over the registry's HTTP takes. Source: Amazon ECR user guide, "required IAM permissions for pushing".
    uploading = (
        "BatchCheckLayerAvailability",
        "CompleteLayerUpload",
        "InitiateLayerUpload",
        "PutImage",
        "UploadLayerPart",
    )
    granted = {
        action
        for each in mine.statements
        for action in each.actions
        if each.resources == (REPOSITORIES.format(lane.team),)
    }
    assert {f"ecr:{name}" for name in (*uploading, "BatchGetImage")} <= granted
    theirs = deployer_policy(dataclasses.replace(lane, team="lab1"))
    own = {each for each in by_kind["push"] if "lab/" in each.resource}
    assert own
    assert len(refused(theirs, own)) == len(own)


def test_a_deployer_may_do_none_of_it_to_the_foundation_or_to_another_team(recorded, refused):
    lane, by_kind = recorded
    mine = deployer_policy(lane)
    for kind in ("role", "policy", "bucket", "repository"):
        writes = {each for each in by_kind[kind] if not reads(each)}
        assert writes
        assert len(refused(mine, writes)) == len(writes)
    theirs = deployer_policy(dataclasses.replace(lane, team="lab1"))
    own = {each for each in by_kind["function"] if "lab-" in each.resource and each.action != "iam:PassRole"}
    assert own
    assert len(refused(theirs, own)) == len(own)


def reads(each):
    return load_catalogue().expand(each.action)[0].level in {"Read", "List"}


def test_every_action_asked_for_is_one_that_aws_has(recorded, unknown):
    _, by_kind = recorded
    assert unknown(set().union(*by_kind.values())) == []


def test_what_is_not_granted_is_told(recorded, refused):
    lane, by_kind = recorded
    less = dataclasses.replace(platform(lane), statements=platform(lane).statements[1:])
    assert any(said.startswith("iam:CreateRole on ") for said in refused(less, by_kind["role"]))
