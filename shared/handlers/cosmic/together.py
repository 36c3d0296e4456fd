"""Ranks that run together over FMI: none starts before all are there, and rank 0 learns what all of them found.

Without FMI a rank is alone. It waits for no other, and its totals are known only in the summary.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shared.handlers.fmi.remaining import seconds_left

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.fmi import Communicator
    from shared.handlers.cosmic.events import Rank
    from shared.handlers.fmi.remaining import Context

# Both are our choice.
AFTER_YOU_SECONDS = 0.5  # so that Step Functions hears of the rank that failed before it hears of the others
START_SECONDS = 120.0  # for all ranks to be there: for cold starts, and Step Functions' retries of a throttled one


@dataclass(frozen=True, slots=True)
class Group:
    """The ranks as one of them sees them. ``waited`` is the seconds until all were there."""

    comm: Communicator | None = None
    waited: float = 0.0

    def totals(self, values: Mapping[str, float], context: Context) -> dict[str, float] | None:
        """Return the sums of all ranks' *values*, which have the same names on all, at rank 0. Others get None.

        Args:
            values: By name.
            context: Lambda's. Its remaining time bounds how long the ranks wait for each other.

        Raises:
            PeerLost: A rank failed before it came here. The error names it.
        """
        if self.comm is None:
            return None
        from shared.fmi import SUM  # only a run with FMI needs it

        self.comm.set_timeout(seconds_left(context))
        summed = self.comm.reduce(np.array(list(values.values()), np.float64), SUM, 0)
        return None if summed is None else dict(zip(values, summed.tolist(), strict=True))


@contextlib.contextmanager
def joined(event: Rank, context: Context) -> Iterator[Group]:
    """Give the rank's group once all ranks are there. A rank that raises inside tells the others, who then name it.

    Args:
        event: The rank's event.
        context: Lambda's. The ranks wait for each other at the start no longer than its remaining time.

    Raises:
        PairingFailed: A rank did not start in time.
        PeerLost: Another rank failed inside.
    """
    if not event["fmi_enabled"]:
        yield Group()
        return
    from shared.fmi import Communicator, Meeting, PeerLost  # only a run with FMI needs them
    from shared.handlers.fmi.key import own_namespace
    from shared.handlers.fmi.meeting import meeting, protocol

    began = time.perf_counter()
    at = meeting(event["rendezvous_endpoint"])
    where, whose = Meeting(at.host, at.port, protocol()), own_namespace(event["run_id"], "cosmic")
    longest = min(START_SECONDS, seconds_left(context))
    try:
        with Communicator.direct(event["rank"], event["world_size"], where, whose, longest) as comm:
            comm.barrier()
            yield Group(comm, time.perf_counter() - began)
    except PeerLost:
        time.sleep(AFTER_YOU_SECONDS)
        raise
