"""The API actions that moto lacks or answers otherwise than AWS.

An action is a function ``(backend, params) -> answer``; ``plug`` makes each a method of moto's response class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.local.asl.api import executions, machines, map_runs, sync, tasks, teststate

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.backend import AslBackend

    # Each action says itself which request it takes.
    Action = Callable[[AslBackend, Any], dict[str, object] | None]

ACTIONS: dict[str, Action] = {
    **executions.ACTIONS,
    **machines.ACTIONS,
    **map_runs.ACTIONS,
    **sync.ACTIONS,
    **tasks.ACTIONS,
    **teststate.ACTIONS,
}
