"""What starts something by itself, and what it reaches: schedules, event source mappings, buckets' notifications.

A schedule of another's that takes a team's role would start the team's machine; a team's own that aims elsewhere would
start another's, if its role could. A mapping brings a queue's messages to a function, and a notification tells of every
upload. So each that is a team's own reaches the team's own alone, and none of others' reaches a team's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.isolation.proof.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.isolation.proof.names.territory import Territory


@dataclass(frozen=True, slots=True)
class TriggerLinks:
    """One thing that starts others.

    Args:
        kind: ``schedule``, ``event source mapping`` or ``bucket notification``; findings are named after it.
        arn: The ARN by which it is known whose it is: of the schedule, the function, the bucket.
        aims: The ARNs that it reads from, calls, writes to or acts as.
    """

    kind: str
    arn: str
    aims: tuple[str, ...]

    @property
    def title(self) -> str:
        """How a reader finds it."""
        return f"{self.kind} of {self.arn.rpartition(':')[2]}"

    @property
    def operator(self) -> str:
        """Nobody answers for it."""
        return ""


def judge_trigger(link: TriggerLinks, owner: Territory | None, territories: Sequence[Territory]) -> Iterator[Finding]:
    """Yield where *link*, which is *owner*'s or nobody's of the *territories*, ties a team to what is not its own."""
    own, others = (owner, ()) if owner else (None, territories)
    for arn in link.aims:
        if own and not own.holds(arn):
            yield _finding(link, own, arn, "it reaches what is not the team's own")
        for territory in others:
            if territory.holds(arn):
                yield _finding(link, territory, arn, f"what is not {territory.slug}'s own reaches what is")


def _finding(link: TriggerLinks, territory: Territory, arn: str, why: str) -> Finding:
    return Finding(
        rule=f"foreign-{link.kind.rpartition(' ')[2]}",
        document=link.title,
        team=territory.slug,
        resource=arn,
        why=why,
        fix=f"aim it at what it is for, or take it away; lanes deploy {territory.slug} mends the team's own",
    )
