"""Months in UTC, by which AWS bills, and what a lane has cost in one so far: for whoever looks at many lanes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.errors import UsageError
from shared.measure.billing.bill import price_team

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.values import Json

_LEAST_KNOWN = timedelta(days=1)  # of a month, before a forecast says anything


@dataclass(frozen=True, slots=True)
class Month:
    """A month, from its first moment in UTC to that of the next one."""

    begins: datetime
    ends: datetime

    def __str__(self) -> str:
        """Return it as ``2026-01``."""
        return f"{self.begins:%Y-%m}"

    def forecast(self, usd: float, now: datetime) -> float | None:
        """Return what the month will have cost if it goes on as until *now*, of which *usd* are spent.

        A month that is over costs what it has cost. None within its first day, which tells nothing of thirty.
        """
        passed = min(now, self.ends) - self.begins
        return usd * ((self.ends - self.begins) / passed) if passed >= _LEAST_KNOWN else None


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


def month_of(moment: datetime) -> Month:
    """Return the month that *moment* is in."""
    begins = moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return Month(begins, (begins + timedelta(days=31)).replace(day=1))


def read_month(text: str, now: datetime) -> Month:
    """Return the month called *text*, as ``2026-01``.

    Raises:
        UsageError: It is no month, or has not begun.
    """
    try:
        month = month_of(datetime.strptime(text.strip(), "%Y-%m").replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise UsageError(f"this is no month: {text!r}", where="--month", fix="as in --month 2026-01") from error
    if month.begins.timestamp() < 0:
        raise UsageError(f"{month} is before 1970, where clocks begin", where="--month", fix="as in --month 2026-01")
    if month.begins > now:
        fix = f"--month {month_of(now)} is the month that runs now"
        raise UsageError(f"{month} has not begun", where="--month", fix=fix)
    return month


def price_month(aws: Aws, lane: Lane, now: datetime) -> MonthCost:
    """Return what *lane* has cost in the month of *now*. It is dear: as many calls as ``lanes cost`` takes."""
    since = month_of(now).begins
    bill = price_team(aws, lane, since)
    return MonthCost(bill.total.usd, since, len(bill.runs), bill.unread)
