"""Executions that have ended are on disk: found, listed and redriven from there, within bounds, and not in memory."""

from __future__ import annotations

import json
import threading
from random import Random

import pytest
from moto.core.base_backend import BackendDict

from shared.config.cloud_bounds import Bound
from shared.disks import DiskError
from shared.local.asl.engine import Engine
from shared.local.asl.runs.schema import LAYOUT, TABLES
from shared.local.asl.runs.store import RunStore
from shared.local.storage import Database
from tests.helpers.eventually import eventually
from tests.helpers.step_functions import WAIT, Api, passing

DAY = 86_400
FAIL = json.dumps({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "e", "Cause": "c"}}})


def store(folder, scheduler, *, bound=None, durable=False):
    """Return a store that writes when it is asked."""
    database = Database(folder / "runs.db", LAYOUT, TABLES)
    return RunStore(lambda: database, bound or Bound(90, 2048), scheduler.now, durable=durable)


@pytest.fixture
def make(tmp_path):
    """Return what makes an API over the database of the test; a second one is that of the next cloud."""
    made = []

    def api(**settings):
        new = Api()
        runs = store(tmp_path, new.scheduler, **settings)
        new.engine = Engine(new.scheduler, _double, random=Random(len(made)), runs=runs, remembers=0)
        backend = type("Backend", (type(new.backend),), {"engine": new.engine})
        new.backend = backend(new.backend.region_name, new.backend.account_id)
        made.append(new)
        return new

    yield api
    BackendDict.reset()
    for each in made:
        each.engine.runs.close()


class _Answer:
    function_error, version, request_id, log_tail = None, "$LATEST", "r", ""

    def __init__(self, payload):
        self.payload = payload


BAD = set()


def _double(_function, payload, _context=""):
    value = json.loads(payload)
    if value in BAD:
        answer = _Answer(json.dumps({"errorType": "Bad", "errorMessage": ""}).encode())
        answer.function_error = "Unhandled"
        return answer
    return _Answer(json.dumps(value * 2).encode())


@pytest.fixture
def bad():
    """Return the set of what the function fails for."""
    BAD.clear()
    return BAD


CALL = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}


