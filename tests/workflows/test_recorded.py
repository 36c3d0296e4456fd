"""A run on the embedded cloud becomes a test: children that read S3, a run that failed, an express one."""

import json

import pytest

from shared.config.load import load_project
from shared.testing.modules import Modules
from shared.testing.workflow import Bench, Cloud, WorkflowUnderTest

pytestmark = pytest.mark.workflow


@pytest.fixture
def record(lanes, root):
    """Return a function that runs a workflow, records the run, and returns the recording as a test has it."""
    clouds = []

    def go(team, key, *words):
        told = json.loads(lanes("run", team, key, "--json", *words).out)
        name = f"recorded-{team}-{key}"
        made = lanes("test", team, key, "--record", told["run_id"], "--name", name, "--json")
        assert made.code == 0, made.err
        kept, module = json.loads(made.out)["files"]
        clouds.append(Cloud())
        under = WorkflowUnderTest(Bench(root, Modules()), clouds[-1], team, key)
        recorded = under.recorded(root / kept)
        (root / module).unlink()  # other tests of this project's folder want none
        return told, recorded, (root / kept).read_text()

    yield go
    for cloud in clouds:
        cloud.close()


def test_children_that_read_s3_replay_in_this_process(record, project):
    told, recorded, text = record("wssr", "random-mean", "--repetitions", 5)
    run = recorded.replay()
    assert (run.status, run.output, run.path) == ("SUCCEEDED", told["output"], recorded.path)
    assert run.attempts("Draw") == 5
    lane = project.lane("wssr")
    for name in (told["run_id"], lane.bucket, lane.place.account, lane.functions["random-mean-draw"].name):
        assert name not in text


def test_a_run_that_failed_fails_again(record):
    _, recorded, _ = record("topics", "item-map", "--waitDurationSeconds", 2, "--timeoutDurationSeconds", 1)
    run = recorded.replay()
    assert (run.status, run.error, run.path) == ("FAILED", "States.Timeout", recorded.path)


EXPRESS = """\
description: One step, run at once.
type: express
functions: {work: {handler: steps.work}}
parameters: {n: {type: integer, default: 1, description: A number.}}
"""
TEMPLATE = {"StartAt": "Work", "States": {"Work": {"Type": "Task", "Resource": "${work}", "End": True}}}


def test_an_express_run_is_recorded_from_its_log(record, root, lanes):
    folder = root / "teams/team1/at-once"
    folder.mkdir(parents=True)
    (folder / "workflow.yaml").write_text(EXPRESS)
    (folder / "workflow.asl.json").write_text(json.dumps(TEMPLATE))
    (folder / "steps.py").write_text("def work(event, context):\n    return {'twice': event['n'] * 2}\n")
    assert load_project(root)
    _, recorded, _ = record("team1", "at-once", "--n", 4)
    nowhere = lanes("test", "team1", "at-once", "--record", "nowhere")
    assert (nowhere.code, "has no run 'nowhere' to its end" in nowhere.err) == (2, True)
    assert recorded.output == {"twice": 8}
    assert recorded.replay().output == {"twice": 8}
    assert recorded.replay(real=["Work"]).output == {"twice": 8}
