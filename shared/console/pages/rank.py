"""What did this rank get, do, say and cost?"""

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

    run_id: str
    number: int

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {"run_id": self.run_id, "number": self.number}


def register(site: Site) -> None:
    """Add the page to *site*."""
    site.page("/runs/<run_id>/ranks/<int:number>", read)


def read(desk: Desk, run_id: str, number: int) -> View:
    """Return the page."""
    del desk
    return View("rank", "rank.html.j2", Page(run_id, number))
