"""Two teams, one slug the beginning of the other, deployed for real (embedded) into one account."""

import json

import pytest
from botocore.exceptions import ClientError

from shared.aws.client import connect_endpoint
from shared.config.load import load_project
from shared.deploy.apply import apply
from shared.deploy.documents import lane_documents
from shared.deploy.guard import OwnershipError, lane_tags
from shared.deploy.lane_deployment import destroy, prepare_lane
from shared.deploy.model import Plan
from shared.deploy.readback.lanes import deployed_documents
from shared.deploy.readback.sight import Sight
from shared.deploy.resources import policy, wanted_resources
from shared.deploy.sources import read_sources
from shared.iam.catalogue import load_catalogue
from shared.isolation.proof.names.disjoint import name_rules
from shared.isolation.proof.proof import prove
from shared.local.cloud import EmbeddedCloud
from shared.run.valid_project import load_valid
from tests.helpers.in_process import go_straight
from tests.helpers.project import hollow

TEAM = "team: {slug}\nowner: {slug}@example.edu\nworkflows:\n  cosmic:\n  item-map:\n"
SLUGS = ("lab", "lab1", "taken1", "taken2", "ceiling")


@pytest.fixture(scope="module")
def project(tmp_path_factory, copy_project):
    root = hollow(copy_project(tmp_path_factory.mktemp("isolation") / "project"))
    for slug in SLUGS:
        (root / "teams" / f"{slug}.yaml").write_text(TEAM.format(slug=slug), encoding="utf-8")
    for slug in ("lab", "lab1"):
        write_own(root, slug)
    return load_project(root)


def write_own(root, team, memory=256):
    """Write the team's own workflow, ``tally``."""
    folder = root / "teams" / team / "tally"
    folder.mkdir(parents=True, exist_ok=True)
    step = f"{{handler: shared.handlers.item_map.log.handler, memorySize: {memory}}}"
    state = {"Type": "Task", "Resource": "${count}", "TimeoutSeconds": memory, "End": True}
    definition = json.dumps({"StartAt": "Count", "States": {"Count": state}})
    (folder / "workflow.yaml").write_text(f"description: x\nfunctions: {{count: {step}}}\n", encoding="utf-8")
    (folder / "workflow.asl.json").write_text(definition, encoding="utf-8")


@pytest.fixture(scope="module")
def aws(project, tmp_path_factory):
    """One account for all tests: each has teams of its own."""
    with EmbeddedCloud(project.place, tmp_path_factory.mktemp("cloud")) as cloud:
        yield go_straight(connect_endpoint(project.place, cloud.endpoint, cloud.key), cloud.application)


@pytest.fixture(scope="module")
def neighbours(project, aws):
    """Two deployed teams with data in their buckets."""
    lanes = project.lane("lab"), project.lane("lab1")
    for lane in lanes:
        prepare_lane(lane, project, aws).deploy()
        aws.s3.put_object(Bucket=lane.bucket, Key="datasets/one.txt", Body=lane.team.encode())
    return lanes


def belongings(aws, team):
    """Everything named ``{team}-...`` in the account, as AWS tells it, objects and their bytes too."""
    prefix = f"{team}-"
    roles = aws.iam.get_account_authorization_details(Filter=["Role"])["RoleDetailList"]
    policies = aws.iam.list_policies(Scope="Local")["Policies"]
    functions = [f for f in aws.lambda_.list_functions()["Functions"] if f["FunctionName"].startswith(prefix)]
    machines = [m for m in aws.states.list_state_machines()["stateMachines"] if m["name"].startswith(prefix)]
    groups = aws.logs.describe_log_groups()["logGroups"]
    tables = [name for name in aws.client("dynamodb").list_tables()["TableNames"] if name.startswith(prefix)]
    budgets = aws.client("budgets").describe_budgets(AccountId=aws.place.account)["Budgets"]
    secrets = aws.client("secretsmanager")
    buckets = [b["Name"] for b in aws.s3.list_buckets()["Buckets"] if b["Name"].startswith(prefix)]
    found = {
        "roles": [role for role in roles if role["RoleName"].startswith(prefix)],
        "policies": [each for each in policies if each["PolicyName"].startswith(prefix)],
        "functions": functions,
        "machines": [_plain(aws.states.describe_state_machine(stateMachineArn=m["stateMachineArn"])) for m in machines],
        "groups": [group for group in groups if f"/{prefix}" in group["logGroupName"]],
        "tables": [_plain(aws.client("dynamodb").describe_table(TableName=name)) for name in tables],
        "budgets": [budget for budget in budgets if budget["BudgetName"].startswith(prefix)],
        "buckets": [_bucket(aws, name) for name in buckets],
        "secrets": [
            [_plain(read(SecretId=each["Name"])) for read in (secrets.describe_secret, secrets.get_secret_value)]
            for each in secrets.list_secrets()["SecretList"]
            if each["Name"].startswith(f"{team}/")
        ],
    }
    return json.loads(json.dumps(found, default=str))


