"""A handler called in this process: its environment, its module, what it returns or raises, and what is shown."""

import os
import sys
import time
from bdb import BdbQuit
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

import shared
from shared.errors import LanesError, UsageError
from shared.run.attempts import Attempt
from shared.run.debug.again import Ended, Here, NoDebugger, call_again
from shared.run.debug.calls import Guard, WriteRefusedError
from shared.run.debug.choice import Recorded
from shared.run.debug.deployed import Deployed, find_function, read_deployed
from shared.run.debug.meeting import check_alone
from shared.run.debug.told import Shown, masked
from shared.run.debug.verdict import differences, too_large, verdict

ARN = "arn:aws:lambda:us-east-1:123456789012:function:team-w-work-0"


@pytest.fixture
def here(tmp_path, lane):
    """Return a function that writes a workflow's module and returns what it takes to call its handler."""

    def make(source, variables=None, **others):
        folder = tmp_path / "teams/team/w"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "work.py").write_text(source, encoding="utf-8")
        told = {"handler": "work.handler", "runtime": "python3.9", "architecture": "x86_64", "sha256": "hash"}
        limits = {"memory_mb": 128, "timeout": 3}
        deployed = Deployed(
            function=lane.functions["w-work"], arn=ARN, role="arn:role", variables=variables or {}, **told, **limits
        )
        guard = Guard("123456789012", (folder,), write=False)
        return replace(Here(deployed, tmp_path, folder, None, {"AWS_ACCESS_KEY_ID": "A"}, guard), **others)

    return make


def test_it_gets_the_event_and_lambdas_context(here):
    source = "def handler(event, context):\n    return [event, context.function_name, context.memory_limit_in_mb]\n"
    assert call_again(here(source), {"n": 1}, NoDebugger()).result == [{"n": 1}, "team-w-work-0", "128"]


def test_its_environment_is_the_functions_alone(here, monkeypatch):
    monkeypatch.setenv("ONLY_HERE", "x")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    source = "import os\ndef handler(event, _):\n    return dict(os.environ)\n"
    before = dict(os.environ)
    seen = call_again(here(source, {"BUCKET": "b"}), {}, NoDebugger()).result
    assert not {"ONLY_HERE", "AWS_PROFILE"} & seen.keys()
    wanted = {"BUCKET": "b", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "A", "_HANDLER": "work.handler"}
    assert wanted.items() <= seen.items()
    assert seen["AWS_CONFIG_FILE"] == os.devnull
    assert dict(os.environ) == before


