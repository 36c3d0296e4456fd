"""The reviewed exceptions: what may be granted outside a team's own names, why, and under what condition.

Everything else outside own names is refused. A person adds an entry, with a reason: what could one team do to another
with it?
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.config.platform import SLUG
from shared.config.services import SERVICES
from shared.iam.globs import contains, is_literal
from shared.isolation.roles.grants import CODE_OF, NETWORK, SEE_NETWORKS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.iam.statements import Condition
    from shared.isolation.proof.names.territory import Territory


class Own(StrEnum):
    """What the values of a condition must be."""

    ARN = "an own-name ARN"
    LABEL = "an own name"
    SPELT = "names spelt out, without a star"
    MISSING = "nothing: the key must be missing (Null ... true)"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One action that may stand outside own names.

    Args:
        action: The action, as AWS writes it.
        reason: Why it is no path to another team.
        resources: Globs it may be granted on, to be filled with the place.
        key: The condition key that must confine it, or "" when none is needed.
        own: What the values of that key must be.
        team: The one team that may have it; every team when empty.
    """

    action: str
    reason: str
    resources: tuple[str, ...] = ("*",)
    key: str = ""
    own: Own = Own.ARN
    team: str = ""

    def allows(self, resource: str, territory: Territory) -> bool:
        """Whether the entry is about *resource* and this team."""
        if self.team not in {"", territory.slug}:
            return False
        place = territory.place
        within = tuple(
            pattern.format(partition=place.partition, region=place.region, account=place.account)
            for pattern in self.resources
        )
        return resource in within or ("*" not in within and contains(within, resource))


_MAPPING = "arn:{partition}:lambda:{region}:{account}:event-source-mapping:*"
_SYNC_RULE = "arn:{partition}:events:{region}:{account}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
_DELIVERY = "Step Functions asks it of the role of a state machine that logs; "
# Log delivery writes as a service of its own, under the resource policy of the destination group. That policy cannot
# tell machines apart, because the SourceArn that it sees is the log delivery's. Source: CloudWatch Logs user guide,
# "Logs sent to CloudWatch Logs" (November 2026). These rights are for services that log for a caller: the API of logs
# has no such operations.
_WRITES_AS_SERVICE = (
    "it writes as delivery.logs.amazonaws.com wherever the account's log policy lets that, so a machine can log its "
    "own events into another team's group and reads nothing there; lanes plan and prove --deployed show one that does"
)
_NO_CALL = "no API of logs does it, so no code of a team can call it; Step Functions, in its place, "
_MANAGED = "AWS's own rule for nested executions, which Events lets nobody but Step Functions change"
_ZONES, _CHANGES = (f"arn:{{partition}}:route53:::{kind}/*" for kind in ("hostedzone", "change"))
_BY_LAMBDA = (
    "Lambda does it for a function in a network; the condition keeps it from the function's code, and networks are the "
    "account's, no team's"
)
_NETWORK = "tells the account's networks, which are no team's"
_OWN_MAPPING = "mappings are called by a UUID; the condition keeps to those of the team's own functions"

