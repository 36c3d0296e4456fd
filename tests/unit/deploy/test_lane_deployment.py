"""A lane deployed, changed, shared and destroyed, with real boto3 against moto's server."""

from __future__ import annotations

import dataclasses
import json

from moto.s3.models import s3_backends

from shared.aws.access_key import AccessKey
from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.deploy.lane_deployment import destroy, prepare_lane
from shared.deploy.watch import Watch

NOTHING = {"roles": [], "policies": [], "functions": [], "machines": [], "log groups": [], "buckets": []}


def actions(todo):
    return [(step.action, step.kind, step.name) for step in todo.changes]


def test_a_second_deploy_plans_nothing(lane, project, aws):
    told = []
    first = prepare_lane(lane, project, aws).deploy(Watch(on_step=told.append))
    assert {step.action for step in first.changes} == {"create"}
    assert tuple(told) == first.changes
    assert prepare_lane(lane, project, aws).plan().changes == ()


def test_what_is_deployed_is_what_the_lane_says(lane, project, aws):
    prepare_lane(lane, project, aws).deploy()
    function = aws.lambda_.get_function(FunctionName="team2-cosmic-infer-7078ea12")
    assert function["Configuration"]["Handler"] == "shared.handlers.cosmic.infer.handler"
    assert function["Configuration"]["Role"] == "arn:aws:iam::123456789012:role/team2-cosmic-infer-role-7078ea12"
    assert function["Configuration"]["Environment"]["Variables"] == lane.functions["cosmic-infer"].environment
    assert function["Concurrency"]["ReservedConcurrentExecutions"] == 8
    wanted = {"team": "team2", "owner": "team2@example.edu", "stage": "dev", "managed-by": "teamlanes"}
    assert wanted.items() <= function["Tags"].items()
    assert function["Tags"]["course"] == "ds5110"
    arn = lane.state_machine_arn("cosmic")
    machine = aws.states.describe_state_machine(stateMachineArn=arn)
    assert machine["roleArn"] == lane.role_arn("team2-cosmic-stepfunctions-role-7078ea12")
    init = json.loads(machine["definition"])["States"]["Init"]
    assert init["Parameters"]["FunctionName"] == lane.function_arn("cosmic-init")
    assert machine["loggingConfiguration"]["level"] == "ALL"
    block = aws.s3.get_public_access_block(Bucket=lane.bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    group = aws.logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/team2-cosmic-init-7078ea12")["logGroups"][0]
    assert group["retentionInDays"] == 30


def test_every_resource_carries_the_tags_that_bills_are_split_by(lane, project, aws, snapshot):
    prepare_lane(lane, project, aws).deploy()
    found = snapshot("team2")
    tagged = [
        *({tag["Key"]: tag["Value"] for tag in role["Tags"]} for role in found["roles"]),
        *(function["tags"] for function in found["functions"]),
        *(group["tags"] for group in found["log groups"]),
        *({tag["key"]: tag["value"] for tag in machine["tags"]} for machine in found["machines"]),
        *({tag["Key"]: tag["Value"] for tag in bucket["settings"][0]["TagSet"]} for bucket in found["buckets"]),
    ]
    assert len(tagged) == 4 + 2 + 3 + 1 + 1
    assert all(tags["team"] == "team2" and tags["course"] == "ds5110" for tags in tagged)


def test_changed_code_and_memory_update_the_functions_alone(lane, project, aws):
    prepare_lane(lane, project, aws).deploy()
    handlers = project.root / "shared/handlers/cosmic"
    (handlers / "init.py").write_text("def handler(event, context):\n    return 2\n")
    todo = prepare_lane(lane, project, aws).deploy()
    assert [(step.action, step.kind) for step in todo.changes] == [("update", "function")] * 2
    assert all(line.startswith("code_sha256: ") for step in todo.changes for line in step.diff)

    init = dataclasses.replace(
        lane.functions["cosmic-init"], memory_mb=1024, handler="shared.handlers.cosmic.go.handler"
    )
    (handlers / "go.py").write_text("def handler(event, context):\n    return 3\n")
    bigger = dataclasses.replace(lane, functions={**lane.functions, "cosmic-init": init})
    todo = prepare_lane(bigger, project, aws).deploy()
    assert "memory_mb: 512 -> 1024" in todo.changes[0].diff
    configuration = aws.lambda_.get_function_configuration(FunctionName=init.name)
    assert configuration["MemorySize"] == 1024
    assert configuration["Handler"] == "shared.handlers.cosmic.go.handler"
    assert prepare_lane(bigger, project, aws).plan().changes == ()


def test_what_was_changed_by_hand_is_put_right(lane, project, aws):
    prepare_lane(lane, project, aws).deploy()
    role = lane.functions["cosmic-init"].role
    aws.iam.put_role_policy(
        RoleName=role,
        PolicyName="mine",
        PolicyDocument='{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}',
    )
    aws.iam.tag_role(RoleName=role, Tags=[{"Key": "owner", "Value": "me"}, {"Key": "note", "Value": "kept"}])
    aws.s3.delete_public_access_block(Bucket=lane.bucket)
    aws.s3.delete_bucket_lifecycle(Bucket=lane.bucket)
    aws.logs.delete_retention_policy(logGroupName=lane.functions["cosmic-init"].log_group)
    arn = lane.state_machine_arn("cosmic")
    aws.states.update_state_machine(stateMachineArn=arn, roleArn=lane.role_arn(role))
    aws.lambda_.delete_function_concurrency(FunctionName=lane.functions["cosmic-infer"].name)
    todo = prepare_lane(lane, project, aws).deploy()
    assert sorted((action, kind) for action, kind, _ in actions(todo)) == [
        ("update", "bucket"),
        ("update", "function"),
        ("update", "log group"),
        ("update", "role"),
        ("update", "state machine"),
    ]
    assert aws.iam.list_role_policies(RoleName=role)["PolicyNames"] == ["lane"]
    tags = {tag["Key"]: tag["Value"] for tag in aws.iam.list_role_tags(RoleName=role)["Tags"]}
    assert (tags["owner"], tags["note"]) == ("team2@example.edu", "kept")
    assert prepare_lane(lane, project, aws).plan().changes == ()


def test_what_the_lane_no_longer_has_is_removed_and_its_data_kept(lane, project, aws, snapshot):
    prepare_lane(lane, project, aws).deploy()
    aws.s3.put_object(Bucket=lane.bucket, Key="results/a", Body=b"1")
    less = dataclasses.replace(lane, workflows={}, functions={"cosmic-init": lane.functions["cosmic-init"]})
    less = dataclasses.replace(less, bucket="team2-other-7078ea12")
    todo = prepare_lane(less, project, aws).deploy()
    assert [(action, kind) for action, kind, _ in actions(todo)] == [
        ("update", "role"),  # it may use the new bucket alone
        ("update", "role"),  # of the people: there are fewer roles to hand on
        ("create", "bucket"),
        ("update", "function"),  # its package had the other function's code too
        ("delete", "state machine"),
        ("delete", "function"),
        ("delete", "role"),
        ("delete", "role"),
        ("delete", "log group"),
        ("delete", "log group"),
    ]
    assert [bucket["name"] for bucket in snapshot("team2")["buckets"]] == [lane.bucket, "team2-other-7078ea12"]
    destroy(less, aws)
    assert snapshot("team2") == NOTHING


def test_destroy_leaves_nothing_of_one_team_and_all_of_another(make_lane, project, aws, snapshot):
    one, ten, two = make_lane("team1"), make_lane("team10"), make_lane("team2")
    for each in (one, ten, two):
        prepare_lane(each, project, aws).deploy()
        aws.s3.put_object(Bucket=each.bucket, Key="datasets/1", Body=each.team.encode())
    others = {team: snapshot(team) for team in ("team10", "team2")}
    aws.s3.put_object(Bucket=one.bucket, Key="datasets/1", Body=b"a second version")
    aws.s3.delete_object(Bucket=one.bucket, Key="datasets/1")
    for number in range(1100):  # more than one page of versions; over HTTP this would take seconds
        s3_backends["123456789012"]["aws"].put_object(one.bucket, f"many/{number}", b"")
    assert aws.s3.list_object_versions(Bucket=one.bucket)["IsTruncated"]

    todo = destroy(one, aws)
    assert {step.action for step in todo.steps} == {"delete"}
    assert snapshot("team1") == NOTHING
    assert {team: snapshot(team) for team in ("team10", "team2")} == others
    assert prepare_lane(two, project, aws).plan().changes == ()
    assert destroy(one, aws).steps == ()


def test_the_same_team_can_be_deployed_again_after_it_was_destroyed(lane, project, aws):
    prepare_lane(lane, project, aws).deploy()
    destroy(lane, aws)
    prepare_lane(lane, project, aws).deploy()
    assert prepare_lane(lane, project, aws).plan().changes == ()


def test_a_bucket_outside_us_east_1_names_its_region(make_lane, project, cloud):
    place = Place("123456789012", "eu-central-1", "dev")
    lane, aws = make_lane(place=place), connect_endpoint(place, cloud, AccessKey("id", "secret"))
    prepare_lane(lane, project, aws).deploy()
    assert aws.s3.get_bucket_location(Bucket=lane.bucket)["LocationConstraint"] == "eu-central-1"
    assert prepare_lane(lane, project, aws).plan().changes == ()
