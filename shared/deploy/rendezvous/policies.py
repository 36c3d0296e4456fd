"""What the three roles of the rendezvous service may do.

The first starts the task: it pulls the image and writes logs. The second reads the service and moves its record. The
third does the same, and renews the service. All three are under one boundary, which allows what the three may do
together, on any of the platform's names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.ecr_uri import in_ecr
from shared.config.platform import RESTART, SLUG
from shared.config.variables import KEY_VARIABLE
from shared.deploy.rendezvous_keys import MASTER_SECRET
from shared.handlers.rendezvous.record import MARK
from shared.isolation.roles.grants import read_secret
from shared.isolation.roles.own_names import OwnNames
from shared.isolation.roles.policy import Conditions, Policy, Statement, Trust
from shared.isolation.roles.rendezvous_role import RECORD_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.config.lane import Function
    from shared.config.platform import RendezvousService

_WRITE_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def task_trust(service: RendezvousService) -> Trust:
    """Let ECS take the execution role, for tasks of this account only."""
    place = service.lane.place
    return Trust(
        {"Service": "ecs-tasks.amazonaws.com"},
        {
            "StringEquals": {"aws:SourceAccount": place.account},
            "ArnLike": {"aws:SourceArn": place.arn("ecs", "*")},
        },
    )


def boundary(service: RendezvousService) -> Policy:
    """Return the most that any role of the service may do."""
    own = OwnNames(SLUG, service.lane.place)
    logs = own.arns("logs", ("log-group:/ecs/", "log-group:/aws/lambda/"))
    services, tasks = own.arns("ecs", ("service/", "task/"))
    return Policy(
        (
            Statement("WriteLogs", _WRITE_LOGS, logs),
            Statement("Secrets", ("secretsmanager:GetSecretValue",), (own.folder("secretsmanager", "secret:"),)),
            *_pull(service),
            Statement("Service", ("ecs:DescribeServices", "ecs:UpdateService"), (services,)),
            Statement("Tasks", ("ecs:DescribeTasks",), (tasks,)),
            *_follow(service),
        )
    )


def execution_policy(service: RendezvousService) -> Policy:
    """Return what starting the container takes: its logs, the master key, and its image where ECR keeps that."""
    master = read_secret("MasterKey", service.lane.place, MASTER_SECRET)
    return Policy((_write_logs(service, service.log_group), master, *_pull(service)))


def function_policy(service: RendezvousService, function: Function) -> Policy:
    """Return what *function* may do: see the service, move its record and write logs; the restart may also renew it."""
    renew = ("ecs:UpdateService",) if function.key == RESTART else ()
    tasks = service.lane.place.arn("ecs", f"task/{service.cluster}/*")
    return Policy(
        (
            _write_logs(service, function.log_group),
            read_secret("RendezvousSecret", service.lane.place, function.environment[KEY_VARIABLE]),
            Statement("Service", ("ecs:DescribeServices", *renew), (service.service_arn,)),
            Statement("Tasks", ("ecs:DescribeTasks",), (tasks,)),
            *_follow(service),
        )
    )


def _write_logs(service: RendezvousService, group: str) -> Statement:
    return Statement("WriteLogs", _WRITE_LOGS, (service.lane.place.arn("logs", f"log-group:{group}:*"),))


def _pull(service: RendezvousService) -> Iterator[Statement]:
    private = in_ecr(service.image)
    if private:
        where = f"{private.region}:{private.account}"
        arn = f"arn:{service.lane.place.partition}:ecr:{where}:repository/{private.repository}"
        yield Statement("Pull", _PULL, (arn,))
        yield Statement("LogIn", ("ecr:GetAuthorizationToken",), ("*",))  # AWS cannot narrow it


def _follow(service: RendezvousService) -> Iterator[Statement]:
    """Yield what finding the task and pointing the record at it takes."""
    partition = service.lane.place.partition
    in_cluster = {"ArnEquals": {"ecs:cluster": service.cluster_arn}}
    yield Statement("ListTasks", ("ecs:ListTasks",), ("*",), in_cluster)
    # AWS cannot narrow these to one interface or zone. They tell addresses and names only.
    yield Statement("Look", ("ec2:DescribeNetworkInterfaces", "route53:ListHostedZonesByName"), ("*",))
    zones, changes = (f"arn:{partition}:route53:::{each}/*" for each in ("hostedzone", "change"))
    yield Statement("ReadRecords", ("route53:ListResourceRecordSets",), (zones,))
    names = (service.lane.rendezvous.host, f"{MARK}.{service.lane.rendezvous.host}")
    # ForAllValues is also true when there is no value, so the key must be there too.
    own: Conditions = {"ForAllValues:StringEquals": {RECORD_NAMES: names}, "Null": {RECORD_NAMES: "false"}}
    yield Statement("MoveRecord", ("route53:ChangeResourceRecordSets",), (zones,), own)
    yield Statement("AwaitRecord", ("route53:GetChange",), (changes,))
