"""Who of the whole account reaches a team: users, groups and roles, by their policies or by whom they trust.

The proof (:mod:`proof`) is about what hangs on a team's own names. This is about everybody else: each Allow of each
principal is laid against the names of each team, with its permissions boundary where it has one. What it could do is
taken for more, never for less: conditions, a Deny and the policies of an organisation are not weighed. Those who reach
every team by design are listed with the reason, and are no findings.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from shared.iam.globs import contains, intersect, matches
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

# Of AWS's managed policies the one that makes an administrator. Source: IAM user guide, "AWS managed policies for job
# functions" (November 2026).
_ADMINISTRATOR = ":iam::aws:policy/AdministratorAccess"
# Paths that nobody but AWS can make roles in. Source: IAM user guide, "Create a service-linked role"; IAM Identity
# Center user guide, "Referencing permission sets in resource policies" (November 2026).
_PATHS = {
    "/aws-service-role/": "a service-linked role: AWS made it, and only its service can take it",
    "/aws-reserved/sso.amazonaws.com/": "a role of IAM Identity Center: the organisation's logins give it",
}
_PLATFORM = "the platform: it grants no more than what lanes isolation platform prints"
_NARROWING = frozenset({"ArnLike", "ArnEquals", "StringLike", "StringEquals"})
_MOST_SHOWN = 3


def with_account(
    proof: Proof, account: Account, place: Place, catalogue: Catalogue, expected: Expected | None = None
) -> Proof:
    """Return *proof*, of the teams' own documents, with what else was read of their account, or is to be made in it.

    Args:
        proof: Of the documents.
        account: What is beside them, and what of it could not be read.
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
    """Return who and what of *account*, at *place*, reaches into the names of its teams past what should.

    The teams' own roles are left out: :mod:`proof` holds each of their documents to more than this does.
    """
    territories = [Territory(team, place) for team in account.teams]
    findings: list[Finding] = []
    by_design: dict[str, str] = {}
    outsiders = [
        each
        for each in account.principals
        if each.kind != "role" or not any(territory.holds(each.arn) for territory in territories)
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
    """Yield a finding for each statement of a policy of *principal* that reaches teams it is not named after."""
    platform = [statement for policy in expected.platform for statement in policy.statements]
    boundary = principal.boundary
    ceiling = None if boundary is None else [Grant(each) for each in boundary.statements if each.effect == "Allow"]
    others = [each for each in territories if not matches(principal.name, f"{each.slug}-*")]
    for policy in principal.policies:
        for fault in policy.broken:
            why, fix = f"what it grants is not known: {fault}", "write what AWS documents"
            yield Finding("malformed", _title(policy, principal), "", "", "", "", why, fix)
        for statement in policy.statements:
            grant = Grant(statement)
            reached = {
                territory.slug: found
                for territory in others
                if statement.effect == "Allow"
                and (found := list(islice(touched(grant, ceiling, territory, catalogue), _MOST_SHOWN)))
            }
            if reached and any(_within(statement, above) for above in platform):
                by_design[principal.title] = _PLATFORM
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
    """Yield a finding where a role's trust lets a team's roles or users take it: they would be all that it is.

    The account's root without a condition lets nobody in by itself: the caller's own policy must say so, and a team's
    own policies are proved to name own roles alone.
    """
    for statement in principal.trust.statements if principal.trust else ():
        named = [value for kind, value in statement.principals if kind == "AWS"]
        named += ["*"] if statement.not_principals else []
        guests = {
            each.slug: guest
            for each in territories
            if not matches(principal.name, f"{each.slug}-*")
            and (guest := next((value for value in named if _names_team(value, statement, each)), None))
        }
        if statement.effect == "Allow" and guests:
            teams, guest = ", ".join(guests), next(iter(guests.values()))
            why = f"roles or users of {teams} can take {principal.arn} and be all that it is"
            fix = f"aws iam update-assume-role-policy --role-name {principal.name}, and trust who should take it"
            yield Finding(
                "trusts-team", f"trust policy of {principal.title}", teams, statement.label, "", guest, why, fix
            )


def _names_team(value: str, statement: Statement, territory: Territory) -> bool:
    """Whether a trust's principal, narrowed by aws:PrincipalArn where it is, may be one of the team's own."""
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
    """Whether *above*, of the platform's policy, grants all that *statement* does, on no wider condition."""
    return (
        bool(statement.actions)
        and bool(statement.resources)
        and set(statement.actions) <= set(above.actions)
        and all(contains(above.resources, resource) for resource in statement.resources)
        and set(above.conditions) <= set(statement.conditions)
    )
