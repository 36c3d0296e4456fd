"""The console's pages, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.console.pages import home, new_run, rank, ranks, run, runs, team
from shared.console.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from shared.console.desk import Desk
    from shared.console.guard import Guard


def make_app(desk: Desk, guard: Guard, say: Callable[[str, Exception], None]) -> Flask:
    """Return the console as a WSGI application.

    Args:
        desk: What it shows.
        guard: Who may come in.
        say: Tells the person at the terminal at which path which error of ours was raised.
    """
    site = Site(desk, guard, say)
    for page in (home, team, new_run, runs, run, ranks, rank):
        page.register(site)
    return site.app
