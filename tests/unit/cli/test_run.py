"""How ``lanes run`` reads its words and shows what came of it."""

from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cli import run_view
from shared.cli.options import with_values
from shared.cli.run import split_words
from shared.errors import UsageError
from shared.measure.billing.cost import cost_of
from shared.measure.billing.finished_run import FinishedRun
from shared.measure.billing.usage import Usage
from shared.measure.observed.trace import MapChildren, Trace
from shared.run.gather import Outcome, Rank
from shared.run.start import Run

WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)


@pytest.fixture
def outcome():
    ranks = (Rank(0, 300, 2.0, 210, 1769, 2501, 500.4), Rank(1, 100, None, None, None, None, None))
    return Outcome("SUCCEEDED", 4.0, ranks, {"quality": {"mae": 0.0213456, "r2": 0.9}, "note": None, "records": 400})


@pytest.fixture
def shown(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    def show(call, *arguments):
        call(*arguments)
        return capsys.readouterr()

    return show


ARN = "arn:aws:states:us-east-1:123456789012:execution:m:r"
RUN = Run("20260102T030405Z-a1b2c3", ARN, cast("Any", None), "w")  # a view needs no lane
COST = cost_of(Usage(lambda_requests=1_000_000, state_transitions=10))


def test_names_and_parameters_in_any_order():
    words = ["--world-size", "4", "team2", "--batch-size=-1", "cosmic", "--data-map", "{}"]
    assert split_words(words) == (["team2", "cosmic"], {"world_size": "4", "batch_size": "-1", "data_map": "{}"})


@given(st.lists(WORDS, max_size=3), st.dictionaries(WORDS.map(str.lower), WORDS, max_size=4))
def test_what_is_written_as_words_is_read_back(names, options):
    words = [*names, *(word for name, value in options.items() for word in (f"--{name}", value))]
    assert split_words(words) == (names, options)


@pytest.mark.parametrize("words", [["--world-size"], ["--world-size", "--batch-size", "4"]])
def test_a_parameter_without_a_value_is_refused(words):
    with pytest.raises(UsageError, match="--world-size has no value"):
        split_words(words)


def test_a_value_that_looks_like_an_option_goes_behind_an_equals_sign():
    assert split_words(["--prefix=--odd"]) == ([], {"prefix": "--odd"})


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (["t", "--args", "-f hello", "--json"], ["t", "--args=-f hello", "--json"]),
        (["--env", "A=-h", "--env=B=1", "--input", "-"], ["--env=A=-h", "--env=B=1", "--input", "-"]),
        (["--args", "--json"], ["--args", "--json"]),
        (["--args"], ["--args"]),
        (["--", "--args", "x"], ["--", "--args=x"]),
    ],
)
def test_a_value_with_a_dash_is_never_read_as_options_of_ours(words, read):
    assert with_values(words, {"--json", "--input", "--help", "-h"}) == read


def test_the_table_has_a_row_per_rank_and_both_throughputs(shown, outcome):
    printed = shown(run_view.print_outcome, FinishedRun(RUN, outcome, cost=COST))
    rows = [line for line in printed.out.splitlines() if "MB" in line]
    assert [value.strip() for value in rows[0].strip("│").split("│")] == [
        *["0", "300", "2.00", "150.0", "210 of 1769 MB", "2501 ms", "500 ms"]
    ]
    assert "- of - MB" in rows[1]  # no figures are invented for what CloudWatch has not shown
    assert "cost, estimated: $0.2002  (Lambda requests $0.2000, Step Functions transitions $0.000250)" in printed.out
    assert "100.0 records/s  (the whole execution)" in printed.out
    assert "150.0 records/s  (summed over the ranks)" in printed.out
    assert "quality  mae 0.021346  r2 0.9\n" in printed.out
    assert "0.021346" in printed.out
    assert "note" not in printed.out


def test_a_run_without_ranks_shows_its_output(shown):
    printed = shown(run_view.print_outcome, FinishedRun(RUN, Outcome("SUCCEEDED", 1.5, (), "done"), cost=COST))
    assert "SUCCEEDED  20260102T030405Z-a1b2c3  1.50 s" in printed.out
    assert "throughput" not in printed.out
    assert "done" in printed.out


def test_json_holds_all_that_is_shown(outcome):
    said = FinishedRun(RUN, outcome, cost=COST).as_record()
    assert said["throughput"] == {"wall": 100.0, "aggregate": 150.0}
    assert said["ranks"][0]["records_per_second"] == 150.0
    assert said["ranks"][1]["seconds"] is None
    assert said["failure"] is None
    assert said["cost"]["usd"] == pytest.approx(0.20025)


def test_lambdas_word_for_an_error_of_ours_is_not_shown_as_what_a_rank_printed(shown):
    thrown = "[ERROR] ScriptFailed: it failed\n  fix: correct it\nTraceback (most recent call last):"
    rank = Rank(0, 0, *[None] * 6, ("hello", "[ERROR] of the program's own", thrown))
    printed = shown(run_view.print_printed, Outcome("FAILED", 1.0, (rank,), None)).out
    assert printed.splitlines() == ["[rank 0] hello", "[rank 0] [ERROR] of the program's own"]


def test_ranks_without_records_show_what_report_says_of_them(shown):
    request = "0c0ffee0-1111-2222-3333-6f3a9ce712f0"
    ranks = (Rank(0, 0, 0.30054, 145, 10240, 301, 744.94, request, ("hello", "[bold]")), Rank(1, 0, *[None] * 5))
    outcome = Outcome("SUCCEEDED", 3.2, ranks, None)
    out = shown(run_view.print_outcome, FinishedRun(RUN, outcome, cost=COST)).out
    rows = [[value.strip() for value in line.strip("│").split("│")] for line in out.splitlines() if "│" in line]
    assert rows == [
        ["0", "6f3a9ce712f0", "300.54 ms", "301 ms", "10240 MB", "145 MB", "744.94 ms"],
        ["1", "", *["-"] * 5],
    ]
    assert "throughput" not in out
    assert shown(run_view.print_printed, outcome).out.splitlines() == ["[rank 0] hello", "[rank 0] [bold]"]
    assert "printed" not in FinishedRun(RUN, outcome, cost=COST).as_record()["ranks"][0]
    assert FinishedRun(RUN, outcome, cost=COST).as_record(printed=True)["ranks"][0]["printed"] == ("hello", "[bold]")


def traced(outcome, *maps):
    return FinishedRun(RUN, outcome, Trace((), 0, maps=maps))


def test_a_run_that_aws_cannot_start_so_fast_says_so(outcome):
    quick = replace(outcome, wall_seconds=12.0)
    assert run_view.slow_start(traced(quick, MapChildren(10_000)).slow_on_aws) == (
        "on AWS it takes at least 100 s: a Map starts 100 child executions a second, and this one has 10,000"
    )
    assert run_view.slow_start(traced(quick, MapChildren(40_000, express=True), MapChildren(100)).slow_on_aws) == (
        "on AWS it takes at least 40 s: a Map starts 1,000 express child executions a second, and this one has 40,000"
    )
    assert traced(replace(outcome, wall_seconds=100.0), MapChildren(10_000)).slow_on_aws is None
    assert traced(quick).slow_on_aws is None
    assert FinishedRun(RUN, quick).slow_on_aws is None
    assert traced(quick, MapChildren(500)).as_record()["least_seconds_on_aws"] == 5.0
