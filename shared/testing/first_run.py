"""The first run of a workflow that was brought in: its stubs are called in this process, services answer as told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.testing.mocks import returns
from shared.testing.modules import Modules
from shared.testing.workflow import Bench, Cloud, WorkflowUnderTest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shared.testing.run import Run
    from shared.values import Json


def first_run(root: Path, team: str, workflow: str, answers: Mapping[str, Json]) -> Run:
    """Return a run of the *workflow* of a *team* with its default parameters; *answers* are those of services."""
    cloud = Cloud()
    try:
        under = WorkflowUnderTest(Bench(root, Modules()), cloud, team, workflow)
        return under.run(mocks={state: returns(answer) for state, answer in answers.items()})
    finally:
        cloud.close()
