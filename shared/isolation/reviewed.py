"""The reviewed exceptions: what may be granted past a team's own names, why, and on what condition.

Everything else that is not inside own names is refused. An entry is added by hand, with a reason that says what a team
could do to another with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.isolation.globs import contains

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.isolation.documents import Condition
    from shared.isolation.territory import Territory


class Own(StrEnum):
    """What the values of a condition must be inside of."""

    ARN = "an own-name ARN"
    PRINCIPAL = "an own user or role"
    LABEL = "an own name"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One action that may stand outside own names.

    Args:
        action: The action, as AWS writes it.
        reason: Why it is no path to another team.
        resources: Globs it may be granted on, to be filled with the place.
        key: The condition key that must confine it, or "" when none is needed.
        own: What that key's values must be inside of.
    """

    action: str
    reason: str
    resources: tuple[str, ...] = ("*",)
    key: str = ""
    own: Own = Own.ARN

    def allows(self, resource: str, territory: Territory) -> bool:
        """Whether the entry speaks of *resource*."""
        place = territory.place
        within = tuple(
            pattern.format(partition=place.partition, region=place.region, account=place.account)
            for pattern in self.resources
        )
        return resource in within or ("*" not in within and contains(within, resource))


_MAPPING = "arn:{partition}:lambda:{region}:{account}:event-source-mapping:*"
_SYNC_RULE = "arn:{partition}:events:{region}:{account}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
_DELIVERY = "Step Functions asks it of the role of a state machine that logs; "
_MANAGED = "AWS's own rule for nested executions, which Events lets nobody but Step Functions change"
_OWN_MAPPING = "mappings are called by a UUID; the condition keeps to those of the team's own functions"

REVIEWED: dict[str, Reviewed] = {
    entry.action.lower(): entry
    for entry in (
        Reviewed("ecr:GetAuthorizationToken", "a token opens only the repositories its holder is granted"),
        Reviewed("sts:GetCallerIdentity", "tells the caller who it is"),
        Reviewed("lambda:GetAccountSettings", "tells the account's limits and sums, nothing of a team"),
        Reviewed("states:ListStateMachines", "tells names"),
        Reviewed("states:ValidateStateMachineDefinition", "reads the text it is given"),
        Reviewed("xray:PutTraceSegments", "write-only telemetry that no handler reads"),
        Reviewed("xray:PutTelemetryRecords", "write-only telemetry that no handler reads"),
        Reviewed("logs:DescribeLogGroups", "tells names and sizes, no event"),
        Reviewed("logs:DescribeResourcePolicies", "tells who may write logs, no event"),
        Reviewed("logs:GetLogDelivery", _DELIVERY + "tells where a delivery goes, no event"),
        Reviewed("logs:ListLogDeliveries", _DELIVERY + "tells where deliveries go, no event"),
        Reviewed("logs:CreateLogDelivery", _DELIVERY + "a delivery reaches only what the caller may write to"),
        Reviewed("logs:UpdateLogDelivery", _DELIVERY + "could misdirect a delivery's future events, reads none"),
        Reviewed("logs:DeleteLogDelivery", _DELIVERY + "could end a delivery's future events, reads none"),
        Reviewed("events:PutRule", _MANAGED, (_SYNC_RULE,)),
        Reviewed("events:PutTargets", _MANAGED, (_SYNC_RULE,)),
        Reviewed("events:DescribeRule", _MANAGED, (_SYNC_RULE,)),
        Reviewed(
            "cloudwatch:PutMetricData",
            "the condition keeps to the team's own namespaces",
            key="cloudwatch:namespace",
            own=Own.LABEL,
        ),
        Reviewed("lambda:CreateEventSourceMapping", _OWN_MAPPING, key="lambda:FunctionArn"),
        Reviewed("lambda:UpdateEventSourceMapping", _OWN_MAPPING, ("*", _MAPPING), key="lambda:FunctionArn"),
        Reviewed("lambda:DeleteEventSourceMapping", _OWN_MAPPING, ("*", _MAPPING), key="lambda:FunctionArn"),
        Reviewed("lambda:GetEventSourceMapping", _OWN_MAPPING, ("*", _MAPPING), key="lambda:FunctionArn"),
    )
}

# Operators that are false when the key is missing; ...IfExists and ForAllValues: are true then and confine nothing.
_CONFINING = frozenset({"StringEquals", "StringLike", "ArnEquals", "ArnLike"})


def confined(conditions: Iterable[Condition], key: str, own: Own, territory: Territory) -> bool:
    """Whether some line of *conditions* keeps *key* inside what is the team's own.

    Values are read as globs under every operator, which takes StringEquals for more than it allows, never for less.
    """
    union = {Own.ARN: territory.patterns, Own.PRINCIPAL: territory.principals, Own.LABEL: territory.labels}[own]
    return any(
        line.key.lower() == key.lower()
        and line.operator in _CONFINING
        and line.values
        and all(contains(union, value) for value in line.values)
        for line in conditions
    )


def fixed(conditions: Iterable[Condition], key: str, allowed: frozenset[str]) -> bool:
    """Whether some line of *conditions* holds *key* to values that are all *allowed*, letter by letter."""
    return any(
        line.key.lower() == key.lower()
        and line.operator in {"StringEquals", "StringLike"}
        and line.values
        and allowed.issuperset(line.values)
        for line in conditions
    )
