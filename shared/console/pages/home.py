"""Is anything wrong in any lane?"""

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

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {}


def register(site: Site) -> None:
    """Add the page to *site*."""
    site.page("/", read)


def read(desk: Desk) -> View:
    """Return the page."""
    del desk
    return View("home", "home.html.j2", Page())
