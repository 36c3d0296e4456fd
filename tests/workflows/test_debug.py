"""A run of eight ranks, one of which has a bug: found, debugged and mended, by the commands as they are typed."""

import os
import pty
import re
import select
import sys
from functools import partial
from textwrap import dedent

import pytest

from tests.workflows.projects import kept_cloud

pytestmark = pytest.mark.workflow

CARD = """\
description: Mean lengths of the words of eight texts.
functions:
  work: {handler: count.handler, memorySize: 256, timeout: 30}
parameters:
  reach: {type: string, default: "", description: A bucket that is read first.}
"""
TEMPLATE = """\
StartAt: Deal
States:
  Deal:
    Type: Pass
    Result: [a rose, is a rose, one two, "", more, text, and, so on]
    ResultPath: $.texts
    Next: Ranks
  Ranks:
    Type: Map
    ItemsPath: $.texts
    MaxConcurrency: 1
    ItemSelector:
      rank.$: $$.Map.Item.Index
      text.$: $$.Map.Item.Value
      run_id.$: $$.Execution.Name
      reach.$: $.reach
    ItemProcessor:
      StartAt: Count
      States:
        Count:
          Type: Task
          Resource: arn:aws:states:::lambda:invoke
          Parameters: {FunctionName: "${work}", Payload.$: $}
          OutputPath: $.Payload
          End: true
    End: true
"""
HANDLER = """\
import os

import boto3

s3 = boto3.client("s3")


def handler(event, _context):
    if event["reach"]:
        s3.get_object(Bucket=event["reach"], Key="x")
    words = event["text"].split()
    told = mean_length(words)
    s3.put_object(Bucket=os.environ["BUCKET"], Key=f"runs/{event['run_id']}/{event['rank']}", Body=str(told))
    return {"rank": event["rank"], "mean": told}


def mean_length(words):
    letters = sum(map(len, words))
    return letters / len(words)
"""
CODE = "teams/words/count/count.py"


@pytest.fixture(scope="module")
def root(tmp_path_factory, copy_project):
    root = copy_project(tmp_path_factory.mktemp("debug") / "project")
    for file in (root / "teams").iterdir():
        file.unlink()
    folder = root / "teams/words/count"
    folder.mkdir(parents=True)
    (root / "teams/words.yaml").write_text("team: words\nowner: words@example.edu\n")
    (folder / "workflow.yaml").write_text(CARD)
    (folder / "workflow.asl.yaml").write_text(TEMPLATE)
    return root


@pytest.fixture(scope="module")
def kept(root):
    (root / CODE).write_text(HANDLER)
    with kept_cloud(root) as kept:
        yield kept


@pytest.fixture
def lanes(root, kept, lanes_in):
    """Run a command in the project, which has its bug, with the cloud that is kept."""
    (root / CODE).write_text(HANDLER)
    return partial(lanes_in, root)


@pytest.fixture(scope="module")
def runs():
    """The runs that were made, by their options."""
    return {}


@pytest.fixture
def run(lanes, runs):
    """Return a function that returns a run's id and what its command said; each run is made once."""

    def run_it(*words):
        if words not in runs:
            told = lanes("run", "words", "count", *words).err
            runs[words] = re.search(r"run (\S+): words count", told)[1], told
        return runs[words]

    return run_it


