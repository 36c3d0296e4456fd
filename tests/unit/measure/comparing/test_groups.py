"""Groups of runs beside each other, and what speaks against comparing them."""

from datetime import UTC, datetime, timedelta

from shared.measure.comparing.groups import compare_groups
from shared.measure.comparing.timed import Group, Timed

NOW = datetime(2026, 11, 30, tzinfo=UTC)
SETTING = {"workflow": "cosmic", "cloud": "aws", "memory of Work": "1769 MB", "input world size": "4"}


def run(number, seconds, *, cold=0, **other):
    return Timed(
        f"run{number}",
        NOW + timedelta(minutes=number),
        seconds,
        (seconds / 2, seconds / 3, seconds / 4),
        {"Work": seconds / 2},
        seconds / 1000,
        10,
        cold,
        {**SETTING, **other},
    )


def group(name, numbers, seconds, **other):
    runs = (run(number, each, **other) for number, each in zip(numbers, seconds, strict=True))
    return Group(name, tuple(runs))


FIRST = (10.0, 10.2, 9.9, 10.1, 9.8)
SECOND = (8.8, 9.0, 8.7, 8.9, 8.6)


def test_groups_that_ran_by_turns_are_compared_without_a_caution():
    told = compare_groups(group("a", (1, 3, 5, 7, 9), FIRST), group("b", (2, 4, 6, 8, 10), SECOND))
    assert told.cautions == ()
    assert told.whole.verdict.startswith("faster by 12 % (95 %")
    assert told.ranks.verdict.startswith("faster by 12 % (95 %")
    assert (told.ranks.name, len(told.ranks.before)) == ("a run's median rank", 5)
    assert [each.name for each in told.figures] == [
        "whole run", "a run's median rank", "slowest rank", "state Work", "cost, estimated"
    ]  # fmt: skip


def test_of_one_run_each_the_ranks_are_judged_and_the_whole_is_not():
    told = compare_groups(group("a", (1,), (10.0,)), group("b", (2,), (2.0,)))
    assert told.whole.interval is None
    assert (told.ranks.name, told.ranks.of, told.ranks.verdict.startswith("faster by 80 % (about 90 %")) == (
        "a rank", "rank", True
    )  # fmt: skip
    assert [line.partition(":")[0] for line in told.cautions] == [
        "whole runs cannot be judged by one run",
        "ranks of one run share its minute and its machine",
    ]


def test_a_side_that_ran_before_the_other_is_told():
    told = compare_groups(group("a", (1, 2, 3, 4, 5), FIRST), group("b", (6, 7, 8, 9, 10), SECOND))
    assert [line for line in told.cautions if line.startswith("one side ran before the other")]


def test_what_is_not_the_same_is_told_by_name():
    first = group("a", (1, 3, 5, 7, 9), FIRST, cloud="embedded")
    second = group("b", (2, 4, 6, 8, 10), SECOND, **{"memory of Work": "1024 MB", "input batch size": "8"})
    assert compare_groups(first, second).cautions == (
        "cloud differs: embedded before, aws after",
        "memory of Work differs: 1769 MB before, 1024 MB after",
        "input batch size differs: none before, 8 after",
    )


def test_what_differs_within_each_side_alike_is_told_once():
    sides = [
        Group(name, tuple(run(number, 10.0 + number, records=str(number % 2)) for number in numbers))
        for name, numbers in (("a", (1, 4, 5)), ("b", (2, 3, 6)))
    ]
    assert compare_groups(*sides).cautions == ("records differs within each side: 1, 0",)


def test_cold_starts_on_one_side_are_told():
    told = compare_groups(group("a", (1, 3, 5), FIRST[:3], cold=5), group("b", (2, 4, 6), SECOND[:3]))
    assert told.cautions == ("cold starts are compared with warm ones: 15 of 30 before and 0 of 30 after began cold",)
    both = compare_groups(group("a", (1, 3, 5), FIRST[:3], cold=5), group("b", (2, 4, 6), SECOND[:3], cold=5))
    assert both.cautions == ()


def test_code_that_may_have_been_another_is_told():
    other = {"code of init": "one from before 2026-11-30 12:00:00"}
    told = compare_groups(group("a", (1, 3, 5), FIRST[:3], **other), group("b", (2, 4, 6), SECOND[:3], **other))
    assert told.cautions == (
        "code of init: all ran one from before 2026-11-30 12:00:00, so whether it was the same is not known",
    )


def test_a_comparison_is_told_as_json():
    record = compare_groups(group("a", (1,), (10.0,)), group("b", (2,), (2.0,))).as_record()
    assert record["before"] == {"name": "a", "runs": ["run1"]}
    assert record["whole"]["after"]["median"] == 2.0
    assert len(record["cautions"]) == 2
