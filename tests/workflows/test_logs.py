"""``lanes logs`` of real runs on the cloud of ``lanes up``: one that has ended, and one that goes on."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def finished(aws, root):
    """The id of a run that has ended."""
    command = [sys.executable, "-m", "shared.cli", "run", "topics", "item-map", "--json", "--waitDurationSeconds", "0"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["run_id"]


@pytest.fixture
def start(aws, project, finished):
    def begin(name, wait):
        lane = project.lane("topics")
        given = {"waitDurationSeconds": wait, "maxConcurrency": 1, "timeoutDurationSeconds": 60}
        aws.states.start_execution(
            stateMachineArn=lane.state_machine_arn("item-map"), name=name, input=json.dumps(given)
        )

    return begin


def test_the_newest_run_line_by_line(lanes, finished):
    shown = lanes("logs", "topics", "item-map")
    assert shown.code == 0
    assert shown.err == f"run {finished}: topics item-map SUCCEEDED\n"
    lines = shown.out.splitlines()
    assert sorted(re.sub(r"^[\d:.]{12} ", "", line) for line in lines if '{"item"' in line) == [
        '[log rank 0] {"item": {"S": "Computer Science"}}',
        '[log rank 1] {"item": {"S": "Economics"}}',
        '[log rank 2] {"item": {"S": "Mathematics"}}',
    ]
    assert sum("\tBilled Duration: " in line for line in lines) == 3

    records = json.loads(lanes("logs", "topics", finished, "--step", "log", "--json").out)
    texts = re.split(r"^[\d:.]{12} \[log rank \d\] ", shown.out, flags=re.MULTILINE)[1:]  # an event may have two lines
    assert [record["text"] + "\n" for record in records] == texts
    assert [record["at"] for record in records] == sorted(record["at"] for record in records)
    assert lanes("logs", "topics", "--since", "2999-01-01").err.endswith("no line with --since 2999-01-01\n")
    unknown = lanes("logs", "topics", "--step", "lag")
    assert (unknown.code, "did you mean 'log'?" in unknown.err) == (2, True)
    assert lanes("logs", "topics", "never").code == 2


def follow(root, *words):
    command = [sys.executable, "-u", "-m", "shared.cli", "logs", "topics", "--follow", *words]
    return subprocess.Popen(
        command,
        cwd=root,
        env={**os.environ, "COLUMNS": "200"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_following_ends_with_the_run(root, start):
    start("followed", 1)
    with follow(root, "followed", "--json") as process:
        records = [json.loads(line) for line in process.stdout]
    assert process.returncode == 0
    assert [record["rank"] for record in records if record["text"].startswith("REPORT")] == [0, 1, 2]


def test_ctrl_c_ends_the_following_not_the_run(aws, project, root, start):
    start("left-alone", 2)
    with follow(root, "left-alone") as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        err = process.stderr.read()
    assert process.returncode == 130
    assert err.endswith("no longer followed; lanes logs topics left-alone shows it again\n")
    arn = project.lane("topics").state_machine_arn("item-map").replace(":stateMachine:", ":execution:") + ":left-alone"
    assert aws.states.describe_execution(executionArn=arn)["status"] == "RUNNING"
    aws.states.stop_execution(executionArn=arn)
