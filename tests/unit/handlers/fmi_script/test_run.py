"""Init and execute on a bucket in process; the programs are real ones."""

import json
import sys
import time
from pathlib import Path

import pytest

from shared.fmi.rendezvous.keys import team_key
from shared.handlers.fmi_script.place import NoOwnTmp, below_tmp, own_tmp
from shared.handlers.fmi_script.program import fetch
from shared.handlers.payload import BadInput
from shared.handlers.process import ScriptFailed, run
from shared.handlers.s3 import MissingObject

DEFAULTS = {"world_size": 2, "result_path": "results", "batch_size": 16, "data_path": "datasets"}


@pytest.fixture
def execute(step, store, keys):
    """Run a rank of a payload, init first; returns what execute returns."""

    def go(rank=0, **payload):
        told = step("init")({"run_id": "run-1", "payload": payload, "defaults": DEFAULTS}, None)
        return step("execute")({**told, "rank": rank}, Context())

    return go


class Context:
    """A function with 30 s left."""

    def get_remaining_time_in_millis(self):
        return 30_000


SHOW = b"""
import json, os, sys
names = "RANK WORLD_SIZE S3_BUCKET DATA_PATH RESULT_PATH BATCH_SIZE RUN_ID TEAM".split()
print(json.dumps({name: os.environ[name] for name in [*names, "RENDEZVOUS_ENDPOINT", "FMI_TEAM_KEY", "FMI_TIMEOUT"]}))
print("to stderr", file=sys.stderr)
"""


def test_a_program_is_told_who_and_where_it_is(execute, store, capsys):
    store.put("scripts/show.py", SHOW)
    answer = execute(1, script="scripts/show.py", world_size="3")
    assert answer["rank"] == 1
    assert answer["seconds"] > 0
    progress, told, said = capsys.readouterr().out.splitlines()
    assert json.loads(progress) == {"progress": {"run_id": "run-1", "rank": 1, "done": 0, "of": 0}}
    assert json.loads(told) == {
        "RANK": "1",
        "WORLD_SIZE": "3",
        "S3_BUCKET": "team1-data-0badcafe",
        "DATA_PATH": "datasets",
        "RESULT_PATH": "results/run-1",
        "BATCH_SIZE": "16",
        "RUN_ID": "run-1",
        "TEAM": "team1",
        "RENDEZVOUS_ENDPOINT": "127.0.0.1:9",
        "FMI_TEAM_KEY": team_key(b"m" * 32, "team1").hex(),
        "FMI_TIMEOUT": "25.000",
    }
    assert said == "to stderr"


def test_a_folder_is_there_whole_and_is_where_the_program_runs(execute, store, capsys):
    store.put(
        "jobs/one/__main__.py", b"import deep.helper, os; print(open('data.txt').read(), os.path.exists('../two'))"
    )
    store.put("jobs/one/deep/helper.py", b"print('helped')")
    store.put("jobs/one/data.txt", b"forty-two")
    store.put("jobs/one/empty/", b"")
    store.put("jobs/two/never.py", b"")
    execute(script="jobs/one/")
    assert capsys.readouterr().out.splitlines()[1:] == ["helped", "forty-two False"]


def test_arguments_and_variables_reach_the_program(execute, store, capsys):
    store.put("a.py", b"import os, sys; print(sys.argv[1:], os.environ['ROWS'], os.environ['MODE'])")
    execute(script="a.py", args="-n 5000 'two words'", env={"MODE": "fast=yes"}, rows=5000)
    assert capsys.readouterr().out.splitlines()[-1] == "['-n', '5000', 'two words'] 5000 fast=yes"


@pytest.mark.parametrize("named", [{"script": "/tmp/a.py"}, {"object_type": "folder", "S3_object_name": "job"}])
def test_what_must_lie_below_tmp_is_refused_where_tmp_is_the_machines(named, execute, store):
    store.put("a.py", b"print()")
    store.put("job/a.py", b"print()")
    with pytest.raises(NoOwnTmp, match=r"(?s)this worker shares /tmp with the whole machine.*lanes doctor"):
        execute(**{"script": "job/a.py", **named})


