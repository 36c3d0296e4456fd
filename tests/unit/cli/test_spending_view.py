"""The table of what teams spent, and how the options of lanes cost go together."""

from datetime import UTC, datetime

import pytest

from shared.cli import cost as cost_command
from shared.cli.spending_view import closing_lines, figures, words
from shared.errors import UsageError
from shared.measure.billing.billed import Billed
from shared.measure.billing.cost import Cost, Item
from shared.measure.billing.month import month_of
from shared.measure.billing.spending import DearRun, Spending, by_share, dearest_of

APRIL = month_of(datetime(2026, 4, 16, tzinfo=UTC))


def spending(team, usd, budget=None, forecast=None, *, unread=0, dearest=()):
    cost = Cost((Item("lambda_requests", 1, usd, usd),))
    runs = tuple(DearRun(run, "w", dear) for run, dear in dearest)
    return Spending(team, APRIL, cost, budget, forecast, 1234, unread, runs)


def test_cells_say_what_is_known():
    assert figures(spending("a", 5.0, 25.0, 10.0), None) == {
        "runs": "1,234", "spent": "$5.00", "budget": "$25.00", "share": "20.0%", "forecast": "$10.00",
    }  # fmt: skip
    cells = figures(spending("a", 5.0), Billed({"a": 4.0}, estimated=True, requests=1))
    assert {name: cells[name] for name in ("budget", "share", "forecast")} == dict.fromkeys(
        ("budget", "share", "forecast"), "-"
    )
    assert (cells["billed"], cells["more"], cells["by"]) == ("$4.00", "-$1.00", "-20 %")
    unknown = figures(spending("b", 5.0), Billed({}, estimated=True, requests=1))
    assert (unknown["billed"], unknown["more"], unknown["by"]) == ("-", "-", "-")


@pytest.mark.parametrize(
    ("spent", "said"),
    [
        (spending("a", 5.0, 25.0, 10.0), ""),
        (spending("a", 5.0), ""),
        (spending("a", 25.0, 25.0, 50.0), "over its budget"),
        (spending("a", 5.0, 25.0, 26.0, unread=3), "on the way over its budget, 3 runs counted as average ones"),
    ],
)
def test_a_team_is_warned_of_its_budget(spent, said):
    assert words(spent) == said


def test_teams_are_in_order_of_the_share_of_their_budgets_and_those_without_come_last():
    teams = [spending("rich", 9.0), spending("low", 5.0, 50.0), spending("poor", 1.0), spending("high", 4.0, 8.0)]
    assert [each.team for each in by_share(teams)] == ["high", "low", "rich", "poor"]


def test_the_dearest_runs_of_all_teams_are_named_with_their_teams():
    teams = [spending("a", 1.0, dearest=[("r1", 0.5), ("r2", 0.1)]), spending("b", 1.0, dearest=[("r3", 0.3)])]
    assert [(team, run.run_id) for team, run in dearest_of(teams)] == [("a", "r1"), ("b", "r3"), ("a", "r2")]
    many = [spending("a", 1.0, dearest=[(f"r{number}", number) for number in range(9)])]
    assert len(dearest_of(many)) == 5


def test_sums_are_over_all_teams_and_name_what_is_billed_to_none_of_them():
    teams = [spending("a", 5.0, 25.0, 10.0, dearest=[("r1", 0.5)]), spending("b", 1.0, None, 2.0)]
    billed = Billed({"a": 4.0, "gone": 0.25}, estimated=True, requests=1)
    assert closing_lines(teams, APRIL, billed) == [
        "all teams in 2026-04, estimated: $6.00 of $25.00 that 1 team may",
        "forecast of the whole month, if it goes on as until now: $12.00",
        "billed by AWS: $4.25",
        "billed to gone, which has no file here: $0.2500",
        "dearest runs: a r1  w  $0.5000",
    ]
    assert "no forecast: less than a day of the month has passed" in closing_lines([spending("a", 1.0)], APRIL, None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"since": "7d", "month": "2026-04"}, "two spans of time"),
        ({"since": "7d", "every": True}, "two spans of time"),
        ({"run_id": "last", "month": "2026-04"}, "a run has its own time"),
        ({"run_id": "last", "since": "7d"}, "a run has its own time"),
        ({"billed": True}, "lanes cost --all --billed"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, said):
    with pytest.raises(UsageError, match=said):
        cost_command._check_options(
            options.get("run_id"), options.get("since"), options.get("month"),
            every=options.get("every", False), billed=options.get("billed", False),
        )  # fmt: skip
