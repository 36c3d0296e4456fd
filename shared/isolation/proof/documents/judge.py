"""One document judged by what kind it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.isolation.proof.documents.admitted import (
    judge_bucket,
    judge_repository,
    judge_resource,
    judge_tls,
    judge_trust,
)
from shared.isolation.proof.documents.document import DocumentKind
from shared.isolation.proof.documents.granted import judge
from shared.isolation.proof.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.iam.catalogue import Catalogue
    from shared.isolation.proof.documents.document import Document, Statement
    from shared.isolation.proof.names.territory import Territory


def judge_document(
    document: Document, statements: list[Statement], territory: Territory, catalogue: Catalogue
) -> Iterator[Finding]:
    """Yield everything that is wrong with one document: what it is attached to, and each of its statements."""
    if not territory.holds(document.attached):
        yield Finding(
            rule="foreign-name",
            document=document.title,
            team=document.team,
            resource=document.attached,
            why="it is attached to what is not the team's own",
            fix=f"attach it to what is called {document.team}-...",
        )
    for statement in statements:
        if document.kind is DocumentKind.TRUST:
            yield from judge_trust(statement, territory)
        elif document.kind is DocumentKind.BUCKET:
            yield from judge_bucket(statement, document, territory, catalogue)
        elif document.kind is DocumentKind.REPOSITORY:
            yield from judge_repository(statement, territory)
        elif document.kind is DocumentKind.RESOURCE:
            yield from judge_resource(statement, document, territory)
        else:
            yield from judge(statement, territory, catalogue)
    if document.kind is DocumentKind.BUCKET:
        yield from judge_tls(statements, document)
