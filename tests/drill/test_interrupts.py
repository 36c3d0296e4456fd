"""Ctrl-C at many moments of many commands: no traceback, no wrong advice, nothing left behind.

A moment is not a time, which would be another one on each machine. It is the n-th thing that the process asks of the
system: an import, a file, a socket (PEP 578). A seed chooses n among all that the command does when it is left alone.
"""

import os
import random
import signal
import subprocess
import sys

import pytest

from shared.local import daemon
from shared.local.state import State

# Counts what the process asks of the system, and interrupts it at the moments that are told. It tells the count last.
COUNT = """
import atexit, os, signal, sys, threading
moments, count, told = {moments}, 0, os.dup(2)
def look(event, _):
    global count
    if event in ("import", "open", "socket.connect", "os.mkdir", "subprocess.Popen", "sqlite3.connect"):
        if threading.current_thread() is threading.main_thread():
            count += 1
            if count in moments:
                os.kill(os.getpid(), signal.SIGINT)
from shared.cli.__main__ import main
sys.addaudithook(look)
atexit.register(lambda: os.write(told, f"\\ncount {{count}}\\n".encode()))
sys.argv = ["lanes", *{words}]
main()
"""
COMMANDS = {
    "names": ["names", "team2"],
    "plan": ["plan", "topics"],
    "deploy": ["deploy", "topics"],
    "up": ["up", "--port", "0"],
    "predict": ["predict", "cosmic", "--records", "1000"],
}
SEEDS = range(4)


@pytest.fixture(scope="module")
def folder(copy_project, tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("interrupted"))


def interrupted(folder, words, moments):
    code = COUNT.format(moments=set(moments), words=words)
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "NO_COLOR": "1"},
    )


@pytest.fixture(scope="module")
def total(folder):
    """Return how many moments a command has."""
    known = {}

    def count(name):
        if name not in known:
            said = interrupted(folder, COMMANDS[name], []).stderr
            daemon.down(State(folder / ".lanes"))
            known[name] = int(said.rpartition("count ")[2])
        return known[name]

    return count


def scratch(folder):
    return set((folder / ".lanes" / "scratch").glob("cloud-*"))


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_ctrl_c_at_any_moment_leaves_no_traceback_and_nothing_behind(folder, total, name, seed):
    choose = random.Random(f"{name} {seed}")
    first = choose.randint(1, total(name))
    second = first + choose.choice([1, 2, 10, 100])  # more often than not while the first is still being unwound
    moments = [first, second] if seed % 2 else [first]
    before = scratch(folder)  # of a cloud that two Ctrl-Cs killed
    done = interrupted(folder, COMMANDS[name], moments)
    said = done.stderr.rpartition("\ncount ")[0] or done.stderr
    assert done.returncode in (130, -signal.SIGINT, 0), said  # 0: its work was done already
    for word in ("Traceback", "fault in lanes", "Exception ignored", "Error:"):
        assert word not in said, f"at {moments}: {said}"
    state = State(folder / ".lanes")
    if name == "up" and done.returncode == 0:
        assert daemon.down(state)
    assert not state.held()
    assert not state.one_deploy().held()
    if done.returncode == 130 and len(moments) == 1:
        assert scratch(folder) <= before
