"""A run in a notebook: what it shows, and what it raises."""

import pytest

from shared.errors import UsageError
from shared.notebook import Interrupted, Run, RunFailed, RunInterrupted
from shared.notebook.progress import InLines

RUN_ID = "20260102T030405Z-a1b2c3"


def test_a_run_is_told_from_what_was_read_once(connect, execution, finished):
    run = Run(connect(), execution, finished)  # it has no client, so anything that asked AWS would fail
    assert (run.id, run.team, run.workflow, run.status) == (RUN_ID, "team2", "cosmic", "SUCCEEDED")
    assert (run.seconds, run.records, run.failure) == (4.0, 400, None)
    assert run.cost_usd == pytest.approx(0.20025)
    assert run.ranks["seconds"].tolist()[0] == 2.0
    assert run.ranks["records"].sum() == 400
    assert run.ranks is run.ranks
    assert run.bill["usd"].sum() == pytest.approx(run.cost_usd)
    run.check()
    assert (
        repr(run) == f"<Run {RUN_ID}: team2 cosmic SUCCEEDED, 4.00 s, 400 records, 100.0 records/s, $0.2002 estimated>"
    )


def test_a_cell_shows_the_ranks_of_a_run(connect, execution, finished):
    shown = Run(connect(), execution, finished)._repr_html_()
    assert "<b>SUCCEEDED</b>" in shown
    assert "<td>300</td>" in shown
    assert "400 records" in shown


def test_a_failed_run_raises_with_the_traceback_in_the_teams_code(connect, execution, broken):
    run = Run(connect(), execution, broken)
    with pytest.raises(RunFailed) as told:
        run.wait()
    assert told.value.run is run
    assert str(told.value).splitlines() == [
        f"run {RUN_ID} FAILED at state Ranks, rank 1",
        "  Traceback (most recent call last):",
        '    File "teams/team2/mine/steps.py", line 3, in work',
        '      TABLE["b"]',
        "  KeyError: <b>\\x1b[2J",
    ]
    assert told.value._render_traceback_() == [f"RunFailed: {told.value}"]
    assert run.wait(check=False) is run
    assert run.failure == str(told.value)
    with pytest.raises(RunFailed):
        _ = run.output


def test_a_cell_shows_why_a_run_failed_and_takes_nothing_for_html(connect, execution, broken):
    shown = Run(connect(), execution, broken)._repr_html_()
    assert "<b>FAILED</b>" in shown
    assert "KeyError: &lt;b&gt;\\x1b[2J" in shown
    assert "\x1b" not in shown


class States:
    """Step Functions, with one execution."""

    def __init__(self, began, status, *, interrupted=False):
        self._told = {"status": status, "startDate": began, "input": '{"world_size": 2}'}
        self._interrupted = interrupted

    def describe_execution(self, executionArn):
        if self._interrupted:
            raise KeyboardInterrupt
        return self._told


def test_a_run_that_goes_on_says_what_is_not_known_yet(connect, execution, began):
    run = Run(connect(states=States(began, "RUNNING")), execution)
    assert run.status == "RUNNING"
    assert run.input == {"world_size": 2}
    assert run.started == began
    with pytest.raises(UsageError, match="goes on, so this is not known yet") as told:
        _ = run.ranks
    assert told.value.fix == ".wait() waits for its end"
    assert "<b>RUNNING</b>" in run._repr_html_()
    assert repr(run) == f"<Run {RUN_ID}: team2 cosmic>"


def test_an_interruption_says_that_the_run_goes_on_and_how_to_come_back(connect, execution, began):
    run = Run(connect(states=States(began, "RUNNING", interrupted=True)), execution)
    with pytest.raises(RunInterrupted) as told:
        run.wait_in(InLines(), check=True)
    assert told.value.run is run
    assert str(told.value) == (
        f"run {RUN_ID} is no longer followed and goes on; "
        f'lane("team2").find("{RUN_ID}").wait() follows it again, lane("team2").find("{RUN_ID}").stop() stops it'
    )
    assert isinstance(told.value, Interrupted | KeyboardInterrupt)
    assert told.value._render_traceback_() == [f"RunInterrupted: {told.value}"]


def test_a_cloud_that_is_gone_is_told_in_the_cell(execution, connect):
    class Gone(type(connect())):
        def open(self, note):
            raise UsageError("no embedded cloud is running")

    shown = Run(Gone(None, None), execution)._repr_html_()
    assert "<b>unknown</b>" in shown
    assert "no embedded cloud is running" in shown
