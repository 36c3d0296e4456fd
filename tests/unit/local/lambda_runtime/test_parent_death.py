"""Workers end with us, however we end. The next parent removes what a killed one left."""

import contextlib
import os
import select
import signal
import subprocess
import sys

import pytest

from shared.local.lambda_runtime import LambdaRuntime

PARENT = """
import hashlib, io, sys, threading, zipfile
from pathlib import Path
from shared.local.lambda_runtime import FunctionSpec, LambdaRuntime

SOURCE = '''
import os, subprocess, time
def handler(event, context):
    child = subprocess.Popen(["sleep", "60"])
    print("pids", os.getpid(), child.pid)
    while True:
        time.sleep(1) if event["sleep"] else None
'''
buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w") as archive:
    archive.writestr("app.py", SOURCE)
code = buffer.getvalue()

class Logs:
    def put(self, spec, stream, events):
        for event in events:
            sys.stdout.write(event.message)
        sys.stdout.flush()

spec = FunctionSpec(
    name="f", arn="arn:aws:lambda:us-east-1:123456789012:function:f", account="123456789012", region="us-east-1",
    handler="app.handler", code=code, code_sha256=hashlib.sha256(code).hexdigest(), timeout=60,
)
runtime = LambdaRuntime(Path(sys.argv[1]), lambda: "", logs=Logs(), private_mounts=sys.argv[3] == "private" and None)
with runtime:
    thread = threading.Thread(target=lambda: runtime.invoke(spec, sys.argv[2].encode()), daemon=True)
    thread.start()
    try:
        runtime.invoke(spec, sys.argv[2].encode())
    except KeyboardInterrupt:
        pass
"""


def read_pids(parent):
    pids = []
    while len(pids) < 4:
        line = parent.stdout.readline()
        assert line, "the parent ended early"
        if line.startswith("pids"):
            pids += map(int, line.split()[1:])
    return pids


def wait_for_death(pids, seconds=5.0):
    """Wait until all have ended; return those that have not."""
    left = []
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            handle = os.pidfd_open(pid)
            if not select.select([handle], [], [], seconds)[0]:
                left.append(pid)
            os.close(handle)
    return left


@pytest.fixture
def start(tmp_path):
    started = []

    def make(event, mounts="private"):
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, str(tmp_path), event, mounts], stdout=subprocess.PIPE, text=True
        )
        started.append(parent)
        return parent, read_pids(parent)

    yield make
    for parent in started:
        parent.kill()
        parent.wait()
        parent.stdout.close()


@pytest.mark.parametrize("event", ['{"sleep": true}', '{"sleep": false}'], ids=["sleeping", "busy"])
def test_a_killed_parent_takes_its_workers_and_their_children_along(start, tmp_path, event):
    parent, pids = start(event)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert wait_for_death(pids) == []
    assert len(list(tmp_path.iterdir())) == 1  # nobody was there to remove it
    LambdaRuntime(tmp_path, lambda: "").close()
    assert list(tmp_path.iterdir()) == []


def test_without_mounts_a_killed_parent_takes_them_along_too(start):
    parent, pids = start('{"sleep": true}', "shared")
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert wait_for_death(pids) == []


def test_ctrl_c_ends_them_and_removes_all(start, tmp_path):
    parent, pids = start('{"sleep": true}')
    parent.send_signal(signal.SIGINT)
    assert parent.wait(120) == 0
    assert wait_for_death(pids) == []
    assert list(tmp_path.iterdir()) == []


def test_a_second_runtime_leaves_the_first_ones_files_alone(tmp_path):
    with LambdaRuntime(tmp_path, lambda: ""), LambdaRuntime(tmp_path, lambda: ""):
        assert len(list(tmp_path.iterdir())) == 2
    assert list(tmp_path.iterdir()) == []
