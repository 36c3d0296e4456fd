"""Roles that a call passes to a service. Each needs ``iam:PassRole`` on the role, for that service.

Source: IAM User Guide, "Grant a user permissions to pass a role to an AWS service"; each service's own pages.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from botocore.model import ListShape, MapShape, StructureShape

from shared.local.calls.models import model_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.model import Shape

    from shared.local.calls.asked import Asked

_ROLE_MEMBER = re.compile(r"role(_?arn)?s?$", re.IGNORECASE)
_ROLE_ARN = re.compile(r"arn:[^:]*:iam::\d*:role/.+")
_ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}")

# The principal that takes a role (each service's guide), if it is not called like the service's signing name.
_PRINCIPALS = {
    "ecs": "ecs-tasks.amazonaws.com",
    "stepfunctions": "states.amazonaws.com",
    "rds": "monitoring.rds.amazonaws.com",
}
# Parameters whose role goes to another principal.
_OTHERS = {("ecs", "role"): "ecs.amazonaws.com"}

# Services whose operations name a role but do not pass it: they take, manage, simulate or find it.
_NOT_PASSED = frozenset(
    {"iam", "sts", "resourcegroupstaggingapi", "cloudtrail", "config", "sso-admin", "organizations"}
)

_READS = ("Get", "List", "Describe", "Head", "Search")  # verbs of operations that only read
# Operations that run a task definition: its roles are passed again (ECS Developer Guide, "Required permissions to run a
# task with a task role").
_RUN = frozenset({"RunTask", "StartTask", "CreateService", "UpdateService", "CreateTaskSet"})


def passed_roles(asked: Asked) -> Iterator[tuple[str | None, Mapping[str, tuple[str, ...]]]]:
    """Yield the ARN of each role that the call passes, with the condition keys of ``iam:PassRole``.

    The ARN is None for a value that is not the name of a role.
    """
    call = asked.call
    if call.service == "iam" and call.operation == "AddRoleToInstanceProfile":
        arn = f"arn:{asked.partition}:iam::{asked.account}:role"
        name = asked.text("RoleName") or ""
        yield f"{arn}{asked.facts.iam_path('role', name)}{name}", _context("ec2.amazonaws.com")
    if call.service not in _NOT_PASSED and not call.operation.startswith(_READS):
        for path in _role_paths(call.service, call.operation):
            member = path.rpartition(".")[2].removesuffix("[]")
            for value in asked.texts(path):
                yield _arn(asked, value), _context(_principal(call.service, member))
    if call.service == "ecs" and call.operation in _RUN:
        known = asked.facts.task_definition(call.region, asked.text("taskDefinition") or "")
        for arn in known[1] if known else ():
            yield arn, _context(_PRINCIPALS["ecs"])


def _arn(asked: Asked, value: str) -> str | None:
    """Return the ARN of a role that is given by its ARN or (for Glue) by its name; None for anything else."""
    if _ROLE_ARN.fullmatch(value):
        return value
    if not _ROLE_NAME.fullmatch(value):
        return None
    return f"arn:{asked.partition}:iam::{asked.account}:role{asked.facts.iam_path('role', value)}{value}"


@cache
def _role_paths(service: str, operation: str) -> tuple[str, ...]:
    """Return the paths of the members of an operation's input that are roles, such as ``Targets[].RoleArn``."""
    shape = model_of(service).operation_model(operation).input_shape
    return tuple(_paths_in(shape, "", frozenset())) if shape else ()


def _paths_in(shape: Shape, path: str, above: frozenset[str]) -> Iterator[str]:
    if shape.name in above:
        return  # a shape that contains itself: its members were found the first time
    inside = above | {shape.name}
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield from _paths_in(member, f"{path}.{name}" if path else name, inside)
    elif isinstance(shape, ListShape | MapShape):
        yield from _paths_in(shape.member if isinstance(shape, ListShape) else shape.value, f"{path}[]", inside)
    elif shape.type_name == "string" and _ROLE_MEMBER.search(path.removesuffix("[]")):
        yield path


def _principal(service: str, name: str) -> str:
    signing_name = model_of(service).signing_name
    return _OTHERS.get((service, name)) or _PRINCIPALS.get(service) or f"{signing_name}.amazonaws.com"


def _context(principal: str) -> dict[str, tuple[str, ...]]:
    return {"iam:PassedToService": (principal,)}
