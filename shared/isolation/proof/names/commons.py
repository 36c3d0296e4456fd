"""Shared data: buckets that the settings name, which are no team's. Teams read them, and nothing of a team writes them.

A bucket in a team's territory would be the team's to write. The lemma is that no team's slug begins the name of shared
data: a slug ends at the first hyphen, so a name tells the one slug that is excluded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.platform import SLUG
from shared.isolation.proof.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Commons:
    """One bucket of shared data, the account that must own it, and the teams that may read it; None for all."""

    bucket: str
    account: str
    teams: frozenset[str] | None = None

    def lets(self, team: str) -> bool:
        """Whether *team* may read it."""
        return self.teams is None or team in self.teams

    @property
    def slug(self) -> str:
        """The slug that no team may have; empty if the name is in nobody's territory."""
        before, hyphen, _ = self.bucket.partition("-")
        return before if hyphen else ""


def commons_of(settings: Settings) -> tuple[Commons, ...]:
    """Return the shared data that *settings* name."""
    return tuple(
        Commons(name, each.account or settings.account, None if each.teams == "all" else frozenset(each.teams))
        for name, each in settings.commons.items()
    )


def prove_commons(commons: Sequence[Commons], teams: Sequence[str]) -> tuple[list[Finding], list[str]]:
    """Show that no team of *teams*, and not the platform, has *commons* among its own names.

    Returns:
        What is wrong; and what was shown, if nothing is wrong.
    """
    findings = list(_inside(commons, teams))
    if findings or not commons:
        return findings, []
    slugs = sorted({each.slug for each in commons if each.slug})
    excluded = f", and nobody may be called {' or '.join(slugs)}" if slugs else ""
    return [], [f"no team's name begins that of shared data ({', '.join(each.bucket for each in commons)}){excluded}"]


def _inside(commons: Sequence[Commons], teams: Sequence[str]) -> Iterator[Finding]:
    for each in commons:
        for team in {*teams, SLUG}:
            if each.slug == team:
                yield Finding(
                    rule="commons-name",
                    document="shared/settings.yaml",
                    team=team,
                    resource=each.bucket,
                    why=f"the shared data has one of {team}'s own names, so {team} may write it",
                    fix="share it under another name, or call the team otherwise",
                )
