"""The platform role's third policy: make, operate and remove the rendezvous service.

It is apart from the first (:mod:`shared.isolation.roles.platform_role`) because a managed policy may have at most 6,144
characters. The service's names begin with the platform's own slug, which no team can have. Some things AWS calls by an
id, and some actions it grants for no single resource. There a condition limits the grant to the service's own. Two
kinds of writes have no such condition, see :data:`_REVISIONS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.naming import CONTAINER_LOGS, MANAGER
from shared.config.platform import SLUG
from shared.isolation.roles.grants import MANAGE_LOGS, pass_roles
from shared.isolation.roles.own_names import OwnNames
from shared.isolation.roles.policy import Conditions, Policy, Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.config.platform import RendezvousService

RECORD_NAMES = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
_RECORD_TYPES = "route53:ChangeResourceRecordSetsRecordTypes"


def rendezvous_policy(service: RendezvousService) -> Policy:
    """Return what it takes to plan, deploy, restart, watch and remove *service*, beyond what lanes take."""
    return Policy((*_tasks(service), *_security_groups(service), *_schedules(service), *_records(service)))


def _tasks(service: RendezvousService) -> Iterator[Statement]:
    place = service.lane.place
    own = OwnNames(SLUG, place)
    services, clusters, definitions = own.arns("ecs", ("service/", "cluster/", "task-definition/"))
    in_cluster = {"ArnLike": {"ecs:cluster": clusters}}
    yield Statement("Clusters", ("ecs:CreateCluster", "ecs:DeleteCluster", "ecs:DescribeClusters"), (clusters,))
    yield Statement("Services", _MANAGE_SERVICES, (services,))
    yield Statement("Revise", ("ecs:RegisterTaskDefinition",), (definitions,))
    yield Statement("Revisions", _REVISIONS, ("*",))
    yield Statement("TagTasks", ("ecs:TagResource",), (clusters, services, definitions))
    yield Statement("ListTasks", ("ecs:ListTasks",), ("*",), in_cluster)
    yield Statement("Tasks", ("ecs:DescribeTasks",), (own.arn("ecs", "task/"),))
    yield from pass_roles("PassToTasks", [own.arn("iam", "role/")], "ecs-tasks.amazonaws.com")
    yield Statement(
        "FirstService",  # with the first service of an account, ECS makes its own role
        ("iam:CreateServiceLinkedRole",),
        (place.arn("iam", "role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"),),
        {"StringEquals": {"iam:AWSServiceName": "ecs.amazonaws.com"}},
    )
    yield Statement("ContainerLogs", MANAGE_LOGS, (own.arn("logs", f"log-group:{CONTAINER_LOGS}"),))


def _schedules(service: RendezvousService) -> Iterator[Statement]:
    own = OwnNames(SLUG, service.lane.place)
    yield Statement("Rules", _MANAGE_RULES, (own.arn("events", "rule/"),))
    functions = (own.arn("lambda", "function:"),)
    yield Statement("Alarms", _MANAGE_ALARMS, (own.arn("cloudwatch", "alarm:"),))
    yield Statement("SeeWhoInvokes", ("lambda:GetPolicy",), functions)
    by_rules = {"StringEquals": {"lambda:Principal": "events.amazonaws.com"}}
    yield Statement("LetRulesInvoke", ("lambda:AddPermission",), functions, by_rules)


def _security_groups(service: RendezvousService) -> Iterator[Statement]:
    """Yield the grants on security groups. They are called by ids, so the tags that they are made with tell ours."""
    place = service.lane.place
    groups, networks = place.arn("ec2", "security-group/*"), place.arn("ec2", "vpc/*")
    new = {"StringEquals": _whose("aws:RequestTag")}
    own = {"StringEquals": _whose("aws:ResourceTag")}
    yield Statement("MakeGroups", ("ec2:CreateSecurityGroup",), (groups,), new)
    yield Statement("MakeGroupsIn", ("ec2:CreateSecurityGroup",), (networks,))
    born = {"StringEquals": {**_whose("aws:RequestTag"), "ec2:CreateAction": "CreateSecurityGroup"}}
    yield Statement("TagNewGroups", ("ec2:CreateTags",), (groups,), born)
    yield Statement("Groups", _MANAGE_GROUPS, (groups,), own)
    yield Statement("LookAround", _LOOK, ("*",))


def _records(service: RendezvousService) -> Iterator[Statement]:
    """Yield the grants on DNS: addresses and texts of names below the zone's name, in any zone of that name."""
    zones, changes = (f"arn:{service.lane.place.partition}:route53:::{each}/*" for each in ("hostedzone", "change"))
    below: Conditions = {
        "ForAllValues:StringLike": {RECORD_NAMES: f"*.{service.zone}", _RECORD_TYPES: ("A", "TXT")},
        "Null": {RECORD_NAMES: "false", _RECORD_TYPES: "false"},  # "for all" is true where there is no value
    }
    yield Statement("ReadRecords", ("route53:ListResourceRecordSets",), (zones,))
    yield Statement("MoveRecords", ("route53:ChangeResourceRecordSets",), (zones,), below)
    yield Statement("AwaitRecords", ("route53:GetChange",), (changes,))


def _whose(key: str) -> dict[str, str]:
    return {f"{key}/team": SLUG, f"{key}/managed-by": MANAGER}


_MANAGE_SERVICES = ("ecs:CreateService", "ecs:DeleteService", "ecs:DescribeServices", "ecs:UpdateService")
# AWS grants these for all task definitions or for none. To deregister somebody else's does not stop its tasks.
_REVISIONS = ("ecs:DeregisterTaskDefinition", "ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions")
_MANAGE_GROUPS = (
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateTags",
    "ec2:DeleteSecurityGroup",
    "ec2:RevokeSecurityGroupIngress",
)
_MANAGE_ALARMS = (
    "cloudwatch:DeleteAlarms",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:ListTagsForResource",
    "cloudwatch:PutMetricAlarm",
    "cloudwatch:TagResource",
)
_MANAGE_RULES = (
    "events:DeleteRule",
    "events:DescribeRule",
    "events:ListTagsForResource",
    "events:ListTargetsByRule",
    "events:PutRule",
    "events:PutTargets",
    "events:RemoveTargets",
    "events:TagResource",
)
_LOOK = (
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroupRules",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "route53:ListHostedZonesByName",
)
