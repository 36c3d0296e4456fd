"""Who is told while a plan is carried out, and what waits: one value for all that carries plans out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.aws.client import Aws
    from shared.aws.settling.waiting import Sleep
    from shared.deploy.model import Step
    from shared.values import Json


def _tell_nobody(_told: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Watch:
    """How the carrying out of a plan is watched.

    Attributes:
        on_step: Told of each step when it is done.
        on_wait: Told, a line each, what AWS keeps it waiting for.
        sleep: Waits, in seconds.
        at_once: How many steps are carried out at once, of those that need nothing of each other.
    """

    on_step: Callable[[Step], None] = _tell_nobody
    on_wait: Callable[[str], None] = _tell_nobody
    sleep: Sleep = time.sleep
    at_once: int = 1


STEPS_AT_ONCE = 6
"""For whoever is waiting for a plan: a step is some calls, each of which waits for AWS most of its time."""
UNWATCHED = Watch()
"""Nobody is told, and waiting takes its time."""

RunRoutine: TypeAlias = "Callable[[Aws, Mapping[str, Json], Watch], None]"
"""What runs a routine of a plan, with the routine's parameters."""
