"""What ``lanes dev`` refuses, and how its views show what happens."""

import contextlib
import json
from typing import Any, cast

import pytest

from shared.cli import console
from shared.cli.dev_view import Edit, Written, deployed_parts, view
from shared.cli.dev_work import given_file
from shared.deploy.model import Plan, Step
from shared.errors import LanesError, UsageError
from shared.measure.billing.finished_run import FinishedRun
from shared.run.failure import Failure
from shared.run.gather import Outcome
from shared.run.graph import Graph, Node
from shared.run.start import Run

RUN = Run("20260102T030405Z-a1b2c3", "arn", cast("Any", None), "w")  # a view needs no lane
TRACE = "  teams/words/count.py:12, in count\n    return 1 // 0"
FAILURE = Failure("FAILED", "Count", 2, "ZeroDivisionError", "division by zero", "request-1", (TRACE,))
FAILED = FinishedRun(RUN, Outcome("FAILED", 1.5, (), None, FAILURE))
FINE = FinishedRun(RUN, Outcome("SUCCEEDED", 1.5, (), {"words": 3}))
RAISED = Written("count", 2, "request-1", f"[ERROR] ZeroDivisionError: division by zero\n{TRACE}")
GRAPH = Graph((Node("Count", "Task", running=1),))


@pytest.mark.parametrize("where", [("--aws",), ("--endpoint", "http://127.0.0.1:1"), ("--aws", "--profile", "p")])
def test_a_real_account_is_refused_with_what_to_use_instead(lanes, where):
    code, _, err = lanes("dev", "team2", "cosmic", *where)
    assert code == 2
    assert "each save of a file would change a real account" in err
    options = " ".join(each for each in where)
    assert f"lanes deploy team2 {options} and lanes run team2 cosmic {options}" in " ".join(err.split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "which team, and which workflow?"),
        (("team2",), "lanes dev team2 WORKFLOW"),
        (("team2", "cosmik"), "cosmic"),
        (("team2", "cosmic", "--world-size"), "--world-size has no value"),
        (("team2", "cosmic", "--input", "-"), "stdin is for the keys here"),
    ],
)
def test_what_is_asked_wrongly_is_told_before_a_cloud_starts(lanes, words, told):
    code, _, err = lanes("dev", *words)
    assert code == 2
    assert told in err


def test_the_file_of_a_payload_is_watched_and_json_is_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert given_file("payload.json") == tmp_path / "payload.json"
    assert given_file("") is given_file('{"a": 1}') is None
    with pytest.raises(UsageError):
        given_file("-")


def test_a_deployment_is_told_in_a_line():
    def step(kind, name, *diff, action="update"):
        return Step(action, kind, name, diff)

    code = [step("function", f"t-{each}", "code_sha256: a -> b") for each in ("split", "merge")]
    others = [step("state machine", "t-w", "definition: ..."), step("role", "t-r", action="create")]
    same = [step("bucket", "t-b", action="nothing")]
    card = step("function", "t-count", "memory_mb: 128 -> 256", "code_sha256: a -> b")
    steps = {"t-split": "split", "t-merge": "merge", "t-count": "count"}
    done = deployed_parts(Plan("t", "dev", (*code, card, *others, *same), {}), steps)
    assert done == ("the code of split, merge", "function count", "the state machine", "role t-r (created)")
    assert Edit(("a.py",), done[:1], 0.123).line == "a.py saved: deployed the code of split, merge in 0.12 s"
    assert Edit(("a.py", "b.py"), (), 0.1).line == "a.py, b.py saved: nothing to deploy in 0.10 s"
    assert Edit((), ("x",) * 18, 9.0).line == "deployed 18 steps in 9.00 s"


@contextlib.contextmanager
def shown(**how):
    with view("words", "count", **{"on_save": False, "as_json": False, **how}) as made:
        yield made


def play(each, finished):
    each.deployed(Edit(("a.py",), ("the code of count",), 0.1))
    each.started(RUN.id, "")
    each.look(GRAPH, 0.5, [Written("count", None, "0123456789", "hello")])
    each.look(GRAPH, 0.6, [RAISED] if finished.outcome.failure else [])
    each.ended(finished)
    each.turn(broken=False)


def test_plain_lines_where_nobody_can_redraw(capsys):
    with shown(on_save=True) as each:
        play(each, FINE)
    assert capsys.readouterr().out.splitlines() == [
        "a.py saved: deployed the code of count in 0.10 s",
        f"run {RUN.id}",
        "[count 456789] hello",
        "  0.50 s  Count: running",
        f"SUCCEEDED  {RUN.id}  1.50 s",
        "  words  3",
        "Enter or a save runs words count again, q ends",
    ]


def test_a_traceback_is_shown_once_with_a_place_that_an_editor_opens(capsys):
    with shown() as each:
        play(each, FAILED)
    out = capsys.readouterr().out
    assert out.count("teams/words/count.py:12") == 1
    assert "[count rank 2] [ERROR] ZeroDivisionError" in out
    assert f"FAILED  {RUN.id}  1.50 s at state Count, rank 2\n  ZeroDivisionError: division by zero\n" in out


def test_a_traceback_that_no_line_has_shown_comes_at_the_end(capsys):
    with shown() as each:
        each.ended(FAILED)
    assert "teams/words/count.py:12, in count" in capsys.readouterr().out


def test_broken_files_are_told_as_an_error_and_then_whose_turn_it_is(capsys):
    with shown() as each:
        each.refused(LanesError("no state", where="w.asl.json:3"))
        each.turn(broken=True)
    told = capsys.readouterr()
    assert "no state" in told.err
    assert told.out == "what is deployed stays as it is; mend this and save, q ends\n"


def test_each_event_is_a_line_of_json(capsys):
    with shown(as_json=True) as each:
        play(each, FAILED)
        each.refused(LanesError("no state"))
        each.tell("a note")
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = ["deployed", "started", "line", "graph", "line", "ended", "waiting", "refused", "note"]
    assert [event["event"] for event in events] == kinds
    assert events[3]["states"][0]["mark"] == "running"
    assert events[5]["failure"]["error"] == "ZeroDivisionError"


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr(console.out, "_force_terminal", True)
    monkeypatch.setattr(console.out, "is_interactive", True)
    monkeypatch.setattr(console.out, "no_color", False)
    monkeypatch.setenv("TERM", "xterm")


def test_a_terminal_gets_the_picture_redrawn_and_the_last_one_stays(terminal, capsys):
    with shown() as each:
        play(each, FINE)
    out = capsys.readouterr().out
    assert out.count("\x1b[2K") >= 2  # each look begins by removing the one before, and so does the end
    assert out.rpartition("\x1b[2K")[2].count("Count  running") == 1
    assert "\x1b[?25l" in out
    assert "\x1b[?25h" in out  # the cursor is there again


def test_a_terminal_is_left_clean_in_the_midst_of_a_run(terminal, capsys):
    with contextlib.suppress(KeyboardInterrupt), shown() as each:
        each.started(RUN.id, "")
        raise KeyboardInterrupt
    assert "\x1b[?25h" in capsys.readouterr().out.partition("\x1b[?25l")[2]  # the cursor is there again