def mapped(kind="STANDARD", **fields):
    processor = {"StartAt": "T", "States": {"T": {**CALL, "End": True}}}
    if kind:
        processor["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    state = {"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": processor, "End": True, **fields}
    return json.dumps({"StartAt": "M", "States": {"M": state}})


def asked(api, arn):
    """Return all that the API tells of an execution."""
    return [
        api("DescribeExecution", executionArn=arn),
        api("DescribeStateMachineForExecution", executionArn=arn),
        history(api, arn, 1000),
        history(api, arn, 1000, reverseOrder=True),
        history(api, arn, 1000, includeExecutionData=False),
    ]


def history(api, arn, size, **more):
    found, token = [], {}
    while True:
        answer = api("GetExecutionHistory", executionArn=arn, maxResults=size, **token, **more)
        found += answer["events"]
        if "nextToken" not in answer:
            return found
        token = {"nextToken": answer["nextToken"]}


def listed(api, size, **asked):
    found, token = [], {}
    while True:
        answer = api("ListExecutions", maxResults=size, **token, **asked)
        found += [each["name"] for each in answer["executions"]]
        if "nextToken" not in answer:
            return found
        token = {"nextToken": answer["nextToken"]}


def elapse(api, seconds):
    api.scheduler.call_later(seconds, lambda: None)
    api.scheduler.run()


def test_what_has_ended_leaves_memory_and_tells_the_same_from_disk(make):
    api = make()
    machine = api.machine(passing(Assign={"v": "w"}, Result={"half": "\ud800"}, ResultPath="$.r"))
    arn = api.run(machine, input='{"a": 1}', traceHeader="Root=1")["executionArn"]
    queued = api.engine.runs.queued(arn)
    api.engine.runs.flush()
    assert (queued is not None, api.engine.runs.queued(arn), api.backend.runs) == (True, None, {})
    told = asked(api, arn)
    assert told[0]["output"] == json.dumps({"a": 1, "r": {"half": "\ud800"}}, separators=(",", ":"), ensure_ascii=False)
    assert told[0]["traceHeader"] == "Root=1"
    assert [each["id"] for each in told[2]] == [1, 2, 3, 4]
    assert told[3] == told[2][::-1]
    assert api.engine.runs.written(arn) == queued


def test_what_is_not_written_yet_is_found_all_the_same(make):
    api = make()
    machine = api.machine()
    arn = api.run(machine, name="a")["executionArn"]
    assert api("DescribeExecution", executionArn=arn)["status"] == "SUCCEEDED"
    assert api.refused("StartExecution", stateMachineArn=machine, name="a")[0] == "ExecutionAlreadyExists"
    assert listed(api, 10, stateMachineArn=machine) == ["a"]
    assert api.refused("StartExecution", stateMachineArn=machine, name="a")[0] == "ExecutionAlreadyExists"


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
def test_a_history_is_read_in_pages_of_any_size_from_either_end(make, size):
    api = make()
    states = {f"S{n}": {"Type": "Pass", "Next": f"S{n + 1}"} for n in range(120)}
    machine = api.machine(json.dumps({"StartAt": "S0", "States": {**states, "S120": {"Type": "Succeed"}}}))
    arn = api.run(machine)["executionArn"]
    whole = list(range(1, 245))
    assert [each["id"] for each in history(api, arn, size)] == whole
    assert [each["id"] for each in history(api, arn, size, reverseOrder=True)] == whole[::-1]


def test_a_list_is_right_whatever_comes_between_its_pages(make):
    api = make()
    machine = api.machine(WAIT)
    for number in range(6):
        api.start(machine, name=f"n{number}")
        elapse(api, 10) if number < 3 else api.scheduler.run(api.scheduler.now() + 10)
    first = api("ListExecutions", stateMachineArn=machine, maxResults=4)
    assert [each["name"] for each in first["executions"]] == ["n5", "n4", "n3", "n2"]
    assert [each["status"] for each in first["executions"]] == ["RUNNING"] * 3 + ["SUCCEEDED"]
    api.scheduler.run()  # those that ran end: they are newer than before
    api.start(machine, name="new")
    rest = api("ListExecutions", stateMachineArn=machine, maxResults=4, nextToken=first["nextToken"])
    assert [each["name"] for each in rest["executions"]] == ["n1", "n0"]
    assert listed(api, 2, stateMachineArn=machine, statusFilter="SUCCEEDED") == ["n5", "n4", "n3", "n2", "n1", "n0"]
    assert listed(api, 2, stateMachineArn=machine, statusFilter="RUNNING") == ["new"]


def test_a_name_is_free_again_and_the_execution_gone_after_so_many_days(make):
    api = make(bound=Bound(90, 2048))
    machine = api.machine()
    arn = api.run(machine, name="a")["executionArn"]
    api.engine.runs.flush()
    elapse(api, 89 * DAY)
    assert api.refused("StartExecution", stateMachineArn=machine, name="a")[0] == "ExecutionAlreadyExists"
    elapse(api, 2 * DAY)
    assert api.refused("DescribeExecution", executionArn=arn)[0] == "ExecutionDoesNotExist"
    assert listed(api, 10, stateMachineArn=machine) == []
    api.run(machine, name="a")
    assert listed(api, 10, stateMachineArn=machine) == ["a"]


def test_the_oldest_go_where_there_are_too_many_mb_but_none_that_runs(make):
    api = make(bound=Bound(90, 2))
    machine, waiting = api.machine(), api.machine(WAIT)
    running = api.start(waiting, name="running")
    names = [f"n{number}" for number in range(600)]
    for name in names:
        api.start(machine, name=name, input=json.dumps("x" * 3000))
        api.scheduler.run(api.scheduler.now() + 0.01)
        if name[-2:] == "99":
            api.engine.runs.flush()
    left = listed(api, 1000, stateMachineArn=machine)
    assert left == names[::-1][: len(left)]
    assert 80 < len(left) < 130  # of about 18 KB each
    assert api("DescribeExecution", executionArn=running)["status"] == "RUNNING"
    gone = api.backend.arn(f"execution:{machine.rpartition(':')[2]}:n0")
    assert api.refused("DescribeExecution", executionArn=gone)[0] == "ExecutionDoesNotExist"
    read = api.engine.runs.database.read
    assert (read("PRAGMA page_count")[0][0] - read("PRAGMA freelist_count")[0][0]) * 4096 <= 2 << 20


def test_a_history_that_goes_while_it_is_read_is_of_no_execution(make):
    api = make(bound=Bound(90, 1))
    machine = api.machine()
    first = api.start(machine, input=json.dumps("x" * 100_000))
    for _ in range(10):  # nothing is written before somebody reads, and then the first one is too much
        api.run(machine, input=json.dumps("x" * 100_000))
    assert api.refused("GetExecutionHistory", executionArn=first)[0] == "ExecutionDoesNotExist"


def tables(api):
    api.engine.runs.flush()
    names = "runs", "events", "map_runs", "machines"
    return {name: api.engine.runs.database.read(f"SELECT count(*) FROM {name}")[0][0] for name in names}


def test_a_machine_takes_its_executions_with_all_below_them(make, bad):
    bad.add(2)
    api = make()
    kept = api.machine()
    api.run(kept)
    before = tables(api)
    machine = api.machine(mapped(ToleratedFailureCount=2))
    arn = api.run(machine, input="[1, 2, 3]")["executionArn"]
    run = api("ListMapRuns", executionArn=arn)["mapRuns"][0]["mapRunArn"]
    child = api("ListExecutions", mapRunArn=run)["executions"][0]["executionArn"]
    assert tables(api)["runs"] == 5
    api("DeleteStateMachine", stateMachineArn=machine)
    assert tables(api) == before
    for gone in (arn, child):
        assert api.refused("DescribeExecution", executionArn=gone)[0] == "ExecutionDoesNotExist"
    assert api.refused("DescribeMapRun", mapRunArn=run)[0] == "ResourceNotFound"


def test_an_express_execution_leaves_nothing(make):
    api = make()
    api.start(api.machine(type="EXPRESS"))
    api.scheduler.run()
    assert (tables(api)["runs"], api.backend.runs) == (0, {})


def branch(name, value):
    first = {"Type": "Pass", "Result": value, "Assign": {"kept": name}, "Next": f"{name}2"}
    second = {**CALL, "Next": f"{name}3"}
    third = {"Type": "Pass", "Parameters": {"kept.$": "$kept", "value.$": "$"}, "End": True}
    return {"StartAt": f"{name}1", "States": {f"{name}1": first, f"{name}2": second, f"{name}3": third}}


def redriven(api, make, arn, again):
    """Redrive *arn* from disk, in this cloud or the next one; return the cloud."""
    if again == "the next cloud":
        api.engine.runs.close()
        api = make(durable=True)
    api("RedriveExecution", executionArn=arn)
    api.scheduler.run()
    return api


AGAIN = pytest.mark.parametrize("again", ["this cloud", "the next cloud"])


@AGAIN
def test_a_parallel_and_what_it_assigned_are_redriven_from_disk(make, bad, again):
    bad.add(2)
    api = make(durable=True)
    parallel = {"Type": "Parallel", "Branches": [branch("A", 1), branch("B", 2)], "End": True}
    arn = api.run(api.machine(json.dumps({"StartAt": "P", "States": {"P": parallel}})))["executionArn"]
    assert api("DescribeExecution", executionArn=arn)["status"] == "FAILED"
    before = history(api, arn, 1000)
    bad.clear()
    api = redriven(api, make, arn, again)
    told = api("DescribeExecution", executionArn=arn)
    assert json.loads(told["output"]) == [{"kept": "A", "value": 2}, {"kept": "B", "value": 4}]
    assert told["redriveCount"] == 1
    events = history(api, arn, 3)
    assert events[: len(before)] == before
    assert [each["id"] for each in events] == list(range(1, len(events) + 1))
    entered = [each["stateEnteredEventDetails"]["name"] for each in events if each["type"].endswith("StateEntered")]
    assert entered.count("A1") == entered.count("B1") == 1
    assert [each["id"] for each in history(api, arn, 4, reverseOrder=True)] == list(range(len(events), 0, -1))


@AGAIN
@pytest.mark.parametrize("kind", ["", "STANDARD", "EXPRESS"])
def test_a_map_is_redriven_from_disk(make, bad, again, kind):
    bad.add(3)
    api = make(durable=True)
    arn = api.run(api.machine(mapped(kind)), input="[1, 2, 3, 4]")["executionArn"]
    bad.clear()
    api = redriven(api, make, arn, again)
    assert api("DescribeExecution", executionArn=arn)["output"] == "[2,4,6,8]"
    if kind:
        (run,) = api("ListMapRuns", executionArn=arn)["mapRuns"]
        told = api("DescribeMapRun", mapRunArn=run["mapRunArn"])
        assert (told["redriveCount"], told["itemCounts"]["succeeded"], told["itemCounts"]["total"]) == (1, 4, 4)
        children = api("ListExecutions", mapRunArn=run["mapRunArn"])["executions"]
        assert [each["status"] for each in children] == ["SUCCEEDED"] * 4


@AGAIN
def test_a_batch_in_the_making_is_still_there_after_a_redrive_from_disk(make, bad, again):
    api = make(durable=True)
    batcher = {"MaxItemsPerBatch": 2}
    definition = json.loads(mapped(ItemBatcher=batcher))
    definition["States"]["M"]["ItemProcessor"]["States"]["T"] |= {"InputPath": "$.Items[0]"}
    bad.add(1)
    arn = api.run(api.machine(json.dumps(definition)), input="[1, 2, 3, 4, 5]")["executionArn"]
    assert api("DescribeExecution", executionArn=arn)["status"] == "FAILED"
    bad.clear()
    api = redriven(api, make, arn, again)
    assert api("DescribeExecution", executionArn=arn)["output"] == "[2,6,10]"


def test_an_iteration_not_begun_again_is_not_begun_anew_either(make, bad):
    api = make()
    item = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "T"}, "T": {**CALL, "End": True}}}
    state = {"Type": "Map", "MaxConcurrency": 2, "ItemProcessor": item, "End": True}
    bad.update((1, 2))
    arn = api.run(api.machine(json.dumps({"StartAt": "M", "States": {"M": state}})), input="[1, 2]")["executionArn"]
    for left in ({1}, set()):
        BAD.intersection_update(left)
        api("RedriveExecution", executionArn=arn)
        api.scheduler.run()
    told = api("DescribeExecution", executionArn=arn)
    assert told["output"] == "[2,4]"
    names = [each.get("stateEnteredEventDetails", {}).get("name") for each in history(api, arn, 1000)]
    assert names.count("A") == 2


