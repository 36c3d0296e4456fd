"""Services that run something or report about it: ECS, ECR, CloudWatch Logs, EventBridge and its scheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.calls.asked import Asked
    from shared.local.calls.rules.types import Exceptions, Resources, Where


# ECS: the parts of an ARN are in separate parameters, and the cluster is "default" if it is left out (API).


def cluster_name(asked: Asked) -> str:
    """Return the name of the call's cluster, from its name or ARN."""
    return (asked.text("cluster") or asked.text("clusterArn") or "default").rpartition("/")[2]


def task_definitions(asked: Asked) -> list[str | None]:
    """Return the task definitions. A name without a revision is the latest, or all revisions if there is none yet."""
    named = asked.texts("taskDefinition") + asked.texts("taskDefinitions[]")
    if asked.call.operation == "RegisterTaskDefinition":
        return [asked.arn("ecs", f"task-definition/{asked.text('family')}:*")]
    arns: list[str | None] = []
    for each in named:
        known = asked.facts.task_definition(asked.call.region, each)
        name = each if ":" in each else f"{each}:*"
        arns.append(
            known[0] if known else each if each.startswith("arn:") else asked.arn("ecs", f"task-definition/{name}")
        )
    return arns


def _under_cluster(kind: str, *parameters: str) -> Callable[[Asked], list[str | None]]:
    def found(asked: Asked) -> list[str | None]:
        named = [each for parameter in parameters for each in asked.texts(parameter)]
        given = [each for each in named if each.startswith("arn:")]
        made = [asked.arn("ecs", f"{kind}/{cluster_name(asked)}/{each}") for each in named if each not in given]
        return [*given, *made]

    return found


def _tagged(parameter: str, where: Callable[[Asked], list[str | None]]) -> Callable[[Asked], list[str | None]]:
    return lambda asked: where(asked) if asked.call.parameters.get(parameter) else []


service = _under_cluster("service", "service", "services[]", "serviceName")

# ECS Developer Guide, "Grant permission to tag resources on creation": tags need TagResource.
ECS: Exceptions = {
    "CreateCluster": (
        ("ecs:CreateCluster", lambda asked: [asked.arn("ecs", f"cluster/{asked.text('clusterName') or 'default'}")]),
        (
            "ecs:TagResource",
            lambda asked: (
                [asked.arn("ecs", f"cluster/{asked.text('clusterName') or 'default'}")] if asked.all("tags[]") else []
            ),
        ),
    ),
    "RegisterTaskDefinition": (
        ("ecs:RegisterTaskDefinition", task_definitions),
        ("ecs:TagResource", _tagged("tags", task_definitions)),
    ),
    "RunTask": (
        ("ecs:RunTask", task_definitions),
        ("ecs:TagResource", _tagged("tags", lambda asked: [asked.arn("ecs", f"task/{cluster_name(asked)}/*")])),
    ),
    "CreateService": (("ecs:CreateService", service), ("ecs:TagResource", _tagged("tags", service))),
    # SAR: a call that names no container instance is about all.
    "ListTasks": (
        ("ecs:ListTasks", lambda asked: _under_cluster("container-instance", "containerInstance")(asked) or ["*"]),
    ),
    "DescribeServiceDeployments": (
        ("ecs:DescribeServiceDeployments", lambda asked: list(asked.texts("serviceDeploymentArns[]"))),
    ),
    "DescribeServiceRevisions": (
        ("ecs:DescribeServiceRevisions", lambda asked: list(asked.texts("serviceRevisionArns[]"))),
    ),
    "StopServiceDeployment": (("ecs:StopServiceDeployment", "${serviceDeploymentArn}"),),
}
ECS_RESOURCES: Resources = {
    "task-definition": task_definitions,
    "service": service,
    "task": _under_cluster("task", "task", "tasks[]"),
    "container-instance": _under_cluster("container-instance", "containerInstance", "containerInstances[]"),
}

ECR: Exceptions = {
    # SAR: TagResource is a dependent action, for a repository that is made with tags.
    "CreateRepository": (
        ("ecr:CreateRepository", "arn:${Partition}:ecr:${Region}:${Account}:repository/${repositoryName}"),
        (
            "ecr:TagResource",
            lambda asked: (
                list(asked.fill("arn:${Partition}:ecr:${Region}:${Account}:repository/${repositoryName}"))
                if asked.all("tags[]")
                else []
            ),
        ),
    ),
}


# CloudWatch Logs: a group's ARN ends in ":log-stream:" and a stream's name, except in calls about tags (User Guide,
# "Identity and access management", on the two forms of a group's ARN; AWS's refusals name it so).

_TAG_OPERATIONS = frozenset({"TagResource", "UntagResource", "ListTagsForResource"})
_ARN_PARTS = 7  # of a log group's ARN
_GROUPS = ("logGroupName", "logGroupIdentifier", "logGroupNames[]", "logGroupIdentifiers[]", "logGroupArnList[]")


def log_groups(asked: Asked) -> list[str | None]:
    """Return the log groups of a call."""
    if asked.call.operation in _TAG_OPERATIONS:
        return [arn for arn in asked.texts("resourceArn") if ":log-group:" in arn]
    named = [each for parameter in _GROUPS for each in asked.texts(parameter)]
    return [f"{group_arn(asked, each)}:log-stream:" for each in named]


