"""A command with a cloud of its own leaves nothing behind, however it ends: no process, no port, no file."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.local import daemon
from tests.workflows.projects import kept_cloud

pytestmark = pytest.mark.workflow

LANES = [sys.executable, "-m", "shared.cli"]
RUN = [*LANES, "run", "prober", "probe"]


@pytest.fixture
def start(probe):
    """Start a command in the project's folder, in a process group of its own, as a shell would."""
    with contextlib.ExitStack() as running:

        def begin(command):
            process = subprocess.Popen(
                command, cwd=probe, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
            )
            running.callback(process.communicate)
            running.callback(process.kill)
            return process

        yield begin


def wait_for(condition, what):
    deadline = time.monotonic() + 120
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited 120 s: {what}"
        time.sleep(0.02)
    return found


def scratch(folder):
    return sorted((folder / ".lanes" / "scratch").glob("cloud-*"))


def until_ranks_work(process):
    """Read the command's notes until it tells of both ranks: one that only starts would fail by what is taken away."""
    for line in process.stderr:
        if re.search(r"\d+ of \d+ records on 2 ranks", line):
            return
    pytest.fail("it ended before its ranks worked")


def ports_of(pids):
    """Return the loopback ports that the processes listen on."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                inodes.update(re.findall(r"socket:\[(\d+)\]", str(link.readlink())))
    listening = "0A"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    found = [(row[1].split(":")) for row in rows if row[3] == listening and row[9] in inodes]
    assert all(address == "0100007F" for address, _ in found), "listens beyond loopback"
    return [int(port, 16) for _, port in found]


ENDED = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGKILL: -signal.SIGKILL}


@pytest.mark.parametrize("sign", ENDED)
def test_nothing_stays_however_it_is_ended(probe, start, processes_of, lanes_in, sign):
    process = start([*RUN, "--seconds", "10"])
    until_ranks_work(process)
    workers = processes_of(probe)
    ports = ports_of([process.pid])
    assert workers
    assert ports
    if sign == signal.SIGINT:
        os.killpg(process.pid, sign)  # as a terminal does, to all of the group
    else:
        process.send_signal(sign)
    _, told = process.communicate(timeout=120)
    assert process.returncode == ENDED[sign]
    assert "Traceback" not in told
    if sign == signal.SIGINT:
        assert "was stopped; its cloud ends with this command" in told
    wait_for(lambda: not processes_of(probe), "worker processes end")
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=1)
    if sign == signal.SIGKILL:
        assert scratch(probe)  # nobody was left to remove it
        done = lanes_in(probe, "run", "prober", "probe", "--json")
        assert done.code == 0, done.err
        outcome = json.loads(done.out)
        assert (outcome["status"], [row["records"] for row in outcome["ranks"]]) == ("SUCCEEDED", [5, 5])
        assert not processes_of(probe)
    assert not scratch(probe)


@pytest.fixture
def kept(probe):
    """The probe project with a cloud that ``lanes up`` keeps."""
    with kept_cloud(probe) as kept:
        yield kept


def test_a_kept_cloud_runs_on_when_the_watcher_leaves_and_down_ends_all(kept, probe, start, processes_of):
    process = start([*RUN, "--seconds", "10"])
    until_ranks_work(process)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "no longer watched" in told
    states = kept.aws.states
    arn = re.search(r"arn:\S+", told)[0]
    assert states.describe_execution(executionArn=arn)["status"] == "RUNNING"
    name = arn.rpartition(":")[2]
    assert told.endswith(f"\nlanes stop prober {name} stops it\n")
    stopped = subprocess.run([*LANES, "stop", "prober", name, "--json"], cwd=probe, capture_output=True, check=True)
    assert json.loads(stopped.stdout) == {"run_id": name, "workflow": "probe", "status": "ABORTED"}
    found = states.describe_execution(executionArn=arn)
    assert (found["status"], found["error"], found["cause"]) == ("ABORTED", "Stopped", "lanes stop")
    assert daemon.down(kept.state) == kept.running
    wait_for(lambda: not processes_of(probe), "the cloud and its workers end")
    assert not scratch(probe)


@pytest.mark.parametrize("end", ["lanes down", "rm -r .lanes"])
def test_a_run_whose_cloud_ends_says_so(kept, probe, start, processes_of, end):
    process = start([*RUN, "--seconds", "10"])
    until_ranks_work(process)
    daemon.down(kept.state) if end == "lanes down" else shutil.rmtree(kept.state.folder)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 1
    assert told.endswith(
        f"error: the embedded cloud at {kept.running.endpoint} does not answer any more, and what ran in it is lost\n"
        "  fix: lanes up, then run this again\n"
    )
    wait_for(lambda: not processes_of(probe), "the cloud and its workers end")


def test_a_killed_daemon_takes_its_workers_with_it(kept, probe, start, processes_of):
    process = start([*RUN, "--seconds", "10"])
    until_ranks_work(process)
    process.kill()
    process.communicate()
    assert len(processes_of(probe)) > 1
    os.kill(kept.running.pid, signal.SIGKILL)
    wait_for(lambda: not processes_of(probe), "the workers end")
