"""Who may come in: trust policies, bucket policies, repository policies, and policies of other resources.

- A role is taken by an AWS service. Where the service says for which resource it acts, that is the team's own.
- A deployer's role is taken by the team's own users and roles, and by those whom the team's file names
  (:mod:`.guests`).
- A bucket is open to the team's own roles, over TLS.
- A queue is open to S3, to tell of uploads to the team's own buckets.
- A repository is open to Lambda, to fetch images for the team's own functions.

A Deny in a bucket's or repository's policy can only narrow it and is ignored, except for the rule about TLS, which must
be there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.platform import SLUG
from shared.iam.globs import contains, is_literal
from shared.isolation.proof.documents.guests import WEB_IDENTITY, guests, judge_federated
from shared.isolation.proof.documents.reviewed import Own, confined, fixed, held
from shared.isolation.proof.finding import Finding
from shared.isolation.roles.grants import FETCH_IMAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.iam.catalogue import Catalogue
    from shared.isolation.proof.documents.document import Document, Statement
    from shared.isolation.proof.names.territory import Territory

# Whether the service, when it takes a role, says for which resource: by aws:SourceArn and aws:SourceAccount. Source:
# "cross-service confused deputy prevention" in each service's guide. Lambda's guide names no such key for these roles.
TRUSTED_SERVICES = {
    "lambda.amazonaws.com": False,
    "states.amazonaws.com": True,
    "scheduler.amazonaws.com": True,
    "events.amazonaws.com": True,
}
# For the platform's roles only. ECS names the account and region of the tasks that it takes a role for, no more.
_TASKS = "ecs-tasks.amazonaws.com"


def judge_trust(statement: Statement, territory: Territory) -> Iterator[Finding]:
    """Yield what is wrong with whom *statement* lets take the role."""
    if statement.effect == "Deny":
        yield statement.finding("deny", "isolation must not lean on a Deny", "trust less instead")
        return
    federated = {kind for kind, _ in statement.principals} == {"Federated"}
    wanted = WEB_IDENTITY if federated else "sts:AssumeRole"
    if statement.actions != (wanted,):
        actions = ", ".join(statement.actions) or "nothing"
        yield statement.finding(
            "trust-action", f"it allows {actions}", f"allow {wanted} and nothing else", action=actions
        )
    if not statement.principals:
        yield statement.finding("malformed", "it names no Principal", "name the service")
    for kind, value in statement.principals:
        if kind == "Service":
            yield from _judge_service(statement, value, territory)
        elif kind == "AWS":
            yield from _judge_people(statement, value, territory)
        elif kind == "Federated":
            yield from judge_federated(statement, value, territory.place)
        else:
            yield statement.finding(
                "principal",
                f"{kind} principals are vouched for by somebody outside the account",
                "trust an AWS service, own roles by their ARNs, or the account with aws:PrincipalArn",
                resource=value,
            )


def _judge_service(statement: Statement, service: str, territory: Territory) -> Iterator[Finding]:
    if service == _TASKS and territory.slug == SLUG:
        yield from _judge_account(statement, service, territory)
    elif service not in TRUSTED_SERVICES:
        known = ", ".join(sorted(TRUSTED_SERVICES))
        yield statement.finding(
            "principal", "no team's role is for this service", f"trust one of: {known}", resource=service
        )
    elif TRUSTED_SERVICES[service]:
        yield from _judge_account(statement, service, territory)
        yield from _judge_source(statement, service, territory)


def _judge_account(statement: Statement, service: str, territory: Territory) -> Iterator[Finding]:
    """Yield a finding unless *service* may come for resources of this account alone."""
    if not fixed(statement.conditions, "aws:SourceAccount", frozenset({territory.place.account})):
        yield statement.finding(
            "source-account",
            "the service would come on behalf of another account's resource",
            f"add StringEquals aws:SourceAccount {territory.place.account}",
            resource=service,
        )


def _judge_source(statement: Statement, service: str, territory: Territory) -> Iterator[Finding]:
    """Yield a finding unless *service* may come for the team's own resources alone."""
    if not confined(statement.conditions, "aws:SourceArn", Own.ARN, territory):
        yield statement.finding(
            "source-arn",
            "another team's resource could name this one, and the service would come on its behalf",
            f"add ArnLike aws:SourceArn with an ARN of {territory.slug}'s own",
            resource=service,
        )


def _judge_people(statement: Statement, principal: str, territory: Territory) -> Iterator[Finding]:
    """Judge a user or a role: own ones and guests by ARN, or the account, narrowed to them by aws:PrincipalArn."""
    place = territory.place
    people = (*territory.principals, *guests(statement.document.guests, place))
    if is_literal(principal) and contains(people, principal):
        return
    root = place.arn("iam", "root")
    if principal not in {root, place.account}:
        yield statement.finding(
            "principal",
            "only a service, own roles and users, or the account with a condition may be trusted: not anyone, "
            "a session, another account",
            f"trust {root} with ArnLike aws:PrincipalArn of {territory.slug}'s own users and roles, or name them under "
            f"access in teams/{territory.slug}.yaml",
            resource=principal,
        )
    elif not held(statement.conditions, "aws:PrincipalArn", people):
        yield statement.finding(
            "principal",
            "everybody in the account whose own policy says so could take the role",
            f"add ArnLike aws:PrincipalArn {territory.principals[0]}",
            resource=principal,
        )


