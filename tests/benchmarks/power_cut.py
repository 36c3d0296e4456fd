"""A cloud of ``lanes up --persist`` is killed at random moments under load; after each restart all must be there.

Clients of many kinds work on a cloud in a process of its own, which is ended with ``kill -9``. What was acknowledged is
noted here. The next cloud begins with the same folder, is compared with the notes, and is worked on and killed in turn.
Of a call that was under way, either nothing or all may be there. The moments and the work come from a seed.

    .venv/bin/python tests/benchmarks/power_cut.py [--kills 200] [--seed 1]
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ACCOUNT, REGION = "123456789012", "us-east-1"
CLIENTS = 6
_NURSERY = """
import json, os, signal, sys, tempfile, time
from pathlib import Path
from shared.config.lane import Place
from shared.local.cloud import EmbeddedCloud
from shared.local.server import _service_app
from moto.moto_api._internal import mock_random
place = Place({account!r}, {region!r}, "dev")
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
with tempfile.TemporaryDirectory() as folder:
    with EmbeddedCloud(place, Path(folder), persist=True):
        for name in {services!r}:
            _service_app(name)
for folder in sys.stdin:
    if not os.fork():
        mock_random.seed()  # else each cloud gives the same ids and receipts
        with EmbeddedCloud(place, Path(folder.strip()), persist=True) as cloud:
            print(json.dumps([os.getpid(), cloud.endpoint, cloud.key.id, cloud.key.secret]), flush=True)
            time.sleep(3600)
