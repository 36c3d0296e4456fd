"""Who reaches whom: for each pair of teams, what one's policies let it touch of the other's names.

It is made from the documents, without the proof's rules. Each resource glob that is granted is compared with every
team's territory. Each principal that a document lets in counts for its team.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from shared.iam.globs import complete_arn, intersect, literal_prefix
from shared.isolation.proof.documents.document import DocumentKind, Statement, read
from shared.isolation.proof.names.territory import Territory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.config.lane import Place
    from shared.iam.catalogue import Catalogue
    from shared.isolation.proof.documents.document import Document

_ENTERED = {DocumentKind.TRUST: "iam", DocumentKind.BUCKET: "s3", DocumentKind.REPOSITORY: "ecr"}
"""Documents that say who may come in, and the service that they open."""
Matrix = dict[str, dict[str, tuple[str, ...]]]


def reach_matrix(documents: Sequence[Document], place: Place, catalogue: Catalogue) -> Matrix:
    """Return, by team and other team, the sorted services of the other that the team could reach; itself included.

    Boundaries are left out, because they grant nothing. Conditions are ignored, so the result is the most that is
    possible.
    """
    teams = sorted({document.team for document in documents})
    index = _Index({team: Territory(team, place) for team in teams})
    reached: dict[str, dict[str, set[str]]] = {team: {other: set() for other in teams} for team in teams}
    for document in documents:
        statements, _ = read(document)
        for statement in statements:
            if statement.effect == "Deny" or document.kind is DocumentKind.BOUNDARY:
                continue
            if document.kind in _ENTERED:
                for guest in index.guests(statement):
                    reached[guest][document.team].add(_ENTERED[document.kind])
            else:
                for other, service in index.touched(statement, catalogue):
                    reached[document.team][other].add(service)
    return {team: {other: tuple(sorted(services)) for other, services in row.items()} for team, row in reached.items()}


class _Index:
    """Finds the teams whose territory a glob meets, by what patterns spell before a star, without trying all teams."""

    def __init__(self, territories: Mapping[str, Territory]) -> None:
        self._territories = territories
        self._heads = sorted(
            (literal_prefix(pattern), pattern, team)
            for team, territory in territories.items()
            for pattern in territory.patterns
        )
        self._lengths = {len(head) for head, _, _ in self._heads}

    def touched(self, statement: Statement, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
        """Yield (team, service) for what *statement* grants. An action that takes no resource touches no team."""
        for resource in map(complete_arn, statement.resources):
            met = list(self._meeting(resource))
            for pattern in statement.actions if met else ():
                for action in catalogue.expand(pattern):
                    yield from ((team, action.service) for own, team in met if action.reaches(own))

    def guests(self, statement: Statement) -> Iterator[str]:
        """Yield the teams whose users and roles a trust or bucket policy lets in."""
        narrowed = [
            value
            for line in statement.conditions
            if line.key.lower() == "aws:principalarn" and line.operator in {"ArnLike", "ArnEquals", "StringLike"}
            for value in line.values
        ]
        for kind, value in statement.principals:
            if kind != "AWS":
                continue
            everybody = value == "*" or value.endswith(":root") or value.isdigit()
            people = (
                (narrowed or ["*"]) if everybody else [value.replace(":sts:", ":iam:").replace("assumed-role", "role")]
            )
            for team, territory in self._territories.items():
                if any(intersect(own, person) for own in territory.principals for person in people):
                    yield team

    def _meeting(self, resource: str) -> Iterator[tuple[str, str]]:
        """Yield (own pattern, team) where *resource* meets the pattern.

        The start that one of them spells must begin with the start that the other spells.
        """
        head = literal_prefix(resource)
        start = bisect_left(self._heads, (head, "", ""))
        candidates = []
        for entry in self._heads[start:]:
            if not entry[0].startswith(head):
                break
            candidates.append(entry)
        for length in sorted(self._lengths):
            if length < len(head):
                at = bisect_left(self._heads, (head[:length], "", ""))
                while at < len(self._heads) and self._heads[at][0] == head[:length]:
                    candidates.append(self._heads[at])
                    at += 1
        yield from ((own, team) for _, own, team in candidates if intersect(own, resource))
