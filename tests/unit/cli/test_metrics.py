"""The table of ``lanes metrics`` on a terminal of 80 columns."""

import dataclasses
from pathlib import Path

import pytest
from rich.console import Console

from shared.cli import console, metrics
from shared.config.load import find_root, load_project
from shared.measure.observed.collect_invocations import steps_by_group
from shared.measure.observed.invocations import Row
from shared.run.report_line import Report


@pytest.fixture(scope="module")
def lane():
    return load_project(find_root(Path(__file__).parent)).lane("team2")


@pytest.fixture
def printed(capsys, monkeypatch):
    monkeypatch.setattr(console, "out", Console(width=80, soft_wrap=True))

    def show(rows, steps):
        metrics.print_table(rows, steps)
        return capsys.readouterr().out.splitlines()

    return show


@pytest.fixture
def row(lane):
    report = Report("ff545c3d-2992-42fd-847d-e7c43087d05a", 12694.5, 12700, 10240, 2866, 1704.56, "timeout")
    group = lane.functions["cosmic-rendezvous-check"].log_group
    return Row(report, group, 0, "20260102T030405Z-a1b2c3", 15, None, timed_out=True, failed=True, traceback=True)


def test_the_longest_row_of_a_team_fits_80_columns(printed, row, lane):
    other = dataclasses.replace(row, run="20260102T030405Z-ffffff", rank=0)
    heading, first, second, _, _ = printed([row, other], steps_by_group(lane))
    assert heading.split() == ["run", "state", "rank", "request", "duration", "billed", "size", "used", "init"]
    expected = ["rendezvous-check", "15/16", "3087d05a", "12694.50", "12700", "10240", "2866", "1705", "timeout"]
    assert first.split() == ["a1b2c3", *expected]
    assert second.split() == ["ffffff", "rendezvous-check", "0/1", *expected[2:]]


def test_one_run_is_named_above_and_its_states_as_the_template_calls_them(printed, row):
    lines = printed([dataclasses.replace(row, state="Rendezvous check", rank=None, timed_out=False)], {})
    assert lines[0] == "run 20260102T030405Z-a1b2c3"
    assert lines[1].split() == ["state", "request", "duration", "billed", "size", "used", "init"]
    assert lines[2].startswith("Rendezvous check 3087d05a")
    assert lines[2].rstrip().endswith("error")


def test_a_team_of_several_workflows_has_its_functions_named_whole(lane):
    twice = dataclasses.replace(lane, workflows={**lane.workflows, "again": lane.workflows["cosmic"]})
    assert "cosmic-init" in steps_by_group(twice).values()
