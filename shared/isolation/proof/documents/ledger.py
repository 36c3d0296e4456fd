"""Who may call the ledger of prepaid lanes: state machines alone.

The ledger's function reserves for the lane that it is told. A definition is the platform's, and tells the truth. Code
of a team, or a person, could tell of another lane, and use up what that one has.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.config.ledger_name import LEDGER
from shared.config.platform import SLUG
from shared.isolation.proof.documents.document import DocumentKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.isolation.proof.documents.document import Document, Statement
    from shared.isolation.proof.finding import Finding
    from shared.isolation.proof.names.territory import Territory

_NAME = re.compile(rf"function:{SLUG}-{LEDGER}-[0-9a-f]+")
_MACHINES = {("Service", "states.amazonaws.com")}


def is_ledger(resource: str, territory: Territory) -> bool:
    """Whether *resource* is the ledger's function, letter by letter, where the team's lane is."""
    head, _, name = resource.partition("function:")
    return head == territory.place.arn("lambda", "") and _NAME.fullmatch(f"function:{name}") is not None


def check_ledger(statements: Mapping[Document, list[Statement]]) -> Iterator[Finding]:
    """Yield the grants of the ledger's function to roles that others than Step Functions may take."""
    taken: dict[str, set[tuple[str, str]]] = {}
    for document, grants in statements.items():
        if document.kind is DocumentKind.TRUST:
            taken.setdefault(document.attached, set()).update(who for grant in grants for who in grant.principals)
    for document, grants in statements.items():
        if document.kind is DocumentKind.BOUNDARY or taken.get(document.attached) == _MACHINES:
            continue
        for grant in grants:
            for resource in grant.resources:
                if _NAME.search(resource) and grant.effect == "Allow":
                    yield grant.finding(
                        "ledger",
                        "whoever takes this role could have another lane's money reserved",
                        "let state machines alone call the ledger",
                        resource=resource,
                    )
