"""Whether a state that is mocked could have a result, in TestState's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.states.map import Map
from shared.local.asl.states.parallel import Parallel
from shared.local.asl.states.task import Task

if TYPE_CHECKING:
    from shared.local.asl.retry import RecoveringState
    from shared.values import Json


def result_problem(state: RecoveringState, result: Json, mode: str) -> str | None:
    """Return why the call of *state* cannot have this *result*, None where it can.

    Args:
        state: A Task, a Map or a Parallel.
        result: The whole result.
        mode: STRICT, PRESENT or NONE.
    """
    if isinstance(state, Task):
        from shared.local.asl.integrations.mock_schema import schema_problem  # botocore's models take 0.1 s

        return schema_problem(state.calls, result, mode)
    if isinstance(state, Map) and state.distributed is not None and state.distributed.exports:
        return None if isinstance(result, dict) else "Mocked result must be a JSON object."
    if not isinstance(result, list):
        return "Mocked result must be an array."
    if isinstance(state, Parallel) and len(result) != len(state.branches):
        return "Mocked result must contain the same number of items as number of Parallel branches."
    return None
