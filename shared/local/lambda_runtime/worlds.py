"""Which calls are ranks that wait for each other: of a function that is told the rendezvous, with a ``world_size``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.config.variables import RENDEZVOUS_VARIABLES
from shared.local.lambda_runtime.slots import World

if TYPE_CHECKING:
    from shared.local.lambda_runtime.function import FunctionSpec

_MEETS = RENDEZVOUS_VARIABLES[0]  # a function that has it is told where ranks meet
_SIZE = b'"world_size"'


def world_of(spec: FunctionSpec, payload: bytes) -> World | None:
    """Return the world that a call of *spec* with *payload*, a JSON text, is a rank of; None for any other call.

    Payloads name the ``run_id``. Ranks without one are taken for ranks of one world, their function's.
    """
    if _SIZE not in payload or not any(name == _MEETS for name, _ in spec.environment):
        return None
    try:
        told = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(told, dict) or not told.get("fmi_enabled", True):
        return None
    ranks, rank = told.get("world_size"), told.get("rank")
    if type(ranks) is not int or ranks < 2:  # noqa: PLR2004  one rank waits for nobody
        return None
    return World(f"{spec.function_arn} {told.get('run_id', '')}", ranks, rank if type(rank) is int else None)
