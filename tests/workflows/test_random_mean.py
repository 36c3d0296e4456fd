"""random-mean, end to end: a thousand draws at once, none lost, none doubled, none mixed with another run's."""

import contextlib
import json
import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.config.load import load_project
from shared.handlers.database import connect

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def lane(project):
    return project.lane("wssr")


@pytest.fixture
def run(lanes):
    """Return a function that runs the workflow and returns what --json says of it."""

    def go(*words):
        result = lanes("run", "wssr", "random-mean", "--json", *words)
        assert result.code == 0, result.err
        return json.loads(result.out)

    return go


@pytest.fixture
def kept(aws, lane):
    """Return a function that reads a batch's numbers from the bucket, without the code under test."""

    def read(batch):
        pages = aws.s3.get_paginator("list_objects_v2").paginate(
            Bucket=lane.bucket, Prefix=f"generated_numbers/{batch}+"
        )
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        with ThreadPoolExecutor(8) as pool:
            bodies = pool.map(lambda key: aws.s3.get_object(Bucket=lane.bucket, Key=key)["Body"].read(), keys)
            return {key: int(body) for key, body in zip(keys, bodies, strict=True)}

    return read


def begin(aws, lane, name, payload):
    arn = lane.state_machine_arn("random-mean")
    return aws.states.start_execution(stateMachineArn=arn, name=name, input=json.dumps(payload))["executionArn"]


def finish(aws, arn):
    deadline = time.monotonic() + 120
    while (found := aws.states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        assert time.monotonic() < deadline, f"{arn} still runs"
        time.sleep(0.05)
    return found


def test_a_thousand_draws_at_once(run, kept):
    finished = run("--repetitions", 1000)
    numbers = kept(finished["run_id"])
    assert set(numbers) == {f"generated_numbers/{finished['run_id']}+{each}.csv" for each in range(1000)}
    assert finished["output"] == sum(numbers.values()) / 1000
    assert 400 < finished["output"] < 600  # ten standard deviations of the mean of 1,000 draws
    assert [row["rank"] for row in finished["ranks"]] == list(range(1000))


@pytest.fixture
def rows(aws, lane):
    """Return a function that asks the team's database, through the team's own role."""

    def ask(statement):
        manager = aws.client("secretsmanager")
        secret = json.loads(manager.get_secret_value(SecretId=lane.database.secret)["SecretString"])
        with connect(secret).begin() as connection:
            return connection.exec_driver_sql(statement).all()

    return ask


def test_a_thousand_draws_at_once_on_the_database(run, rows):
    finished = run("--storage", "database", "--repetitions", 1000)
    name = finished["run_id"]
    drawn = rows(f"SELECT iteration, number FROM draws JOIN runs USING (run_id) WHERE execution = '{name}'")
    assert sorted(iteration for iteration, _ in drawn) == list(range(1000))
    assert finished["output"] == sum(number for _, number in drawn) / 1000
    kept = rows(f"SELECT draws, mean FROM means JOIN runs USING (run_id) WHERE execution = '{name}'")
    assert kept == [(1000, finished["output"])]


def test_a_database_that_is_down_fails_the_run_by_name(alone, root, lanes, aws):
    path = root / "teams" / "killed.yaml"
    path.write_text(path.read_text() + "database: true\n")
    assert lanes("deploy", alone, "--yes").code == 0
    secret = load_project(root).lane(alone).database.secret
    manager = aws.client("secretsmanager")
    here = manager.get_secret_value(SecretId=secret)["SecretString"]
    manager.put_secret_value(SecretId=secret, SecretString=json.dumps({**json.loads(here), "port": 1}))
    result = lanes("run", alone, "random-mean", "--storage", "database")
    manager.put_secret_value(SecretId=secret, SecretString=here)
    assert result.code == 1
    assert "DatabaseDown" in result.err
    assert "database 127.0.0.1:1: it does not answer" in result.err


def test_a_team_without_a_database_is_told_how_to_get_one(alone, lanes):
    result = lanes("run", alone, "random-mean", "--storage", "database")
    assert result.code == 1
    assert "NoDatabase" in result.err
    assert "set database: true" in result.err


def test_the_table_of_many_draws_is_cut(lanes):
    result = lanes("run", "wssr", "random-mean", "--repetitions", 42)
    assert result.code == 0
    assert "and 2 ranks more" in result.out


def test_the_fields_own_payload_and_two_runs_at_once(aws, lane, kept, run):
    run()  # deploys
    names = [f"both-{time.time_ns()}-{number}" for number in range(2)]
    arns = [begin(aws, lane, name, {"repetitions": 10 + number, "storage": None}) for number, name in enumerate(names)]
    for number, (name, arn) in enumerate(zip(names, arns, strict=True)):
        found = finish(aws, arn)
        assert found["status"] == "SUCCEEDED", found.get("cause")
        numbers = kept(name)
        assert len(numbers) == 10 + number
        assert json.loads(found["output"]) == sum(numbers.values()) / len(numbers)
    events = aws.states.get_execution_history(executionArn=arns[0])["events"]
    (answer,) = [
        json.loads(event["taskSucceededEventDetails"]["output"])["Payload"]
        for event in events
        if "csv_name" in event.get("taskSucceededEventDetails", {}).get("output", "")
    ]
    assert answer["statusCode"] == 200
    assert answer["body"]["csv_name"][:2] == [{"name1": f"{names[0]}+0"}, {"name2": f"{names[0]}+1"}]
    entered = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
    assert entered == ["Generate batch number", "Draws", "Collect and average", "Success"]


@pytest.mark.parametrize("value", ["0", "-1", "10000000", "many"])
def test_the_command_refuses_them_before_anything_starts(lanes, value):
    result = lanes("run", "wssr", "random-mean", "--repetitions", value)
    assert result.code == 2
    assert "repetitions is" in result.err


@pytest.fixture
def alone(root, lanes, aws):
    """A team of its own, so that all workers of its draws belong to the test."""
    path = root / "teams" / "killed.yaml"
    path.write_text("team: killed\nowner: killed@example.edu\nworkflows: {random-mean: {}}\n")
    assert lanes("deploy", "killed", "--yes").code == 0
    yield "killed"
    assert lanes("destroy", "killed", "--yes").code == 0
    path.unlink()


class Door:
    """Stands between the draws and their database, and keeps back what the database answers to one draw's COMMIT."""

    def __init__(self, port):
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.held = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                inside, _ = self._listener.accept()
                outside = socket.create_connection(("127.0.0.1", self._port))
                holding = threading.Event()
                for pair in ((inside, outside, holding), (outside, inside, holding)):
                    self._threads.append(threading.Thread(target=self._pass_on, args=(*pair, pair[0] is inside)))
                    self._threads[-1].start()

    def _pass_on(self, source, target, holding, asks):
        drawn = False
        with source, target, contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                drawn = drawn or (asks and b"INSERT INTO draws" in data)
                if drawn and b"COMMIT" in data and not self.held.is_set():
                    holding.set()
                    self.held.set()
                if asks or not holding.is_set():
                    target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)


