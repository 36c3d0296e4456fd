"""What a lane has cost since its month began: an estimate, for whoever looks at many lanes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.measure.billing.bill import price_team

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class MonthCost:
    """An estimate in US dollars, as of ``lanes cost``.

    Attributes:
        usd: What was used since *since*, at list prices.
        since: The first moment of the month, UTC: budgets of AWS count by it.
        runs: How many runs that are.
        unread: How many of them count as average ones.
    """

    usd: float
    since: datetime
    runs: int
    unread: int

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {
            "usd_estimated": self.usd,
            "since": self.since.isoformat(),
            "runs": self.runs,
            "unread_runs": self.unread,
        }


def month_begins(now: datetime) -> datetime:
    """Return the first moment, UTC, of the month that *now* is in."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def price_month(aws: Aws, lane: Lane, now: datetime) -> MonthCost:
    """Return what *lane* has cost in the month of *now*. It is dear: as many calls as ``lanes cost`` takes."""
    since = month_begins(now)
    bill = price_team(aws, lane, since)
    return MonthCost(bill.total.usd, since, len(bill.runs), bill.unread)
