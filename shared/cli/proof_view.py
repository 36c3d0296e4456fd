"""Words a proof of isolation: what was proved or found, who reaches teams by design, and what could not be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.isolation.proof.proof import Proof

_DATABASE_ROLES = (
    "  - database roles come from reviewed SQL that names their team's own schema alone, PostgreSQL or MySQL"
)


def told(proof: Proof) -> list[str]:
    """Return the lines that tell a reader what *proof* says."""
    from shared.config.platform import SLUG  # pydantic, behind it, takes 0.2 s that no other command's help needs

    counts = f"{proof.documents} documents, {proof.statements} statements, {proof.pairs} (action, resource) pairs"
    if proof.sql:
        counts += f", {proof.sql} SQL statements"
    if proof.outsiders:
        counts += f", {proof.outsiders} other principal{'s' * (proof.outsiders != 1)}"
    count = len(set(proof.teams) - {SLUG})
    teams = f"{count} team{'s' * (count != 1)}{' and the rendezvous' * (SLUG in proof.teams)}"
    around = [
        *_listed("reach teams by design:", (f"{who}: {why}" for who, why in proof.by_design.items())),
        *_listed("could not be seen, so nothing is said about it:", proof.unseen),
        *_listed("not covered:", proof.limits),
    ]
    if proof.findings:
        findings = f"{len(proof.findings)} finding{'s' * (len(proof.findings) != 1)}"
        return [*map(str, proof.findings), "", *around, "", f"NOT proved for {teams}: {findings} in {counts}"]
    if proof.unseen:
        refused = f"{len(proof.unseen)} read{'s were' if len(proof.unseen) != 1 else ' was'} refused"
        return [*around, "", f"NOT proved for {teams}: {refused}; no finding in {counts}"]
    return [
        f"proved for {teams}: {counts}",
        *(f"  - {lemma}" for lemma in proof.lemmas),
        "  - every statement stays inside its team's own names, so no team reaches another, of today or to come",
        "  - every role carries a boundary of its team's, and the boundaries stay inside own names too",
        *([_DATABASE_ROLES] if proof.sql else []),
        *_listed(
            "granted for the whole account, after review:",
            (f"{action}: {reason}" for action, reason in proof.account_wide.items()),
        ),
        *around,
    ]


def _listed(head: str, lines: Iterable[str]) -> list[str]:
    told = [f"  - {line}" for line in lines]
    return [head, *told] if told else []
