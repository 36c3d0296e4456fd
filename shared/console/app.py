"""The console's pages, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.console.pages import home, new_run, rank, ranks, run, runs, team
from shared.console.site import File, Site
from shared.measure.drawing.draw_machine import STYLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from shared.console.desk import Desk
    from shared.console.guard import Guard


def make_app(desk: Desk, guard: Guard, say: Callable[[str], None]) -> Flask:
    """Return the console as a WSGI application.

    Args:
        desk: What it shows.
        guard: Who may come in.
        say: Tells the person at the terminal of an error that is ours.
    """
    site = Site(desk, guard, say)
    for page in (home, team, new_run, runs, run, ranks, rank):
        page.register(site)
    site.file("/-/machine.css", _machine_style)
    return site.app


def _machine_style(desk: Desk) -> File:
    """Return the style of drawn machines, which reports have too."""
    del desk
    return File(STYLE.encode(), "text/css; charset=utf-8")
