"""What is a team's own: the ARNs whose names begin with its slug and a separator, in one account and region.

A team's territory is made from its slug alone, without a list of teams. What lies inside one territory lies outside
every other team's, today's and tomorrow's (:mod:`shared.isolation.proof.names.slugs` shows why).

The kinds of ARN are spelt out here and not taken from naming.yaml: a mistake there must not make the proof wider.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from shared.iam.globs import contains, intersect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.lane import Place
    from shared.isolation.proof.names.commons import Commons

SEPARATORS = ("-", "/")
SCHEMA_SEPARATOR = "_"

# Service, what stands before the slug, the separator behind it: "-", and "/" too where names are paths.
_NAMED: tuple[tuple[str, str, str], ...] = (
    ("s3", "", "-"),
    ("lambda", "function:", "-"),
    ("lambda", "layer:", "-"),
    ("states", "stateMachine:", "-"),
    ("states", "execution:", "-"),
    ("states", "express:", "-"),
    ("states", "mapRun:", "-"),
    ("states", "activity:", "-"),
    ("iam", "role/", "-"),
    ("iam", "user/", "-"),
    ("iam", "policy/", "-"),
    ("logs", "log-group:/aws/lambda/", "-"),
    ("logs", "log-group:/aws/vendedlogs/states/", "-"),
    ("logs", "log-group:/ecs/", "-"),
    ("dynamodb", "table/", "-"),
    ("ecr", "repository/", "-"),
    ("ecr", "repository/", "/"),
    ("secretsmanager", "secret:", "-"),
    ("secretsmanager", "secret:", "/"),
    ("ssm", "parameter/", "-"),
    ("ssm", "parameter/", "/"),
    ("ecs", "cluster/", "-"),
    ("ecs", "service/", "-"),
    ("ecs", "task/", "-"),
    ("ecs", "task-definition/", "-"),
    ("events", "rule/", "-"),
    ("events", "event-bus/", "-"),
    ("scheduler", "schedule-group/", "-"),
    ("scheduler", "schedule/", "-"),
    ("scheduler", "schedule/default/", "-"),
    ("sqs", "", "-"),
    ("sns", "", "-"),
    ("cloudwatch", "alarm:", "-"),
    ("rds", "db:", "-"),
    ("budgets", "budget/", "-"),
)
RECORDS = "parameter/teamlanes/"
"""What the stage follows, and the slug after it, in the ARNs of deploy records. No team is called teamlanes."""
# The service, and what stands before the name, in the ARN of each kind of naming.yaml.
_KINDS = {
    "bucket": ("s3", ""),
    "role": ("iam", "role/"),
    "policy": ("iam", "policy/"),
    "function": ("lambda", "function:"),
    "functionLogGroup": ("logs", "log-group:"),
    "stateMachine": ("states", "stateMachine:"),
    "stateMachineLogGroup": ("logs", "log-group:"),
    "table": ("dynamodb", "table/"),
    "queue": ("sqs", ""),
    "topic": ("sns", ""),
    "cluster": ("ecs", "cluster/"),
    "service": ("ecs", "service/"),
    "taskDefinition": ("ecs", "task-definition/"),
    "containerLogGroup": ("logs", "log-group:"),
    "repository": ("ecr", "repository/"),
    "rule": ("events", "rule/"),
    "alarm": ("cloudwatch", "alarm:"),
    "scheduleGroup": ("scheduler", "schedule-group/"),
    "budget": ("budgets", "budget/"),
    "secret": ("secretsmanager", "secret:"),
    "parameter": ("ssm", "parameter"),
}
# A schema is the database's and has no ARN (database_rules.py). The ARN of a security group holds its id, no name.
_WITHOUT_ARN = {"schema": SCHEMA_SEPARATOR, "securityGroup": "-"}
_FIELD = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True)
class Territory:
    """The own names of the team *slug* at *place*, and ``commons``: the shared data that it may read."""

    slug: str
    place: Place
    commons: tuple[Commons, ...] = ()

    @cached_property
    def patterns(self) -> tuple[str, ...]:
        """Globs of every ARN that is the team's own."""
        return tuple(f"{head}{self.slug}{separator}*" for head, separator in heads(self.place))

    @cached_property
    def principals(self) -> tuple[str, ...]:
        """Globs of the team's own users and roles, as ``aws:PrincipalArn`` spells them."""
        return tuple(self.place.arn("iam", f"{kind}/{self.slug}-*") for kind in ("role", "user"))

    @cached_property
    def own_record(self) -> str:
        """The deploy record that the team's own people write; the platform's lies beside it, for them to read."""
        return self.place.arn("ssm", f"{RECORDS}{self.place.stage}/{self.slug}/deployer")

    def names(self, name: str) -> bool:
        """Whether *name*, of a user, a group or a role, is one of the team's own."""
        return name.startswith(f"{self.slug}-")

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Globs of names that stand in no ARN, such as a metric's namespace."""
        return (self.slug, *(f"{self.slug}{separator}*" for separator in SEPARATORS))

    def holds(self, resource: str) -> bool:
        """Whether every ARN that the glob *resource* matches is the team's own."""
        return contains(self.patterns, resource)


def reaches_platform_record(resource: str, territory: Territory) -> bool:
    """Whether the glob *resource* matches a deploy record beside the one that the team's own people write."""
    folder = territory.place.arn("ssm", f"{RECORDS}{territory.place.stage}/{territory.slug}/*")
    return bool(intersect(folder, resource)) and not contains((territory.own_record,), resource)


def heads(place: Place) -> tuple[tuple[str, str], ...]:
    """Return what stands before the slug in each kind of ARN, with the separator that follows the slug."""
    named = (*_NAMED, ("ssm", f"{RECORDS}{place.stage}/", "/"))
    return tuple((place.arn(service, before), separator) for service, before, separator in named)


def templates_outside(templates: Mapping[str, str], place: Place) -> list[str]:
    """Return the kinds whose *templates*, of naming.yaml, make names outside the team's territory."""
    slug = "anyteam"  # patterns treat every slug alike
    territory = Territory(slug, place)
    outside = []
    for kind, template in templates.items():
        if kind in _WITHOUT_ARN:
            if not template.startswith("{team}" + _WITHOUT_ARN[kind]):
                outside.append(kind)
            continue
        name = _FIELD.sub("*", template.replace("{team}", slug))
        service, head = _KINDS.get(kind, ("", ""))
        if not service or not territory.holds(place.arn(service, head + name)):
            outside.append(kind)
    return outside
