"""Whether the ranks of a lane can meet: the check of ``lanes rendezvous check``, for whoever looks at many lanes.

Ranks of the embedded cloud meet inside it, at a place that begins with the first of them. All others meet at the
endpoint of the settings or of the team's file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.deploy.rendezvous_keys import signed
from shared.fmi.rendezvous.client import Meeting
from shared.fmi.rendezvous.health import check
from shared.fmi.rendezvous.verdict import Status

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.local.standing import Standing
    from shared.values import Json

NOT_USED, NOT_BEGUN, NO_KEY = "not used", "not begun", "no key yet"


@dataclass(frozen=True, slots=True)
class MeetingPlace:
    """How a lane's rendezvous is.

    Attributes:
        status: A verdict in one word, or :data:`NOT_USED` where no function of the lane goes there, or
            :data:`NOT_BEGUN` where the first rank begins it, or :data:`NO_KEY` where a deploy makes what signs names.
        endpoint: ``host:port``; "" where there is none.
        reason: What was seen, a sentence without a full stop.
        fix: What to do about it; "" where nothing is to be done.
    """

    status: str
    endpoint: str = ""
    reason: str = ""
    fix: str = ""

    @property
    def down(self) -> bool:
        """Whether no ranks could meet there."""
        return self.status in (Status.HUNG, Status.REFUSED, Status.UNRESOLVABLE)

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {"status": self.status, "endpoint": self.endpoint, "reason": self.reason, "fix": self.fix}


def read_meeting_place(aws: Aws, lane: Lane, standing: Standing | None, patience: float) -> MeetingPlace:
    """Return how the place is where the ranks of *lane* meet: one call for the team's key, and two connections.

    Args:
        aws: Where the key is.
        lane: Whose ranks.
        standing: How the environments of a cloud on this machine stand, where it is one.
        patience: Seconds for the check.
    """
    if not lane.rendezvous_key:
        return MeetingPlace(NOT_USED, reason="no function of this team goes to a rendezvous")
    endpoint = standing.meeting if standing else lane.rendezvous.endpoint
    if not endpoint:
        return MeetingPlace(NOT_BEGUN, reason="it begins, inside this cloud, with the first ranks that meet")
    signer = signed(lane, aws)
    if signer is None:
        return MeetingPlace(NO_KEY, endpoint, "lanes deploy makes the key that signs the names of this team's ranks")
    meeting = Meeting.parse(endpoint)
    degraded_after = min(lane.rendezvous.degraded_after, patience)
    verdict = check(meeting.host, meeting.port, patience, degraded_after, namespace=signer)
    seen = verdict.reason if verdict.status is not Status.HEALTHY else "it has paired two sockets"
    return MeetingPlace(verdict.status.value, endpoint, seen, verdict.fix)
