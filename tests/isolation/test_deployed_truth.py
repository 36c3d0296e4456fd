"""A cloud that is read back: whatever somebody did there by hand is found, and a read that is refused is told."""

import contextlib
import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from shared.aws.client import connect_endpoint
from shared.config.load import load_project
from shared.config.platform import rendezvous_service
from shared.deploy.documents import lane_links, service_links
from shared.deploy.lane_deployment import prepare_lane
from shared.deploy.plan import plan_removal
from shared.deploy.readback.account import read_account
from shared.deploy.readback.lanes import deployed_documents
from shared.deploy.readback.layers import layer_policies
from shared.deploy.readback.orphans import find_orphans
from shared.deploy.readback.sight import Sight
from shared.iam.catalogue import load_catalogue
from shared.isolation.proof.account.code_links import FunctionLinks
from shared.isolation.proof.account.links import Logging, judge_links
from shared.isolation.proof.account.outsiders import with_account
from shared.isolation.proof.names.disjoint import name_rules
from shared.isolation.proof.names.territory import Territory
from shared.isolation.proof.proof import prove
from shared.local.cloud import EmbeddedCloud
from tests.helpers.in_process import go_straight
from tests.helpers.project import hollow

TEAM = "team: {slug}\nowner: {slug}@example.edu\nworkflows:\n  item-map:\n"
STATES = {"source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"]}


@pytest.fixture(scope="module")
def project(tmp_path_factory, copy_project):
    root = hollow(copy_project(tmp_path_factory.mktemp("truth") / "project"))
    for slug in ("lab", "lab1"):
        (root / "teams" / f"{slug}.yaml").write_text(TEAM.format(slug=slug), encoding="utf-8")
    return load_project(root)


@pytest.fixture(scope="module")
def connect(project, tmp_path_factory):
    """Return what makes one more connection to the cloud."""
    with EmbeddedCloud(project.place, tmp_path_factory.mktemp("cloud")) as cloud:
        yield lambda: go_straight(connect_endpoint(project.place, cloud.endpoint, cloud.key), cloud.application)


@pytest.fixture(scope="module")
def aws(project, connect):
    aws = connect()
    for team in ("lab", "lab1"):
        prepare_lane(project.lane(team), project, aws).deploy()
    return aws


@pytest.fixture
def seen(project, aws):
    """Return a function to the proof of lab (and of lab1), as the cloud holds them."""

    def look(*teams, cloud=aws):
        lanes, sight = [project.lane(team) for team in teams or ("lab",)], Sight()
        documents = [document for lane in lanes for document in deployed_documents(lane, cloud, sight)]
        proof = prove(documents, project.place, name_rules(project.naming), load_catalogue())
        return with_account(proof, read_account(lanes, cloud, sight), project.place, load_catalogue())

    return look


