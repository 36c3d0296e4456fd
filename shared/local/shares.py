"""Who may take one of a few slots that all teams share: a part of them is kept for each, the rest goes to who asks.

Of ``total`` slots each known team is guaranteed some: a quarter of all, divided by the number of teams, one at least. A
team that holds fewer takes one at once. It may hold more as long as the others' guaranteed ones stay free. When a slot
comes free, of the teams that wait and may take it, the one that holds least gets it, ties going to the one that waits
longest. A team waits since it was last given a slot, or since it began to want one: not since its oldest job came, for
a long queue would then go before a short one for ever.

What that is worth, whatever the other teams do, when no slot is held for longer than ``D`` seconds at a time:

- A team that holds fewer than its guaranteed slots does not wait at all, as long as no team becomes known. When one
  does, it may wait until the next slot comes free: at most ``D``.
- No team goes without a new slot for longer than ``D * ceil(known / total)`` while it wants one: within ``D`` it is
  given as many as it is guaranteed, for all that it holds has ended by then.
- While a team waits, no other that holds more gets a slot, and none that holds as much gets two.
- A team waits only while no more slots are free than are kept for the others.

With more teams than slots nobody is guaranteed any, and the other lines still hold.

Nothing here counts or waits: whoever has the slots says who holds how many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KEPT = 4
"""One in so many slots is kept for teams that hold fewer than they are guaranteed."""


class Shares:
    """The rule by which teams share slots.

    Args:
        total: How many slots there are.
    """

    def __init__(self, total: int) -> None:
        self.total = total

    def guaranteed(self, known: int) -> int:
        """Return how many slots each of *known* teams gets whenever it wants them; 0 with more teams than slots."""
        known = max(1, known)
        return min(self.total // known, max(1, self.total // (_KEPT * known)))

    def may_take(self, team: str, held: Mapping[str, int], known: int) -> bool:
        """Tell whether *team* may take one more slot.

        Args:
            team: Who asks.
            held: How many slots each team holds; a team that is missing holds none.
            known: The number of teams that own a function or machine, or hold or want a slot.
        """
        taken = sum(held.values())
        if taken >= self.total:
            return False
        least = self.guaranteed(known)
        if held.get(team, 0) < least:
            return True
        used = sum(min(slots, least) for each, slots in held.items() if each != team)
        return taken + 1 + max(0, (known - 1) * least - used) <= self.total

    def next_team(self, waiting: Iterable[str], held: Mapping[str, int], known: int) -> str | None:
        """Return which of the *waiting* teams is given a slot now, None if none may take one.

        Args:
            waiting: Who wants a slot, the one first that has waited longest since it was last given one.
            held: As for :meth:`may_take`.
            known: As for :meth:`may_take`.
        """
        able = (team for team in waiting if self.may_take(team, held, known))
        return min(able, key=lambda team: held.get(team, 0), default=None)
