"""How a cloud's environments stand: who holds how many, who may have how many, and what to say of a world too large.

The embedded cloud tells it in a header of the answer to Lambda's GetAccountSettings. The answer itself has the limits
of an account of AWS's, which each deploy is held against; this machine may carry less.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NamedTuple

from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADER = "x-lanes-environments"
_ANY = ""  # a team that owns no function yet


class WhyNot(NamedTuple):
    """What is wrong with a world that does not fit, and the fix."""

    what: str
    fix: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How environments stand.

    Attributes:
        total: How many there are.
        bound: What binds their number.
        fix: What of this machine gives more.
        held: How many each team holds, of those that hold any.
        room: How many more each team may have now, for functions without reserved concurrency.
        most: How many it may have when nothing else runs.
        meeting: Where ranks meet in this cloud, ``host:port``; "" until the first do.
    """

    total: int
    bound: str
    fix: str
    held: Mapping[str, int]
    room: Mapping[str, int]
    most: Mapping[str, int]
    meeting: str = ""

    def as_header(self) -> str:
        """Return it as the text of :data:`HEADER`."""
        return json.dumps(asdict(self))

    def why_not(self, team: str, ranks: int) -> WhyNot | None:
        """Say why so many *ranks* of *team* cannot run at once now; None if they can."""
        most, room = (by_team.get(team, by_team[_ANY]) for by_team in (self.most, self.room))
        if ranks > most:
            what = f"this machine runs {most} functions at once for {team}, of {self.total}, bound by {self.bound}"
            fix = f"lower --world-size to {most}, {self.fix}, or run it on AWS (--aws)"
        elif ranks > room:
            held = ", ".join(f"{each} runs {count}" for each, count in self.held.items())
            what = f"there is room for {room} now: {held}, and this machine runs {self.total} at once"
            fix = f"wait until those have ended, or lower --world-size to {room}"
        else:
            return None
        return WhyNot(f"{ranks} ranks wait for each other, and {what}", fix)


def read_standing(headers: Mapping[str, str]) -> Standing | None:
    """Return what the *headers* of an answer to GetAccountSettings say; None if another cloud gave it."""
    if HEADER not in headers:
        return None
    told = as_mapping(json.loads(headers[HEADER]))
    held, room, most = (_counts(as_mapping(told[name])) for name in ("held", "room", "most"))
    meeting = str(told.get("meeting", ""))  # a cloud that an older version started does not tell it
    return Standing(int(str(told["total"])), str(told["bound"]), str(told["fix"]), held, room, most, meeting)


def _counts(told: Mapping[str, object]) -> dict[str, int]:
    return {team: int(str(count)) for team, count in told.items()}
