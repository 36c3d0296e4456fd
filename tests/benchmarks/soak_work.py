"""What soak.py does to a cloud: the operations of teams, and the faults among them.

Each operation leaves nothing behind that a cloud should keep for ever, except executions, logs and metrics.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import socket
import time
import uuid
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import numpy as np
from botocore.config import Config
from botocore.exceptions import ClientError

from shared.config.runtimes import MACHINE
from shared.errors import code_of
from tests.benchmarks.taken import descendants

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from shared.local.state import Running

ROOT = Path(__file__).parents[2]
RANKS = 4
_PATIENCE = 120.0  # seconds for one execution, on a machine that does other things too
_SERVICES = [f"{name}.amazonaws.com" for name in ("lambda", "states", "events", "scheduler")]
_SMALL = """
import os, time
def handler(event, context):
    if event.get("fail"):
        raise ValueError(event["fail"])
    if event.get("die"):
        os._exit(3)
    time.sleep(event.get("sleep", 0))
    return {"n": event.get("n", 0)}
"""
_RANK = """
import os, numpy
from shared.fmi import SUM, Communicator, Meeting, Namespace
def handler(event, context):
    whose = Namespace(os.environ["TEAM"], event["run"], "fmi", bytes.fromhex(os.environ["KEY"]))
    where = Meeting.parse(os.environ["RENDEZVOUS_ENDPOINT"])
    with Communicator.direct(event["rank"], event["size"], where, whose, timeout=event["timeout"]) as comm:
        if event.get("dies") == event["rank"]:
            os._exit(3)
        return {"sum": int(comm.allreduce(numpy.full(1000, event["rank"]), SUM)[0])}
"""
_STACK = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, "Logs": {"Type": "AWS::Logs::LogGroup"}}})
_BROKEN_STACK = json.dumps(
    {
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Role": {"Type": "AWS::IAM::Role", "DependsOn": "Queue", "Properties": {"AssumeRolePolicyDocument": {}}},
        }
    }
)


def zipped(source: str, *, fmi: bool = False) -> bytes:
    """Return a package of app.py, with shared/fmi if a rank needs it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", source)
        if fmi:
            folder = ROOT / "shared"
            for path in [folder / "__init__.py", folder / "errors.py", *sorted((folder / "fmi").rglob("*.py"))]:
                if path.exists():
                    archive.write(path, path.relative_to(ROOT))
    return buffer.getvalue()


def state(kind: str, **more: Any) -> dict[str, Any]:
    return {"Type": kind, "End": True, **more}


def machine(**states: dict[str, Any]) -> dict[str, Any]:
    """Return a definition whose first state is the first of *states*."""
    return {"StartAt": next(iter(states)), "States": states}


