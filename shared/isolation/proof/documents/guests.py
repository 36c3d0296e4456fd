"""Whom a team's file lets in as its people (``access``), as the trust policy of its deployer's role may name them.

The forms are spelt out here and not taken from what writes the trust: a mistake there must not make the proof wider.
A guest is somebody whom no name ties to a team: an IAM user, the role that IAM Identity Center makes for a permission
set, workflows on GitHub. Each is admitted one by one, and only to the role of the team's people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.isolation.proof.documents.reviewed import fixed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.config.access import Access
    from shared.config.lane import Place
    from shared.isolation.proof.documents.document import Statement
    from shared.isolation.proof.finding import Finding

WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"
_GITHUB = "token.actions.githubusercontent.com"
_AUDIENCE = "sts.amazonaws.com"
_SUFFIX = "?" * 16
"""What IAM Identity Center puts behind a permission set's name: so many digits, and never more."""


def guests(access: Access, place: Place) -> tuple[str, ...]:
    """Return globs of the guests of *access* who are users or roles, as ``aws:PrincipalArn`` spells them."""
    reserved = place.arn("iam", "role/aws-reserved/sso.amazonaws.com*/AWSReservedSSO_")
    return (
        *(place.arn("iam", f"user/{user}") for user in access.users),
        *(f"{reserved}{permission_set}_{_SUFFIX}" for permission_set in access.permission_sets),
    )


def judge_federated(statement: Statement, provider: str, place: Place) -> Iterator[Finding]:
    """Judge whom a token signed by *provider* lets in: GitHub's, for workflows that the team's file names."""
    if provider != place.arn("iam", f"oidc-provider/{_GITHUB}"):
        yield statement.finding(
            "principal",
            "whoever that provider signs for could take the role, and no rule here says who that is",
            f"trust {place.arn('iam', f'oidc-provider/{_GITHUB}')}, an AWS service, or the team's own",
            resource=provider,
        )
        return
    if not fixed(statement.conditions, f"{_GITHUB}:aud", frozenset({_AUDIENCE})):
        yield statement.finding(
            "audience",
            "a token that GitHub signed for somebody else's service would do",
            f"add StringEquals {_GITHUB}:aud {_AUDIENCE}",
            resource=provider,
        )
    subjects = frozenset(each.subject for each in statement.document.guests.github)
    if not fixed(statement.conditions, f"{_GITHUB}:sub", subjects):
        named = ", ".join(sorted(subjects)) or "nobody"
        yield statement.finding(
            "subject",
            f"workflows could take the role that the team's file does not let in: it names {named}",
            f"add StringEquals {_GITHUB}:sub with what access.github of teams/{statement.document.team}.yaml says",
            resource=provider,
        )
