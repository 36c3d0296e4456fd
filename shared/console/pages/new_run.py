"""What will run, and what will it cost?"""

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
    workflow: str

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {"team": self.team, "workflow": self.workflow}


def register(site: Site) -> None:
    """Add the page to *site*."""
    site.page("/<slug:team>/<workflow>/new", read)


def read(desk: Desk, team: str, workflow: str) -> View:
    """Return the page."""
    del desk
    return View("new_run", "new_run.html.j2", Page(team, workflow))