def test_children_are_not_in_memory_but_found_with_their_histories(make):
    api = make()
    arn = api.run(api.machine(mapped()), input=json.dumps(list(range(50))))["executionArn"]
    engine = api.engine
    assert (engine._children, engine._map_runs, api.backend.runs) == ({}, {}, {})
    run = api("ListMapRuns", executionArn=arn)["mapRuns"][0]["mapRunArn"]
    assert len(listed(api, 7, mapRunArn=run)) == len(set(listed(api, 7, mapRunArn=run))) == 50
    child = api("ListExecutions", mapRunArn=run, maxResults=1)["executions"][0]
    assert api("DescribeExecution", executionArn=child["executionArn"])["mapRunArn"] == run
    assert history(api, child["executionArn"], 10)[-1]["type"] == "ExecutionSucceeded"
    machine = api("DescribeStateMachineForExecution", executionArn=child["executionArn"])
    assert (machine["mapRunArn"], "definition" in machine) == (run, True)


def test_results_too_large_for_memory_are_read_from_disk(make, monkeypatch):
    monkeypatch.setattr("shared.local.asl.maps.run.MOST_RESULTS", 100)
    api = make()
    arn = api.run(api.machine(mapped()), input=json.dumps(list(range(200))))["executionArn"]
    assert json.loads(api("DescribeExecution", executionArn=arn)["output"]) == list(range(0, 400, 2))


