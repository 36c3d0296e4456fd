"""What becomes of errors at the door: a message and an exit code for those we know, a traceback for our own faults."""

import subprocess
import sys

import pytest

RAISE = """
import sys
from shared.cli import main as door

@door.app.command()
def broken():
    {statement}

sys.argv = ["lanes", "broken"]
door.main()
"""


@pytest.mark.parametrize(
    ("statement", "code", "said"),
    [
        ("from shared.errors import LanesError; raise LanesError('w', fix='f')", 1, "error: w\n  fix: f\n"),
        ("from shared.errors import UsageError; raise UsageError('w')", 2, "error: w\n"),
        (
            "from botocore.exceptions import ClientError as E; raise E({'Error': {'Code': 'Denied'}}, 'ListRoles')",
            1,
            "error: AWS: An error occurred (Denied) when calling the ListRoles operation: Unknown\n",
        ),
        (
            "raise OSError(30, 'Read-only file system', 'teams/x.yaml')",
            1,
            "error: teams/x.yaml: Read-only file system\n  fix: make it writable, or free space there\n",
        ),
        (
            "raise OSError(28, 'No space left on device')",
            1,
            "error: a file: No space left on device\n  fix: make it writable, or free space there\n",
        ),
    ],
)
def test_known_errors_are_a_message_and_an_exit_code(statement, code, said):
    command = [sys.executable, "-c", RAISE.format(statement=statement)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", said)


@pytest.mark.parametrize("statement", ["raise KeyError('rank')", "raise FileNotFoundError(2, 'None', 'lost')"])
def test_a_fault_of_ours_keeps_its_traceback(statement):
    command = [sys.executable, "-c", RAISE.format(statement=statement)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