_ENTRIES = (
    Reviewed("ecr:GetAuthorizationToken", "a token opens only the repositories its holder is granted"),
    Reviewed("sts:GetCallerIdentity", "tells the caller who it is"),
    Reviewed("lambda:GetAccountSettings", "tells the account's limits and sums, nothing of a team"),
    Reviewed("servicequotas:ListServiceQuotas", "tells the account's limits, nothing of a team"),
    Reviewed("states:ListStateMachines", "tells names"),
    Reviewed("scheduler:ListSchedules", "tells names, groups and states, no payload"),
    Reviewed("lambda:ListEventSourceMappings", "tells names of queues and functions, and settings, no message"),
    Reviewed("states:ValidateStateMachineDefinition", "reads the text it is given"),
    Reviewed("xray:PutTraceSegments", "write-only telemetry that no handler reads"),
    Reviewed("xray:PutTelemetryRecords", "write-only telemetry that no handler reads"),
    Reviewed("logs:DescribeLogGroups", "tells names and sizes, no event"),
    Reviewed("logs:DescribeResourcePolicies", "tells who may write logs, no event"),
    Reviewed("logs:GetLogDelivery", _DELIVERY + "tells where a delivery goes, no event"),
    Reviewed("logs:ListLogDeliveries", _DELIVERY + "tells where deliveries go, no event"),
    Reviewed("logs:CreateLogDelivery", _DELIVERY + _WRITES_AS_SERVICE),
    Reviewed("logs:UpdateLogDelivery", _DELIVERY + _NO_CALL + "could turn a delivery's future events elsewhere"),
    Reviewed("logs:DeleteLogDelivery", _DELIVERY + _NO_CALL + "could end a delivery's future events"),
    Reviewed("logs:StopQuery", "ends a query by an id that only its maker was told, reads nothing"),
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
    *(Reviewed(action, _BY_LAMBDA, key=CODE_OF, own=Own.MISSING) for action in NETWORK.actions),
    *(Reviewed(action, _NETWORK) for action in SEE_NETWORKS),
    *(Reviewed(each.action, each.reason, each.resources) for each in SERVICES.values()),
    Reviewed("ecs:ListTasks", "the condition keeps to the own cluster", key="ecs:cluster", team=SLUG),
    Reviewed("route53:ListHostedZonesByName", "tells names; the rendezvous finds its zone's id", team=SLUG),
    Reviewed("route53:ListResourceRecordSets", "tells names and addresses, as DNS does", (_ZONES,), team=SLUG),
    Reviewed(
        "route53:ChangeResourceRecordSets",
        "zones are called by ids; the condition keeps to the record of the rendezvous and its mark",
        (_ZONES,),
        key="route53:ChangeResourceRecordSetsNormalizedRecordNames",
        own=Own.SPELT,
        team=SLUG,
    ),
    Reviewed("ec2:DescribeNetworkInterfaces", "tells addresses; the rendezvous finds its task's", team=SLUG),
    Reviewed("route53:GetChange", "tells whether a change has arrived", (_CHANGES,), team=SLUG),
)
REVIEWED: dict[str, tuple[Reviewed, ...]] = {
    name: tuple(entry for entry in _ENTRIES if entry.action.lower() == name)
    for name in {entry.action.lower() for entry in _ENTRIES}
}
"""The exceptions by their action in lower case. An action may have one for every team and one for the platform."""

# Operators that are false when the key is missing. An ...IfExists is true then, so it confines nothing. ForAllValues:
# is true then too, unless another line demands the key itself.
_CONFINING = frozenset({"StringEquals", "StringLike", "ArnEquals", "ArnLike"})
_FOR_ALL = "ForAllValues:"


def confined(conditions: tuple[Condition, ...], key: str, own: Own, territory: Territory) -> bool:
    """Whether some line of *conditions* holds *key* to what is the team's own."""
    if own is Own.MISSING:
        return any(
            (line.operator, line.key.lower(), line.values) == ("Null", key.lower(), ("true",)) for line in conditions
        )
    return held(conditions, key, {Own.ARN: territory.patterns, Own.LABEL: territory.labels}.get(own))


def held(conditions: tuple[Condition, ...], key: str, union: tuple[str, ...] | None) -> bool:
    """Whether some line of *conditions* holds *key* to what the globs of *union* match; None: to values without a star.

    Values are read as globs under every operator. So StringEquals is taken to allow more than it does, never less.
    """
    return any(
        line.key.lower() == key.lower()
        and _confines(line, conditions)
        and line.values
        and all(is_literal(value) if union is None else contains(union, value) for value in line.values)
        for line in conditions
    )


def _confines(line: Condition, conditions: tuple[Condition, ...]) -> bool:
    there = any(
        other.operator == "Null" and other.key.lower() == line.key.lower() and other.values == ("false",)
        for other in conditions
    )
    return line.operator in _CONFINING or (there and line.operator.removeprefix(_FOR_ALL) in _CONFINING)


def fixed(conditions: Iterable[Condition], key: str, allowed: frozenset[str]) -> bool:
    """Whether some line of *conditions* holds *key* to *allowed* values, letter by letter."""
    return any(
        line.key.lower() == key.lower()
        and line.operator in {"StringEquals", "StringLike"}
        and line.values
        and allowed.issuperset(line.values)
        for line in conditions
    )