class Broken:
    """A database whose disk is full.

    Attributes:
        asked: Is set when somebody has tried to write.
    """

    def __init__(self):
        self.asked = threading.Event()

    def transaction(self):
        self.asked.set()
        raise DiskError("the disk is full", where="runs.db", fix="free space there")

    def read(self, *_):
        return []


def test_in_a_durable_store_nobody_sees_an_end_that_is_not_written(make):
    api = make(durable=True)
    machine = api.machine(WAIT)
    arn = api.start(machine)
    (execution,) = api.backend.runs.values()
    seen, announced = [], []
    execution.watch(lambda: seen.append("watcher"))
    api.engine.announce_to(lambda each: announced.append(each.status))
    api.scheduler.run()
    assert (seen, announced) == ([], [])
    real = api.engine.runs.database

    api.engine.runs.__dict__["database"] = Broken()
    for operation in ("DescribeExecution", "GetExecutionHistory", "StopExecution"):
        with pytest.raises(DiskError):
            api(operation, executionArn=arn)
    with pytest.raises(DiskError):
        api("ListExecutions", stateMachineArn=machine)
    api.engine.runs.__dict__["database"] = real
    assert api("DescribeExecution", executionArn=arn)["status"] == "SUCCEEDED"
    assert (seen, announced, api.backend.runs) == (["watcher"], ["SUCCEEDED"], {})


