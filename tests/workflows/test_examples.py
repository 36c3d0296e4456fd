"""The example programs over boto3, run as their docstrings say against a cloud of ``lanes up``."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
FIRST = {"start_run.py": ("deploy", "wssr"), "read_results.py": ("run", "team2", "cosmic", "--world-size", "2")}

pytestmark = pytest.mark.workflow


def shape(line):
    """Return *line* with every run's own numbers and names as one sign, and without its padding."""
    run_id = r"\b\d{8}T\d{6}Z-[0-9a-f]+\b"
    return re.sub(r"\d[\d,.]*", "#", re.sub(run_id, "RUN", line)).strip()


@pytest.mark.parametrize("name", sorted(FIRST))
def test_an_example_prints_what_its_docstring_shows(name, lanes):
    first = lanes(*FIRST[name])
    assert first.code == 0, first.err
    variables = json.loads(lanes("env", "--json").out)
    done = subprocess.run(
        [sys.executable, EXAMPLES / name],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    text = ast.get_docstring(ast.parse((EXAMPLES / name).read_text()))
    commands = [line.strip() for line in text.splitlines() if line.startswith("    $")]
    assert commands[1].startswith(f"$ lanes {' '.join(FIRST[name])} && ")
    assert commands[2] == f"$ python docs/examples/{name}"
    shown = [line for line in text.splitlines() if line.startswith("    ") and not line.startswith("    $")]
    assert [shape(line) for line in done.stdout.splitlines()] == [shape(line) for line in shown]


def test_every_example_is_short_and_tried_by_a_test():
    programs = {path.name: len(path.read_text().splitlines()) for path in EXAMPLES.glob("*.py")}
    assert programs.keys() == {*FIRST, "fmi_ranks.py"}  # that one is tried in tests/unit/fmi/test_example.py
    assert max(programs.values()) < 60