class Team:
    """One team: its clients, functions, machines, bucket, table, queue and triggers.

    Args:
        cloud: The cloud.
        name: The team's name, which its resources begin with.
        key: Its key at the rendezvous.
    """

    def __init__(self, cloud: Running, name: str, key: bytes) -> None:
        self.cloud, self.name = cloud, name
        settings = Config(retries={"mode": "standard", "max_attempts": 4}, s3={"addressing_style": "path"})
        session = boto3.Session(cloud.key.id, cloud.key.secret, region_name=cloud.region)
        names = (
            *("iam", "lambda", "stepfunctions", "s3", "sqs", "sns", "dynamodb", "events", "scheduler"),
            *("cloudformation", "logs"),
        )
        make: Any = session.client  # typed for each service by its name
        self.of = {each: make(each, endpoint_url=cloud.endpoint, config=settings) for each in names}
        self.role = self._role()
        self.small = self._function("small", zipped(_SMALL))
        variables = {"TEAM": name, "KEY": key.hex(), "RENDEZVOUS_ENDPOINT": "here:1"}
        variables["PYTHONPATH"] = str(Path(np.__file__).parents[1])  # a zip with numpy would take longer than the rest
        self.rank = self._function("rank", zipped(_RANK, fmi=True), variables)
        self.narrow = self._function("narrow", zipped(_SMALL))
        self.of["lambda"].put_function_concurrency(FunctionName=self.narrow, ReservedConcurrentExecutions=1)
        self.bucket = f"lanes-{name}-soak"
        self.of["s3"].create_bucket(Bucket=self.bucket)
        self.queue = self.of["sqs"].create_queue(QueueName=f"lanes-{name}-soak")["QueueUrl"]
        arn = f"arn:aws:sqs:{cloud.region}:{cloud.account}:lanes-{name}-soak"
        self.of["lambda"].create_event_source_mapping(FunctionName=self.small, EventSourceArn=arn)
        self.table = f"lanes-{name}-soak"
        self.of["dynamodb"].create_table(
            TableName=self.table,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.machines = {key: self.machine(key, definition) for key, definition in self._definitions().items()}

    def _role(self) -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": _SERVICES}, "Action": "sts:AssumeRole"}
        allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        role = self.of["iam"].create_role(
            RoleName=f"lanes-{self.name}-soak", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
        )
        self.of["iam"].put_role_policy(
            RoleName=f"lanes-{self.name}-soak",
            PolicyName="all",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
        )
        return str(role["Role"]["Arn"])

    def _function(self, name: str, code: bytes, variables: dict[str, str] | None = None) -> str:
        made = self.of["lambda"].create_function(
            FunctionName=f"lanes-{self.name}-{name}",
            Runtime=MACHINE,
            Role=self.role,
            Handler="app.handler",
            Code={"ZipFile": code},
            Timeout=30,
            MemorySize=512,
            Environment={"Variables": variables or {}},
        )
        return str(made["FunctionArn"])

    def _definitions(self) -> dict[str, dict[str, Any]]:
        call = state("Task", Resource=self.small)
        again = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 3}]  # a worker may be killed
        retry = [again[0] | {"MaxAttempts": 1}]
        ranks = {"run.$": "$$.Execution.Name", "rank.$": "$$.Map.Item.Value", "size": RANKS}
        ranks |= {"timeout.$": "$.timeout", "dies.$": "$.dies"}
        distributed = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
        return {
            "pass": machine(P=state("Pass")),
            "small": machine(T=call | {"Retry": again}),
            "fails": machine(T=call | {"Retry": retry}),
            "map": machine(M=state("Map", ItemsPath="$.items", ItemProcessor=machine(T=call | {"Retry": again}))),
            "many": machine(M=state("Map", ItemsPath="$.items", ItemProcessor=distributed | machine(P=state("Pass")))),
            "waits": machine(W=state("Wait", Seconds=3000)),
            "world": machine(
                R=state(
                    "Map",
                    ItemsPath="$.ranks",
                    ItemSelector=ranks,
                    ItemProcessor=machine(T=state("Task", Resource=self.rank)),
                )
            ),
        }

    def machine(self, name: str, definition: dict[str, Any]) -> str:
        made = self.of["stepfunctions"].create_state_machine(
            name=f"lanes-{self.name}-{name}", definition=json.dumps(definition), roleArn=self.role
        )
        return str(made["stateMachineArn"])

    def run(self, name: str, value: object) -> str:
        """Run a machine and return how it ended."""
        return self.wait(self.start(self.machines[name], value))

    def succeeds(self, name: str, value: object) -> None:
        """Run a machine, and raise with the cause if it does not succeed."""
        execution = self.start(self.machines[name], value)
        if self.wait(execution) != "SUCCEEDED":
            told = self.of["stepfunctions"].describe_execution(executionArn=execution)
            raise AssertionError(f"{told['status']}: {told.get('error')}: {told.get('cause')}")

    def start(self, arn: str, value: object) -> str:
        started = self.of["stepfunctions"].start_execution(stateMachineArn=arn, input=json.dumps(value))
        return str(started["executionArn"])

    def wait(self, execution: str) -> str:
        deadline, pause = time.monotonic() + _PATIENCE, 0.005
        while (told := self.of["stepfunctions"].describe_execution(executionArn=execution))["status"] == "RUNNING":
            if time.monotonic() > deadline:
                raise TimeoutError(f"{execution} has not ended after {_PATIENCE:.0f} s")
            time.sleep(pause)
            pause = min(2 * pause, 0.2)
        return str(told["status"])