def test_tmp_is_the_functions_own_where_a_runtime_serves_it_and_tmpdir_is_not_elsewhere():
    assert own_tmp({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001"}) == Path("/tmp")
    assert own_tmp({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001", "TMPDIR": "/tmp"}) == Path("/tmp")
    for shared in ({}, {"TMPDIR": "/tmp"}, {"AWS_LAMBDA_RUNTIME_API": "h:1", "TMPDIR": "/tmp/worker-1"}):
        with pytest.raises(NoOwnTmp):
            own_tmp(shared)


def test_nothing_of_an_earlier_run_lies_below_tmp_nor_of_this_one_afterwards(store, tmp_path):
    store.put("Anomaly Detection/Inference/run.py", b"")
    store.put("Anomaly Detection/data.txt", b"new")
    left = tmp_path / "Anomaly Detection" / "left"  # of a run that a timeout ended
    left.mkdir(parents=True)
    (left / "part.py").write_text("old")
    (tmp_path / "kept.csv").write_text("a program's own")
    with below_tmp("/tmp/Anomaly Detection/Inference/run.py", tmp_path) as place:
        fetch(store.handlers, "Anomaly Detection/Inference/run.py", "Anomaly Detection/", place)
        assert place.script == tmp_path / "Anomaly Detection/Inference/run.py"
        assert place.script.exists()
        assert (tmp_path / "Anomaly Detection/data.txt").read_text() == "new"
        assert not left.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["kept.csv"]


def test_a_file_goes_where_the_payload_says(store, tmp_path):
    store.put("scripts/fmi-test.py", b"print(1)")
    (tmp_path / "fmi-test.py").write_text("old")
    with below_tmp("/tmp/fmi-test.py", tmp_path) as place:
        fetch(store.handlers, "scripts/fmi-test.py", "", place)
        assert (tmp_path / "fmi-test.py").read_text() == "print(1)"
    assert list(tmp_path.iterdir()) == []


def test_what_a_worker_needs_below_tmp_is_never_removed():
    """The machine's own /proc stands for a folder that is mounted into a worker's /tmp."""
    with (
        pytest.raises(NoOwnTmp, match="the program would take the place of /proc, which this worker needs"),
        below_tmp("/tmp/proc/run.py", Path("/")),
    ):
        pass


def test_an_object_that_leads_out_of_its_folder_is_refused(store, tmp_path):
    store.put("job/run.py", b"")
    store.put("job/../../out.py", b"")
    with (
        pytest.raises(BadInput, match=r"'job/\.\./\.\./out\.py' leads out of its folder"),
        below_tmp("/tmp/job/run.py", tmp_path) as place,
    ):
        fetch(store.handlers, "job/run.py", "job/", place)
    assert list(tmp_path.iterdir()) == []


def test_a_payload_may_name_its_own_rendezvous(execute, store, capsys):
    store.put("a.py", b"import os; print(os.environ['RENDEZVOUS_ENDPOINT'])")
    execute(script="a.py", rendezvous_endpoint="meet.example.edu:4")
    assert capsys.readouterr().out.splitlines()[-1] == "meet.example.edu:4"


def test_a_missing_program_is_told_before_any_rank_runs(step, store):
    with pytest.raises(MissingObject, match=r"s3://team1-data-0badcafe/scripts/nowhere\.py: there is no such object"):
        step("init")({"run_id": "r", "payload": {"script": "scripts/nowhere.py"}, "defaults": DEFAULTS}, None)


def test_a_program_that_exits_badly_fails_its_rank_with_its_last_words(execute, store, capsys):
    lines = b"for i in range(40): print('line', i)\n"
    store.put("a.py", lines + b"raise SystemExit(3)")
    with pytest.raises(ScriptFailed) as caught:
        execute(1, script="a.py")
    assert "rank 1: a.py ended with exit status 3; its last lines:\n    line 25\n" in caught.value.what
    assert caught.value.what.endswith("line 39")
    assert "line 0" in capsys.readouterr().out


def test_a_traceback_is_among_the_last_words(execute, store):
    store.put("a.py", b"def f():\n    1 / 0\nf()\n")
    with pytest.raises(ScriptFailed, match=r"(?s)exit status 1.*ZeroDivisionError: division by zero"):
        execute(script="a.py")


def test_what_kills_a_program_is_named(execute, store):
    store.put("a.py", b"import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(ScriptFailed, match=r"was killed by SIGSEGV; its last lines:\n    \(it printed nothing\)"):
        execute(script="a.py")


def test_nothing_is_left_in_tmp(execute, store, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store.put("a.py", b"open('left.txt', 'w')")
    execute(script="a.py")
    assert list(tmp_path.iterdir()) == []


def test_lines_come_as_they_are_printed_and_bytes_that_are_no_text_do_no_harm(tmp_path):
    source = "import sys; sys.stdout.buffer.write(b'\\xff\\n'); print('x' * 2000)"
    said = []
    run([sys.executable, "-c", source], tmp_path, {}, "it", said.append)
    assert said == ["\ufffd", "x" * 2000]


LEAVES = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("done", end="")
"""


def test_what_a_program_leaves_running_holds_up_nobody(tmp_path):
    said = []
    since = time.monotonic()
    run([sys.executable, "-c", LEAVES], tmp_path, {}, "it", said.append)
    assert said == ["done"]
    assert time.monotonic() - since < 30


def test_a_program_that_cannot_be_started_leaves_nothing_open(tmp_path):
    opened = len(list(Path("/dev/fd").iterdir()))
    with pytest.raises(FileNotFoundError):
        run(["nowhere"], tmp_path, {}, "it")
    assert len(list(Path("/dev/fd").iterdir())) == opened


def test_a_program_that_nobody_listens_to_any_more_is_ended(tmp_path):
    def write(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run([sys.executable, "-c", "while True: print(1)"], tmp_path, {}, "it", write)