def policy_of(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def on(arn, action="s3:*"):
    return policy_of({"Sid": "Data", "Effect": "Allow", "Action": action, "Resource": arn})


def rules(proof):
    return {(each.rule, each.document, each.statement) for each in proof.findings}


def test_what_was_just_deployed_is_proved_with_all_that_is_around_it(seen):
    proof = seen("lab", "lab1")
    assert [str(each) for each in proof.findings] == []
    assert proof.unseen == ()
    assert any("organisation" in limit for limit in proof.limits)


def test_what_machines_and_functions_are_tied_to_is_what_was_proved_before(project, aws):
    lanes = [project.lane(team) for team in ("lab", "lab1")]
    found = [link for link in read_account(lanes, aws, Sight()).links if isinstance(link, Logging | FunctionLinks)]
    assert sorted(found, key=str) == sorted((link for lane in lanes for link in lane_links(lane)), key=str)
    rules = service_links(rendezvous_service(project))
    assert len(rules) == 2
    assert list(judge_links(rules, [Territory("platform", project.place)])) == []


def test_users_groups_and_roles_that_reach_a_team_by_hand_are_found(seen, project, aws):
    bucket = f"arn:aws:s3:::{project.lane('lab').bucket}/*"
    iam = aws.iam
    managed = iam.create_policy(PolicyName="Science", PolicyDocument=on("*"))["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=managed, PolicyDocument=on(bucket), SetAsDefault=True)
    iam.create_user(UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="quick", PolicyDocument=on(bucket))
    iam.create_group(GroupName="all")
    iam.attach_group_policy(GroupName="all", PolicyArn=managed)
    trust = policy_of({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
    role = iam.create_role(RoleName="vm", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="vm", PolicyArn=managed)
    held = iam.create_policy(PolicyName="Held", PolicyDocument=on("*", "ec2:*"))["Policy"]["Arn"]
    iam.create_role(RoleName="held", AssumeRolePolicyDocument=trust, PermissionsBoundary=held)
    iam.attach_role_policy(RoleName="held", PolicyArn=managed)
    assert rules(seen("lab", "lab1")) == {
        ("outsider", "policy quick of user/ann", "Data"),
        ("outsider", f"policy {managed} of group/all", "Data"),
        ("outsider", f"policy {managed} of role/vm", "Data"),
    }
    assert {each.team for each in seen("lab", "lab1").findings} == {"lab"}
    assert seen("lab1").findings == ()
    iam.delete_user_policy(UserName="ann", PolicyName="quick")
    iam.detach_group_policy(GroupName="all", PolicyArn=managed)
    iam.detach_role_policy(RoleName="vm", PolicyArn=managed)
    lane = project.lane("lab")
    function = lane.functions["item-map-work"].role if "item-map-work" in lane.functions else lane.deployer
    iam.update_assume_role_policy(
        RoleName="vm",
        PolicyDocument=policy_of(
            {"Effect": "Allow", "Principal": {"AWS": lane.role_arn(function)}, "Action": "sts:AssumeRole"}
        ),
    )
    assert rules(seen()) == {("trusts-team", "trust policy of role/vm", "#0")}
    before = iam.get_role(RoleName=function)["Role"]["AssumeRolePolicyDocument"]
    iam.update_assume_role_policy(
        RoleName=function,
        PolicyDocument=policy_of({"Effect": "Allow", "Principal": {"AWS": role}, "Action": "sts:AssumeRole"}),
    )
    assert ("principal", f"trust policy of {function}", "#0") in rules(seen())
    iam.update_assume_role_policy(RoleName=function, PolicyDocument=json.dumps(before))
    iam.update_assume_role_policy(RoleName="vm", PolicyDocument=trust)
    assert seen("lab", "lab1").holds


def as_aws_answers(aws):
    """AWS returns the policy of a version or an alias only when asked by Qualifier; else the function's own."""

    def own_only(model, parsed, **_):
        if model.name == "GetPolicy" and "Policy" in parsed:
            body = json.loads(parsed["Policy"])
            asked = qualifiers[-1]
            body["Statement"] = [
                each for each in body["Statement"] if (each["Resource"].split(":")[7:] or [""])[0] == asked
            ]
            parsed["Policy"] = json.dumps(body)

    qualifiers = []
    aws.session.events.register(
        "provide-client-params.lambda.GetPolicy", lambda params, **_: qualifiers.append(params.get("Qualifier", ""))
    )
    aws.session.events.register("after-call.lambda.GetPolicy", own_only)
    return qualifiers


def test_the_policies_of_versions_and_aliases_are_found(seen, project, aws, connect):
    lane = project.lane("lab")
    name = next(iter(lane.functions.values())).name
    version = aws.lambda_.publish_version(FunctionName=name)["Version"]
    aws.lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    let = {"StatementId": "Anybody", "Action": "lambda:InvokeFunction", "Principal": "*"}
    aws.lambda_.add_permission(FunctionName=name, Qualifier="live", **let)
    strict = connect()
    qualifiers = as_aws_answers(strict)
    found = rules(seen(cloud=strict))
    assert ("resource-policy", f"resource policy of {name}:live", "Anybody") in found
    assert {"", "live", version} <= set(qualifiers)
    assert ("resource-policy", f"resource policy of {name}", "Anybody") not in found
    aws.lambda_.remove_permission(FunctionName=name, StatementId="Anybody", Qualifier="live")
    own = {"Principal": "events.amazonaws.com", "SourceArn": lane.place.arn("events", "rule/lab-check")}
    aws.lambda_.add_permission(FunctionName=name, Qualifier="live", **{**let, **own, "StatementId": "Rule"})
    assert seen().holds


def test_log_policies_event_rules_and_buses_are_found(seen, project, aws):
    lane, events = project.lane("lab"), aws.client("events")
    function = lane.function_arn(next(iter(lane.functions)))
    aws.logs.put_resource_policy(
        policyName="open",
        policyDocument=policy_of(
            {"Sid": "Any", "Effect": "Allow", "Principal": "*", "Action": "logs:*", "Resource": "*"}
        ),
    )
    events.put_rule(Name="lab-ended", EventPattern=json.dumps(STATES))
    events.put_targets(Rule="lab-ended", Targets=[{"Id": "1", "Arn": function}])
    events.put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
    events.put_targets(Rule="nightly", Targets=[{"Id": "1", "Arn": function}])
    events.put_rule(Name="audit", EventPattern=json.dumps(STATES))
    assert rules(seen()) == {
        ("logs-policy", "log resource policy open", "Any"),
        ("default-bus", "event rule lab-ended on bus default", ""),
        ("foreign-rule", "event rule nightly on bus default", ""),
        ("overhears", "event rule audit on bus default", ""),
    }
    for name in ("lab-ended", "nightly"):
        events.remove_targets(Rule=name, Ids=["1"])
    for name in ("lab-ended", "nightly", "audit"):
        events.delete_rule(Name=name)
    aws.logs.delete_resource_policy(policyName="open")
    events.create_event_bus(Name="lab-events")
    events.put_rule(Name="ended", EventBusName="lab-events", EventPattern=json.dumps(STATES))
    events.put_targets(Rule="ended", EventBusName="lab-events", Targets=[{"Id": "1", "Arn": function}])
    assert seen().holds


def test_a_machine_that_logs_into_another_teams_group_is_found_and_set_right(seen, project, aws):
    lane, other = project.lane("lab"), project.lane("lab1")
    machine, theirs = lane.state_machine_arn("item-map"), other.workflows["item-map"].log_group
    logging = aws.states.describe_state_machine(stateMachineArn=machine)["loggingConfiguration"]
    group = lane.place.arn("logs", f"log-group:{theirs}:*")
    logging["destinations"] = [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]
    aws.states.update_state_machine(stateMachineArn=machine, loggingConfiguration=logging)
    for teams in (("lab",), ("lab1",), ("lab", "lab1")):  # whoever looks, and a stranger's machine too
        (found,) = seen(*teams).findings
        assert (found.rule, found.resource) == ("foreign-log", group)
    (step,) = prepare_lane(lane, project, aws).plan().changes
    (line,) = step.diff
    assert step.kind == "state machine"
    assert line.startswith("logging.destinations[0].cloudWatchLogsLogGroup.logGroupArn: ")
    assert f"{theirs[-20:]}:* -> " in line
    prepare_lane(lane, project, aws).deploy()
    assert seen("lab", "lab1").holds


@pytest.fixture(scope="module")
def refusable(aws, connect):
    """A connection, and the calls that it is refused, with the code of the refusal. Its clients are made once."""
    codes = {}

    def refuse(model, **_):
        if model.name in codes:
            raise ClientError({"Error": {"Code": codes[model.name], "Message": "no"}}, model.name)

    cloud = connect()
    cloud.session.events.register("provide-client-params.*.*", refuse)
    return cloud, codes


@pytest.fixture
def refusing(refusable):
    """Return a function to a connection that is refused some calls, as a role is."""
    cloud, codes = refusable

    def refused(*calls, code="AccessDeniedException"):
        codes.update(dict.fromkeys(calls, code))
        return cloud

    yield refused
    codes.clear()


READS = {
    "GetAccountAuthorizationDetails": "IAM users, groups and roles of the account",
    "ListPolicies": "policy: what is named lab-... and not in the team's file",
    "ListFunctions": "function: what is named lab-... and not in the team's file",
    "GetPolicy": "policies of function ",
    "GetResourcePolicy": "policies of ",
    "DescribeResourcePolicies": "log resource policies of the account",
    "ListEventBuses": "event buses",
    "ListRules": "rules of event bus default",
    "ListStateMachines": "state machines",
    "DescribeStateMachine": "where state machines log that are not the caller's",
    "GetBucketPolicy": "policies of bucket ",
}


@pytest.mark.parametrize("call", READS)
def test_a_read_that_is_refused_is_told_and_proves_nothing(call, seen, refusing):
    proof = seen(cloud=refusing(call, code="AccessDenied" if call.startswith("Get") else "AccessDeniedException"))
    assert any(each.startswith(READS[call]) and call in each for each in proof.unseen), proof.unseen
    assert not proof.holds
    assert proof.documents > 5


def test_another_error_is_no_denial(seen, refusing):
    with pytest.raises(ClientError, match="Throttling"):
        seen(cloud=refusing("ListRules", code="ThrottlingException"))


def orphans(project, aws):
    sight = Sight()
    return {(each.kind, each.name): each for each in find_orphans(project, aws, sight)}, sight.unseen


@contextlib.contextmanager
def without(project, team):
    """Yield the project as it is when the file of *team* is gone."""
    path = project.root / "teams" / f"{team}.yaml"
    text = path.read_text(encoding="utf-8")
    path.unlink()
    yield load_project(project.root)
    path.write_text(text, encoding="utf-8")


def test_what_no_file_explains_is_an_orphan_with_its_way_out(project, aws):
    assert orphans(project, aws) == ({}, ())
    lane = project.lane("lab1")
    with without(project, "lab1") as fewer:
        found, unseen = orphans(fewer, aws)
    want = {(step.kind, step.name) for step in plan_removal(lane, aws).steps}
    assert (set(found), unseen) == (want, ())
    assert {each.team for each in found.values()} == {"lab1"}
    assert {each.why for each in found.values()} == {"there is no teams/lab1.yaml"}
    assert all("lanes destroy lab1" in each.fix for each in found.values())


def test_a_renamed_function_and_an_old_hash_are_orphans(project, aws):
    lane = project.lane("lab")
    tags = {"managed-by": "teamlanes", "team": "lab", "stage": lane.place.stage, "owner": "ann@example.edu"}
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    old, renamed = "lab-data-00000000", f"lab-renamed-role-{lane.hash}"
    aws.s3.create_bucket(Bucket=old)
    aws.s3.put_bucket_tagging(Bucket=old, Tagging={"TagSet": listed})
    aws.s3.create_bucket(Bucket="lab-other-stage")
    elsewhere = [*listed[:2], {"Key": "stage", "Value": "prod"}]
    aws.s3.put_bucket_tagging(Bucket="lab-other-stage", Tagging={"TagSet": elsewhere})
    trust = policy_of({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})
    aws.iam.create_role(RoleName=renamed, AssumeRolePolicyDocument=trust, Tags=listed)
    found, _ = orphans(project, aws)
    assert set(found) == {("bucket", old), ("role", renamed)}
    assert "hash 00000000" in found["bucket", old].why
    assert f"aws s3 rb s3://{old} --force" in found["bucket", old].fix
    assert "removed or renamed" in found["role", renamed].why
    assert "lanes deploy lab" in found["role", renamed].fix
    prepare_lane(lane, project, aws).deploy()
    assert set(orphans(project, aws)[0]) == {("bucket", old)}
    for bucket in (old, "lab-other-stage"):
        aws.s3.delete_bucket(Bucket=bucket)
    assert orphans(project, aws) == ({}, ())


def test_orphans_that_could_not_be_looked_for_are_told(project, refusing):
    found, unseen = orphans(project, refusing("GetResources", "ListRoles"))
    assert found == {}
    assert {each.call for each in unseen} == {"GetResources", "ListRoles"}


def test_a_layer_that_its_team_opened_by_hand_is_found(project, aws):
    """moto keeps no policies of layers, so its answers are stood in for."""
    lane, arn = project.lane("lab"), "arn:aws:lambda:us-east-1:123456789012:layer:lab-code:3"
    anybody = {"Sid": "Any", "Effect": "Allow", "Principal": "*", "Action": "lambda:GetLayerVersion", "Resource": arn}
    told = {
        "list_layers": {"Layers": [{"LayerName": "lab-code"}, {"LayerName": "lab1-code"}]},
        "list_layer_versions": {"LayerVersions": [{"LayerVersionArn": arn}]},
    }
    client = SimpleNamespace(
        get_paginator=lambda call: SimpleNamespace(paginate=lambda **_: [told[call]]),
        get_layer_version_policy=lambda **_: {"Policy": policy_of(anybody)},
    )
    (found,) = layer_policies(lane, SimpleNamespace(client=lambda _: client), Sight())
    assert (found.name, found.attached) == ("lab-code:3", arn)
    proof = prove([found], project.place, name_rules(project.naming), load_catalogue())
    assert rules(proof) == {("resource-policy", "resource policy of lab-code:3", "Any")}


def test_where_a_functions_outcomes_go_by_hand_is_found(seen, project, aws):
    lane = project.lane("lab")
    name = next(iter(lane.functions.values())).name
    aws.client("sqs").create_queue(QueueName="lab1-work-0a1b2c3d")
    there = {"OnFailure": {"Destination": lane.queue_arn("lab1-work-0a1b2c3d")}}
    role = next(iter(lane.functions.values())).role  # Lambda takes no destination that the function's role cannot reach
    aws.iam.delete_role_permissions_boundary(RoleName=role)
    sends = policy_of({"Sid": "Sends", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"})
    aws.iam.put_role_policy(RoleName=role, PolicyName="hand", PolicyDocument=sends)
    aws.lambda_.put_function_event_invoke_config(FunctionName=name, DestinationConfig=there)
    assert ("foreign-destination", f"function {name}", "") in rules(seen())
    aws.lambda_.delete_function_event_invoke_config(FunctionName=name)
    aws.iam.delete_role_policy(RoleName=role, PolicyName="hand")
    aws.iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=lane.boundary_arn)
    aws.client("sqs").delete_queue(QueueUrl=lane.queue_url("lab1-work-0a1b2c3d"))
    assert seen().holds


def test_what_queues_topics_and_secrets_let_in_by_themselves_is_found(seen, project, aws):
    """By hand: a queue for anybody, a topic with SNS's own default, a secret for another role."""
    lane = project.lane("lab")
    sqs, sns, manager = (aws.client(each) for each in ("sqs", "sns", "secretsmanager"))
    anybody = {"Sid": "Any", "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage"}
    url = sqs.create_queue(QueueName="lab-work-0a1b2c3d")["QueueUrl"]
    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": policy_of({**anybody, "Resource": lane.queue_arn("lab-work-0a1b2c3d")})}
    )
    topic = sns.create_topic(Name="lab-done-0a1b2c3d")["TopicArn"]
    secret = manager.create_secret(Name="lab/key-0a1b2c3d", SecretString="x")["ARN"]
    reader = {"Sid": "Lab1", "Effect": "Allow", "Principal": {"AWS": lane.role_arn("lab1-x")}}
    manager.put_resource_policy(
        SecretId=secret,
        ResourcePolicy=policy_of({**reader, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}),
    )
    assert rules(seen()) == {
        ("resource-policy", "resource policy of lab-work-0a1b2c3d", "Any"),
        ("resource-policy", "resource policy of lab-done-0a1b2c3d", "__default_statement_ID"),
        ("malformed", "resource policy of lab-done-0a1b2c3d", ""),  # SNS writes its default in the language of 2008
        ("resource-policy", "resource policy of lab/key-0a1b2c3d", "Lab1"),
    }
    assert seen("lab1").holds
    sqs.delete_queue(QueueUrl=url)
    sns.delete_topic(TopicArn=topic)
    manager.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)
    assert seen().holds
