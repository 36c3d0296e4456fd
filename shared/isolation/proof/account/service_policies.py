"""Policies of the account's logs, of one log group or of one event bus: whom they let at a team's own.

They name resources by globs, and they are no team's documents. Log delivery may come in by design: it writes the logs
of state machines, reads nothing, and acts for this account alone. Source: CloudWatch Logs user guide, "Logs sent to
CloudWatch Logs" (November 2026).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.iam.globs import complete_arn, contains, intersect
from shared.isolation.proof.documents.reviewed import fixed
from shared.isolation.proof.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.iam.statements import Statement
    from shared.isolation.proof.account.account import ServicePolicy
    from shared.isolation.proof.names.territory import Territory

_LOG_DELIVERY = ("Service", "delivery.logs.amazonaws.com")
_WRITE_LOGS = frozenset({"logs:createlogstream", "logs:putlogevents"})
_MOST_SHOWN = 3


def judge_service_policy(found: ServicePolicy, territories: Sequence[Territory]) -> Iterator[Finding]:
    """Yield the statements that let anybody but the team reach its log groups or event buses."""
    rule = f"{found.service}-policy"
    for fault in found.policy.broken:
        why, fix = f"whom it lets in is not known: {fault}", "write what AWS documents"
        yield Finding(rule="malformed", document=found.policy.name, why=why, fix=fix)
    for statement in found.policy.statements:
        named = [complete_arn(each) for each in statement.resources] or [found.attached or "*"]
        met = {
            each.slug: hit
            for each in territories
            if not _let_in(statement, each)
            and (hit := next((name for name in named if _meets(name, found.service, each)), None))
        }
        if statement.effect == "Allow" and met:
            who = ", ".join(value for _, value in statement.principals) or "all but those it lists"
            teams = ", ".join(met)
            yield Finding(
                rule=rule,
                document=found.policy.name,
                team=teams,
                statement=statement.label,
                action=", ".join(statement.actions[:_MOST_SHOWN]),
                resource=next(iter(met.values())),
                why=f"it lets {who} at what is {teams}'s",
                fix="name there the resources that it is for, or take the statement away",
            )


def _meets(resource: str, service: str, territory: Territory) -> bool:
    return any(each.split(":")[2] == service and intersect(each, resource) for each in territory.patterns)


def _let_in(statement: Statement, territory: Territory) -> bool:
    """Whether all whom *statement* names may come in: log delivery to write, or the team's own users and roles."""
    if not statement.principals:
        return False
    if set(statement.principals) == {_LOG_DELIVERY}:
        writes = bool(statement.actions) and {action.lower() for action in statement.actions} <= _WRITE_LOGS
        return writes and fixed(statement.conditions, "aws:SourceAccount", frozenset({territory.place.account}))
    return all(kind == "AWS" and contains(territory.principals, value) for kind, value in statement.principals)
