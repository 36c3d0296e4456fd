"""Which ranks are failed or slow?"""

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

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {"run_id": self.run_id}


def register(site: Site) -> None:
    """Add the page to *site*."""
    site.page("/runs/<run_id>/ranks", read)


def read(desk: Desk, run_id: str) -> View:
    """Return the page."""
    del desk
    return View("ranks", "ranks.html.j2", Page(run_id))