# Operations: what teams do. Each raises if the cloud did not do it.


def small_execution(team: Team, chance: Random) -> None:
    team.succeeds("small", {"n": chance.randrange(1000)})


def world(team: Team, _: Random) -> None:
    """Run a world; and again, as a team would, if it lost a rank to another's fault."""
    for tries in range(3):
        try:
            team.succeeds("world", {"ranks": list(range(RANKS)), "timeout": 60, "dies": -1})
        except AssertionError:
            if tries == 2:
                raise
        else:
            return


def map_of_lambdas(team: Team, chance: Random) -> None:
    team.succeeds("map", {"items": [{"n": n} for n in range(chance.randrange(1, 12))]})


def distributed_map(team: Team, chance: Random) -> None:
    team.succeeds("many", {"items": list(range(chance.randrange(1, 60)))})


def objects(team: Team, chance: Random) -> None:
    s3, key, body = team.of["s3"], f"k/{uuid.uuid4()}", os.urandom(chance.choice((100, 10_000, 300_000)))
    s3.put_object(Bucket=team.bucket, Key=key, Body=body)
    assert s3.get_object(Bucket=team.bucket, Key=key)["Body"].read() == body
    s3.delete_object(Bucket=team.bucket, Key=key)


def items(team: Team, _: Random) -> None:
    table, key = team.of["dynamodb"], {"id": {"S": str(uuid.uuid4())}}
    table.put_item(TableName=team.table, Item=key | {"v": {"S": "x" * 200}})
    assert "Item" in table.get_item(TableName=team.table, Key=key)
    table.delete_item(TableName=team.table, Key=key)


def messages(team: Team, _chance: Random) -> None:
    for _ in range(5):
        team.of["sqs"].send_message(QueueUrl=team.queue, MessageBody="{}")


def events(team: Team, _: Random) -> None:
    name = f"lanes-{team.name}-{uuid.uuid4().hex[:8]}"
    of, source = team.of["events"], f"soak.{name}"
    of.put_rule(Name=name, EventPattern=json.dumps({"source": [source]}))
    of.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": team.machines["pass"], "RoleArn": team.role}])
    of.put_events(Entries=[{"Source": source, "DetailType": "d", "Detail": "{}"}])
    of.remove_targets(Rule=name, Ids=["1"])
    of.delete_rule(Name=name)


def schedules(team: Team, _: Random) -> None:
    name, target = f"lanes-{team.name}-{uuid.uuid4().hex[:8]}", {"Arn": team.machines["pass"], "RoleArn": team.role}
    window = {"Mode": "OFF"}
    team.of["scheduler"].create_schedule(
        Name=name, ScheduleExpression="rate(1 minute)", FlexibleTimeWindow=window, Target=target
    )
    team.of["scheduler"].delete_schedule(Name=name)


def asynchronous(team: Team, _: Random) -> None:
    team.of["lambda"].invoke(FunctionName=team.small, InvocationType="Event", Payload=b"{}")


def stacks(team: Team, chance: Random) -> None:
    name, of = f"lanes-{team.name}-{uuid.uuid4().hex[:8]}", team.of["cloudformation"]
    template = chance.choice((_STACK, _STACK, _BROKEN_STACK))
    of.create_stack(StackName=name, TemplateBody=template, Capabilities=["CAPABILITY_IAM"])
    of.delete_stack(StackName=name)


def function_edited(team: Team, chance: Random) -> None:
    code = zipped(_SMALL + f"# {chance.random()}")
    team.of["lambda"].update_function_code(FunctionName=team.small, ZipFile=code)
    team.of["lambda"].get_waiter("function_updated_v2").wait(FunctionName=team.small, WaiterConfig={"Delay": 1})


def logs_read(team: Team, _: Random) -> None:
    group = f"/aws/lambda/lanes-{team.name}-small"
    try:
        team.of["logs"].filter_log_events(logGroupName=group, limit=50)
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise


