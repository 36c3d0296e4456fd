"""Which job runs next: teams share the places by :class:`Shares`, and the lanes of a team take turns.

A lane is what jobs belong to: mostly an execution, by its ARN; whose it is, its name tells (:func:`owner_of`). A job
that may run takes a place, which is its team's until it is given back. Places are threads, and one thread more is no
great thing. So each team that wants one has as many as it is guaranteed, though all be taken: there are at most
``places``, and for each team that wants some the guaranteed ones, one at least.

What that is worth, whatever others do, when no place is held for longer than ``D`` seconds at a time:

- A team that holds fewer places than it is guaranteed waits for none.
- A team that wants places is given one at least every ``D`` seconds; so a lane of it that wants one waits for at most
  ``D`` times the number of the team's lanes that want one.

A *serial* queue runs the jobs of a lane one after the other: those of an execution, which would wait for its lock.
"""

from __future__ import annotations

import functools
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from shared.local.owners import owner_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.shares import Shares

    Job = Callable[[], None]


_owner = functools.lru_cache(4096)(owner_of)


class Taken(NamedTuple):
    """A job that has a place."""

    team: str
    lane: str
    job: Job


class FairQueue:
    """The jobs that wait, and who holds how many places. Whoever uses it holds a lock meanwhile.

    Args:
        shares: How teams share the places.
        serial: Whether a lane has one place at most.
    """

    def __init__(self, shares: Shares, *, serial: bool = False) -> None:
        self._shares = shares
        self._serial = serial
        self._held: dict[str, int] = {}
        # By team and lane; first the team, and the lane, that has waited longest since it was last given a place.
        self._waiting: dict[str, dict[str, deque[Job]]] = {}
        # The jobs that wait for one of their lane, in a serial queue.
        self._behind: dict[str, deque[Job]] = {}

    @property
    def waits(self) -> bool:
        """Whether any job waits for a place. This may be asked without the lock."""
        return bool(self._waiting)

    def put(self, job: Job, lane: str) -> None:
        """Let *job* of *lane* wait for a place."""
        behind = self._behind.get(lane)
        if behind is None:
            self._waiting.setdefault(_owner(lane), {}).setdefault(lane, deque()).append(job)
        else:
            behind.append(job)

    def take(self) -> Taken | None:
        """Give the next job that may run its place, and return it."""
        team = self._next_team()
        if team is None:
            return None
        lanes = self._waiting.pop(team)
        lane = next(iter(lanes))
        jobs = lanes.pop(lane)
        job = jobs.popleft()
        if self._serial:
            self._behind[lane] = jobs
        elif jobs:
            lanes[lane] = jobs
        if lanes:
            self._waiting[team] = lanes
        self._held[team] = self._held.get(team, 0) + 1
        return Taken(team, lane, job)

    def _next_team(self) -> str | None:
        waiting, held, shares = self._waiting, self._held, self._shares
        if not waiting:
            return None
        known = len(held.keys() | waiting.keys())
        if known == 1:  # as most of the time: the rule for many says the same, and takes longer to
            (only,) = waiting
            return only if held.get(only, 0) < shares.total else None
        team = shares.next_team(waiting, held, known)
        if team is None:
            least = min(waiting, key=lambda each: held.get(each, 0))
            if held.get(least, 0) < max(1, shares.guaranteed(known)):
                return least
        return team

    def give_back(self, team: str) -> None:
        """Give a place of *team* back."""
        left = self._held.pop(team) - 1
        if left:
            self._held[team] = left

    def end(self, taken: Taken) -> None:
        """Let the next job of the lane wait for a place: this one has ended."""
        if self._serial and (jobs := self._behind.pop(taken.lane)):
            self._waiting.setdefault(taken.team, {})[taken.lane] = jobs

    def clear(self) -> None:
        """Drop the jobs that wait."""
        self._waiting.clear()
        for jobs in self._behind.values():
            jobs.clear()
