"""``lanes up`` and ``lanes down`` with real processes: one wins, nothing stays, stale files mislead nobody."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path

import pytest

from shared.aws.access_key import AccessKey
from shared.aws.client import connect_endpoint
from shared.config.lane import Place
from shared.errors import LanesError
from shared.local import daemon
from shared.local.state import FileLock, Running, State, private_folder, scratch
from tests.helpers.eventually import eventually

PLACE = Place("123456789012", "us-east-1", "test")
SETTINGS = daemon.Settings(PLACE, 0)
KEY = {"any_key": False, "key": AccessKey("id", "secret")}


@pytest.fixture
def state(tmp_path):
    state = State(tmp_path / ".lanes")
    yield state
    daemon.down(state)


def test_up_serves_until_down(state):
    running = daemon.up(state, SETTINGS)
    assert state.running() == running
    connect_endpoint(PLACE, running.endpoint, running.key).s3.create_bucket(Bucket="kept-between-commands")
    assert (
        connect_endpoint(PLACE, running.endpoint, running.key).s3.list_buckets()["Buckets"][0]["Name"]
        == "kept-between-commands"
    )
    assert daemon.down(state) == running
    assert state.running() is None
    assert daemon.down(state) is None
    assert sorted(path.name for path in state.folder.iterdir()) == ["cloud.lock", "cloud.log", "scratch"]
    assert [path.name for path in (state.folder / "scratch").iterdir()] == [".lock"]


def test_a_cloud_that_keeps_goes_on_with_what_it_held(state):
    keeping = daemon.Settings(PLACE, 0, persist=True)
    running = daemon.up(state, keeping)
    assert running.persists
    connect_endpoint(PLACE, running.endpoint, running.key).s3.create_bucket(Bucket="kept-over-a-restart")
    daemon.down(state)
    running = daemon.up(state, keeping)
    buckets = connect_endpoint(PLACE, running.endpoint, running.key).s3.list_buckets()["Buckets"]
    assert [each["Name"] for each in buckets] == ["kept-over-a-restart"]


@pytest.fixture
def hanging(tmp_path, monkeypatch):
    """Make every Python that starts from now on hang at once; return the file with its process id."""
    (tmp_path / "site").mkdir()
    script = f"import os, time, pathlib\npathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\n"
    (tmp_path / "site/sitecustomize.py").write_text(f"{script}time.sleep(600)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    return tmp_path / "pid"


def test_a_cloud_that_hangs_as_it_starts_is_ended_and_its_log_named(state, hanging):
    with pytest.raises(LanesError, match="said nothing for 1 s") as caught:
        daemon.up(state, SETTINGS, patience=1)  # it returns when the process has ended
    assert caught.value.where == str(state.log)
    assert "read the end of that log" in caught.value.fix


def test_ctrl_c_leaves_no_cloud_that_is_still_starting(state, hanging):
    def interrupt():
        eventually(lambda: hanging.exists() and hanging.read_text())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        daemon.up(state, SETTINGS)
    eventually(lambda: not Path(f"/proc/{hanging.read_text()}").exists())


def test_ctrl_c_before_it_is_told_ends_a_cloud_with_its_files(state):
    def interrupt(_):
        assert list(state.scratch.glob("cloud-*"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        daemon.up(state, SETTINGS, on_ready=interrupt)
    assert not state.held()
    assert not list(state.scratch.glob("cloud-*"))


def test_two_at_once_one_wins(state):
    outcomes = []

    def start():
        try:
            outcomes.append(daemon.up(state, SETTINGS))
        except daemon.AlreadyRunningError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyRunningError", "Running"]


def test_a_killed_cloud_is_not_believed_and_its_scratch_is_swept(state):
    running = daemon.up(state, SETTINGS)
    (left,) = (state.folder / "scratch").glob("cloud-*/")
    (left / "more").write_bytes(b"left behind")
    os.kill(running.pid, signal.SIGKILL)
    eventually(lambda: state.running() is None)
    assert (state.folder / "cloud.json").exists()  # stale on purpose
    assert left.exists()
    daemon.up(state, SETTINGS)
    assert not left.exists()


def test_a_state_file_with_a_living_but_foreign_process_is_not_believed(state):
    state.folder.mkdir()
    place = {"account": PLACE.account, "region": PLACE.region}
    foreign = Running("http://127.0.0.1:9", os.getpid(), **place, started="2026-01-01T00:00:00Z", **KEY)
    state.write(foreign)
    assert state.running() is None
    assert daemon.down(state) is None  # and this process goes on


def test_two_who_look_at_once_do_not_take_each_other_for_a_cloud(state):
    state.folder.mkdir()
    state.write(Running("http://127.0.0.1:9", os.getpid(), "1", "r", started="2026-01-01T00:00:00Z", **KEY))
    state.lock.path.touch()
    with state.lock.path.open() as look:
        fcntl.flock(look, fcntl.LOCK_SH)  # as a look does
        assert state.running() is None
    assert state.lock.acquire()
    assert state.held()
    state.lock.release()


def test_looking_needs_no_right_to_write(state):
    assert not state.held()
    assert not state.folder.exists()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly(state, sign):
    running = daemon.up(state, SETTINGS)
    os.kill(running.pid, sign)
    eventually(lambda: not state.held())
    assert not (state.folder / "cloud.json").exists()
    assert not list((state.folder / "scratch").glob("cloud-*"))


def port_of(running):
    return int(running.endpoint.rpartition(":")[2])


def answers(running):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port_of(running))) == 0


@pytest.mark.parametrize("again", [False, True])
def test_a_cloud_whose_files_are_removed_ends_and_frees_its_port(state, again):
    lost = daemon.up(state, SETTINGS)
    shutil.rmtree(state.folder)
    other = daemon.up(state, SETTINGS) if again else None  # the next one's files must be left alone
    eventually(lambda: not answers(lost))
    assert state.running() == other
    second = State(state.folder.parent / "second")
    assert daemon.up(second, daemon.Settings(PLACE, port_of(lost)))
    daemon.down(second)


def test_what_ends_it_later_is_told_in_its_log_as_words(state, tmp_path):
    state.folder.mkdir(mode=0o700, exist_ok=True)
    log = tmp_path / "log"
    command = [sys.executable, "-m", "shared.local.daemon", str(state.folder), json.dumps(asdict(SETTINGS))]
    with log.open("wb") as file, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=file) as process:
        assert json.loads(process.stdout.readline()) == {"ready": True}
        shutil.rmtree(state.folder)
        assert process.wait(timeout=60) != 0
    assert "ERROR the cloud ended: " in log.read_text()
    assert "{" not in log.read_text()


def test_it_looks_for_its_files_between_waits(state):
    looks = iter([False, False, True])
    waits = []
    assert daemon.stay(waits.append, lambda: next(looks)) is False  # append tells nothing
    assert waits == [1.0, 1.0, 1.0]
    assert daemon.stay(lambda _: True, lambda: pytest.fail("it was told to end")) is True


def test_it_is_lost_when_its_record_or_its_lock_is_gone_and_not_when_rewritten(state):
    running = Running("http://127.0.0.1:9", 1, "1", "r", started="2026-01-01T00:00:00Z", **KEY)
    record = state.folder / "cloud.json"
    assert state.lock.acquire()
    state.write(running)
    assert not state.lost()
    state.write(running)
    record.write_text("")  # whoever wrote it, it is there
    assert not state.lost()
    record.unlink()
    assert state.lost()
    state.write(running)
    shutil.rmtree(state.folder)
    state.folder.mkdir()
    other = State(state.folder)
    assert other.lock.acquire()
    other.write(running)
    assert state.lost()
    assert not other.lost()
    state.clear()
    assert record.exists()
    state.lock.release()
    other.clear()
    assert not record.exists()
    other.lock.release()


def test_make_clean_ends_the_cloud_before_it_removes_its_files(tmp_path):
    shutil.copy(Path(__file__).parents[3] / "Makefile", tmp_path)
    script = tmp_path / ".venv" / "bin" / "lanes"
    script.parent.mkdir(parents=True)
    (tmp_path / ".lanes").mkdir()
    script.write_text('#!/bin/sh\necho "$@" $(ls -d .lanes) > told\nexit 1\n')  # its failure does not stop anything
    script.chmod(0o755)
    for _ in range(2):  # the second time there is no .venv
        subprocess.run(["make", "-s", "clean"], cwd=tmp_path, check=True, capture_output=True)
        assert (tmp_path / "told").read_text() == "down .lanes\n"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["Makefile", "told"]


def test_a_taken_port_is_the_starters_error(state):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(LanesError, match="is taken by another program"):
            daemon.up(state, daemon.Settings(PLACE, other.getsockname()[1]))
    assert state.running() is None


def test_scratch_of_the_living_is_left_alone(tmp_path):
    with scratch(tmp_path) as first, scratch(tmp_path) as second:
        assert first != second
        assert first.is_dir()
        assert second.is_dir()
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_read_only_trees_are_removed_too(tmp_path):
    with scratch(tmp_path) as folder:
        inner = folder / "task" / "vendor"
        inner.mkdir(parents=True)
        (inner / "code.py").write_text("")
        inner.chmod(0o500)
        (folder / "task").chmod(0o500)
    assert not folder.exists()


def test_the_lock_dies_with_its_holder(tmp_path):
    path = tmp_path / "lock"
    code = "import json,sys;from pathlib import Path;from shared.local.state import FileLock as L;"
    code += f"l=L(Path({json.dumps(str(path))}));print(l.acquire(),flush=True);sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"True\n"
        mine = FileLock(path)
        assert not mine.acquire()
        holder.kill()
        holder.wait()
        assert mine.acquire()
        mine.release()


def test_what_is_no_folder_is_told_and_left_alone(state, tmp_path):
    state.folder.symlink_to(tmp_path / "nowhere")
    with pytest.raises(LanesError, match="a link that leads nowhere"):
        daemon.up(state, SETTINGS)
    state.folder.unlink()
    state.folder.touch()
    with pytest.raises(LanesError, match="this is a file"):
        private_folder(state.folder)
    assert state.folder.is_file()
    state.folder.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_folder_of_another_users_is_not_trusted(state):
    state.folder.mkdir()
    os.chown(state.folder, 65534, 65534)
    with pytest.raises(LanesError, match="belong to another user") as caught:
        daemon.up(state, SETTINGS)
    assert caught.value.where == str(state.folder)
    os.chown(state.folder, 0, 0)


def test_the_folder_and_the_key_are_their_owners_alone(state):
    state.folder.mkdir(mode=0o755)
    running = daemon.up(state, SETTINGS)
    assert state.folder.stat().st_mode & 0o777 == 0o700
    key = state.folder / "cloud.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert running.key.secret in key.read_text()
    assert running.key.secret not in (state.folder / "cloud.json").read_text()
    first = running.key
    daemon.down(state)
    assert not key.exists()
    assert daemon.up(state, SETTINGS).key != first


def test_a_cloud_that_paces_says_so_and_may_keep_what_is_in_it(state):
    paced = daemon.Settings(PLACE, 0, persist=True, as_aws=True)
    running = daemon.up(state, paced)
    assert (running.as_aws, running.persists, state.running()) == (True, True, running)
    connect_endpoint(PLACE, running.endpoint, running.key).s3.create_bucket(Bucket="kept-over-a-restart")
    daemon.down(state)
    running = daemon.up(state, daemon.Settings(PLACE, 0, persist=True))
    assert not running.as_aws
    buckets = connect_endpoint(PLACE, running.endpoint, running.key).s3.list_buckets()["Buckets"]
    assert [each["Name"] for each in buckets] == ["kept-over-a-restart"]
