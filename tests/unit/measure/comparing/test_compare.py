"""Two runs beside each other: figures with differences and words, and no reasons."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from shared.measure.billing.cost import Cost, Item
from shared.measure.comparing.compare import Definitions, Figure, compare
from shared.measure.comparing.run_figures import RankTime, RunFigures, StateTime
from shared.measure.comparing.timed import Side
from shared.measure.comparing.values import ABSENT, HIDDEN, Leaf, side_by_side

NOW = datetime(2026, 11, 30, tzinfo=UTC)
MACHINE = {"StartAt": "Init", "States": {"Init": {"Type": "Task"}, "Work": {"Type": "Map"}}}


def side(seconds, name="run", *, definition=MACHINE, status="SUCCEEDED", figures=None, redrives=0, workflow="cosmic"):
    found = SimpleNamespace(
        run=SimpleNamespace(id=name, workflow=workflow), status=status, seconds=seconds, started=NOW, stopped=NOW
    )
    return Side(found, definition, figures, redrives)


def figures(longest, usd, **more):
    states = (StateTime("Init", 1, longest, longest), StateTime("Work", 4, longest / 2, longest))
    cost = Cost((Item("lambda_requests", 5, usd, usd),))
    return RunFigures(states, RankTime(4, longest / 2, longest, longest), cost, **more)


@pytest.mark.parametrize(
    ("unit", "before", "after", "word"),
    [
        ("s", 10.0, 20.0, "slower"),
        ("s", 20.0, 10.0, "faster"),
        ("s", 10.0, 10.04, "the same"),
        ("s", 0.0, 0.0, "the same"),
        ("$", 1.0, 2.0, "dearer"),
        ("$", 2.0, 1.0, "cheaper"),
        ("", 2, 4, "more"),
        ("", 4, 2, "fewer"),
        ("s", None, 2.0, ""),
        ("s", 2.0, None, ""),
    ],
)
def test_a_figure_has_a_word(unit, before, after, word):
    assert Figure("x", unit, before, after).word == word


def test_a_figure_has_a_difference_and_a_ratio():
    figure = Figure("x", "s", 10.0, 25.0)
    assert (figure.difference, figure.ratio) == (15.0, 2.5)
    assert (Figure("x", "s", 0.0, 1.0).ratio, Figure("x", "s", None, 1.0).difference) == (None, None)


def test_states_ranks_and_cost_stand_beside_each_other():
    told = compare(side(10.0, figures=figures(4.0, 0.5)), side(20.0, figures=figures(8.0, 0.25)))
    assert [(each.name, each.before, each.after, each.word) for each in told.whole] == [
        ("whole run", 10.0, 20.0, "slower"), ("cost, estimated", 0.5, 0.25, "cheaper")
    ]  # fmt: skip
    assert [(each.name, each.after) for each in told.states] == [
        ("Init", 8.0), ("Work: visits", 4), ("Work: median visit", 4.0), ("Work: longest visit", 8.0)
    ]  # fmt: skip
    assert [each.name for each in told.ranks] == ["ranks", "a rank, p50", "a rank, p95", "slowest rank"]
    assert [(each.name, each.difference) for each in told.cost] == [("Lambda requests", -0.25)]


def test_what_was_not_measured_is_no_zero():
    told = compare(side(10.0, figures=figures(4.0, 0.5)), side(None, status="RUNNING"))
    assert [each.after for each in (*told.whole, *told.states, *told.cost)] == [None] * 7


def test_an_item_that_one_bill_lacks_costs_nothing_there():
    first = RunFigures((), None, Cost((Item("s3_gets", 5, 1.0, 5.0),)))
    second = RunFigures((), None, Cost(()))
    assert [(each.name, each.after) for each in compare(side(1, figures=first), side(1, figures=second)).cost] == [
        ("S3 gets", 0.0)
    ]


def test_definitions_differ_by_their_states():
    other = {"StartAt": "Init", "States": {"Init": {"Type": "Pass"}, "Sum": {"Type": "Task"}}, "Comment": "new"}
    assert compare(side(1.0), side(1.0, definition=other)).definitions == Definitions(
        ("Sum",), ("Work",), ("Init",), rest=True
    )
    assert compare(side(1.0), side(1.0)).definitions.same


def test_cautions_name_what_must_be_kept_in_mind():
    lacking = figures(1.0, 1.0, children=100, unread=84, uncounted=3)
    told = compare(
        side(1.0, "one", figures=lacking), side(1.0, "two", status="FAILED", redrives=1, workflow="other")
    ).cautions
    assert told[0].startswith("one run of each")
    assert "they are of two workflows, cosmic and other" in told
    assert "one: child executions not read: 84 of 100, invocations without a REPORT line in the logs: 3" in told
    assert "two did not succeed (FAILED), so its times end where it ended" in told
    assert "two was redriven, and its time counts the wait before" in told
    assert len(compare(side(1.0), side(1.0)).cautions) == 1


def test_ranks_of_two_runs_are_judged():
    first, second = (
        figures(1.0, 1.0, rank_seconds=tuple(factor * (1 + n / 100) for n in range(8))) for factor in (2, 1)
    )
    told = compare(side(1.0, figures=first), side(1.0, figures=second)).verdict
    assert told.startswith("faster by 50 % (95 %: ")
    assert told.endswith("8 ranks against 8)")
    assert compare(side(1.0, figures=first), side(1.0)).verdict == ""


def test_other_memory_and_cold_starts_are_told():
    first = figures(1.0, 1.0, memory={"Work": 512}, invocations=4, cold=4)
    second = figures(1.0, 1.0, memory={"Work": 1769}, invocations=4)
    told = compare(side(1.0, figures=first), side(1.0, figures=second)).cautions
    assert "memory of Work differs: 512 MB before, 1769 MB after" in told
    assert "cold starts are compared with warm ones: 4 of 4 before and 0 of 4 after began cold" in told


def test_values_are_compared_leaf_by_leaf():
    before = {"n": 4, "list": [1, 2], "gone": True, "none": {}}
    after = {"n": 8, "list": [1], "new": None, "none": {}}
    assert side_by_side(before, after) == (
        Leaf("n", "4", "8", same=False, difference=4),
        Leaf("list.0", "1", "1", same=True, difference=0),
        Leaf("list.1", "2", ABSENT, same=False),
        Leaf("gone", "true", ABSENT, same=False),
        Leaf("none", "{}", "{}", same=True),
        Leaf("new", ABSENT, "null", same=False),
    )
    assert side_by_side(1, 1.0)[0].same is False
    assert side_by_side("text", "text") == (Leaf("", '"text"', '"text"', same=True),)


def test_what_is_hidden_is_compared_and_not_shown():
    told = side_by_side(
        {"key": "a", "deep": {"x": 1}}, {"key": "b", "deep": {"x": 1}}, lambda value: {"key": "***", "deep": "***"}
    )
    assert told == (Leaf("key", '"***"', '"***"', same=False), Leaf("deep.x", HIDDEN, HIDDEN, same=True))
