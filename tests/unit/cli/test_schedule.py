"""``lanes schedule``: listed with the next times, paused, left so by a deploy, and resumed; and what started a run."""

import json

import pytest

from shared.config.load import load_project
from tests.helpers.project import copy_project, hollow
from tests.workflows.projects import kept_cloud

CARD = """\
description: Sums up.
schedule:
  nightly:
    when: cron(0 2 * * ? *)
    timezone: Europe/Berlin
  often: rate(1 hour)
on:
  bucket: {prefix: incoming/}
parameters:
  limit: {type: integer, default: 10, description: At most so many.}
"""
TEMPLATE = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = hollow(copy_project(tmp_path_factory.mktemp("schedule") / "project"))
    folder = root / "teams/sky/sums"
    folder.mkdir(parents=True)
    (root / "teams/sky.yaml").write_text("team: sky\nowner: sky@example.edu\n", encoding="utf-8")
    (folder / "workflow.yaml").write_text(CARD, encoding="utf-8")
    (folder / "workflow.asl.json").write_text(json.dumps(TEMPLATE), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def kept(root):
    with kept_cloud(root) as kept:
        yield kept


def states(lanes_in, root):
    found = json.loads(lanes_in(root, "schedule", "list", "sky", "--json").out)
    return {each["key"]: each["state"] for each in found}


def test_without_a_cloud_that_keeps_it_nothing_is_paused(root, lanes_in):
    ended = lanes_in(root, "schedule", "pause", "sky")
    assert ended.code == 1
    assert "no cloud is running that would keep it" in ended.err


def test_before_a_deploy_it_says_so(root, kept, lanes_in):
    assert states(lanes_in, root) == {"nightly": "not deployed", "often": "not deployed"}
    ended = lanes_in(root, "schedule", "pause", "sky", "sums", "nightly")
    assert ended.code == 1
    assert "not deployed: sums/nightly; nothing was done" in ended.err
    assert "fix: lanes deploy sky" in ended.err


def test_a_schedule_is_paused_stays_so_through_a_deploy_and_goes_on(root, kept, lanes_in):
    assert lanes_in(root, "deploy", "sky").code == 0
    listed = lanes_in(root, "schedule", "list", "sky").out
    assert "sums/nightly          cron(0 2 * * ? *) Europe/Berlin  next 20" in listed
    assert "sums/often            rate(1 hour) UTC  active" in listed
    ended = lanes_in(root, "schedule", "pause", "sky", "sums", "nightly")
    assert "sums/nightly is paused" in ended.err
    assert states(lanes_in, root) == {"nightly": "paused", "often": "active"}
    assert "nightly: paused, and stays so (lanes schedule resume)" in lanes_in(root, "plan", "sky").out
    assert lanes_in(root, "deploy", "sky").code == 0
    assert states(lanes_in, root) == {"nightly": "paused", "often": "active"}
    told = json.loads(lanes_in(root, "schedule", "resume", "sky", "--json").out)
    assert told == [
        {"workflow": "sums", "key": "nightly", "state": "active", "changed": True},
        {"workflow": "sums", "key": "often", "state": "active", "changed": False},
    ]
    assert states(lanes_in, root) == {"nightly": "active", "often": "active"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sky", "smus"), "did you mean 'sums'?"),
        (("sky", "sums", "nihgtly"), "did you mean 'nightly'?"),
    ],
)
def test_what_there_is_not_is_told_with_what_there_is(root, kept, lanes_in, words, said):
    ended = lanes_in(root, "schedule", "pause", *words)
    assert ended.code == 2
    assert said in ended.err


def test_runs_tell_what_started_them(root, kept, lanes_in):
    assert lanes_in(root, "deploy", "sky").code == 0
    machine = load_project(root).lane("sky").state_machine_arn("sums")
    name = "schedule-nightly-d32c5kddcf5bb8c3"
    kept.aws.states.start_execution(stateMachineArn=machine, name=name, input="{}")
    assert lanes_in(root, "run", "sky", "sums").code == 0
    shown = lanes_in(root, "runs", "sky").out
    assert "by schedule nightly" in shown
    assert "by hand" in shown
    told = json.loads(lanes_in(root, "runs", "sky", "--json").out)
    assert {"by": "schedule", "what": "nightly"} in [each["started_by"] for each in told]


def test_what_starts_a_workflow_is_printed(root, lanes_in):
    shown = lanes_in(root, "print", "sky").out
    assert "cron(0 2 * * ? *)" in shown
    assert "prefix: incoming/" in shown
