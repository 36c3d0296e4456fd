"""Two people of a team start their first run in the same second: one command deploys, the other finds it done."""

import subprocess
import sys

import pytest

from tests.workflows.projects import kept_cloud

pytestmark = pytest.mark.workflow


@pytest.fixture
def kept(probe):
    with kept_cloud(probe):
        yield probe


def test_two_first_runs_at_once_both_succeed(kept):
    command = [sys.executable, "-m", "shared.cli", "run", "prober", "probe"]
    started = [
        subprocess.Popen(command, cwd=kept, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=120)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], told
    assert sum("deployed prober" in text for text in told) == 1
