"""What the proof finds: one way past a team's own names, where it is, and how to undo it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One way in which a document lets a team past its own names, or might.

    ``rule`` is the short name of what was broken, ``statement`` the Sid or ``#index``. What is empty does not apply.
    """

    rule: str
    document: str
    team: str = ""
    statement: str = ""
    action: str = ""
    resource: str = ""
    why: str
    fix: str

    def __str__(self) -> str:
        subject = " on ".join(part for part in (self.action, self.resource) if part)
        place = f"{self.document}, statement {self.statement}" if self.statement else self.document
        return f"{place}: {subject + ': ' if subject else ''}{self.why} [{self.rule}]\n  fix: {self.fix}"


def merge(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Merge findings that differ only in their action."""
    groups: dict[Finding, list[str]] = {}
    for finding in findings:
        groups.setdefault(replace(finding, action=""), []).append(finding.action)
    for shared, actions in groups.items():
        yield replace(shared, action=", ".join(dict.fromkeys(filter(None, actions))))
