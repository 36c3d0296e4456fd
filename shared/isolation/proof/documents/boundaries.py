"""Every role stands under a permissions boundary of its team, and the boundary allows what its policy grants.

The first keeps a policy that somebody adds later inside the team's names. The second is not about isolation: without it
a role would be refused when it runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.iam.globs import complete_arn, contains, is_literal
from shared.isolation.proof.documents.document import DocumentKind
from shared.isolation.proof.documents.outside import judge_foreign
from shared.isolation.proof.documents.reviewed import REVIEWED
from shared.isolation.proof.finding import Finding
from shared.isolation.proof.names.territory import Territory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.config.lane import Place
    from shared.iam.catalogue import Action, Catalogue
    from shared.iam.statements import Condition
    from shared.isolation.proof.documents.document import Document, Statement
    from shared.isolation.proof.names.commons import Commons

_OF_ROLES = frozenset({DocumentKind.ROLE, DocumentKind.DEPLOYER, DocumentKind.TRUST})
"""A role may have no policy yet. It always has a trust policy."""


@dataclass(frozen=True, slots=True)
class _Ceiling:
    """One statement of a boundary, its action globs expanded once."""

    actions: frozenset[str]
    resources: tuple[str, ...]
    conditions: frozenset[Condition]

    def allows(self, action: str, resource: str, conditions: frozenset[Condition]) -> bool:
        """Whether it allows *action* on the glob *resource*, under no condition but the grant's own *conditions*."""
        return action in self.actions and self.conditions <= conditions and contains(self.resources, resource)


def check_boundaries(
    statements: Mapping[Document, list[Statement]],
    catalogue: Catalogue,
    place: Place,
    commons: Sequence[Commons] = (),
) -> Iterator[Finding]:
    """Yield where a role carries no boundary of its team's, or the boundary takes away what the policy grants."""
    ceilings = {
        (document.team, document.attached): [_ceiling(grant, catalogue) for grant in grants]
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
        elif document.kind is not DocumentKind.TRUST:
            territory = Territory(document.team, place, tuple(each for each in commons if each.lets(document.team)))
            for statement in grants:
                for pattern in statement.actions:
                    yield from _gaps(statement, pattern, ceiling, catalogue, territory)


def _ceiling(statement: Statement, catalogue: Catalogue) -> _Ceiling:
    names = frozenset(action.name for pattern in statement.actions for action in catalogue.expand(pattern))
    return _Ceiling(names, statement.resources, frozenset(statement.conditions))


def _gaps(
    statement: Statement, pattern: str, ceiling: list[_Ceiling], catalogue: Catalogue, territory: Territory
) -> Iterator[Finding]:
    """Yield what *pattern* grants and *ceiling* does not. What lies outside own names is found elsewhere."""
    conditions = frozenset(statement.conditions)
    for resource in map(complete_arn, statement.resources):
        allowed = {
            action: any(above.allows(action.name, resource, conditions) for above in ceiling)
            for action in catalogue.expand(pattern)
        }
        if not is_literal(pattern) and any(allowed.values()):
            continue  # a glob is written for those of its actions that there are
        for action, is_allowed in allowed.items():
            if not is_allowed and _rightly(statement, action, resource, territory):
                why = "the team's boundary does not let it: the role would be refused when it runs"
                fix = "widen the boundary in shared/isolation/roles/boundary.py, inside own names"
                yield statement.finding("boundary-gap", why, fix, action=action.name, resource=resource)


def _rightly(statement: Statement, action: Action, resource: str, territory: Territory) -> bool:
    """Whether nothing is wrong with where *action* is granted, so that only the boundary stands in its way."""
    foreign = judge_foreign(statement, action, resource, territory)
    return (
        territory.holds(resource)
        or action.name.lower() in REVIEWED
        or (foreign is not None and not any(True for _ in foreign))
    )
