"""What teams spent in a month, each beside its budget: estimates, as of ``lanes cost``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.measure.billing.bill import HISTORIES, price_team

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.measure.billing.cost import Cost
    from shared.measure.billing.month import Month
    from shared.values import Json

_DEAREST = 5


@dataclass(frozen=True, slots=True)
class DearRun:
    """A run that cost much: its id, its workflow, and US dollars, estimated."""

    run_id: str
    workflow: str
    usd: float


@dataclass(frozen=True, slots=True)
class Spending:
    """What one team spent in a month, in US dollars, estimated.

    Attributes:
        team: Its slug.
        month: The month.
        cost: What was used in it, at list prices, by runs and by invocations outside of runs.
        budget: What it may cost in a month; None where its file and the settings name no budget.
        forecast: What the whole month will have cost if it goes on so; None where nothing can be said yet.
        runs: How many runs began in it.
        unread: How many of them count as average ones.
        dearest: Those that cost most, the dearest first.
    """

    team: str
    month: Month
    cost: Cost
    budget: float | None
    forecast: float | None
    runs: int
    unread: int
    dearest: tuple[DearRun, ...]

    @property
    def usd(self) -> float:
        """What was spent."""
        return self.cost.usd

    @property
    def share(self) -> float | None:
        """Which part of the budget is spent, 0 and more; None without a budget."""
        return self.usd / self.budget if self.budget else None

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {
            "month": str(self.month),
            "usd_estimated": self.usd,
            "budget_usd": self.budget,
            "budget_share": self.share,
            "forecast_usd": self.forecast,
            "runs": self.runs,
            "unread_runs": self.unread,
            "dearest_runs": [{"run": run.run_id, "workflow": run.workflow, "usd": run.usd} for run in self.dearest],
            "cost": self.cost.as_record(),
        }


def spent_by(aws: Aws, lane: Lane, month: Month, now: datetime, *, teams: int = 1) -> Spending:
    """Return what the team of *lane* spent in *month*.

    Args:
        aws: Where it ran.
        lane: The team's lane.
        month: The month.
        now: The time.
        teams: How many teams are asked about together: they share what AWS lets be read of histories at once.
    """
    until = None if now < month.ends else month.ends
    bill = price_team(aws, lane, month.begins, until, histories=max(1, HISTORIES // teams))
    runs = [DearRun(run_id, workflow, cost.usd) for run_id, (workflow, cost) in bill.runs.items()]
    return Spending(
        team=lane.team,
        month=month,
        cost=bill.total,
        budget=float(lane.budget.monthly_usd) if lane.budget else None,
        forecast=month.forecast(bill.total.usd, now),
        runs=len(bill.runs),
        unread=bill.unread,
        dearest=tuple(sorted(runs, key=lambda run: -run.usd)[:_DEAREST]),
    )


def by_share(spendings: Iterable[Spending]) -> list[Spending]:
    """Return *spendings* by the share of the budget that is spent, the largest first; teams without one after them."""
    return sorted(spendings, key=lambda each: (each.share is None, -(each.share or 0.0), -each.usd, each.team))


def dearest_of(spendings: Iterable[Spending]) -> list[tuple[str, DearRun]]:
    """Return the dearest runs of all teams, each with its team, the dearest first."""
    runs = [(each.team, run) for each in spendings for run in each.dearest]
    return sorted(runs, key=lambda told: -told[1].usd)[:_DEAREST]
