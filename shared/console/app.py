"""The console's pages, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.console.pages import actions, home, launch, new_run, rank, ranks, run, runs, start, team
from shared.console.site import File, Site
from shared.measure.drawing.draw_machine import STYLE

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
    for page in (home, team, new_run, launch, runs, run, ranks, rank, actions, start):
        page.register(site)
    site.file("/-/machine.css", _machine_style)
    return site.app


def _machine_style(desk: Desk) -> File:
    """Return the style of drawn machines, which reports have too."""
    del desk
    return File(STYLE.encode(), "text/css; charset=utf-8")