def _bucket(aws, name):
    keys = [entry["Key"] for entry in aws.s3.list_objects_v2(Bucket=name).get("Contents", ())]
    return {
        "name": name,
        "policy": _setting(aws.s3.get_bucket_policy, name),
        "tags": _setting(aws.s3.get_bucket_tagging, name),
        "objects": {key: aws.s3.get_object(Bucket=name, Key=key)["Body"].read().decode() for key in keys},
    }


def _setting(read, name):
    try:
        return _plain(read(Bucket=name))
    except ClientError as error:
        return error.response["Error"]["Code"]


def _plain(answer):
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def prove_deployed(project, aws, *teams):
    documents = [document for team in teams for document in deployed_documents(project.lane(team), aws, Sight())]
    return prove(documents, project.place, name_rules(project.naming), load_catalogue())


def test_the_sample_teams_are_proved(project):
    documents = [document for lane in project.teams.values() for document in lane_documents(lane)]
    proof = prove(documents, project.place, name_rules(project.naming), load_catalogue())
    assert [str(finding) for finding in proof.findings] == []
    assert {"lab", "lab1", "team1", "team2", "topics", "wssr"} <= set(proof.teams)


def test_what_hangs_in_the_cloud_is_what_was_proved(neighbours, project, aws):
    for lane in neighbours:
        rendered = {(d.kind, d.name) for d in lane_documents(lane)}
        assert {(d.kind, d.name) for d in deployed_documents(lane, aws, Sight())} == rendered
    assert prove_deployed(project, aws, "lab", "lab1").holds


def test_destroying_one_team_leaves_the_other_as_it_was(neighbours, project, aws):
    lab, lab1 = neighbours
    before = belongings(aws, "lab1")
    assert all(before.values())

    destroy(lab, aws)
    assert belongings(aws, "lab1") == before
    assert not any(belongings(aws, "lab").values())

    prepare_lane(lab, project, aws).deploy()  # the same names once more, and nothing happens to the neighbour
    assert prepare_lane(lab, project, aws).plan().changes == ()
    assert prepare_lane(lab1, project, aws).plan().changes == ()
    assert belongings(aws, "lab1") == before


def test_a_teams_own_folder_changes_the_plan_of_that_team_alone(neighbours, project, aws):
    assert {lane.workflows["tally"].owner for lane in neighbours} == {"lab", "lab1"}
    write_own(project.root, "lab", memory=512)
    edited = load_valid(project.root)
    lab = edited.lane("lab")
    own = {lab.functions["tally-count"].name, lab.workflows["tally"].name}
    assert {step.name for step in prepare_lane(lab, edited, aws).plan().changes} == own
    assert prepare_lane(edited.lane("lab1"), edited, aws).plan().changes == ()
    write_own(project.root, "lab")


