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

    from shared.values import Json

HEADER = "x-lanes-environments"
_ANY = ""  # a team that owns no function yet


class WhyNot(NamedTuple):
    """What is wrong with a world that does not fit, and the fix."""

    what: str
    fix: str


@dataclass(frozen=True, slots=True)
class Pace:
    """That a cloud gives no more than an account of AWS's (``lanes up --as-aws``), and what came of it so far.

    Attributes:
        region: Whose quotas it keeps to.
        throttled: How many calls it refused, by action.
        kept_waiting: How many invocations waited for this machine, where an account would have run them.
        waited: How many seconds they did, together.
        late: By how many seconds, together, this machine was late to start children of Maps.
    """

    region: str
    throttled: Mapping[str, int]
    kept_waiting: int = 0
    waited: float = 0.0
    late: float = 0.0

    def since(self, before: Pace) -> Pace:
        """Return what came after *before*."""
        more = {action: count - before.throttled.get(action, 0) for action, count in self.throttled.items()}
        return Pace(
            self.region,
            {action: count for action, count in more.items() if count > 0},
            self.kept_waiting - before.kept_waiting,
            round(self.waited - before.waited, 1),
            round(self.late - before.late, 1),
        )

    @property
    def by_machine(self) -> str:
        """What this machine delayed, so that the times are its own and not AWS's; "" for nothing."""
        told = []
        if self.kept_waiting:
            count = "1 invocation" if self.kept_waiting == 1 else f"{self.kept_waiting:,} invocations"
            told.append(f"{count} waited for this machine, {self.waited:,.1f} s together")
        if self.late > 0:
            told.append(f"it was {self.late:,.1f} s late to start children of Maps")
        return " and ".join(told)

    def of_a_run(self) -> str:
        """Return what to tell of the times of a run during which this came, in the whole cloud."""
        refused = f"; meanwhile {self.refused}" if self.throttled else ""
        if self.by_machine:
            return f"the run's times are this machine's, not AWS's: {self.by_machine}{refused}"
        own = "this machine kept no start and no invocation waiting; how long functions compute is its own"
        return f"paced as an account in {self.region}: {own}{refused}"

    @property
    def refused(self) -> str:
        """How many calls were throttled, and of which actions; "" for none."""
        if not self.throttled:
            return ""
        total = sum(self.throttled.values())
        by_action = ", ".join(f"{action} {count:,}" for action, count in self.throttled.items())
        return f"{'1 call was' if total == 1 else f'{total:,} calls were'} throttled: {by_action}"


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
        pace: What came of it that the cloud paces as an account; None if it does not.
    """

    total: int
    bound: str
    fix: str
    held: Mapping[str, int]
    room: Mapping[str, int]
    most: Mapping[str, int]
    meeting: str = ""
    pace: Pace | None = None

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
    paced = told.get("pace")
    pace = _pace(as_mapping(paced)) if paced else None
    return Standing(int(str(told["total"])), str(told["bound"]), str(told["fix"]), held, room, most, meeting, pace)


def _pace(told: Mapping[str, Json]) -> Pace:
    waited, late = (float(str(told[name])) for name in ("waited", "late"))
    throttled = _counts(as_mapping(told["throttled"]))
    return Pace(str(told["region"]), throttled, int(str(told["kept_waiting"])), waited, late)


def _counts(told: Mapping[str, object]) -> dict[str, int]:
    return {team: int(str(count)) for team, count in told.items()}
