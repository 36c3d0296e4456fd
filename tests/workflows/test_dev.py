"""``lanes dev`` against a real cloud: edits, broken files, failures, many items, express, other teams' workflows."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

from shared.cli.dev_work import Asked, DevWork
from shared.config.load import load_project
from shared.run.dev.watched import files_of
from shared.run.dev.watcher import Watcher
from tests.workflows.projects import kept_cloud

pytestmark = pytest.mark.workflow

CARD = """\
description: Works on items.
share: all
functions:
  list: {handler: steps.list_items}
  work: {handler: steps.work}
parameters:
  items: {type: integer, default: 40, description: How many.}
  bad: {type: integer, default: -1, description: The item that fails.}
"""
CODE = """\
def list_items(event, context):
    return [{"item": each, "bad": event["bad"]} for each in range(event["items"])]

def work(event, context):
    print("works on", event["item"])
    if event["item"] == event["bad"]:
        raise ValueError("bad item")
    return event["item"]
"""
TASK = {"Type": "Task", "Resource": "${work}", "End": True}
TEMPLATE = {
    "StartAt": "List",
    "States": {
        "List": {"Type": "Task", "Resource": "${list}", "Next": "Items"},
        "Items": {
            "Type": "Map",
            "MaxConcurrency": 4,
            "ItemProcessor": {"StartAt": "Work", "States": {"Work": TASK}},
            "End": True,
        },
    },
}
FILES = {
    "teams/devs.yaml": "team: devs\nowner: devs@example.edu\n",
    "teams/others.yaml": "team: others\nowner: others@example.edu\nworkflows: {devs/loop: {}}\n",
    "teams/devs/loop/workflow.yaml": CARD,
    "teams/devs/loop/steps.py": CODE,
    "teams/devs/loop/workflow.asl.json": json.dumps(TEMPLATE, indent=1),
    "teams/devs/loop/input.json": '{"items": 3}',
    "teams/devs/loop/sample/in/a.txt": "first",
    "teams/devs/quick/workflow.yaml": CARD.replace("share: all", "type: express"),
    "teams/devs/quick/steps.py": CODE,
    "teams/devs/quick/workflow.asl.json": json.dumps(TEMPLATE),
}


class Shown:
    """A view that keeps what it was shown."""

    def __init__(self):
        self.edits, self.errors, self.lines, self.graphs, self.ends, self.told = [], [], [], [], [], []
        self.started = self.turn = lambda *_told, **_more: None
        self.tell, self.deployed = self.told.append, self.edits.append
        self.refused = lambda error: self.errors.append(str(error))
        self.ended = self.ends.append

    def look(self, graph, _seconds, lines):
        self.graphs.append(graph)
        self.lines += lines

    def mark(self, name):
        return next(node for _, node in self.graphs[-1].walk() if node.name == name)


@pytest.fixture(scope="module")
def kept(copy_project, tmp_path_factory):
    root = copy_project(tmp_path_factory.mktemp("dev") / "p")
    for file in (root / "teams").glob("*.yaml"):
        file.unlink()
    with kept_cloud(root) as cloud:
        yield root, cloud


@pytest.fixture
def project(kept, monkeypatch):
    """The project as it is at first, in the current folder; the cloud keeps what another test has deployed."""
    root, _ = kept
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def begin(project, kept):
    def make(team="devs", workflow="loop", **options):
        shown = Shown()
        lane = load_project(project).lane(team)
        watcher = Watcher(files_of(project, lane, workflow, None).look, os.path.relpath)
        work = DevWork(Asked((team, workflow), "", options), kept[1].aws, shown, watcher)
        assert work.deploy(()).fine, shown.errors
        return work, shown

    return make


def run(work):
    assert work.start()
    while not work.look():
        time.sleep(0.01)  # until the cloud is ready


def cold_starts(project, kept):
    """How many workers the functions have started so far."""
    groups = [each.log_group for each in load_project(project).lane("devs").functions.values()]
    logs = kept[1].aws.logs
    found = [logs.filter_log_events(logGroupName=group, filterPattern='"INIT_START"')["events"] for group in groups]
    return sum(map(len, found))


def edit(project, name, before, after):
    path = project / name
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    return (name,)


def test_an_edit_of_the_code_changes_the_code_alone_and_is_what_runs_next(project, begin):
    work, shown = begin()
    run(work)
    work.deploy(edit(project, "teams/devs/loop/steps.py", '"works on"', '"now works on"'))
    run(work)
    assert shown.edits[-1].done == ("the code of list, work",)
    assert {line.text for line in shown.lines[3:]} == {f"now works on {each}" for each in range(3)}
    assert [end.outcome.output for end in shown.ends] == [[0, 1, 2]] * 2


def test_an_edit_of_the_template_leaves_warm_workers_alone(project, begin, kept):
    work, shown = begin()
    run(work)
    before = cold_starts(project, kept)
    work.deploy(edit(project, "teams/devs/loop/workflow.asl.json", '"MaxConcurrency": 4', '"MaxConcurrency": 1'))
    assert shown.edits[-1].done == ("the state machine",)
    run(work)
    assert shown.ends[-1].outcome.failure is None
    assert cold_starts(project, kept) == before > 0


def test_an_edit_of_the_card_changes_what_follows_from_it(project, begin):
    work, shown = begin()
    work.deploy(edit(project, "teams/devs/loop/workflow.yaml", "steps.work}", "steps.work, memorySize: 300}"))
    assert shown.edits[-1].done == ("function work",)


def test_a_new_parameter_of_input_json_counts_for_the_next_run(project, begin):
    work, shown = begin()
    files = edit(project, "teams/devs/loop/input.json", "3", "2")
    work.deploy(files)
    run(work)
    assert shown.edits[-1].done == ()
    assert shown.ends[-1].outcome.output == [0, 1]


def test_an_edited_sample_takes_the_place_of_the_old_one(project, begin, kept):
    work, shown = begin()
    run(work)
    work.deploy(edit(project, "teams/devs/loop/sample/in/a.txt", "first", "second"))
    bucket = load_project(project).lane("devs").bucket
    assert shown.edits[-1].done == (f"s3://{bucket}/in/a.txt",)
    assert kept[1].aws.s3.get_object(Bucket=bucket, Key="in/a.txt")["Body"].read() == b"second"


def test_what_was_saved_beside_a_broken_file_is_deployed_once_that_is_mended(project, begin):
    work, shown = begin()
    sample = edit(project, "teams/devs/loop/sample/in/a.txt", "first", "third")
    broken = edit(project, "teams/devs/loop/steps.py", "def work(", "def work((")
    assert not work.deploy((*sample, *broken)).fine
    assert work.deploy(edit(project, "teams/devs/loop/steps.py", "def work((", "def work(")).fine
    assert shown.edits[-1].files == (*sample, *broken)
    assert shown.edits[-1].done[-1].endswith("/in/a.txt")


BROKEN = {
    "a syntax error": ("steps.py", "def work(", "def work((", "steps.py:4"),
    "a state that is none": ("workflow.asl.json", '"Next": "Items"', '"Next": "Item"', '"Item" is no state'),
    "a key that is none": ("workflow.yaml", "functions:", "function:", "function"),
    "an import that nothing explains": ("steps.py", "def list_items", "import nosuch\ndef list_items", "nosuch"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_told_and_what_is_deployed_stays(project, begin, kept, name):
    file, before, after, words = BROKEN[name]
    work, shown = begin()
    lane = load_project(project).lane("devs")
    old = kept[1].aws.lambda_.get_function(FunctionName=lane.functions["loop-work"].name)["Configuration"]
    assert not work.deploy(edit(project, f"teams/devs/loop/{file}", before, after)).fine
    assert words in shown.errors[-1]
    new = kept[1].aws.lambda_.get_function(FunctionName=lane.functions["loop-work"].name)["Configuration"]
    assert new["CodeSha256"] == old["CodeSha256"]
    assert work.deploy(edit(project, f"teams/devs/loop/{file}", after, before)).fine


def test_a_failure_is_shown_with_the_place_in_the_users_own_file(project, begin):
    work, shown = begin(bad="1")
    run(work)
    failure = shown.ends[-1].outcome.failure
    assert (failure.state, failure.error) == ("Work", "ValueError")
    assert "teams/devs/loop/steps.py:7, in work" in failure.traceback[-1]
    assert "teams/devs/loop/steps.py:7, in work" in "\n".join(line.text for line in shown.lines)
    assert (shown.mark("Items").mark, shown.mark("Items").items.failed) == ("failed", 1)


def test_a_map_of_40_items(begin):
    work, shown = begin(items="40")
    run(work)
    assert shown.mark("Items").items.done == shown.mark("Work").done == 40
    assert len(shown.lines) == 40


def test_a_payload_that_is_refused_starts_nothing(project, begin):
    work, shown = begin()
    edit(project, "teams/devs/loop/input.json", "3", '"many"')
    assert not work.start()
    assert "items" in shown.errors[-1]


def test_an_express_workflow_shows_its_states_at_the_end(begin):
    work, shown = begin(workflow="quick", items="2")
    run(work)
    assert shown.mark("Items").items.done == 2
    assert shown.ends[-1].outcome.output == [0, 1]
    assert {line.text for line in shown.lines} == {"works on 0", "works on 1"}


def test_another_teams_workflow_that_is_shared(project, begin):
    work, shown = begin("others")
    run(work)
    work.deploy(edit(project, "teams/devs/loop/steps.py", '"works on"', '"again"'))
    assert shown.edits[-1].done == ("the code of list, work",)


def test_a_run_that_is_stopped(project, begin):
    slow = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "Next": "List"}}}
    slow["States"] |= TEMPLATE["States"]
    (project / "teams/devs/loop/workflow.asl.json").write_text(json.dumps(slow))
    work, shown = begin()
    assert work.start()
    assert not work.look()
    while shown.mark("Wait").mark != "running":
        time.sleep(0.01)
        assert not work.look()
    work.stop()
    while not work.look():
        time.sleep(0.01)
    assert shown.ends[-1].outcome.failure.status == "ABORTED"
    assert shown.mark("Wait").mark == "stopped"


class Terminal:
    """``lanes dev`` on a terminal of its own."""

    def __init__(self, root, *words):
        self.text = ""
        self.ours, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
        environment.pop("NO_COLOR", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "shared.cli", "dev", *words],
            cwd=root,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
        )
        os.close(theirs)

    def until(self, words):
        """Read until *words* are shown after what was read before."""
        at = len(self.text)
        until = time.monotonic() + 120
        while words not in self.text[at:]:
            assert time.monotonic() < until, self.text
            assert self.read(), self.text

    def read(self):
        if not select.select([self.ours], [], [], 1)[0]:
            return True
        try:
            said = os.read(self.ours, 65536)
        except OSError:
            return False
        self.text += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said.decode())
        return bool(said)

    def type(self, keys):
        os.write(self.ours, keys)


def test_keys_on_a_terminal(project, kept):
    terminal = Terminal(project, "devs", "loop")
    terminal.until("q ends")
    assert "✓ Items" in terminal.text
    terminal.type(b"\n")
    terminal.until("q ends")
    edit(project, "teams/devs/loop/steps.py", '"works on"', '"by now works on"')
    terminal.until("deployed the code of list, work")
    terminal.type(b"q")
    while terminal.read():
        pass
    assert terminal.process.wait(120) == 0
    os.close(terminal.ours)


def test_lines_of_json_and_the_end_of_a_pipe(project, kept):
    command = [sys.executable, "-m", "shared.cli", "dev", "devs", "loop", "--json"]
    with subprocess.Popen(command, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        events = []
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "waiting":
                process.stdin.write("q\n")
                process.stdin.flush()
    assert process.returncode == 0
    kinds = [event["event"] for event in events]
    assert kinds[:2] == ["deployed", "started"]
    assert kinds[-2:] == ["ended", "waiting"]
    ended = events[-2]
    assert (ended["status"], ended["output"]) == ("SUCCEEDED", [0, 1, 2])
    assert next(event for event in events if event["event"] == "graph")["states"][0]["name"] == "List"
