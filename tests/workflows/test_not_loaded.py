"""A handler that cannot be loaded: ``lanes run``, ``lanes logs`` and the report say where, in the user's own lines."""

import json

import pytest

from shared.run.own_code import fix_of
from tests.workflows.projects import kept_cloud

pytestmark = pytest.mark.workflow

HANDLER = "\ndef handler(event, context):\n    return {}\n"
WORK = "shared/handlers/probe/work.py"
MISSING = "Unable to import module 'shared.handlers.probe.work': No module named 'typer'"
KINDS = {
    "an error at module level": (
        'TABLE = {"a": 1}["b"]' + HANDLER,
        [
            "  Traceback (most recent call last):",
            f'    File "{WORK}", line 1, in <module>',
            '      TABLE = {"a": 1}["b"]',
            "  KeyError: 'b'",
        ],
    ),
    "a module of this project that no zip brings": (
        "import importlib\nimportlib.import_module('ty' + 'per')" + HANDLER,
        [
            f"  Runtime.ImportModuleError: {MISSING}",
            f"  fix: {fix_of('Runtime.ImportModuleError', MISSING)}",
        ],
    ),
    "a crash": (
        "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n" + HANDLER,
        ["    Fatal Python error: Segmentation fault", f'      File "{WORK}", line 2 in <module>'],
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_says_where_its_function_could_not_be_loaded(kind, probe, lanes_in):
    source, said = KINDS[kind]
    (probe / WORK).write_text(source)
    done = lanes_in(probe, "run", "prober", "probe")
    assert done.code == 1
    lines = done.err.splitlines()
    assert [line for line in said if line not in lines] == []
    assert all(done.err.count(f"\n{line}\n") == 1 for line in said if "Traceback" in line or ": " in line)
    assert "importlib" not in done.err
    assert "at state Work, rank " in done.err


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def handler(event, context)\n    return {}\n", f"{WORK}:1: this is no Python: expected ':'"),
        ("import typer" + HANDLER, f"{WORK}:1: nothing brings typer: no requirement, not Lambda's Python"),
    ],
)
def test_what_is_seen_without_running_it_is_refused_before_anything_is_deployed(source, said, probe, lanes_in):
    (probe / WORK).write_text(source)
    done = lanes_in(probe, "run", "prober", "probe")
    assert done.code == 1
    assert f"\n  {said}" in done.err
    assert "deployed" not in done.err


def test_logs_and_the_report_say_it_too(probe, lanes_in):
    source, _ = KINDS["an error at module level"]
    (probe / WORK).write_text(source)
    with kept_cloud(probe):
        ran = lanes_in(probe, "run", "prober", "probe", "--json")
        told = json.loads(ran.out)
        frame = f'  File "{WORK}", line 1, in <module>\n    TABLE = {{"a": 1}}["b"]'
        assert told["failure"]["traceback"] == [frame]
        assert f"  all of its log: lanes logs prober {told['run_id']}" in ran.err
        logs = lanes_in(probe, "logs", "prober").out
        assert "[ERROR] KeyError: 'b'\nTraceback (most recent call last):" in logs
        assert f'  File "/var/task/{WORK}", line 1, in <module>' in logs.replace("\u00a0", " ")
        assert "Phase: init\tStatus: error\tError Type: KeyError" in logs
        assert lanes_in(probe, "report", "prober", "--out", probe / "out").code == 0
        for name in ("report.html", "report.md"):
            text = (probe / "out" / name).read_text()
            assert f"{WORK}" in text
            assert "TABLE = {" in text
