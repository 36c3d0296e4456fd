"""Who holds how many of the machine's environments, and who may have one more. Only figures: no process, no lock.

Three things say who may:

- *Teams* share by :class:`~shared.local.shares.Shares`: each is guaranteed some, the rest is for who asks.
- A function with *reserved concurrency* has so many for itself, whatever others hold, and never more (Lambda Developer
  Guide, "Configuring reserved concurrency for a function", read 2026-11-30: "both the maximum and minimum number").
  They are kept beside what teams share. An account reserves up to 900, a machine may carry fewer: then three quarters
  of what it carries are kept, in proportion, and what a function has reserved beyond counts as its team's share.
- The ranks of a *world* wait for each other, so they get environments for all of them at once, or none does. The first
  rank that comes claims them for the world; the others take them from the claim. So no two worlds ever hold a part of
  what they need each. A world that does not fit is refused rank by rank: a rank that was not refused yet is refused
  with the others, though an environment may have come free, so that all of them try again at about the same time.

An environment that serves nothing counts for nobody: whoever may have one gets its place.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from shared.local.owners import owner_of
from shared.local.shares import Shares
from shared.local.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.local.capacity import Capacity

_ARRIVE = 60.0
"""Seconds after which nobody waits any more for ranks of a world that has been let in."""
_TOGETHER = 10.0
"""Seconds within which the ranks of a world that is refused come."""


class World(NamedTuple):
    """The world that a call is a rank of.

    Attributes:
        key: What tells it from other worlds.
        ranks: How many wait for each other.
        rank: Which of them this is; None if the call does not say.
    """

    key: str
    ranks: int
    rank: int | None = None


class _Claim:
    """Environments that are held for ranks of a world that are yet to come."""

    __slots__ = ("function", "left", "until")

    def __init__(self, function: str, left: int, until: float) -> None:
        self.function = function
        self.left = left
        self.until = until


class _Refused:
    """A world that was refused: which of its ranks have heard it, and until when the others hear the same."""

    __slots__ = ("ranks", "until")

    def __init__(self, rank: int | None, until: float) -> None:
        self.ranks = {rank}
        self.until = until


class Slots:
    """The accounts of a pool with so many slots in *total*. Functions are named by their ARN, without a version."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._there: dict[str, int | None] = {}  # functions that exist, with what each has reserved
        self._running: Counter[str] = Counter()  # invocations between enter and leave
        self._reserved: dict[str, int | None] = {}  # of all that exist or run
        self._teams: Counter[str] = Counter()  # how many functions of each exist or run
        self._team: dict[str, str] = {}
        self._held: Counter[str] = Counter()  # by function
        self._kept: dict[str, int] = {}  # what each function has for itself
        self._shared: Counter[str] = Counter()  # what each team holds beside that
        self._shares = Shares(total)
        self._claims: dict[str, _Claim] = {}
        self._refused: dict[str, _Refused] = {}

    def know(self, function: str, reserved: int | None) -> None:
        """Note that there is a *function*, with so much concurrency *reserved*, or None."""
        self._there[function] = reserved
        self._note(function, reserved)

    def forget(self, function: str) -> None:
        """Note that a function was deleted. What it holds it still holds."""
        self._there.pop(function, None)
        self._drop(function)

    def enter(self, function: str, reserved: int | None, world: World | None = None) -> bool:
        """Count an invocation in, if the *reserved* concurrency of its function allows that; return whether it did.

        What ranks yet to come have claimed of it counts, for all but them.
        """
        if reserved is not None:
            awaited = 0 if world is not None and world.key in self._claims else self._awaited(function)
            if self._running[function] + awaited >= reserved:
                return False
        self._running[function] += 1
        self._note(function, reserved)
        return True

    def leave(self, function: str) -> bool:
        """Count an invocation out; return whether it was the function's last."""
        self._running[function] -= 1
        if self._running[function]:
            return False
        del self._running[function]
        self._drop(function)
        return True

    def may_hold(self, function: str, more: int = 1) -> bool:
        """Tell whether *function* may have so many slots *more* at once."""
        held, kept = self._held[function], self._kept.get(function, 0)
        shared = max(0, held + more - kept) - max(0, held - kept)
        if shared == 0:
            return True
        team = self.team(function)
        by_team: Mapping[str, int] = self._shared
        if shared > 1:
            by_team = self._shared + Counter({team: shared - 1})
        return self._shares.may_take(team, by_team, len(self._teams) + (team not in self._teams))

    def hold(self, function: str) -> None:
        """Count a slot that *function* has got."""
        self._held[function] += 1
        if self._held[function] > self._kept.get(function, 0):
            self._shared[self.team(function)] += 1

    def free(self, function: str) -> None:
        """Count a slot that *function* holds no more."""
        if self._held[function] > self._kept.get(function, 0):
            team = self.team(function)
            self._shared[team] -= 1
            if not self._shared[team]:
                del self._shared[team]
        self._held[function] -= 1
        if not self._held[function]:
            del self._held[function]
            self._drop(function)

    def held(self, function: str) -> int:
        """Return how many slots *function* holds, with those that ranks yet to come have."""
        return self._held[function]

    def shared(self, team: str) -> int:
        """Return how many slots *team* holds of those that teams share."""
        return self._shared[team]

    def team(self, function: str) -> str:
        """Return whose *function* is."""
        return self._team.get(function) or owner_of(function)

    def let_in(self, function: str, world: World, now: float) -> bool:
        """Give the caller, a rank of *world*, a slot of *function*, if the whole world has got as many as it needs."""
        self.expire(now)
        claim = self._claims.get(world.key)
        if claim is not None:
            claim.until = now + _ARRIVE
            claim.left -= 1
            if not claim.left:
                del self._claims[world.key]
            return True
        refused = self._refused.get(world.key)
        if refused is not None and world.rank is not None and world.rank not in refused.ranks:
            refused.ranks.add(world.rank)
            return False
        if not self._fits(function, world):
            self._refused[world.key] = _Refused(world.rank, now + _TOGETHER)
            return False
        self._refused.pop(world.key, None)
        for _ in range(world.ranks):
            self.hold(function)
        if world.ranks > 1:
            self._claims[world.key] = _Claim(function, world.ranks - 1, now + _ARRIVE)
        return True

    def heard(self, world: World) -> bool:
        """Tell whether a rank of *world* was refused just now."""
        return world.key in self._refused

    def expire(self, now: float) -> None:
        """Free what is claimed for ranks that did not come, and forget what was refused some time ago."""
        for key, claim in [each for each in self._claims.items() if each[1].until <= now]:
            del self._claims[key]
            for _ in range(claim.left):
                self.free(claim.function)
        for key in [key for key, refused in self._refused.items() if refused.until <= now]:
            del self._refused[key]

    def room(self, function: str) -> int:
        """Return how many more *function* may have at once."""
        low, high = 0, self.total
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.may_hold(function, middle) else (low, middle - 1)
        return low

    def most(self, function: str) -> int:
        """Return how many *function* may have when nobody else holds any."""
        known = len(self._teams.keys() | {self.team(function)})
        return self._kept.get(function, 0) + self._shares.total - (known - 1) * self._shares.guaranteed(known)

    def standing(self, carries: Capacity) -> Standing:
        """Return how slots stand. A team's slug stands for a function of it, "" for a team without one."""
        teams = sorted(self._teams.keys() | {""})
        room, most = ({team: figure(team) for team in teams} for figure in (self.room, self.most))
        return Standing(self.total, carries.bound, carries.fix, self.by_team(), room, most)

    def runs(self, function: str) -> bool:
        """Tell whether an invocation of *function* has entered and not left."""
        return function in self._running

    def by_team(self) -> dict[str, int]:
        """Return how many slots each team holds, of those that hold any."""
        found: Counter[str] = Counter()
        for function, held in self._held.items():
            found[self.team(function)] += held
        return dict(found)

    def _fits(self, function: str, world: World) -> bool:
        reserved = self._reserved.get(function)
        if reserved is not None and self._running[function] + self._awaited(function) - 1 + world.ranks > reserved:
            return False
        return self.may_hold(function, world.ranks)

    def _awaited(self, function: str) -> int:
        return sum(claim.left for claim in self._claims.values() if claim.function == function)

    def _note(self, function: str, reserved: int | None) -> None:
        if function not in self._team:
            self._team[function] = owner_of(function)
            self._teams[self._team[function]] += 1
        if self._reserved.get(function) != reserved:
            self._reserved[function] = reserved
            self._keep()

    def _drop(self, function: str) -> None:
        """Forget a function that does not exist, does not run and holds nothing."""
        if function in self._there or function in self._running or function in self._held:
            return
        team = self._team.pop(function, None)
        if team is not None:
            self._teams[team] -= 1
            if not self._teams[team]:
                del self._teams[team]
        if self._reserved.pop(function, None) is not None:
            self._keep()

    def _keep(self) -> None:
        """Set apart what functions have reserved."""
        reserved = {function: count for function, count in self._reserved.items() if count}
        asked, most = sum(reserved.values()), self.total - max(1, self.total // 4)
        self._kept = {each: count if asked <= most else count * most // asked for each, count in reserved.items()}
        self._shares = Shares(self.total - sum(self._kept.values()))
        self._shared = Counter()
        for function, held in self._held.items():
            if held > self._kept.get(function, 0):
                self._shared[self.team(function)] += held - self._kept.get(function, 0)
