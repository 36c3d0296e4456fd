"""How the spending of many teams looks: cells of a table, and the lines below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.measure.billing.cost import dollars
from shared.measure.billing.spending import dearest_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.measure.billing.billed import Billed
    from shared.measure.billing.month import Month
    from shared.measure.billing.spending import Spending

_NOTHING = "-"


def figures(spending: Spending, billed: Billed | None) -> dict[str, str]:
    """Return a team's cells by the names of their columns; what was *billed* beside them if it is known."""
    share, forecast, budget = spending.share, spending.forecast, spending.budget
    cells = {
        "runs": f"{spending.runs:,}",
        "spent": dollars(spending.usd),
        "budget": _NOTHING if budget is None else dollars(budget),
        "share": _NOTHING if share is None else f"{share:.1%}",
        "forecast": _NOTHING if forecast is None else dollars(forecast),
    }
    if billed is None:
        return cells
    told = billed.beside(spending)
    usd, more, percent = (told[name] for name in ("usd_billed", "difference_usd", "difference_percent"))
    return cells | {
        "billed": dollars(usd) if isinstance(usd, float) else _NOTHING,
        "more": signed(more) if isinstance(more, float) else _NOTHING,
        "by": f"{percent:+,.0f} %" if isinstance(percent, float) else _NOTHING,
    }


def words(spending: Spending) -> str:
    """Return what is to be said of a team in a few words."""
    told = []
    if spending.share is not None and spending.share >= 1:
        told.append("over its budget")
    elif spending.budget is not None and spending.forecast is not None and spending.forecast > spending.budget:
        told.append("on the way over its budget")
    if spending.unread:
        told.append(f"{spending.unread:,} runs counted as average ones")
    return ", ".join(told)


def closing_lines(spendings: Sequence[Spending], month: Month, billed: Billed | None) -> list[str]:
    """Return the sums over all teams, and the dearest runs."""
    budgets = [each.budget for each in spendings if each.budget is not None]
    of = f" of {dollars(sum(budgets))} that {_teams(len(budgets))} may" if budgets else ""
    lines = [f"all teams in {month}, estimated: {dollars(sum(each.usd for each in spendings))}{of}"]
    known = [each.forecast for each in spendings if each.forecast is not None]
    if known:
        lines.append(f"forecast of the whole month, if it goes on as until now: {dollars(sum(known))}")
    else:
        lines.append("no forecast: less than a day of the month has passed")
    if billed:
        others = {team: usd for team, usd in billed.usd.items() if team not in {each.team for each in spendings}}
        lines.append(f"billed by AWS: {dollars(sum(billed.usd.values()))}")
        lines += [f"billed to {team}, which has no file here: {dollars(usd)}" for team, usd in sorted(others.items())]
    for team, run in dearest_of(spendings):
        lines.append(f"dearest runs: {team} {run.run_id}  {run.workflow}  {dollars(run.usd)}")
    return lines


def signed(usd: float) -> str:
    """Return an amount of money with its sign."""
    return f"-{dollars(-usd)}" if usd < 0 else f"+{dollars(usd)}"


def _teams(count: int) -> str:
    return "1 team" if count == 1 else f"{count} teams"
