"""Shows a verdict on a rendezvous server, as text or as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.cli import console

if TYPE_CHECKING:
    from shared.fmi.rendezvous.verdict import Verdict

_COLOURS = {"healthy": "green", "degraded": "yellow"}


def show(verdict: Verdict, *, as_json: bool = False) -> None:
    """Print *verdict* to stdout, and what to do about it to stderr."""
    if as_json:
        console.print_json(verdict.as_json())
        return
    colour = _COLOURS.get(verdict.status.value, "red")
    console.out.print(f"{verdict.host}:{verdict.port} ", end="")
    console.out.print(verdict.status.value, style=f"bold {colour}", end="")
    console.out.print(f": {verdict.reason}")
    stages = "  ".join(f"{name} {1000 * seconds:.1f} ms" for name, seconds in verdict.stages.items())
    if stages:
        console.out.print(f"  {stages}")
    if verdict.fix:
        console.note(f"  fix: {verdict.fix}")