def test_a_start_that_cannot_be_written_is_refused_and_stopped(make):
    api = make(durable=True)
    machine = api.machine(WAIT)
    real, api.engine.runs.__dict__["database"] = api.engine.runs.database, Broken()
    with pytest.raises(DiskError):
        api.start(machine, name="a")
    api.engine.runs.__dict__["database"] = real
    assert api("ListExecutions", stateMachineArn=machine)["executions"][0]["status"] == "ABORTED"


def test_the_writer_in_the_background_outlives_a_full_disk(make, caplog):
    """A thread that ended by it would say so in a warning, which is an error here."""
    api = make(durable=True)
    api.start(api.machine(WAIT))
    real, api.engine.runs.__dict__["database"] = api.engine.runs.database, (broken := Broken())
    api.engine.runs.start()
    api.scheduler.run()
    broken.asked.wait()
    api.engine.runs.__dict__["database"] = real
    api.engine.runs.close()
    assert "stay in memory: runs.db: the disk is full" in caplog.text


def test_what_had_started_and_not_ended_begins_again_in_the_next_cloud(make, bad):
    bad.add(2)
    api = make(durable=True)
    ended = api.run(api.machine(), name="ended")["executionArn"]
    definition = json.loads(mapped(ToleratedFailureCount=5, Next="W"))
    del definition["States"]["M"]["End"]
    definition["States"]["W"] = {"Type": "Wait", "Seconds": 100, "End": True}
    running = api.start(api.machine(json.dumps(definition)), name="running", input="[1, 2]")
    api.scheduler.run(api.scheduler.now() + 1)
    api.engine.runs.halt()
    api.backend.runs[running].stop(None, None)  # as the end of a cloud does
    api.engine.runs.close()

    api = make(durable=True)
    ((identity, text),) = api.engine.runs.unfinished()
    assert (identity.arn, identity.machine.definition, text) == (running, json.dumps(definition), "[1, 2]")
    assert api("DescribeExecution", executionArn=ended)["status"] == "SUCCEEDED"
    bad.clear()
    api.backend.begin_again(identity, text)
    assert tables(api)["runs"] == 2  # nothing is left of the children of its first beginning
    api.scheduler.run()
    assert api("DescribeExecution", executionArn=running)["output"] == "[2,4]"
    assert len(api("ListMapRuns", executionArn=running)["mapRuns"]) == 1
    assert api.engine.runs.unfinished() == []
    assert api("DescribeExecution", executionArn=ended)["status"] == "SUCCEEDED"


def test_a_store_writes_in_the_background(make):
    api = make()
    runs = api.engine.runs
    runs.start(quiet=0.001)
    arn = api.start(api.machine(WAIT))
    api.scheduler.run()
    eventually(lambda: runs.queued(arn) is None)
    assert runs.written(arn).status == "SUCCEEDED"
    runs.close()
    assert not runs._thread.is_alive()


def test_what_is_much_is_written_though_it_is_never_quiet(make):
    api = make()
    runs = api.engine.runs
    runs.start(quiet=threading.TIMEOUT_MAX, much=10)
    machine = api.machine()
    first, *_ = [api.start(machine) for _ in range(3)]
    api.scheduler.run()
    eventually(lambda: runs.queued(first) is None)
    assert runs.written(first).status == "SUCCEEDED"
    runs.close()
    assert not runs._thread.is_alive()


def test_a_thousand_executions_leave_no_object_behind(make):
    api = make()
    machine = api.machine()
    for _ in range(50):
        for _ in range(20):
            api.start(machine)
        api.scheduler.run()
        api.engine.runs.flush()
    engine = api.engine
    held = (api.backend.runs, engine.runs._queued, engine._children, engine._map_runs, engine.tokens._waiting)
    assert [len(each) for each in held] == [0] * 5
    assert len(engine.runs._machines) == 1