def judge_bucket(
    statement: Statement, document: Document, territory: Territory, catalogue: Catalogue
) -> Iterator[Finding]:
    """Yield what is wrong with whom *statement* lets at the bucket, and to do what."""
    if statement.effect == "Deny":
        return
    yield from _judge_bucket_actions(statement, catalogue)
    own = (document.attached, f"{document.attached}/*")
    for resource in statement.resources:
        if not contains(own, resource):
            yield statement.finding("foreign-name", "it is not this bucket", f"name {own[0]}", resource=resource)
    if not statement.principals:
        yield statement.finding("malformed", "it names no Principal", "name the team's own role by its ARN")
    for kind, value in statement.principals:
        if value.split(":")[2:3] == ["sts"]:
            yield statement.finding(
                "session",
                "a role's boundary does not limit a grant to its session",
                "name the role's ARN (arn:...:iam::...:role/...)",
                resource=value,
            )
        elif kind != "AWS" or not (is_literal(value) and contains(territory.principals, value)):
            yield statement.finding(
                "principal",
                f"{kind} {value} is not one of {territory.slug}'s own roles",
                f"name own roles one by one: {territory.principals[0]}",
                resource=value,
            )


def _judge_bucket_actions(statement: Statement, catalogue: Catalogue) -> Iterator[Finding]:
    for pattern in statement.actions:
        actions = catalogue.expand(pattern)
        if not actions or any(action.service != "s3" for action in actions):
            yield statement.finding("unknown-action", "it is no action of S3", "name one", action=pattern)
        doors = [action.name for action in actions if action.level == "Permissions management"]
        if doors:
            yield statement.finding(
                "opens-door",
                "whoever holds it can let others at the bucket",
                "leave the bucket's policy and ACLs to the platform role",
                action=", ".join(doors[:3]),
            )


def judge_repository(statement: Statement, territory: Territory) -> Iterator[Finding]:
    """Yield what is wrong with whom *statement* lets at the repository, and to do what."""
    if statement.effect == "Deny":
        return
    more = set(statement.actions) - set(FETCH_IMAGES)
    if more or not statement.actions:
        yield statement.finding(
            "repository-action",
            f"it allows {', '.join(sorted(more)) or 'nothing'}, and Lambda only fetches",
            f"allow {' and '.join(FETCH_IMAGES)}",
            action=", ".join(sorted(more)),
        )
    if statement.resources:
        yield statement.finding("malformed", "ECR takes no Resource here: it is this repository", "leave it out")
    if not statement.principals:
        yield statement.finding("malformed", "it names no Principal", "name lambda.amazonaws.com")
    for kind, value in statement.principals:
        if (kind, value) == ("Service", "lambda.amazonaws.com"):
            yield from _judge_source(statement, value, territory)
        else:
            yield statement.finding(
                "principal",
                "the team's own people have a role for it, and nobody else needs its images",
                "let lambda.amazonaws.com in, and nobody else",
                resource=value,
            )


def judge_resource(statement: Statement, document: Document, territory: Territory) -> Iterator[Finding]:
    """Yield whom a function's, a queue's, a secret's or a table's own policy lets in.

    Only the team's own rules may call a function, and only its own buckets may tell a queue of uploads.
    """
    if statement.effect != "Deny" and not (
        _called_by_rule(statement, document, territory) or (_told_by_bucket(statement, document, territory))
    ):
        who = ", ".join(value for _, value in statement.principals) or "nobody that is named"
        why = f"it lets in {who}, and no role's policy shows it"
        yield statement.finding("resource-policy", why, "take the statement away; grant it to a role of the team's own")


def _told_by_bucket(statement: Statement, document: Document, territory: Territory) -> bool:
    """Whether S3 may send to the queue, for the team's own buckets of this account alone.

    An ARN of a bucket tells no account, and a bucket's name that is given up can be another account's. Source: S3 user
    guide, "Granting permissions to publish event notification messages" (read 2026-11-29).
    """
    return (
        statement.principals == (("Service", "s3.amazonaws.com"),)
        and statement.actions == ("sqs:SendMessage",)
        and statement.resources == (document.attached,)
        and confined(statement.conditions, "aws:SourceArn", Own.ARN, territory)
        and fixed(statement.conditions, "aws:SourceAccount", frozenset({territory.place.account}))
    )


def _called_by_rule(statement: Statement, document: Document, territory: Territory) -> bool:
    lines = [(line.operator, line.key.lower(), line.values) for line in statement.conditions]
    rules = [
        value for operator, key, values in lines if (operator, key) == ("ArnLike", "aws:sourcearn") for value in values
    ]
    return (
        statement.principals == (("Service", "events.amazonaws.com"),)
        and statement.actions == ("lambda:InvokeFunction",)
        and statement.resources == (document.attached,)
        and bool(rules)
        and all(map(territory.holds, rules))
    )


def judge_tls(statements: list[Statement], document: Document) -> Iterator[Finding]:
    """Yield a finding unless some statement denies everybody everything over plain HTTP."""
    wanted = {document.attached, f"{document.attached}/*"}
    for statement in statements:
        lines = [(line.operator, line.key.lower(), line.values) for line in statement.conditions]
        if (
            statement.effect == "Deny"
            and statement.principals == (("AWS", "*"),)
            and statement.actions == ("s3:*",)
            and wanted.issubset(statement.resources)
            and lines == [("Bool", "aws:securetransport", ("false",))]
        ):
            return
    yield Finding(
        rule="tls",
        document=document.title,
        team=document.team,
        action="s3:*",
        resource=document.attached,
        why="no statement refuses plain HTTP",
        fix='add Deny, Principal "*", s3:*, bucket and objects, Bool aws:SecureTransport false',
    )
