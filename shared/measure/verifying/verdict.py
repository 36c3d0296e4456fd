"""What is found of a report that was handed in."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from shared.values import Json

Outcome: TypeAlias = Literal["verified", "consistent", "does not follow", "cannot be recomputed", "cannot be read"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A figure that does not follow.

    Attributes:
        figure: Where it stands: a path in report.json, or a place of the page.
        says: What stands there.
        follows: What follows instead.
        why: From what.
    """

    figure: str
    says: str
    follows: str
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is found of one submission.

    Attributes:
        name: The submission: its folder, or its file.
        run: Whose run of what it reports; empty where that cannot be read.
        outcome: ``verified`` (the run was made again and the figures follow), ``consistent`` (they follow from each
            other, and no run was made), ``does not follow``, ``cannot be recomputed``, ``cannot be read``.
        findings: The figures that do not follow.
        why: Why it cannot be read or recomputed; else empty.
        notes: What was not judged.
    """

    name: str
    run: str
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    why: str = ""
    notes: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing speaks against it, as far as was asked."""
        return self.outcome in {"verified", "consistent"}

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return asdict(self)
