"""What does this team own, and does it differ from its file?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.console.site import View

if TYPE_CHECKING:
    from shared.console.desk import Desk
    from shared.console.site import Site
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows."""

    team: str

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {"team": self.team}


def register(site: Site) -> None:
    """Add the page to *site*."""
    site.page("/<slug:team>", read)


def read(desk: Desk, team: str) -> View:
    """Return the page."""
    del desk
    return View("team", "team.html.j2", Page(team))
