"""Every role stands under a permissions boundary of its team, and the boundary allows what its policy grants.

The first keeps a policy that somebody adds later inside the team's names. The second is not about isolation: without it
a role would be refused when it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.iam.globs import complete_arn, contains, is_literal
from shared.isolation.proof.documents.document import DocumentKind
from shared.isolation.proof.documents.reviewed import REVIEWED
from shared.isolation.proof.finding import Finding
from shared.isolation.proof.names.territory import Territory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.config.lane import Place
    from shared.iam.catalogue import Catalogue
    from shared.isolation.proof.documents.document import Document, Statement


_OF_ROLES = frozenset({DocumentKind.ROLE, DocumentKind.DEPLOYER, DocumentKind.TRUST})
"""A role may have no policy yet. It has a trust policy always."""


_OF_ROLES = frozenset({DocumentKind.ROLE, DocumentKind.DEPLOYER, DocumentKind.TRUST})
"""A role may have no policy yet. It always has a trust policy."""


def check_boundaries(
    statements: Mapping[Document, list[Statement]], catalogue: Catalogue, place: Place
) -> Iterator[Finding]:
    """Yield where a role carries no boundary of its team's, or the boundary takes away what the policy grants."""
    ceilings = {
        (document.team, document.attached): grants
        for document, grants in statements.items()
        if document.kind is DocumentKind.BOUNDARY
    }
    for document, grants in statements.items():
        if document.kind not in _OF_ROLES:
            continue
        ceiling = ceilings.get((document.team, document.under))
        if ceiling is None:
            carried = document.under or "no permissions boundary"
            yield Finding(
                rule="no-boundary",
                document=document.title,
                team=document.team,
                why=f"it carries {carried}, so nothing limits a policy that is added later",
                fix="put the team's own boundary on the role",
            )
            continue
        territory = Territory(document.team, place)
        for statement in () if document.kind is DocumentKind.TRUST else grants:
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
