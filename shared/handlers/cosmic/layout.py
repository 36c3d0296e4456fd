"""Where a run writes: everything under its own run id, so that runs at the same time never meet.

There is one exception. Users' notebooks look at ``<result_path>/combined_data.json``: it is a copy of the newest
finished run's, and the bucket's versioning keeps the older ones.
"""

from __future__ import annotations


def manifest(run_id: str) -> str:
    """Return the key of the run's manifest: a JSON array with one item per rank."""
    return f"runs/{run_id}/manifest.json"


def ranks(result_path: str, run_id: str) -> str:
    """Return the prefix of the ranks' result objects."""
    return f"{result_path}/{run_id}/ranks/"


def rank(result_path: str, run_id: str, number: int) -> str:
    """Return the key of one rank's result object."""
    return f"{ranks(result_path, run_id)}{number}.json"


def predictions(result_path: str, run_id: str, number: int) -> str:
    """Return the key of one rank's predictions, an npz file."""
    return f"{result_path}/{run_id}/predictions/{number}.npz"


def combined(result_path: str, run_id: str) -> str:
    """Return the key of the run's joined rank results."""
    return f"{result_path}/{run_id}/combined_data.json"


def newest(result_path: str) -> str:
    """Return the key of the newest finished run's joined rank results."""
    return f"{result_path}/combined_data.json"


def summary(result_path: str, run_id: str) -> str:
    """Return the key of the run's summary."""
    return f"{result_path}/{run_id}/summary.json"
