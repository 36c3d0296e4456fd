"""A real ``lanes console`` over a real embedded cloud, and a workflow whose ranks do what a test has them do."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from shared.config.load import load_project
from tests.helpers.eventually import eventually
from tests.workflows.projects import kept_cloud

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page

    from tests.workflows.projects import Kept

SCRIPT = "<script>document.title = 'owned'</script>"
IMAGE = "<img src=x onerror=\"document.title = 'owned'\">"
FILE = f"maps/{SCRIPT}.fits"

CARD = """\
description: Ranks that wait until they may, and fail until somebody has mended them.
functions:
  work: {handler: steps.work, timeout: 120, uses: {bucket: read}}
parameters:
  ranks: {type: integer, default: 4, minimum: 1, maximum: 64, description: How many ranks.}
  file: {type: string, default: "", description: What they read.}
"""
TEMPLATE = {
    "StartAt": "Count",
    "States": {
        "Count": {
            "Type": "Pass",
            "Parameters": {
                "file.$": "$.file",
                "ranks.$": "States.ArrayRange(0, States.MathAdd($.ranks, -1), 1)",
            },
            "Next": "Ranks",
        },
        "Ranks": {
            "Type": "Map",
            "ItemsPath": "$.ranks",
            "ItemSelector": {"run_id.$": "$$.Execution.Name", "rank.$": "$$.Map.Item.Value", "file.$": "$.file"},
            "ItemProcessor": {
                "StartAt": "Work",
                "States": {"Work": {"Type": "Task", "Resource": "${work}", "End": True}},
            },
            "End": True,
        },
    },
}
HANDLER = """\
import json
import os
import time

import boto3

S3 = boto3.client("s3")


def told(sign):
    found = S3.list_objects_v2(Bucket=os.environ["BUCKET"], Prefix=f"signs/{{sign}}", MaxKeys=1)
    return found["KeyCount"] == 1


def work(event, context):
    rank = event["rank"]
    print("rank", rank, "reads", event["file"], {image!r})
    while told("wait"):
        time.sleep(0.05)
    print(json.dumps({{"progress": {{"run_id": event["run_id"], "rank": rank, "done": 1, "of": 1}}}}))
    if rank == 2 and told("fail"):
        raise ValueError({script!r} + " stands where the header should be")
    return {{"rank": rank, "file": event["file"]}}
"""


class Signs:
    """What the ranks look at: objects in their team's bucket."""

    def __init__(self, kept: Kept, bucket: str) -> None:
        self._s3, self._bucket = kept.aws.s3, bucket

    def set(self, **signs: bool) -> None:
        """Have ranks ``wait`` or not, and rank 2 ``fail`` or not."""
        for name, on in signs.items():
            if on:
                self._s3.put_object(Bucket=self._bucket, Key=f"signs/{name}", Body=b"")
            else:
                self._s3.delete_object(Bucket=self._bucket, Key=f"signs/{name}")


class Console(NamedTuple):
    """A running console: its process, the cloud that it shows, and what its ranks look at."""

    process: subprocess.Popen[str]
    kept: Kept
    signs: Signs
    base: str
    cookie: str

    def start(self, team: str, name: str, given: object) -> str:
        """Start the only state machine of *team*; return the execution's ARN."""
        states = self.kept.aws.states
        machines = states.list_state_machines()["stateMachines"]
        (machine,) = [one["stateMachineArn"] for one in machines if one["name"].startswith(f"{team}-")]
        begun = states.start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))
        return begun["executionArn"]

    def seconds(self, arn: str) -> float:
        """Return how long an execution took, once it has ended."""
        states = self.kept.aws.states
        eventually(lambda: states.describe_execution(executionArn=arn)["status"] != "RUNNING")
        told = states.describe_execution(executionArn=arn)
        return (told["stopDate"] - told["startDate"]).total_seconds()

    def enter(self, context: BrowserContext) -> Page:
        """Return a tab that has come in."""
        name, _, value = self.cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": self.base, "httpOnly": True, "sameSite": "Strict"}])
        return context.new_page()


def write_prober(root: Path) -> None:
    """Write the team ``prober`` and its workflow ``probe`` into the project at *root*."""
    code = HANDLER.format(image=IMAGE, script=SCRIPT)
    write_team(root, "prober", "probe", card=CARD, template=TEMPLATE, code=code)


def write_team(root: Path, team: str, workflow: str, *, card: str, template: object, code: str) -> None:
    """Write a *team* with a *workflow* of its own into the project at *root*."""
    folder = root / "teams" / team / workflow
    folder.mkdir(parents=True)
    (folder / "workflow.yaml").write_text(card, encoding="utf-8")
    (folder / "workflow.asl.json").write_text(json.dumps(template), encoding="utf-8")
    (folder / "steps.py").write_text(code, encoding="utf-8")
    text = f"team: {team}\nowner: {team}@example.edu\nworkflows: {{{workflow}: {{}}}}\n"
    (root / "teams" / f"{team}.yaml").write_text(text, encoding="utf-8")


@contextmanager
def console(root: Path, team: str) -> Iterator[Console]:
    """Have ``lanes console`` show the project at *root*, *team* deployed, until the block ends."""
    with kept_cloud(root) as kept:
        lanes = [sys.executable, "-m", "shared.cli"]
        subprocess.run([*lanes, "deploy", team], cwd=root, check=True, capture_output=True)
        command = [*lanes, "console", "--no-browser", "--port", "0"]
        with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as ours:
            try:
                assert ours.stdout is not None
                address = ours.stdout.readline().strip()
                signs = Signs(kept, load_project(root).lane(team).bucket)
                yield Console(ours, kept, signs, *_come_in(address))
            finally:
                ours.terminate()


def _come_in(address: str) -> tuple[str, str]:
    """Spend the address's token; return where the console is, and the cookie."""
    from http.client import HTTPConnection

    parts = urlsplit(address)
    assert parts.port is not None, address
    asks = HTTPConnection("127.0.0.1", parts.port, timeout=60)
    asks.request("GET", f"/?{parts.query}", headers={"Host": parts.netloc})
    answer = asks.getresponse()
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    asks.close()
    return f"http://{parts.netloc}", cookie
