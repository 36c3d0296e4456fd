"""The CI script's second try: a tiny suite with a test that fails once, and with one that always does."""

import os
import subprocess
import sys

import pytest

from tests.helpers.project import REPOSITORY

FLAKY = """
from pathlib import Path

def test_flaky():
    seen = Path("seen")
    before = seen.exists()
    seen.touch()
    assert before

def test_good():
    assert not Path("good-ran").exists()
    Path("good-ran").touch()
"""
BROKEN = "def test_broken(): assert 1 == 2\n"


@pytest.fixture
def run(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")

    def python(*words):
        environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # quicker, and none is needed
        command = [sys.executable, *map(str, words)]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return python


def retry(run):
    assert run("-m", "pytest").returncode != 0
    return run(REPOSITORY / ".ci" / "retry.py")


def test_what_passes_alone_is_counted_and_named_in_the_last_lines(run, tmp_path):
    (tmp_path / "test_tiny.py").write_text(FLAKY)
    done = retry(run)
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("retried: 1, of which 1 passed alone\n  passed alone  test_tiny.py::test_flaky\n")


def test_what_fails_again_is_named_and_fails_the_script(run, tmp_path):
    (tmp_path / "test_broken.py").write_text(BROKEN)
    (tmp_path / "test_tiny.py").write_text(FLAKY)
    done = retry(run)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-3:] == [
        "retried: 2, of which 1 passed alone",
        "  FAILED AGAIN  test_broken.py::test_broken",
        "  passed alone  test_tiny.py::test_flaky",
    ]


def test_a_file_that_cannot_be_read_fails_again(run, tmp_path):
    (tmp_path / "test_broken.py").write_text("import nowhere_at_all\n")
    done = retry(run)
    assert done.returncode != 0
    assert done.stdout.endswith("retried: 1, of which 0 passed alone\n  FAILED AGAIN  test_broken.py\n")


def test_a_run_that_failed_without_a_failed_test_is_no_success(run, tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    done = retry(run)
    assert done.returncode != 0
    assert done.stdout.endswith("retried: 0, of which 0 passed alone\n")