def test_the_clock_is_lambdas_and_ours_again(here, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    source = "import time\ndef handler(event, _):\n    return time.timezone\n"
    assert call_again(here(source), {}, NoDebugger()).result == 0
    assert time.timezone == -9 * 3600
    monkeypatch.undo()
    time.tzset()


def test_its_folder_is_where_it_reads_and_imports(here, tmp_path):
    built = here(
        "import words\nfrom pathlib import Path\n"
        "def handler(event, _):\n    return [words.FIRST, Path('data.txt').read_text()]\n"
    )
    (tmp_path / "teams/team/w/words.py").write_text("FIRST = 'a'\n")
    (tmp_path / "teams/team/w/data.txt").write_text("b")
    at, path = Path.cwd(), list(sys.path)
    assert call_again(built, {}, NoDebugger()).result == ["a", "b"]
    assert (Path.cwd(), sys.path) == (at, path)
    assert "words" not in sys.modules


def test_the_packages_libraries_come_first(here, tmp_path):
    (tmp_path / "libraries").mkdir()
    (tmp_path / "libraries/probed_library.py").write_text("VERSION = 7\n")
    source = "import probed_library\ndef handler(event, _):\n    return probed_library.VERSION\n"
    assert call_again(here(source, libraries=tmp_path / "libraries"), {}, NoDebugger()).result == 7
    sys.modules.pop("probed_library")


BROKEN = """\
def handler(event, _):
    password = "hunter2hunter2"
    rows = event["rows"]
    return mean(rows)

def mean(rows):
    return sum(rows) / len(rows)
"""


def test_an_error_is_shown_with_the_users_files_and_variables(here):
    built = here(BROKEN)
    seen = []
    looking = SimpleNamespace(call=NoDebugger().call, stopped=seen.append)
    ended = call_again(built, {"rows": []}, looking)
    assert seen == [ended.error]
    lines = built.shown.traceback(ended.error)
    files = [line for line in lines if "File" in line]
    assert files == [
        '  File "teams/team/w/work.py", line 4, in handler',
        '  File "teams/team/w/work.py", line 7, in mean',
    ]
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert built.shown.locals(ended.error) == ["locals of mean at teams/team/w/work.py:7", "  rows = []"]


def test_the_frame_shown_is_the_users_and_not_the_librarys(here):
    built = here("import json\ndef handler(event, _):\n    text = '{'\n    return json.loads(text)\n")
    ended = call_again(built, {}, NoDebugger())
    assert built.shown.locals(ended.error)[-1] == "  text = '{'"


def test_a_value_of_many_parts_is_cut():
    shown = Shown(Path("/p"), (), ()).value("rows", [{"name": "x" * 99, "cells": [1, 2]}] * 300)
    assert shown.startswith("[{'cells': [1, 2], 'name': 'xxx")
    assert shown.endswith(" ...")
    assert len(shown) < 500


LEAKS = """\
import os

def handler(event, _):
    api_key = "k"
    raise KeyError(os.environ["DB_PASSWORD"] + "!")
"""


def test_secrets_are_not_shown(here):
    built = here(LEAKS, {"DB_PASSWORD": "hunter2hunter2"})
    ended = call_again(built, {"token": "t", "n": [{"secret": "s"}]}, NoDebugger())
    text = "\n".join([*built.shown.traceback(ended.error), *built.shown.locals(ended.error)])
    assert "hunter2" not in text
    assert "  api_key = ***" in text
    assert "{'n': [{'secret': '***'}], 'token': '***'}" in text


def test_a_module_that_cannot_be_loaded_is_the_users_error(here):
    ended = call_again(here("TABLE = {}['b']\n"), {}, NoDebugger())
    assert isinstance(ended.error, KeyError)
    syntax = here("def handler(:\n")
    lines = syntax.shown.traceback(call_again(syntax, {}, NoDebugger()).error)
    assert lines[0] == '  File "teams/team/w/work.py", line 1'


def test_an_exit_and_what_is_no_json_are_errors(here):
    assert isinstance(
        call_again(here("def handler(e, _):\n    raise SystemExit(3)\n"), {}, NoDebugger()).error, SystemExit
    )
    assert isinstance(call_again(here("def handler(e, _):\n    return {1, 2}\n"), {}, NoDebugger()).error, TypeError)


def test_the_debugger_may_be_left(here):
    def leave(*_):
        raise BdbQuit

    assert call_again(here("def handler(e, _): pass\n"), {}, SimpleNamespace(call=leave)).left


def test_a_shared_handler_is_that_of_this_lanes_alone(here, tmp_path):
    with pytest.raises(LanesError, match="and this lanes runs the code of"):
        call_again(here("", folder=None), {}, NoDebugger())
    root = Path(shared.__file__).parents[1]
    built = here("", folder=None, root=root)
    built = replace(built, deployed=replace(built.deployed, handler="shared.handlers.item_map.log.handler"))
    assert call_again(built, "no event of its kind", NoDebugger()).error is not None


def test_a_result_is_printed_as_it_is_without_the_credentials_of_this_machine(here):
    told = "{'token': 'of the run', 'env': [os.environ['AWS_SECRET_ACCESS_KEY']]}"
    built = here(f"import os\n\ndef handler(event, context):\n    return {told}\n")
    built = replace(built, variables={**built.variables, "AWS_SECRET_ACCESS_KEY": "s3cr3t-s3cr3t"})
    result = call_again(built, {}, NoDebugger()).result
    assert result["env"] == ["s3cr3t-s3cr3t"]
    assert built.shown.result(result) == {"token": "of the run", "env": ["***"]}


def test_what_is_masked_keeps_its_shape():
    assert masked({"a": [{"password": {"x": 1}}, 2]}) == {"a": [{"password": "***"}, 2]}


def attempt(started, status="FAILED", error="KeyError", cause=""):
    nothing = {"items": (), "entry": 1, "number": 1, "kind": "lambda", "action": "invoke", "arguments": {}}
    more = {"function": "f", "event": {}, "result": None, "request_id": None, "began": started, "ended": started}
    return Recorded(Attempt(state="Work", status=status, error=error, cause=cause, **nothing, **more), 3)


VERDICTS = [
    ("FAILED", "KeyError", Ended(error=KeyError("x")), "it failed again as in the run: KeyError"),
    ("FAILED", "KeyError", Ended(error=ValueError("x")), "it failed otherwise: KeyError, and here ValueError"),
    ("FAILED", "KeyError", Ended(result=1), "it did not fail here; in the run it did: KeyError"),
    ("SUCCEEDED", None, Ended(result=1), "it succeeded again as in the run"),
    ("SUCCEEDED", None, Ended(error=KeyError("x")), "it succeeded in the run, and fails here: KeyError"),
    ("RUNNING", None, Ended(result=1), "in the run it had not ended"),
    (
        "FAILED",
        "KeyError",
        Ended(error=WriteRefusedError("w")),
        "it came to a call that writes, which --write lets through",
    ),
]


@pytest.mark.parametrize(("status", "error", "ended", "said"), VERDICTS)
def test_the_verdict(status, error, ended, said, started):
    assert verdict(attempt(started, status, error), ended) == said


def test_what_may_differ_is_said_where_it_did_not_fail_again(here, started):
    built, later = here(""), started + timedelta(hours=3)
    timed_out = attempt(started, "TIMED_OUT", "Sandbox.Timedout", "Task timed out after 3.00 seconds")
    lines = list(differences(timed_out, built, Ended(result=1), differs=True, now=later))
    assert lines == [
        "the code on disk is not what is deployed",
        "no limit holds here: Lambda gives it 3 s and 128 MB",
        "in the cloud it runs on python3.9 on x86_64",
        "the run was 3 hours ago: what it read may have changed since, and so may the time of day matter",
    ]
    missing = attempt(started, error="Runtime.ImportModuleError")
    lines = list(differences(missing, built, Ended(result=1), differs=None, now=started))
    assert lines[:2] == [
        "whether the code on disk is what is deployed, nobody can tell",
        "this Python has more libraries installed than the function's package",
    ]
    again = Ended(error=KeyError("x"))
    assert list(differences(attempt(started), built, again, differs=True, now=later)) == []


def test_a_result_that_no_state_takes_is_said():
    assert too_large(Ended(result="x" * 100)) == ""
    assert (
        too_large(Ended(result="x" * 300_000))
        == "its result has 300,002 bytes, and a state takes 262,144: put it into the bucket"
    )
    assert "and Lambda takes 6,291,456" in too_large(Ended(result="x" * 7_000_000))


class FakeLambda:
    def __init__(self, answer):
        self.answer = answer

    def get_function_configuration(self, FunctionName):
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"FunctionName": FunctionName, **self.answer}


