"""Who of the whole account reaches a team: users, groups and roles, by their policies or by whom they trust.

:func:`shared.isolation.proof.proof.prove` is about the teams' own documents. This is about everybody else in the
account: each Allow of each user, group and role is compared with the names of each team, within its permissions
boundary if it has one. The result may be too wide, and never too narrow: conditions, a Deny and the policies of an
organisation are ignored. Those who reach every team by design are listed with the reason and are no findings.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from shared.config.naming import PLATFORM
from shared.iam.globs import contains, intersect
from shared.isolation.proof.account.account import Expected, Survey
from shared.isolation.proof.account.links import judge_links
from shared.isolation.proof.account.reach import Grant, Touch, touched
from shared.isolation.proof.account.service_policies import judge_service_policy
from shared.isolation.proof.finding import Finding, merge
from shared.isolation.proof.names.territory import Territory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.config.lane import Place
    from shared.iam.catalogue import Catalogue
    from shared.iam.statements import Policy, Statement
    from shared.isolation.proof.account.account import Account, Principal
    from shared.isolation.proof.proof import Proof

# The managed policy of AWS that makes an administrator. Source: IAM user guide, "AWS managed policies for job
# functions" (November 2026).
_ADMINISTRATOR = ":iam::aws:policy/AdministratorAccess"
# Paths in which only AWS can make roles. Source: IAM user guide, "Create a service-linked role"; IAM Identity
# Center user guide, "Referencing permission sets in resource policies" (November 2026).
_PATHS = {
    "/aws-service-role/": "a service-linked role: AWS made it, and only its service can take it",
    "/aws-reserved/sso.amazonaws.com/": "a role of IAM Identity Center: the organisation's logins give it",
}
_PLATFORM = "the platform: it grants no more than what lanes isolation platform prints"
_LEDGER = "the ledger of prepaid lanes: it keeps their accounts and reads how their runs went"
_NARROWING = frozenset({"ArnLike", "ArnEquals", "StringLike", "StringEquals"})
_MOST_SHOWN = 3


def with_account(
    proof: Proof, account: Account, place: Place, catalogue: Catalogue, expected: Expected | None = None
) -> Proof:
    """Return *proof* with what was found in the rest of the account.

    Args:
        proof: The proof of the teams' own documents.
        account: What there is beside them, or will be; and what could not be read.
        place: The account and region.
        catalogue: Every action there is.
        expected: Who reaches teams by design.
    """
    found = survey(account, place, catalogue, expected or Expected())
    return replace(
        proof,
        findings=(*proof.findings, *merge(found.findings)),
        outsiders=found.principals,
        by_design=found.by_design,
        unseen=account.unseen,
        limits=(*proof.limits, *account.limits),
    )


def survey(account: Account, place: Place, catalogue: Catalogue, expected: Expected) -> Survey:
    """Return who and what of *account*, at *place*, reaches into the names of its teams and should not.

    The teams' own roles and the rendezvous' are left out, because the proof demands more of their documents than this
    does. Others that are named as the platform's own are, as its administrators' and the ledger's, reach all teams.
    """
    territories = [Territory(team, place) for team in account.teams]
    findings: list[Finding] = []
    by_design: dict[str, str] = {}
    teams = [each for each in territories if each.slug != PLATFORM]
    outsiders = [
        each
        for each in account.principals
        if each.kind != "role"
        or not (each.arn in account.rendezvous or any(territory.holds(each.arn) for territory in teams))
    ]
    for each in outsiders:
        invited = list(_invited(each, territories))
        reaching = list(_reaching(each, territories, catalogue, expected, by_design))
        why = _design(each, expected)
        if why is None:
            findings += reaching
        elif reaching:
            by_design[each.title] = why
        findings += () if each.title in expected.operators else invited
    for policy in account.policies:
        findings += judge_service_policy(policy, territories)
    for finding, operator in judge_links(account.links, territories):
        if operator in expected.operators:
            by_design[operator] = _operator(expected, operator)
        else:
            findings.append(finding)
    return Survey(tuple(findings), by_design, len(outsiders))


def _design(principal: Principal, expected: Expected) -> str | None:
    """Say why *principal* reaches teams by design, or None when nothing says so."""
    if principal.title in expected.operators:
        return _operator(expected, principal.title)
    if any(policy.name.startswith("arn:") and policy.name.endswith(_ADMINISTRATOR) for policy in principal.policies):
        return "an administrator of the account (AdministratorAccess): trusted, as who can change every role"
    return next((why for path, why in _PATHS.items() if principal.path.startswith(path)), None)


def _operator(expected: Expected, title: str) -> str:
    return f"an operator, by shared/settings.yaml: {expected.operators[title]}"


def _reaching(
    principal: Principal,
    territories: Sequence[Territory],
    catalogue: Catalogue,
    expected: Expected,
    by_design: dict[str, str],
) -> Iterator[Finding]:
    """Yield a finding for each statement of *principal*'s policies that reaches a team other than its own."""
    above, reason = expected.platform, _PLATFORM
    if expected.ledger and principal.title == expected.ledger[0]:
        above, reason = (expected.ledger[1],), _LEDGER
    designed = [statement for policy in above for statement in policy.statements]
    boundary = principal.boundary
    ceiling = None if boundary is None else [Grant(each) for each in boundary.statements if each.effect == "Allow"]
    others = [each for each in territories if not each.names(principal.name)]
    for policy in principal.policies:
        for fault in policy.broken:
            why, fix = f"what it grants is not known: {fault}", "write what AWS documents"
            yield Finding(rule="malformed", document=_title(policy, principal), why=why, fix=fix)
        for statement in policy.statements:
            grant = Grant(statement)
            reached = {
                territory.slug: found
                for territory in others
                if statement.effect == "Allow"
                and (found := list(islice(touched(grant, ceiling, territory, catalogue), _MOST_SHOWN)))
            }
            if reached and any(_within(statement, each) for each in designed):
                by_design[principal.title] = reason
            elif reached:
                yield _reach(principal, policy, statement, reached)


