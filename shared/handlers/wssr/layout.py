"""Where a run writes: everything under its own id, so that runs at the same time never meet."""

from __future__ import annotations


def iteration(run_id: str, number: int) -> str:
    """Return the key of one iteration's rows."""
    return f"{iterations(run_id)}{number}.rds"


def iterations(run_id: str) -> str:
    """Return the prefix of the iterations."""
    return f"{results(run_id)}iterations/"


def results(run_id: str) -> str:
    """Return the prefix of all that a run writes."""
    return f"wssr/{run_id}/"