def machine_made_and_deleted(team: Team, chance: Random) -> None:
    arn = team.machine(uuid.uuid4().hex[:8], machine(P=state("Pass", Comment=str(chance.random()))))
    assert team.wait(team.start(arn, {})) == "SUCCEEDED"
    team.of["stepfunctions"].delete_state_machine(stateMachineArn=arn)


def stopped(team: Team, _: Random) -> None:
    arn = team.start(team.machines["waits"], {})
    team.of["stepfunctions"].stop_execution(executionArn=arn)


# Faults.


def failure_and_redrive(team: Team, _: Random) -> None:
    arn = team.start(team.machines["fails"], {"fail": "as asked"})
    assert team.wait(arn) == "FAILED"
    team.of["stepfunctions"].redrive_execution(executionArn=arn)
    assert team.wait(arn) == "FAILED"


def rank_dies(team: Team, _: Random) -> None:
    assert team.run("world", {"ranks": list(range(RANKS)), "timeout": 5, "dies": 2}) == "FAILED"


def worker_killed(team: Team, chance: Random) -> None:
    """Kill a process of a function, while something runs."""
    arn = team.start(team.machines["small"], {"sleep": 0.2})
    workers = [pid for pid in descendants(team.cloud.pid) if b"awslambdaric" in command_of(pid)]
    if workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(workers), signal.SIGKILL)
    team.wait(arn)


def client_cut_off(team: Team, _: Random) -> None:
    """Send the half of an object, and go away."""
    url = team.of["s3"].generate_presigned_url("put_object", {"Bucket": team.bucket, "Key": "half"})
    with connection(team) as sock:
        head = f"PUT {url.partition(team.cloud.endpoint)[2]} HTTP/1.1\r\nHost: {host(team)}\r\n"
        sock.sendall(head.encode() + b"Content-Length: 1000000\r\n\r\n" + b"x" * 500_000)


def slow_client(team: Team, _chance: Random) -> None:
    """Begin a request, and leave it at that for a while; and say nothing at all by other connections."""
    with contextlib.ExitStack() as held:
        for _ in range(10):
            held.enter_context(connection(team))
        held.enter_context(connection(team)).sendall(b"GET / HTTP/1.1\r\n")
        time.sleep(0.2)


def throttled(team: Team, _chance: Random) -> None:
    for _ in range(4):
        team.of["lambda"].invoke(FunctionName=team.narrow, InvocationType="Event", Payload=b'{"sleep": 0.05}')


def invalid(team: Team, _: Random) -> None:
    calls: list[Callable[[], object]] = [
        lambda: team.of["stepfunctions"].start_execution(stateMachineArn=team.machines["pass"], input="{"),
        lambda: team.of["s3"].get_object(Bucket=team.bucket, Key="no such key"),
        lambda: team.of["lambda"].invoke(FunctionName="no-such-function"),
        lambda: team.of["dynamodb"].get_item(TableName="no-such-table", Key={"id": {"S": "x"}}),
    ]
    for call in calls:
        try:
            call()
        except ClientError:
            continue
        raise AssertionError("an invalid request was answered")


MIXED: dict[Callable[[Team, Random], None], int] = {
    small_execution: 30,
    objects: 12,
    items: 8,
    map_of_lambdas: 6,
    distributed_map: 4,
    messages: 6,
    asynchronous: 6,
    events: 4,
    schedules: 4,
    logs_read: 4,
    stopped: 4,
    world: 3,
    stacks: 3,
    machine_made_and_deleted: 3,
    function_edited: 2,
    invalid: 3,
    throttled: 2,
    client_cut_off: 2,
    slow_client: 2,
    worker_killed: 2,
    failure_and_redrive: 1,
    rank_dies: 1,
}
"""Operations and faults, each with how often it comes among all."""


def host(team: Team) -> str:
    return team.cloud.endpoint.removeprefix("http://")


def connection(team: Team) -> socket.socket:
    name, _, port = host(team).rpartition(":")
    return socket.create_connection((name, int(port)), timeout=30)


def command_of(pid: int) -> bytes:
    """Return a process's command line; empty if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
