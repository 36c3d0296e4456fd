"""The API's actions, all of them: none is moto's.

An action is a function ``(backend, params) -> answer``; ``plug`` makes each a method of moto's response class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.local.asl.api import (
    activities,
    aliases,
    executions,
    listing,
    machines,
    map_runs,
    sync,
    tags,
    tasks,
    teststate,
    versions,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.backend import AslBackend

    # Each action says itself which request it takes.
    Action = Callable[[AslBackend, Any], dict[str, object] | None]

ACTIONS: dict[str, Action] = {
    **activities.ACTIONS,
    **aliases.ACTIONS,
    **executions.ACTIONS,
    **listing.ACTIONS,
    **machines.ACTIONS,
    **map_runs.ACTIONS,
    **sync.ACTIONS,
    **tags.ACTIONS,
    **tasks.ACTIONS,
    **teststate.ACTIONS,
    **versions.ACTIONS,
}