def _reach(principal: Principal, policy: Policy, statement: Statement, reached: Mapping[str, list[Touch]]) -> Finding:
    teams = ", ".join(reached)
    actions = statement.actions or [f"all but {each}" for each in statement.not_actions]
    first = next(iter(reached.values()))[0]
    unweighed = " (its conditions are not weighed)" if statement.conditions else ""
    return Finding(
        rule="outsider",
        document=_title(policy, principal),
        team=teams,
        statement=statement.label,
        action=", ".join(actions[:_MOST_SHOWN]),
        resource=first.resource,
        why=f"{principal.arn} reaches what is {teams}'s{f', {first.what}' if first.what else ''}{unweighed}",
        fix=f"{_undo(principal, policy)}; or name in it what it is for; or list {principal.title} under operators in "
        "shared/settings.yaml with the reason",
    )


def _title(policy: Policy, principal: Principal) -> str:
    return f"policy {policy.name} of {principal.title}"


def _undo(principal: Principal, policy: Policy) -> str:
    whose = f"--{principal.kind}-name {principal.name}"
    if policy.name.startswith("arn:"):
        return f"aws iam detach-{principal.kind}-policy {whose} --policy-arn {policy.name}"
    return f"aws iam delete-{principal.kind}-policy {whose} --policy-name {policy.name}"


def _invited(principal: Principal, territories: Sequence[Territory]) -> Iterator[Finding]:
    """Yield a finding where a role's trust lets a team's roles or users take it: they could do all that it may.

    To trust the account's root without a condition lets nobody in by itself. The caller's own policy must allow it too,
    and a team's own policies are proved to name only own roles.
    """
    for statement in principal.trust.statements if principal.trust else ():
        named = [value for kind, value in statement.principals if kind == "AWS"]
        named += ["*"] if statement.not_principals else []
        guests = {
            each.slug: guest
            for each in territories
            if not each.names(principal.name)
            and (guest := next((value for value in named if _names_team(value, statement, each)), None))
        }
        if statement.effect == "Allow" and guests:
            teams = ", ".join(guests)
            yield Finding(
                rule="trusts-team",
                document=f"trust policy of {principal.title}",
                team=teams,
                statement=statement.label,
                resource=next(iter(guests.values())),
                why=f"roles or users of {teams} can take {principal.arn} and do all that it may",
                fix=f"aws iam update-assume-role-policy --role-name {principal.name}, and trust who should take it",
            )


def _names_team(value: str, statement: Statement, territory: Territory) -> bool:
    """Whether a principal that a trust names may be one of the team's own; aws:PrincipalArn may narrow it."""
    place = territory.place
    root = value in {place.account, place.arn("iam", "root")}
    if not root and value != "*":
        people = [value.replace(":sts:", ":iam:").replace(":assumed-role/", ":role/")]
    else:
        narrowed = [
            each
            for line in statement.conditions
            if line.key.lower() == "aws:principalarn" and line.operator in _NARROWING
            for each in line.values
        ]
        people = narrowed or ([] if root else ["*"])
    return any(intersect(own, person) for own in territory.principals for person in people)


def _within(statement: Statement, above: Statement) -> bool:
    """Whether *above*, of a policy of ours, grants all that *statement* does, under no more conditions."""
    return (
        bool(statement.actions)
        and bool(statement.resources)
        and set(statement.actions) <= set(above.actions)
        and all(contains(above.resources, resource) for resource in statement.resources)
        and set(above.conditions) <= set(statement.conditions)
    )