"""
_SERVICES = ("s3", "dynamodb", "sqs", "sns", "lambda", "stepfunctions", "logs", "events", "iam")
_HANDLER = "def handler(event, context):\n    print('came', event['name'])\n"


@dataclass
class Notes:
    """What was acknowledged: by kind and name, what must be there; None for what must not."""

    held: dict[tuple[str, str], object] = field(default_factory=dict)
    unsure: dict[tuple[str, str], list[object]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    acknowledged: int = 0

    @contextlib.contextmanager
    def doing(self, *things: tuple[tuple[str, str], object]) -> Any:
        """Do one call, after which *things* are so; if it is not answered, they are so or as before."""
        with self.lock:
            for key, value in things:
                self.unsure.setdefault(key, []).append(value)
        yield
        with self.lock:
            self.acknowledged += 1
            for key, value in things:
                self.unsure.pop(key, None)
                self.held[key] = value

    def settle(self, kind: str, found: dict[str, object]) -> list[str]:
        """Compare what was *found* of a *kind* with the notes; return what is wrong, and go on from what is there."""
        wrong = []
        names = {name for of, name in [*self.held, *self.unsure] if of == kind} | found.keys()
        for name in names:
            key = kind, name
            may = [self.held.get(key), *self.unsure.pop(key, [])]
            if found.get(name) not in may:
                wrong.append(f"{kind} {name}: {found.get(name)!r}, and it must be one of {may!r}")
            self.held[key] = found.get(name)
        return wrong


class Nursery:
    """A process that has all modules, and makes clouds by forking: a start takes a tenth of the time."""

    def __init__(self) -> None:
        text = _NURSERY.format(account=ACCOUNT, region=REGION, services=_SERVICES)
        command = [sys.executable, "-c", text]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(command, text=True, cwd=Path(__file__).parents[2], process_group=0, **pipes)

    def begin(self, folder: Path) -> Cloud:
        """Begin a cloud in *folder*."""
        began = time.monotonic()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{folder}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the cloud does not begin")
        pid, endpoint, key, secret = json.loads(line)
        return Cloud(pid, endpoint, key, secret, time.monotonic() - began)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)  # with the cloud that an error left: it holds the pipe open
        self._process.communicate()


class Cloud:
    """A cloud in a process, and clients of it."""

    def __init__(self, pid: int, endpoint: str, key: str, secret: str, started: float) -> None:
        self.pid = pid
        self.started = started
        session = boto3.Session(key, secret, region_name=REGION)
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=60)
        self.clients: dict[str, Any] = {
            name: session.client(name, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]
            for name in _SERVICES
        }

    def kill(self) -> None:
        """End it as a power cut does, but that this machine goes on."""
        os.kill(self.pid, signal.SIGKILL)
        while Path(f"/proc/{self.pid}").exists():
            time.sleep(0.001)
        for client in self.clients.values():
            client.close()


def prepare(cloud: Cloud) -> None:
    """Make what the work needs."""
    c = cloud.clients
    trust = [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": f"{name}.amazonaws.com"}}
             for name in ("lambda", "states")]  # fmt: skip
    role = c["iam"].create_role(RoleName="r", AssumeRolePolicyDocument=_document(trust))["Role"]["Arn"]
    allowed = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    c["iam"].put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=_document(allowed))
    c["s3"].create_bucket(Bucket="bucket")
    c["dynamodb"].create_table(
        TableName="t", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
    )  # fmt: skip
    topic = c["sns"].create_topic(Name="topic")["TopicArn"]
    for name in ("q", "one", "two"):
        c["sqs"].create_queue(QueueName=name)
    for name in ("one", "two"):
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        rights = [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}]
        c["sqs"].set_queue_attributes(QueueUrl=_url(cloud, name), Attributes={"Policy": _document(rights)})
        c["sns"].subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    c["logs"].create_log_group(logGroupName="/g")
    c["logs"].create_log_stream(logGroupName="/g", logStreamName="s")
    c["lambda"].create_function(FunctionName="called", Code={"ZipFile": _zipped(_HANDLER)}, **_settings(role))
    definition = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
    c["stepfunctions"].create_state_machine(name="m", definition=definition, roleArn=role)


def _document(statements: Sequence[Mapping[str, object]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _settings(role: str) -> dict[str, Any]:
    return {"Runtime": "python3.12", "Role": role, "Handler": "m.handler"}


def _zipped(text: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("m.py", text)
    return held.getvalue()


def _url(cloud: Cloud, name: str) -> str:
    return f"{cloud.clients['sqs'].meta.endpoint_url}/{ACCOUNT}/{name}"


class Work:
    """What one client does, in the order of its own random numbers."""

    def __init__(self, cloud: Cloud, notes: Notes, chance: random.Random, name: str) -> None:
        self.c = cloud.clients
        self.cloud = cloud
        self.notes = notes
        self.chance = chance
        self.name = name
        self.count = 0

    def run(self) -> None:
        """Work until the cloud is gone."""
        kinds = (self.put_object, self.put_object, self.delete_object, self.put_item, self.put_item, self.two_items,
                 self.delete_item, self.send, self.send, self.publish, self.function, self.execution, self.log,
                 self.rule, self.event)  # fmt: skip
        with contextlib.suppress(BotoCoreError):
            while True:
                self.count += 1
                with contextlib.suppress(ClientError):  # refused, or half of an answer: nobody knows what was done
                    self.chance.choice(kinds)(f"{self.name}-{self.count}")

    def _one_of(self, kind: str) -> str | None:
        """Return a name of our own that is there."""
        with self.notes.lock:
            mine = [name for (of, name), value in self.notes.held.items()
                    if of == kind and value is not None and name.startswith(self.name.split("/")[0])]  # fmt: skip
        return self.chance.choice(mine) if mine else None

    def put_object(self, name: str) -> None:
        name = (self.chance.random() < 0.3 and self._one_of("object")) or name
        body = self.chance.randbytes(self.chance.choice((0, 10, 5_000, 60_000)))
        with self.notes.doing((("object", name), hashlib.md5(body).hexdigest())):
            self.c["s3"].put_object(Bucket="bucket", Key=name, Body=body)

    def delete_object(self, _: str) -> None:
        name = self._one_of("object")
        if name:
            with self.notes.doing((("object", name), None)):
                self.c["s3"].delete_object(Bucket="bucket", Key=name)

    def put_item(self, name: str) -> None:
        name = (self.chance.random() < 0.3 and self._one_of("item")) or name
        with self.notes.doing((("item", name), f"v{self.count}")):
            item = {"a": {"S": name}, "v": {"S": f"v{self.count}"}}
            self.c["dynamodb"].put_item(TableName="t", Item=item)

    def two_items(self, name: str) -> None:
        both = [f"{name}-{half}" for half in ("left", "right")]
        with self.notes.doing(*((("item", each), "both") for each in both)):
            items = [{"Put": {"TableName": "t", "Item": {"a": {"S": each}, "v": {"S": "both"}}}} for each in both]
            self.c["dynamodb"].transact_write_items(TransactItems=items)

    def delete_item(self, _: str) -> None:
        name = self._one_of("item")
        if name and not name.endswith(("left", "right")):
            with self.notes.doing((("item", name), None)):
                self.c["dynamodb"].delete_item(TableName="t", Key={"a": {"S": name}})

    def send(self, name: str) -> None:
        with self.notes.doing((("message", name), True)):
            self.c["sqs"].send_message(QueueUrl=_url(self.cloud, "q"), MessageBody=name)

    def publish(self, name: str) -> None:
        with self.notes.doing((("published", name), 2)):
            topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"
            self.c["sns"].publish(TopicArn=topic, Message=name)

    def function(self, name: str) -> None:
        old = self._one_of("function") if self.chance.random() < 0.5 else None
        if old:
            with self.notes.doing((("function", old), None)):
                self.c["lambda"].delete_function(FunctionName=old)
            return
        with self.notes.doing((("function", name), True)):
            role = f"arn:aws:iam::{ACCOUNT}:role/r"
            code = {"ZipFile": _zipped(self.chance.randbytes(40_000).hex())}
            self.c["lambda"].create_function(FunctionName=name, Code=code, **_settings(role))

    def execution(self, name: str) -> None:
        with self.notes.doing((("execution", name), True)):
            machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m"
            self.c["stepfunctions"].start_execution(stateMachineArn=machine, name=name)

    def log(self, name: str) -> None:
        with self.notes.doing((("line", name), True)):
            events = [{"timestamp": int(time.time() * 1000), "message": name}]
            self.c["logs"].put_log_events(logGroupName="/g", logStreamName="s", logEvents=events)

    def rule(self, name: str) -> None:
        with self.notes.doing((("rule", name), True)):
            self.c["events"].put_rule(Name=name, EventPattern='{"source": ["s"]}')

    def event(self, name: str) -> None:
        payload = json.dumps({"name": name})
        with self.notes.doing((("event", name), True)):
            self.c["lambda"].invoke(FunctionName="called", InvocationType="Event", Payload=payload)


def check(cloud: Cloud, notes: Notes) -> list[str]:
    """Return what is wrong with *cloud*."""
    c = cloud.clients
    pages = c["s3"].get_paginator("list_objects_v2").paginate(Bucket="bucket")
    objects = {each["Key"]: each["ETag"].strip('"') for page in pages for each in page.get("Contents", ())}
    scans = c["dynamodb"].get_paginator("scan").paginate(TableName="t")
    items = {item["a"]["S"]: item["v"]["S"] for page in scans for item in page["Items"]}
    wrong = notes.settle("object", objects) + notes.settle("item", items)
    wrong += [f"half of {name}" for name in items
              if name.endswith("-left") and name.replace("-left", "-right") not in items]  # fmt: skip
    wrong += notes.settle("message", dict.fromkeys(drained(cloud, "q"), True))
    told = [*drained(cloud, "one"), *drained(cloud, "two")]
    wrong += notes.settle("published", {name: told.count(name) for name in told})
    for kind in ("message", "published"):  # they are read and deleted
        for key in [key for key in notes.held if key[0] == kind]:
            del notes.held[key]
    functions = c["lambda"].get_paginator("list_functions").paginate()
    names = [each["FunctionName"] for page in functions for each in page["Functions"]]
    wrong += notes.settle("function", {name: True for name in names if name != "called"})
    machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m"
    runs = c["stepfunctions"].get_paginator("list_executions").paginate(stateMachineArn=machine)
    wrong += notes.settle("execution", {each["name"]: True for page in runs for each in page["executions"]})
    lines = c["logs"].get_paginator("filter_log_events").paginate(logGroupName="/g")
    wrong += notes.settle("line", {each["message"]: True for page in lines for each in page["events"]})
    rules = c["events"].get_paginator("list_rules").paginate()
    wrong += notes.settle("rule", {each["Name"]: True for page in rules for each in page["Rules"]})
    return wrong


def drained(cloud: Cloud, name: str) -> list[str]:
    """Return all messages of a queue, which are deleted."""
    found: list[str] = []
    url, sqs = _url(cloud, name), cloud.clients["sqs"]
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for each in messages:
            body = each["Body"]
            found.append(json.loads(body)["Message"] if body.startswith("{") else body)
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    return found


def invoked(cloud: Cloud, notes: Notes, seconds: float = 120.0) -> list[str]:
    """Wait until every acknowledged event has come to its function, whose log says so; return those that have not.

    A function's files would not tell: it may have a /tmp of its own.
    """
    names = {name for kind, name in notes.held if kind == "event"}
    deadline = time.monotonic() + seconds
    while missing := sorted(names - _came(cloud)):
        if time.monotonic() > deadline:
            return [f"event {name} never came" for name in missing]
        time.sleep(0.1)
    return []


def _came(cloud: Cloud) -> set[str]:
    pages = cloud.clients["logs"].get_paginator("filter_log_events")
    try:
        found = [
            each["message"] for page in pages.paginate(logGroupName="/aws/lambda/called") for each in page["events"]
        ]
    except ClientError:  # nothing came yet
        return set()
    return {line.split()[1] for line in found if line.startswith("came ")}


def cut(kills: int, seed: int, folder: Path, *, most: int = 80, say: Any = lambda _: None) -> list[str]:
    """Kill a cloud *kills* times, each time at a moment after at most *most* calls; return what was wrong."""
    with Nursery() as nursery:
        return _cut(nursery, kills, seed, folder, most, say)


def _cut(nursery: Nursery, kills: int, seed: int, folder: Path, most: int, say: Any) -> list[str]:
    chance, notes, wrong = random.Random(seed), Notes(), []
    cloud = nursery.begin(folder / "lanes")
    prepare(cloud)
    for number in range(kills):
        works = [Work(cloud, notes, random.Random(chance.random()), f"{name}-{number}")
                 for name in "abcdefgh"[:CLIENTS]]  # fmt: skip
        threads = [threading.Thread(target=work.run) for work in works]
        for thread in threads:
            thread.start()
        enough = notes.acknowledged + chance.randint(0, most)
        while notes.acknowledged < enough:
            if not any(thread.is_alive() for thread in threads):
                raise SystemExit(f"kill {number}: all clients gave up before it")
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.02))
        cloud.kill()
        for thread in threads:
            thread.join()
        cloud = nursery.begin(folder / "lanes")
        found = check(cloud, notes)
        wrong += [f"kill {number}: {each}" for each in found]
        say(f"kill {number + 1}: {notes.acknowledged} acknowledged so far, started in {cloud.started:.1f} s, {found}")
    wrong += invoked(cloud, notes)
    cloud.kill()
    return wrong


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wrong = cut(args.kills, args.seed, Path(folder), say=lambda text: print(text, flush=True))
    print("\n".join(wrong) or "all that was acknowledged was there")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
