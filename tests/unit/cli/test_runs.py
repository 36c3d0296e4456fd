"""The times of a list of runs: which of them are counted."""

from datetime import UTC, datetime

from shared.cli.runs import print_times
from shared.run.listing import Execution

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def run(number, seconds, status="SUCCEEDED", workflow="cosmic", redrives=0):
    return Execution(f"run{number}", workflow, status, NOW, seconds, redrives)


def test_times_of_runs_that_succeeded_are_told_for_each_workflow(capsys):
    print_times(
        [
            *(run(number, float(number)) for number in (1, 2, 6)),
            run(4, 99.0, "FAILED"),
            run(5, None, "RUNNING"),
            run(6, 99.0, redrives=1),
            run(7, 3.0, workflow="topics"),
        ]
    )
    assert capsys.readouterr().out == (
        "cosmic, runs that succeeded, whatever their input: 3: median 2.00 s, 1.00..6.00 s\n"
    )