@pytest.fixture
def behind_a_door(alone, root, lanes, aws):
    """The team with a database, which its functions reach through a door; and the secret by which a test does."""
    path = root / "teams" / "killed.yaml"
    path.write_text(path.read_text() + "database: true\n")
    assert lanes("deploy", alone, "--yes").code == 0
    lane = load_project(root).lane(alone)
    manager = aws.client("secretsmanager")
    here = json.loads(manager.get_secret_value(SecretId=lane.database.secret)["SecretString"])
    door = Door(here["port"])
    manager.put_secret_value(SecretId=lane.database.secret, SecretString=json.dumps({**here, "port": door.port}))
    yield lane, door, here
    door.close()
    manager.put_secret_value(SecretId=lane.database.secret, SecretString=json.dumps(here))


def begun(aws, function):
    """Return the START lines of a function: handlers that were called, not workers that came up."""
    events = aws.logs.filter_log_events(logGroupName=function.log_group)["events"]
    return [event for event in events if event["message"].startswith("START RequestId")]


def failures(aws, arn):
    """Return the errors of the tasks that failed in the execution's Map, those tried again included."""
    (map_run,) = aws.states.list_map_runs(executionArn=arn)["mapRuns"]
    children = aws.states.list_executions(mapRunArn=map_run["mapRunArn"])["executions"]
    events = [
        event
        for child in children
        for event in aws.states.get_execution_history(executionArn=child["executionArn"])["events"]
    ]
    return [event["taskFailedEventDetails"]["error"] for event in events if "taskFailedEventDetails" in event]


def workers_of(function, found):
    name = f"AWS_LAMBDA_FUNCTION_NAME={function}\0".encode()
    with contextlib.suppress(OSError):
        return [pid for pid in found if name in Path(f"/proc/{pid}/environ").read_bytes()]
    return []


def test_a_killed_worker_is_tried_again_and_counted_once(alone, root, aws, processes_of):
    lane = load_project(root).lane(alone)
    function = lane.functions["random-mean-draw"]
    arn = begin(aws, lane, "killed", {"repetitions": 3, "delay_seconds": 1.5})
    deadline = time.monotonic() + 120
    while len(begun(aws, function)) < 3:
        assert time.monotonic() < deadline, "the draws did not begin"
        time.sleep(0.05)
    pid, *_ = workers_of(function.name, processes_of(root))
    os.kill(pid, signal.SIGKILL)
    found = finish(aws, arn)
    assert found["status"] == "SUCCEEDED", found.get("cause")
    listed = aws.s3.list_object_versions(Bucket=lane.bucket, Prefix="generated_numbers/")["Versions"]
    assert sorted(version["Key"] for version in listed) == [f"generated_numbers/killed+{each}.csv" for each in range(3)]
    numbers = [int(aws.s3.get_object(Bucket=lane.bucket, Key=each["Key"])["Body"].read()) for each in listed]
    assert json.loads(found["output"]) == sum(numbers) / 3
    assert failures(aws, arn) == ["Runtime.ExitError"]


def test_a_worker_killed_after_its_insert_is_tried_again_and_counted_once(behind_a_door, root, aws, processes_of):
    lane, door, secret = behind_a_door

    def drawn():
        with connect(secret).begin() as connection:
            return {row.iteration: row.number for row in connection.exec_driver_sql("SELECT * FROM draws")}

    payload = {"repetitions": 3, "storage": "database", "concurrency": 1}
    arn = begin(aws, lane, "killed-late", payload)
    assert door.held.wait(120), "no draw was committed"
    deadline = time.monotonic() + 120
    while not (before := drawn()):
        assert time.monotonic() < deadline, "the commit did not arrive"
        time.sleep(0.02)
    (pid,) = workers_of(lane.functions["random-mean-draw"].name, processes_of(root))
    os.kill(pid, signal.SIGKILL)
    found = finish(aws, arn)
    assert found["status"] == "SUCCEEDED", found.get("cause")
    after = drawn()
    assert sorted(after) == [0, 1, 2]
    assert before.items() < after.items(), "the row that was there stayed as it was"
    assert json.loads(found["output"]) == sum(after.values()) / 3
    assert failures(aws, arn) == ["Runtime.ExitError"]
