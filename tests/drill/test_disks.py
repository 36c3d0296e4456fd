"""Every command with ``.lanes`` full or read-only: one line that says what, where and the fix, and nothing lost."""

import shlex

import pytest

from shared.cli.lazy import whole
from shared.cli.main import app
from tests.helpers import on_disk

# By command: words that have it do its work, and whether it writes to .lanes there. Those that first ask for a cloud
# that runs say that none does, those that first read a file that it is not there: nothing is written by then.
WRITES, READS = True, False
COMMANDS = {
    "validate": ("validate --deployed", WRITES),
    "names": ("names team2", READS),
    "print": ("print team2", READS),
    "schema": ("schema --check", READS),
    "test": ("test team2 nosuch", READS),
    "plan": ("plan topics", WRITES),
    "history": ("history topics", WRITES),
    "deploy": ("deploy topics", WRITES),
    "destroy": ("destroy topics --yes", WRITES),
    "adopt": ("adopt topics --dry-run", WRITES),
    "sleep": ("sleep topics", READS),
    "wake": ("wake topics", READS),
    "render": ("render --check", READS),
    "run": ("run team2 cosmic", WRITES),
    "dev": ("dev team2 cosmic", WRITES),
    "runs": ("runs topics", WRITES),
    "console": ("console --no-browser --port 0", WRITES),
    "redrive": ("redrive topics", READS),
    "stop": ("stop topics", READS),
    "logs": ("logs topics", READS),
    "debug": ("debug topics", READS),
    "invoke": ("invoke team2 cosmic/summarize --event {}", WRITES),
    "up": ("up --port 0", WRITES),
    "env": ("env", READS),
    "down": ("down", READS),
    "doctor": ("doctor", READS),
    "metrics": ("metrics topics", WRITES),
    "cost": ("cost topics", WRITES),
    "sweep": ("sweep team2 cosmic --world-size 1", WRITES),
    "compare": ("compare topics a b", WRITES),
    "ledger": ("ledger topics", READS),
    "report": ("report topics", WRITES),
    "trace": ("trace topics --otlp nosuch/trace.json", READS),
    "verify": ("verify nosuch", READS),
    "review": ("review --base nosuch", READS),
    "archive": ("archive topics --to kept", WRITES),
    "clean": ("clean --dry-run", WRITES),
    "predict": ("predict cosmic --records 1000", READS),
    "team new": ("team new team3", READS),
    "workflow new": ("workflow new team1 word-count --like map-reduce", READS),
    "codeowners": ("codeowners --check", READS),
    "access show": ("access show team2", READS),
    "access grant": ("access grant team2 --user ann --dry-run", READS),
    "access revoke": ("access revoke team2 --user ann", READS),
    "schedule list": ("schedule list topics", WRITES),
    "schedule pause": ("schedule pause topics", READS),
    "schedule resume": ("schedule resume topics", READS),
    "data make": ("data make --out nosuch/survey", READS),
    "data import": ("data import 1.pt --out partitions", READS),
    "data split": ("data split nosuch out", READS),
    "data upload": ("data upload team2", WRITES),
    "items load": ("items load topics nosuch.json", READS),
    "secret set": ("secret set team2 cosmic", READS),
    "secret list": ("secret list team2", WRITES),
    "model import": ("model import nosuch.onnx --out model.onnx", READS),
    "images dockerfile": ("images dockerfile team1", READS),
    "images build": ("images build team1", READS),
    "images push": ("images push team1", READS),
    "isolation prove": ("isolation prove --team team2 --deployed", WRITES),
    "isolation matrix": ("isolation matrix", READS),
    "isolation policies": ("isolation policies team2", READS),
    "isolation platform": ("isolation platform", READS),
    "isolation quotas": ("isolation quotas", READS),
    "reference": ("reference --check", READS),
    "rendezvous serve": ("rendezvous serve --port nosuch", READS),
    "rendezvous check": ("rendezvous check --endpoint nosuch", READS),
    "rendezvous key": ("rendezvous key team2", READS),
    "rendezvous plan": ("rendezvous plan", WRITES),
    "rendezvous deploy": ("rendezvous deploy --yes", WRITES),
    "rendezvous restart": ("rendezvous restart", WRITES),
    "rendezvous status": ("rendezvous status", WRITES),
    "rendezvous destroy": ("rendezvous destroy --yes", WRITES),
    "rendezvous dockerfile": ("rendezvous dockerfile", READS),
    "rendezvous push": ("rendezvous push", READS),
}
SAID = {
    "full": (("No space left on device", "the disk is full"), "free space there"),  # the system's words, and SQLite's
    "read-only": (("Read-only file system",), "make it writable"),
}


@pytest.fixture(scope="module")
def enter():
    found = on_disk.namespace()
    if found is None:
        pytest.skip("no file system can be mounted here: neither root nor user namespaces")
    return found


def leaves(command, before=""):
    for name, each in getattr(command, "commands", {}).items():
        yield from leaves(each, f"{before} {name}".strip())
    if not getattr(command, "commands", {}):
        yield before


def test_the_table_has_every_command():
    assert set(leaves(whole(app))) == set(COMMANDS)


@pytest.fixture(scope="module", params=SAID)
def told(request, enter, copy_project, tmp_path_factory):
    """Return what each command said on such a disk."""
    project = copy_project(tmp_path_factory.mktemp("disk"))
    words = [shlex.split(line) for line, _ in COMMANDS.values()]
    done = on_disk.run(enter, request.param, project, words)
    return request.param, project, dict(zip(COMMANDS, done, strict=True))


@pytest.mark.parametrize("name", COMMANDS)
def test_one_line_says_what_where_and_the_fix_and_nothing_is_lost(told, name):
    kind, project, answers = told
    answer = answers[name]
    for word in ("Traceback", "fault in lanes", "a file:"):
        assert word not in answer["err"] + answer["out"]
    assert answer["kept"] == "what was there before"
    what, fix = SAID[kind]
    if COMMANDS[name][1] == READS:
        assert not any(words in answer["err"] for words in what)
        return
    assert answer["code"] == 1
    errors = [line for line in answer["err"].splitlines() if line.startswith(("error: ", "  fix: "))]
    assert len(errors) == 2, answer["err"]
    assert errors[0].startswith(f"error: {project}/.lanes")
    assert any(words in errors[0] for words in what)
    assert errors[1] == f"  fix: {fix}"


def test_when_there_is_space_again_the_same_command_finishes(enter, copy_project, tmp_path):
    project = copy_project(tmp_path)
    deploy = ["destroy", "topics", "--yes"]
    full, free = on_disk.run(enter, "full", project, [deploy, ["rm", "fill"], deploy])
    assert (full["code"], free["code"]) == (1, 0), free["err"]


def test_a_cloud_that_runs_when_its_disk_becomes_full_goes_on(enter, copy_project, tmp_path):
    project = copy_project(tmp_path)
    commands = [["up", "--port", "0"], ["runs", "topics"], ["down"]]
    up, runs, down = on_disk.run(enter, "tiny", project, commands)
    assert [each["code"] for each in (up, runs, down)] == [0, 0, 0], (up["err"], runs["err"], down["err"])