def group_arn(asked: Asked, group: str) -> str:
    """Return the ARN of a log group that is given by its name or its ARN, without what may follow the name."""
    arn = group if group.startswith("arn:") else asked.arn("logs", f"log-group:{group}")
    return ":".join(arn.split(":")[:_ARN_PARTS])


def log_stream(asked: Asked) -> list[str | None]:
    """Return the log stream."""
    group = asked.text("logGroupName") or asked.text("logGroupIdentifier")
    return [f"{group_arn(asked, group)}:log-stream:{asked.text('logStreamName')}"] if group else [None]


def _created_group(asked: Asked) -> list[str | None]:
    return [asked.arn("logs", f"log-group:{asked.text('logGroupName')}")] if asked.all("tags") else []


LOGS: Exceptions = {
    # The catalogue says "*". AWS's refusals name no group and no stream, which "log-group:*" matches too.
    "DescribeLogGroups": (
        ("logs:DescribeLogGroups", "arn:${Partition}:logs:${Region}:${Account}:log-group::log-stream:"),
    ),
    # API, CreateLogGroup: tags need TagResource.
    "CreateLogGroup": (("logs:CreateLogGroup", log_groups), ("logs:TagResource", _created_group)),
    "GetLogRecord": (("logs:GetLogRecord", "*"),),  # its pointer hides the group, so it needs all
    "GetQueryResults": (("logs:GetQueryResults", "*"),),  # the query's id hides it, too
}
LOGS_RESOURCES: Resources = {
    "log-group": log_groups,
    "log-stream": log_stream,
    "destination": lambda asked: (
        [arn for arn in (*asked.texts("destinationArn"), *asked.texts("resourceArn")) if ":destination:" in arn]
        or list(asked.fill("arn:${Partition}:logs:${Region}:${Account}:destination:${destinationName}"))
    ),
}


# EventBridge: a rule's ARN names its bus, unless it is the default one (SAR).


def bus_name(asked: Asked) -> str:
    """Return the name of the rule's bus."""
    return (asked.text("EventBusName") or "default").rpartition("/")[2]


def _rule(*, custom: bool) -> Callable[[Asked], list[str | None]]:
    def found(asked: Asked) -> list[str | None]:
        arn = asked.text("ResourceARN")
        if arn:
            return [arn] if ":rule/" in arn and (arn.count("/") > 1) is custom else []
        name, bus = asked.text("Rule") or asked.text("Name"), bus_name(asked)
        if name is None or (bus != "default") is not custom:
            return []
        return [asked.arn("events", f"rule/{bus}/{name}" if custom else f"rule/{name}")]

    return found


def _bus(asked: Asked) -> list[str | None]:
    given = asked.texts("ResourceARN")
    arns: list[str | None] = [arn for arn in given if ":event-bus/" in arn]
    named = asked.texts("EventBusName") or asked.texts("Name") or ([] if given else ["default"])
    return arns or [each if each.startswith("arn:") else asked.arn("events", f"event-bus/{each}") for each in named]


def _entries(asked: Asked) -> list[str | None]:
    """Return the buses that events are put on."""
    buses = [str(each.get("EventBusName") or "default") for each in asked.records("Entries[]")]
    return [each if each.startswith("arn:") else asked.arn("events", f"event-bus/{each}") for each in buses] or [None]


_ARCHIVED: Where = "${EventSourceArn}"
EVENTS: Exceptions = {
    "PutEvents": (("events:PutEvents", _entries),),
    "PutRule": (
        ("events:PutRule", lambda asked: _rule(custom=True)(asked) or _rule(custom=False)(asked)),
        ("events:TagResource", _tagged("Tags", lambda asked: _rule(custom=True)(asked) or _rule(custom=False)(asked))),
    ),
    "CreateArchive": (
        ("events:CreateArchive", "arn:${Partition}:events:${Region}:${Account}:archive/${ArchiveName}"),
        ("events:CreateArchive", _ARCHIVED),
    ),
    "StartReplay": (
        ("events:StartReplay", "arn:${Partition}:events:${Region}:${Account}:replay/${ReplayName}"),
        ("events:StartReplay", _ARCHIVED),
        ("events:StartReplay", "${Destination.Arn}"),
    ),
}
EVENTS_RESOURCES: Resources = {
    "rule-on-custom-event-bus": _rule(custom=True),
    "rule-on-default-event-bus": _rule(custom=False),
    "event-bus": _bus,
    "alias": lambda _: [],
    "key": lambda _: [],
}


# Scheduler: a schedule is in a group, "default" if it is left out (API).


def _schedule(asked: Asked) -> list[str | None]:
    group = asked.text("GroupName") or "default"
    return [asked.arn("scheduler", f"schedule/{group}/{asked.text('Name')}")]


def _group(asked: Asked) -> list[str | None]:
    arn = asked.text("ResourceArn")
    return [arn] if arn else [asked.arn("scheduler", f"schedule-group/{asked.text('Name')}")]


SCHEDULER_RESOURCES: Resources = {"schedule": _schedule, "schedule-group": _group}
