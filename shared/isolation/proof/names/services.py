"""The reviewed list of services held against the catalogue: what it may never hold, whoever reviewed it.

Each entry spells one action that AWS has and that only reads, of a service that keeps nothing by teams' names. So a
slip in the list (``s3:GetObject``, ``lambda:ListFunctions``) opens no team's data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.services import SERVICES, Service
from shared.iam.globs import is_literal
from shared.isolation.proof.finding import Finding
from shared.isolation.proof.names.territory import heads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.config.lane import Place
    from shared.iam.catalogue import Catalogue

_FILE = "shared/config/services.py"
_READING = frozenset({"Read", "List"})


def prove_services(
    place: Place, catalogue: Catalogue, services: Mapping[str, Service] = SERVICES
) -> tuple[list[Finding], list[str]]:
    """Show that no entry of *services* reaches what teams own.

    Returns:
        What is wrong; and what was shown, if nothing is wrong.
    """
    findings = [finding for each in services.values() for finding in _judge(each, place, catalogue)]
    if findings:
        return findings, []
    return [], [
        f"the reviewed actions of services ({len(services)}) only read, and none is of a service with teams' names"
    ]


def _judge(service: Service, place: Place, catalogue: Catalogue) -> Iterator[Finding]:
    actions = catalogue.expand(service.action)
    if not is_literal(service.action) or len(actions) != 1:
        yield _about(service, "it is not one action that AWS has", "spell one action")
        return
    (action,) = actions
    if action.level not in _READING:
        yield _about(service, f"it changes something ({action.level})", "list what only reads")
    if action.service in {head.split(":")[2] for head, _ in heads(place)}:
        yield _about(service, f"{action.service} keeps teams' own", "a card names what is the team's own")


def _about(service: Service, why: str, fix: str) -> Finding:
    return Finding(rule="services", document=_FILE, action=service.action, why=why, fix=f"{fix}, or take it out")