CONFIGURATION = {
    "FunctionArn": ARN, "Role": "arn:aws:iam::123456789012:role/r", "Handler": "work.handler", "Runtime": "python3.13",
    "Architectures": ["arm64"], "MemorySize": 256, "Timeout": 30, "CodeSha256": "abc=",
    "Environment": {"Variables": {"BUCKET": "b"}},
}  # fmt: skip


def test_a_function_is_asked_for_as_it_is_deployed(lane):
    found = read_deployed(SimpleNamespace(lambda_=FakeLambda(CONFIGURATION)), lane, f"{ARN}:3")
    assert (found.function.key, found.handler, found.timeout, found.variables) == (
        "w-work",
        "work.handler",
        30,
        {"BUCKET": "b"},
    )
    assert found.elsewhere == "python3.13 on arm64"
    assert "b" not in repr(found).partition("variables")[2]


@pytest.mark.parametrize(
    ("answer", "name", "said"),
    [
        (CONFIGURATION, "another", "another is no function of team's files"),
        (ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "G"), "team-w-work-0", "w-work is not deployed"),
        (
            {**CONFIGURATION, "Environment": {"Error": {"Message": "no key"}}},
            "team-w-work-0",
            "does not tell the environment",
        ),
    ],
)
def test_what_cannot_be_called_is_refused_by_name(answer, name, said, lane):
    with pytest.raises(LanesError, match=said):
        read_deployed(SimpleNamespace(lambda_=FakeLambda(answer)), lane, name)


def test_a_function_is_called_by_its_key_or_its_step(lane):
    assert find_function(lane, "w-work") is find_function(lane, "w/work")
    with pytest.raises(UsageError, match="unknown function 'wrk'"):
        find_function(lane, "w/wrk")
    with pytest.raises(UsageError, match="unknown function 'x'") as error:
        find_function(lane, "x")
    assert "w-work, w/work" in error.value.fix


MEETS = {"RENDEZVOUS_ENDPOINT": "host:1"}


@pytest.mark.parametrize(
    ("event", "variables"),
    [({"rank": 1, "world_size": 4}, {}), ({"fmi_enabled": False, "world_size": 4}, MEETS), ({"world_size": 1}, MEETS)],
)
def test_who_meets_nobody_is_called(event, variables):
    check_alone(event, variables, "w-work")


@pytest.mark.parametrize("event", [{"rank": 1, "world_size": 4}, {"fmi_enabled": True, "world_size": 4}, [], {}])
def test_who_would_wait_for_others_is_refused_with_what_to_do(event):
    with pytest.raises(LanesError, match="here it would wait for them alone"):
        check_alone(event, MEETS, "w-work")
