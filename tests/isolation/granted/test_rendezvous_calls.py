"""What deploying, operating and destroying the rendezvous service really asks of AWS, against the platform's policy."""

import dataclasses
import json

import pytest

from shared.aws.client import connect_endpoint
from shared.config.load import load_project
from shared.config.platform import CHECK, RESTART, rendezvous_service
from shared.deploy.apply import apply
from shared.deploy.rendezvous.deployment import plan_service_removal, prepare_service
from shared.deploy.rendezvous.desired import kinds, operated
from shared.deploy.rendezvous_keys import MASTER_SECRET, signed
from shared.handlers.fmi.meeting import Meeting
from shared.handlers.rendezvous.restart import restart
from shared.handlers.rendezvous.service import follow, observe, renew
from shared.isolation.roles.platform_role import platform_policy
from shared.isolation.roles.policy import Policy
from shared.isolation.roles.rendezvous_role import rendezvous_policy
from shared.local.cloud import EmbeddedCloud
from tests.helpers.in_process import go_straight


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, copy_project, recorder):
    """Deploy, change by hand, deploy again, restart, look at and destroy the service: what each of these asked for."""
    project = load_project(copy_project(tmp_path_factory.mktemp("granted") / "project"))
    service = rendezvous_service(project)
    with EmbeddedCloud(project.place, tmp_path_factory.mktemp("cloud")) as cloud:
        aws = go_straight(connect_endpoint(project.place, cloud.endpoint, cloud.key), cloud.application)
        calls = recorder(aws, service.lane)
        with calls.quiet():
            aws.client("route53").create_hosted_zone(Name=service.zone, CallerReference="1")
        asked = {}

        def run(name, service, todo):
            asked[name] = calls.take()
            prepare_service(service, project, aws).carry_out(todo)
            asked[name] |= calls.take()

        run("create", service, prepare_service(service, project, aws).plan())
        prepare_service(service, project, aws).plan()
        asked["unchanged"] = calls.take()
        with calls.quiet():
            drift(aws, service)
        newer = dataclasses.replace(service, image=f"{service.image}1", cpu=512, memory_mb=1024, restart="rate(7 days)")
        run("update", newer, prepare_service(newer, project, aws).plan())
        at = service.lane.rendezvous
        restart(
            aws.client,
            operated(service),
            Meeting(at.host, at.port, 5, 1),
            signed(service.lane, aws),
            tell=lambda _: None,
        )
        asked["restart"] = calls.take()
        observe(aws.client, operated(service))
        asked["status"] = calls.take()
        with calls.quiet():
            renew(aws.client, operated(service))
        follow(aws.client, operated(service))
        asked["check"] = calls.take()
        apply(plan_service_removal(service, aws), aws, kinds=kinds(service))
        asked["destroy"] = calls.take()
        return service, asked


def drift(aws, service):
    """Change by hand all that a deploy puts right."""
    ec2, ecs, events = aws.client("ec2"), aws.client("ecs"), aws.client("events")
    groups = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": [service.security_group]}])
    (group,) = groups["SecurityGroups"]
    everyone = [{"CidrIp": "0.0.0.0/0"}]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": everyone}
    pairing = {"IpProtocol": "tcp", "FromPort": 10000, "ToPort": 10000, "IpRanges": everyone}
    ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[ssh])
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[pairing])
    ec2.delete_tags(Resources=[group["GroupId"]], Tags=[{"Key": "project"}])
    ecs.untag_resource(resourceArn=service.cluster_arn, tagKeys=["project"])
    ecs.untag_resource(resourceArn=service.service_arn, tagKeys=["project"])
    events.disable_rule(Name=service.rules[CHECK])
    events.untag_resource(ResourceARN=events.describe_rule(Name=service.rules[CHECK])["Arn"], TagKeys=["project"])
    aws.lambda_.remove_permission(FunctionName=service.lane.functions[RESTART].name, StatementId=service.rules[RESTART])
    aws.iam.delete_role_permissions_boundary(RoleName=service.execution_role)
    cloudwatch = aws.client("cloudwatch")
    cloudwatch.disable_alarm_actions(AlarmNames=[service.alarm])
    cloudwatch.untag_resource(
        ResourceARN=service.lane.place.arn("cloudwatch", f"alarm:{service.alarm}"), TagKeys=["project"]
    )
    aws.logs.put_retention_policy(logGroupName=service.log_group, retentionInDays=1)
    manager = aws.client("secretsmanager")
    manager.put_secret_value(SecretId=MASTER_SECRET, SecretString="6e" * 32)
    manager.untag_resource(SecretId=service.lane.rendezvous_key, TagKeys=["project"])


def test_the_platform_may_make_every_call_of_it(recorded, refused):
    service, asked = recorded
    lanes, own = platform_policy(service.lane.place), rendezvous_policy(service)
    policy = Policy((*lanes.statements, *own.statements))
    assert {name: left for name, calls in asked.items() if (left := refused(policy, calls))} == {}
    assert len({each.action for each in asked["create"] | asked["update"] | asked["destroy"]}) > 60


def test_every_action_asked_for_is_one_that_aws_has(recorded, unknown):
    _, asked = recorded
    assert unknown(set().union(*asked.values())) == []


@pytest.mark.parametrize("away", ["PassToTasks", "MoveRecords", "Groups", "Rules"])
def test_what_is_not_granted_is_told(recorded, refused, away):
    service, asked = recorded
    lanes, own = platform_policy(service.lane.place), rendezvous_policy(service)
    less = [each for each in (*lanes.statements, *own.statements) if each.sid != away]
    left = refused(Policy(tuple(less)), set().union(*asked.values()))
    assert left != []


def test_each_policy_has_room_as_a_managed_one(recorded):
    service, _ = recorded
    for policy in (platform_policy(service.lane.place), rendezvous_policy(service)):
        assert len(json.dumps(policy.document(), separators=(",", ":"))) <= 6_144