def at_a_terminal(folder, words, typed):
    """Run a command on a terminal of its own and type lines at the debugger; return its exit code and its screen."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.environ.update({"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "400"})
        os.execv(sys.executable, [sys.executable, "-m", "shared.cli", *words])
    screen, waiting = b"", list(typed)
    while True:
        select.select([terminal], [], [])
        try:
            told = os.read(terminal, 4096)
        except OSError:  # its end, as Linux tells it
            break
        if not told:
            break
        screen += told
        if waiting and screen.rstrip().endswith(b"(Pdb)"):
            os.write(terminal, f"{waiting.pop(0)}\n".encode())
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), screen.decode().replace("\r\n", "\n")


def test_a_bug_in_one_of_eight_ranks_is_found_debugged_and_mended(root, lanes, run):
    run_id, told = run()
    assert "FAILED at state Count, rank 3" in told
    assert told.rstrip().splitlines()[-2].strip() == f"try next: lanes debug words {run_id}"
    code, screen = at_a_terminal(root, ["debug", "words"], ["p letters, words", "u", "p event['rank']", "q"])
    assert code == 1
    assert f"run {run_id}: words count, state Count, rank 3, attempt 1: FAILED ZeroDivisionError" in screen
    assert f"{CODE}(19)mean_length()\n-> return letters / len(words)\n(Pdb) p letters, words\n(0, [])" in screen
    assert "(Pdb) p event['rank']\n3\n" in screen
    assert "it failed again as in the run: ZeroDivisionError" in screen
    (root / CODE).write_text(HANDLER.replace("/ len(words)", "/ (len(words) or 1)"))
    mended = lanes("debug", "words", run_id, "--write")
    assert (mended.code, mended.out) == (0, '{\n  "rank": 3,\n  "mean": 0.0\n}\n')
    assert "it did not fail here; in the run it did: ZeroDivisionError\n  the code on disk is not what is" in mended.err


def test_without_a_terminal_it_says_where_and_with_what(lanes, run):
    run_id, _ = run()
    told = lanes("debug", "words", run_id)
    assert told.code == 1
    assert told.err.endswith(
        dedent(f"""\
        Traceback (most recent call last):
          File "{CODE}", line 12, in handler
            told = mean_length(words)
                   ^^^^^^^^^^^^^^^^^^
          File "{CODE}", line 19, in mean_length
            return letters / len(words)
                   ~~~~~~~~^~~~~~~~~~~~
        ZeroDivisionError: division by zero
        locals of mean_length at {CODE}:19
          words = []
          letters = 0
        error: it failed again as in the run: ZeroDivisionError
        """)
    )


def test_nothing_is_written_without_leave(root, kept, lanes, run):
    run_id, _ = run()
    bucket = next(each["Name"] for each in kept.aws.s3.list_buckets()["Buckets"] if each["Name"].startswith("words-"))
    key = {"Bucket": bucket, "Key": f"runs/{run_id}/2"}
    kept.aws.s3.delete_object(**key)
    refused = lanes("debug", "words", run_id, "--rank", 2)
    assert refused.code == 1
    assert f"{CODE}:13: s3:PutObject on arn:aws:s3:::{bucket}/runs/{run_id}/2 was not done: it writes" in refused.err
    assert "--write lets the handler change what the run's cloud holds" in refused.err
    assert "Contents" not in kept.aws.s3.list_objects_v2(Bucket=bucket, Prefix=key["Key"])
    assert lanes("debug", "words", run_id, "--rank", 2, "--write").code == 0
    assert kept.aws.s3.get_object(**key)["Body"].read() == b"3.0"


@pytest.mark.parametrize("place", ["here", "in AWS's place"])
def test_what_the_role_may_not_do_it_may_not_do_here(place, kept, lanes, run, monkeypatch):
    """In AWS's place the role's policies are read, and decide in this process; here the cloud decides."""
    where = ()
    run_id, told = run("--reach", "others")
    assert "AccessDenied" in told
    if place != "here":
        key = kept.running.key
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key.id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key.secret)
        where = ("--endpoint", kept.running.endpoint)
    told = lanes("debug", "words", run_id, *where)
    assert told.code == 1
    assert re.search(r"assumed-role/words-\S+ is not authorized to perform: s3:GetObject on resource: ", told.err)
    assert '"arn:aws:s3:::others/x" because no identity-based policy allows the s3:GetObject action' in told.err


def test_one_function_is_invoked_by_itself(lanes, run):
    run_id, _ = run()
    told = lanes("invoke", "words", "count/work", "--from", run_id, "--rank", 1)
    assert (told.code, told.out) == (0, '{\n  "rank": 1,\n  "mean": 2.3333333333333335\n}\n')
    assert "START RequestId: " in told.err
    assert "Billed Duration" in told.err
    event = '{"text": "", "rank": 1, "run_id": "x", "reach": ""}'
    failed = lanes("invoke", "words", "count-work", "--event", event)
    assert (failed.code, failed.out) == (1, "")
    assert 'File "count.py", line 19, in mean_length' in failed.err
    here = lanes("invoke", "words", "count-work", "--event", event.replace('""', '"a b"', 1), "--here", "--write")
    assert (here.code, here.out) == (0, '{\n  "rank": 1,\n  "mean": 1.0\n}\n')


def test_what_is_not_there_is_refused(lanes, run):
    run_id, _ = run()
    assert "--step Count --rank 3  FAILED ZeroDivisionError" in lanes("debug", "words", run_id, "--rank", 9).err
    assert "words has no run 'nope'" in lanes("debug", "words", "nope").err
    assert "which event?" in lanes("invoke", "words", "count-work").err
    assert "unknown function 'count-wrk'" in lanes("invoke", "words", "count-wrk", "--event", "{}").err
