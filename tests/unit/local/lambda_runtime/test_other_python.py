"""A function of another runtime on a real worker. Its Python is this one, behind a command that says another name."""

import json
import shlex
import sys

import pytest

from shared.config.runtimes import MACHINE
from shared.local.door.sessions import Issuer, new_owner_key
from shared.local.lambda_runtime.sandbox import CloudAround, Sandbox

OTHER = "python3.14" if MACHINE != "python3.14" else "python3.13"
SOURCE = """
import os
def handler(event, context):
    return [os.environ.get("STARTED_BY"), os.environ["AWS_EXECUTION_ENV"]]
"""
COMMAND = """#!/bin/sh
if [ "$1" = -c ]; then {python} "$@" | sed s/{machine}/{other}/; else STARTED_BY={other} exec {python} "$@"; fi
"""


@pytest.fixture
def other(tmp_path, monkeypatch):
    """Put the other Python on the PATH."""
    script = tmp_path / "bin" / OTHER
    script.parent.mkdir()
    python = shlex.quote(sys.executable)
    script.write_text(COMMAND.format(python=python, machine=MACHINE, other=OTHER))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")
    return script


def answer(runtime, spec):
    invocation = runtime.invoke(spec, b"{}")
    assert invocation.function_error is None, invocation.payload
    return json.loads(invocation.payload)


def test_a_function_runs_on_its_runtimes_python_and_says_so_once(make_runtime, function, logs, other):
    runtime = make_runtime()
    spec = function(SOURCE, runtime=OTHER)
    assert answer(runtime, spec) == [OTHER, f"AWS_Lambda_{OTHER}"]
    runtime.retire(spec.arn)
    assert answer(runtime, spec)[0] == OTHER
    told = [message for message in logs.messages if message.startswith("EMBEDDED")]
    assert told == [f"EMBEDDED functions run on {other}, as {OTHER} on AWS\n"]
    assert answer(runtime, function(SOURCE, "own"))[0] is None


def test_without_such_a_python_it_runs_on_this_one_and_says_why(make_runtime, function, logs, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    runtime = make_runtime()
    assert answer(runtime, function(SOURCE, runtime="python3.99"))[0] is None
    told = [message for message in logs.messages if message.startswith("EMBEDDED")]
    assert told == [
        f"EMBEDDED functions are python3.99 on AWS; here they run on {MACHINE}: there is no python3.99 on the PATH\n"
    ]


def test_the_other_python_is_asked_once(tmp_path, function):
    asked = []
    cloud = CloudAround(lambda: "http://127.0.0.1:9", Issuer(new_owner_key()))
    sandbox = Sandbox(tmp_path, cloud, private_mounts=False, find=lambda name: asked.append(name) or "none")
    room = sandbox.room(tmp_path, None, "a")
    commands = {sandbox.command(function(SOURCE, runtime=OTHER), room)[0] for _ in range(3)}
    assert asked == [OTHER]
    assert commands == {sandbox.command(function(SOURCE), room)[0]}
