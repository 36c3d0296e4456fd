"""A workflow that owns some of every kind of resource, and that is express, by the commands.

It is deployed, run, changed, taken off its card and destroyed, in one embedded cloud that lanes up keeps.
"""

import json
import re

import pytest

from tests.workflows.projects import kept_cloud, leave_one_workflow

CARD = """\
description: Counts words, in one call.
type: express
functions:
  work: {handler: shared.handlers.count.work.handler, memorySize: 256, timeout: 30}
parameters:
  text: {type: string, default: a rose is a rose, description: What to count.}
"""
OWNED = """\
tables:
  items: {key: id}
  totals: {key: word, sortKey: day:number, indexes: {by-day: {key: day:number, sortKey: word}}, ttl: expires}
queues: {lines: }
topics: {done: {notify: [a@example.edu]}}
buckets: {raw: }
secrets: {token: {description: Of the archive.}}
settings: {limit: {value: 10}}
"""
CHANGED = """\
tables:
  items: {key: id, indexes: {by-word: {key: word}}}
  totals: {key: word, sortKey: day:number, indexes: {by-day: {key: day:number}}}
queues: {lines: {visibilityTimeout: 90, maxReceives: 5}}
topics: {done: {notify: [b@example.edu]}}
buckets: {raw: }
secrets: {token: {description: Of the archive.}}
settings: {limit: {value: 11}}
"""
TEMPLATE = {
    "StartAt": "Work",
    "States": {
        "Work": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "${work}", "Payload.$": "$"},
            "OutputPath": "$.Payload",
            "End": True,
        }
    },
}
HANDLER = """\
def handler(event, context):
    words = event["text"].split()
    return {"words": len(words), "roses": 1 // words.count("rose")}
"""
KINDS = ("bucket", "table", "queue", "topic", "secret", "setting")


@pytest.fixture(scope="module")
def root(tmp_path_factory, copy_project):
    folder = copy_project(tmp_path_factory.mktemp("owned") / "project")
    return leave_one_workflow(folder, "count", card=CARD, template=TEMPLATE, handler=HANDLER, team="words")


@pytest.fixture(scope="module")
def kept(root):
    with kept_cloud(root) as kept:
        yield kept


@pytest.fixture
def lanes(root, kept, lanes_in):
    """Return a function that runs a command in the project, with the cloud that is kept."""

    def run(*words, code=0):
        ended = lanes_in(root, *words)
        assert ended.code == code, f"{words}: {ended}"
        return ended

    return run


@pytest.fixture
def card(root):
    """Return a function that writes the card of the workflow."""
    return lambda owned: (root / "statemachines/count.yaml").write_text(CARD + owned, encoding="utf-8")


def changes(lanes):
    """Return what a deploy would change of the kinds here, as action and kind, from the plan's JSON."""
    (todo,) = json.loads(lanes("plan", "words", "--json").out)
    return [(each["action"], each["kind"]) for each in todo["steps"] if each["action"] != "nothing"]


def test_what_a_card_owns_is_made_changed_kept_or_removed_and_gone_in_the_end(lanes, card):
    card(OWNED)
    made = lanes("deploy", "words").err
    assert re.search(r"topic words-count-done-\w+: a@example.edu gets nothing until it follows the link", made)
    for name in ("table words-count-totals-", "queue words-count-lines-dead-letters-", "setting /words/count-limit-"):
        assert f"+ {name}" in made
    assert changes(lanes) == []
    card(CHANGED)
    updates = [(action, kind) for action, kind in changes(lanes) if kind in KINDS]
    assert updates == [("update", kind) for kind in ("table", "table", "queue", "topic", "setting")]
    lanes("deploy", "words")
    assert changes(lanes) == []
    card("")
    assert {each for each in changes(lanes) if each[1] in KINDS} == {("delete", "topic"), ("delete", "setting")}
    lanes("deploy", "words")
    found = lanes("validate", "--deployed", code=1).out
    assert len(re.findall(r"it may hold data, so lanes deploy keeps it", found)) == 6
    lanes("destroy", "words", "--yes")
    assert "no orphans" in lanes("validate", "--deployed").out


def test_names_and_print_show_what_a_workflow_owns(lanes, card):
    card(OWNED)
    rows = json.loads(lanes("names", "words", "--json").out)
    named = {row["kind"] for row in rows if re.search(r"words.count-", row["name"])}
    assert named >= {"table", "queue", "topic", "bucket", "secret", "parameter"}
    shown = json.loads(lanes("print", "words", "--json").out)["workflows"]["count"]
    assert shown["type"] == "express"
    assert set(shown) >= {"tables", "queues", "topics", "buckets", "secrets", "settings"}


def test_an_express_workflow_runs_and_tells_its_result_and_its_cost(lanes):
    ended = lanes("run", "words", "count")
    assert "SUCCEEDED" in ended.out
    assert re.search(r"words +5", ended.out) or "words 5" in ended.out
    record = json.loads(lanes("run", "words", "count", "--json").out)
    used = {each["name"] for each in record["cost"]["items"]}
    assert used == {"lambda_requests", "lambda_gb_seconds", "express_requests", "express_gb_seconds", "log_gb"}
    assert ":express:" in record["execution"]


def test_an_express_workflow_that_fails_tells_the_state_and_the_line(lanes):
    ended = lanes("run", "words", "count", "--text", "a lily", code=1)
    assert "FAILED at state Work" in ended.err
    assert 'count/work.py", line 3' in ended.err
    assert "ZeroDivisionError: integer division or modulo by zero" in ended.err
    assert "cost, estimated" in ended.err


@pytest.mark.parametrize("words", [("logs", "words", "count"), ("sweep", "words", "count", "--text", "a,b")])
def test_what_takes_a_history_is_refused_with_where_the_events_are(lanes, words):
    refused = lanes(*words, code=2).err
    assert "AWS keeps no list and no history of its runs" in refused
    assert "/aws/vendedlogs/states/words-count-" in refused


def test_runs_and_stop_say_that_express_runs_are_not_listed(lanes):
    assert "count is express, so AWS lists none of its runs" in lanes("runs", "words").err
    assert "count is express" in lanes("stop", "words", "nosuchrun", code=2).err


def test_a_machine_that_becomes_express_is_made_anew(lanes, card, root):
    standard = CARD.replace("type: express\n", "")
    (root / "statemachines/count.yaml").write_text(standard, encoding="utf-8")
    lanes("deploy", "words")
    card("")
    assert ("replace", "state machine") in changes(lanes)
    assert "AWS cannot change the type of a state machine" in lanes("plan", "words").out
    lanes("deploy", "words")
    assert changes(lanes) == []