def test_a_grant_made_by_hand_is_found_and_taken_away(neighbours, project, aws):
    _, lane = neighbours
    role = lane.workflows["cosmic"].role
    near = {"Sid": "Quick", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::lab*"}
    everything = {"Sid": "All", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    aws.iam.put_role_policy(RoleName=role, PolicyName="by-hand", PolicyDocument=policy_of(near))
    managed = aws.iam.create_policy(PolicyName="Shared", PolicyDocument=policy_of(everything))["Policy"]["Arn"]
    aws.iam.attach_role_policy(RoleName=role, PolicyArn=managed)
    aws.iam.delete_role_permissions_boundary(RoleName=lane.functions["cosmic-init"].role)

    found = {(finding.statement, finding.rule) for finding in prove_deployed(project, aws, "lab1").findings}
    assert {("Quick", "foreign-name"), ("All", "every-resource"), ("", "no-boundary")} <= found
    prepare_lane(lane, project, aws).deploy()
    assert prove_deployed(project, aws, "lab1").holds


def test_a_policy_put_by_hand_on_a_function_or_a_secret_is_found(neighbours, project, aws):
    _, lane = neighbours
    function, manager = lane.functions["cosmic-init"].name, aws.client("secretsmanager")
    grant = {"Sid": "Theirs", "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    theirs = {**grant, "Principal": {"AWS": "arn:aws:iam::123456789012:role/lab-x"}}
    manager.put_resource_policy(SecretId=lane.rendezvous_key, ResourcePolicy=policy_of(theirs))
    aws.lambda_.add_permission(
        FunctionName=function, StatementId="Anybody", Action="lambda:InvokeFunction", Principal="*"
    )
    found = {(each.statement, each.rule, each.document) for each in prove_deployed(project, aws, "lab1").findings}
    assert found == {
        ("Theirs", "resource-policy", f"resource policy of {lane.rendezvous_key}"),
        ("Anybody", "resource-policy", f"resource policy of {function}"),
    }
    manager.delete_resource_policy(SecretId=lane.rendezvous_key)
    aws.lambda_.remove_permission(FunctionName=function, StatementId="Anybody")
    assert prove_deployed(project, aws, "lab1").holds


@pytest.mark.parametrize(("team", "owner"), [("taken1", "lab1"), ("taken2", None)])
def test_names_that_are_taken_stop_the_plan_with_their_owner(project, aws, team, owner):
    lane = project.lane(team)
    squat(aws, lane, lane_tags(project.lane(owner)) if owner else {})
    before = belongings(aws, team)
    with pytest.raises(OwnershipError) as refused:
        prepare_lane(lane, project, aws).deploy()
    for taken in (lane.bucket, lane.boundary, lane.workflows["cosmic"].role, lane.workflows["cosmic"].name):
        assert taken in str(refused.value)
    assert ("team lab1" if owner else "no tag") in str(refused.value)
    assert refused.value.fix
    assert belongings(aws, team) == before


def squat(aws, lane, tags):
    """Take names of *lane* before it is deployed. To create one again is an error, a 200, or runs as another's role."""
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    workflow = lane.workflows["cosmic"]
    aws.s3.create_bucket(Bucket=lane.bucket)
    if tags:
        aws.s3.put_bucket_tagging(Bucket=lane.bucket, Tagging={"TagSet": listed})
    harmless = {"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}
    aws.iam.create_policy(PolicyName=lane.boundary, PolicyDocument=policy_of(harmless), Tags=listed)
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = aws.iam.create_role(RoleName=workflow.role, AssumeRolePolicyDocument=policy_of(trust), Tags=listed)["Role"]
    aws.states.create_state_machine(
        name=workflow.name,
        definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}),
        roleArn=role["Arn"],
        tags=[{"key": key, "value": value} for key, value in tags.items()],
    )


def test_a_boundary_that_was_widened_is_put_back_and_keeps_few_versions(project, aws):
    lane = project.lane("ceiling")
    want = next(r for r in wanted_resources(read_sources(lane)) if r.kind == "policy")

    def carry_out():
        step = policy.steps(want, policy.current(aws, want.name))
        apply(Plan(lane.team, lane.place.stage, (step,), want.tags), aws)

    carry_out()
    wide = policy_of({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    for _ in range(6):  # IAM keeps five versions and refuses a sixth
        aws.iam.create_policy_version(PolicyArn=lane.boundary_arn, PolicyDocument=wide, SetAsDefault=True)
        assert {finding.rule for finding in prove_deployed(project, aws, "ceiling").findings} >= {"every-resource"}
        carry_out()
        assert prove_deployed(project, aws, "ceiling").holds
    assert policy.steps(want, policy.current(aws, want.name)).action == "nothing"
    apply(Plan(lane.team, lane.place.stage, (policy.remove(policy.current(aws, want.name)),), want.tags), aws)
    assert policy.current(aws, want.name) is None


def policy_of(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
