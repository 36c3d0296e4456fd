"""What the service's three roles may do: pull and log; read the service and move its record; and renew it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.config.platform import RESTART
from shared.handlers.rendezvous.service import MARK
from shared.isolation.policies import Policy, Statement, Trust

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.config.lane import Function
    from shared.config.platform import RendezvousService

_WRITE_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([^:@]+)")


def task_trust(service: RendezvousService) -> Trust:
    """Let ECS take the execution role, for this account's tasks alone."""
    place = service.lane.place
    return Trust(
        {"Service": "ecs-tasks.amazonaws.com"},
        {
            "StringEquals": {"aws:SourceAccount": place.account},
            "ArnLike": {"aws:SourceArn": place.arn("ecs", "*")},
        },
    )


def execution_policy(service: RendezvousService) -> Policy:
    """Return what starts the container: writing its logs and, from a private repository of ECR, pulling its image."""
    place = service.lane.place
    statements = [Statement("WriteLogs", _WRITE_LOGS, (place.arn("logs", f"log-group:{service.log_group}:*"),))]
    private = _ECR.match(service.image)
    if private:
        account, region, repository = private.groups()
        arn = f"arn:{place.partition}:ecr:{region}:{account}:repository/{repository}"
        statements.append(Statement("Pull", _PULL, (arn,)))
        statements.append(Statement("LogIn", ("ecr:GetAuthorizationToken",), ("*",)))  # AWS offers it for all or none
    return Policy(tuple(statements))


def function_policy(service: RendezvousService, function: Function) -> Policy:
    """Return what a function may do: see the service, move its one record, write its logs; renew it, if it restarts."""
    return Policy(tuple(_statements(service, function)))


def _statements(service: RendezvousService, function: Function) -> Iterator[Statement]:
    place = service.lane.place
    in_cluster = {"ArnEquals": {"ecs:cluster": service.cluster_arn}}
    tasks = place.arn("ecs", f"task/{service.cluster}/*")
    yield Statement("WriteLogs", _WRITE_LOGS, (place.arn("logs", f"log-group:{function.log_group}:*"),))
    renew = ("ecs:UpdateService",) if function.key == RESTART else ()
    yield Statement("Service", ("ecs:DescribeServices", *renew), (service.service_arn,))
    yield Statement("ListTasks", ("ecs:ListTasks",), ("*",), in_cluster)
    yield Statement("Tasks", ("ecs:DescribeTasks",), (tasks,))
    # AWS offers these for no single interface or zone name, and they tell addresses and names alone.
    yield Statement("Look", ("ec2:DescribeNetworkInterfaces", "route53:ListHostedZonesByName"), ("*",))
    zones, changes = (f"arn:{place.partition}:route53:::{each}/*" for each in ("hostedzone", "change"))
    yield Statement("ReadRecords", ("route53:ListResourceRecordSets",), (zones,))
    names = (service.lane.rendezvous.host, f"{MARK}.{service.lane.rendezvous.host}")
    own = {"ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsNormalizedRecordNames": names}}
    yield Statement("MoveRecord", ("route53:ChangeResourceRecordSets",), (zones,), own)
    yield Statement("AwaitRecord", ("route53:GetChange",), (changes,))
