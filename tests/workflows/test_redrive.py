"""``lanes redrive`` by its command, and inputs and outputs by reference: on an embedded cloud, as a user sees them."""

import json
from functools import partial

import pytest

from shared.config.load import load_project
from tests.workflows.projects import kept_cloud

pytestmark = pytest.mark.workflow

RANKS_CARD = """\
description: Eight ranks.
functions:
  work: {handler: steps.work, uses: {}}
parameters:
  ranks: {type: array, items: {type: integer}, default: [0, 1, 2, 3, 4, 5, 6, 7], description: Ranks.}
"""
CALL = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke"}
WORK = {
    **CALL,
    "Parameters": {"FunctionName": "${work}", "Payload.$": "$"},
    "OutputPath": "$.Payload",
    "End": True,
}
RANKS = {
    "StartAt": "Ranks",
    "States": {
        "Ranks": {
            "Type": "Map",
            "ItemsPath": "$.ranks",
            "ItemSelector": {"rank.$": "$$.Map.Item.Value", "run_id.$": "$$.Execution.Name"},
            "ItemProcessor": {"StartAt": "Work", "States": {"Work": WORK}},
            "End": True,
        }
    },
}
RANKS_CODE = """\
import json


def work(event, context):
    print(json.dumps({"progress": {"run_id": event["run_id"], "rank": event["rank"], "done": 1, "of": 1}}))
    return 1 // 0 if event["rank"] == 3 else 10 * event["rank"]
"""
REGIONS_CARD = """\
description: Regions by reference.
functions:
  size: {handler: steps.size, uses: {}}
  join: {handler: steps.join, uses: {bucket: write}}
parameters:
  regions:
    type: array
    byReference: true
    items: {type: object, properties: {name: {type: string}, cells: {type: integer}}, required: [name]}
    description: Where.
output: {byReference: true}
"""
REGIONS = {
    "StartAt": "Size",
    "States": {
        "Size": {
            **CALL,
            "Parameters": {"FunctionName": "${size}", "Payload": {"regions.$": "$.regions"}},
            "ResultPath": "$.size",
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"InputType": "JSON"},
                "Parameters": {"Bucket.$": "$.regions.bucket", "Key.$": "$.regions.key"},
            },
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Name",
                "States": {"Name": {"Type": "Pass", "OutputPath": "$.name", "End": True}},
            },
            "ResultPath": "$.names",
            "Next": "Join",
        },
        "Join": {
            **WORK,
            "Parameters": {
                "FunctionName": "${join}",
                "Payload": {"names.$": "$.names", "count.$": "$.size.Payload", "run.$": "$$.Execution.Name"},
            },
        },
    },
}
REGIONS_CODE = """\
from shared.handlers import by_reference


def size(event, context):
    return len(by_reference.read(event["regions"]))


def join(event, context):
    return by_reference.write(f"results/{event['run']}/all.json", {"count": event["count"], "names": event["names"]})
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory, copy_project):
    root = copy_project(tmp_path_factory.mktemp("redrive") / "project")
    (root / "teams/words.yaml").write_text("team: words\nowner: words@example.edu\n")
    made = {"ranks": (RANKS_CARD, RANKS, RANKS_CODE), "regions": (REGIONS_CARD, REGIONS, REGIONS_CODE)}
    for name, (card, template, code) in made.items():
        folder = root / "teams/words" / name
        folder.mkdir(parents=True)
        (folder / "workflow.yaml").write_text(card)
        (folder / "workflow.asl.json").write_text(json.dumps(template, indent=1))
        (folder / "steps.py").write_text(code)
    anything = root / "teams/words/anything"
    anything.mkdir()
    (anything / "workflow.yaml").write_text("description: Any input.\n")
    machine = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    (anything / "workflow.asl.json").write_text(json.dumps(machine))
    return root


@pytest.fixture(scope="module")
def kept(root):
    with kept_cloud(root) as kept:
        yield kept


@pytest.fixture(scope="module")
def aws(kept):
    return kept.aws


@pytest.fixture
def lanes(root, aws, lanes_in):
    return partial(lanes_in, root)


def test_a_rank_that_failed_is_mended_and_redriven(root, kept, lanes, monkeypatch):
    failed = lanes("run", "words", "ranks", "--json")
    assert failed.code == 1
    assert "at state Work, rank 3" in failed.err
    run = json.loads(failed.out)["run_id"]
    again = lanes("redrive", "words", run)
    assert again.code == 1
    assert "Work rank 3: 2 attempts, 1 of them by a redrive" in again.out
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", kept.running.key.id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", kept.running.key.secret)
    code, template = (root / "teams/words/ranks" / name for name in ("steps.py", "workflow.asl.json"))
    code.write_text(RANKS_CODE.replace("1 // 0", "33"))
    as_on_aws = lanes("redrive", "words", run, "--endpoint", kept.running.endpoint)
    assert (as_on_aws.code, "differ from the project, and run as they are deployed" in as_on_aws.err) == (1, True)
    template.write_text(json.dumps({**RANKS, "Comment": "new"}))
    mended = lanes("redrive", "words", "--json")
    assert mended.code == 0, mended.err
    assert "the template of ranks has changed" in mended.err
    told = json.loads(mended.out)
    assert (told["run_id"], told["redrives"]) == (run, 3)
    assert told["output"] == [0, 10, 20, 33, 40, 50, 60, 70]
    (third,) = (rank for rank in told["ranks"] if rank["rank"] == 3)
    assert (third["attempts"], third["redriven"]) == (4, 1)
    assert {"state": "Work", "rank": 3, "attempts": 4, "redriven": 3} in told["tried_again"]
    over = lanes("redrive", "words", run)
    assert (over.code, "it has succeeded, so there is nothing to do again" in over.err) == (2, True)


def test_a_value_by_reference_is_read_by_a_function_and_by_a_map_and_so_is_the_output(root, aws, lanes):
    file = root / "regions.json"
    regions = [{"name": f"région {number}", "cells": number} for number in range(400)]
    regions[0]["name"] = "x" * 1000
    file.write_text(json.dumps({"regions": [*regions, {"name": "y" * 100_000}]}, ensure_ascii=False))
    into = root / "out.json"
    result = lanes("run", "words", "regions", "--input", file, "--output", into)
    assert result.code == 0, result.err
    assert json.loads(into.read_text())["names"][1:400] == [region["name"] for region in regions[1:]]
    assert "the output is s3://" in result.err
    lane = load_project(root).lane("words")
    (kept,) = aws.owner.s3.list_objects_v2(Bucket=lane.bucket, Prefix="inputs/")["Contents"]
    assert kept["Key"].endswith("/regions.json")
    reference = json.dumps({"bucket": lane.bucket, "key": kept["Key"]})
    by_hand = lanes("run", "words", "regions", "--regions", reference, "--json")
    assert json.loads(by_hand.out)["output"]["count"] == 401
    theirs = json.dumps({"bucket": "team1-data", "key": kept["Key"]})
    refused = lanes("run", "words", "regions", "--regions", theirs)
    assert (refused.code, "regions refers to 'team1-data'" in refused.err) == (2, True)


@pytest.mark.parametrize("value", [[1, [None]], "ü", 7, None, {"a-b": {"c": 1e5}, "big": 10**30}])
def test_any_json_is_an_input_where_the_card_declares_none(lanes, value):
    result = lanes("run", "words", "anything", "--input", json.dumps(value), "--json")
    assert json.loads(result.out)["output"] == value


def test_what_step_functions_would_not_take_is_refused_before_anything_starts(root, lanes):
    file = root / "large.json"
    file.write_text(json.dumps(["x" * 262_144]))
    refused = lanes("run", "words", "anything", "--input", file)
    assert refused.code == 2
    assert "the input of anything has 262,148 bytes, and Step Functions takes 262,144" in refused.err
