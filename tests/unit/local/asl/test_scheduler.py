"""Real threads: a bounded pool, timers that cost none, and nothing left behind."""

import functools
import json
import sys
import threading
from dataclasses import dataclass

import pytest

from shared.local.asl.engine import Engine
from shared.local.asl.execution import Execution
from shared.local.asl.identity import Identity
from shared.local.asl.machine import Machine
from shared.local.asl.scheduler import ThreadScheduler, VirtualScheduler

PREFIX = "arn:aws:states:us-east-1:123456789012"


@dataclass(frozen=True)
class Invocation:
    payload: bytes
    function_error: str | None = None
    request_id: str = "request-1"
    version: str = "$LATEST"


def asl_threads():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("asl-")]


def start(engine, definition, value, name):
    identity = Identity(f"{PREFIX}:execution:m:{name}", name, f"{PREFIX}:stateMachine:m", "m", "role")
    execution = Execution(engine, Machine(definition), identity, json.dumps(value))
    execution.start(value)
    return execution


def wait_for(executions):
    for execution in executions:
        ended = threading.Event()
        execution.watch(ended.set)
        assert ended.wait(120), execution.arn


def test_jobs_share_a_bounded_number_of_threads():
    scheduler = ThreadScheduler(3)
    gate, done, most = threading.Event(), threading.Semaphore(0), []

    def job():
        most.append(len(asl_threads()))
        gate.wait(5)
        done.release()

    for _ in range(20):
        scheduler.block(job)
    gate.set()
    for _ in range(20):
        assert done.acquire(timeout=120)
    scheduler.close()
    assert max(most) <= 3
    assert asl_threads() == []


def test_timers_fire_in_order_and_can_be_cancelled():
    scheduler = ThreadScheduler(1)
    fired, done = [], threading.Event()
    scheduler.call_later(0.6, lambda: (fired.append("late"), done.set()))
    scheduler.call_later(0.1, lambda: fired.append("soon"))
    scheduler.call_later(0.3, lambda: fired.append("never")).cancel()
    assert done.wait(120)
    scheduler.close()
    assert fired == ["soon", "late"]


def test_a_hundred_executions_at_once_with_one_stopped_one_timed_out_and_one_redriven():
    bad = {50}

    def invoke(_function, payload):
        value = json.loads(payload)
        if value["n"] in bad:
            return Invocation(b'{"errorType": "Bad", "errorMessage": "m"}', "Unhandled")
        return Invocation(payload)

    scheduler = ThreadScheduler(8)
    engine = Engine(scheduler, invoke)
    function = "arn:aws:lambda:us-east-1:123456789012:function:f"
    work = {
        "StartAt": "M",
        "States": {
            "M": {
                "Type": "Map",
                "ItemsPath": "$.items",
                "ResultPath": "$.items",
                "ItemSelector": {"n.$": "$.n", "item.$": "$$.Map.Item.Value"},
                "MaxConcurrency": 4,
                "ItemProcessor": {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": function, "End": True}}},
                "Next": "W",
            },
            "W": {"Type": "Wait", "SecondsPath": "$.wait", "End": True},
        },
    }
    values = [{"n": n, "items": list(range(5)), "wait": 10_000 if n == 0 else 0} for n in range(100)]
    slow = {
        **work,
        "TimeoutSeconds": 1,
        "States": {**work["States"], "W": {"Type": "Wait", "Seconds": 9999, "End": True}},
    }
    executions = [start(engine, slow if n == 1 else work, value, f"x{n}") for n, value in enumerate(values)]
    wait_for(executions[2:])
    assert executions[50].error == "Bad"
    bad.clear()
    with executions[50].lock:
        executions[50].redrive()
    executions[0].stop("Stopped", "by hand")
    wait_for(executions)
    assert [execution.status for execution in executions[:2]] == ["ABORTED", "TIMED_OUT"]
    assert {execution.status for execution in executions[2:]} == {"SUCCEEDED"}
    assert [item["item"] for item in executions[50].output["items"]] == list(range(5))
    assert executions[50].redrives == 1
    engine.close()
    assert asl_threads() == []


def test_closing_while_things_run_leaves_no_thread():
    gate = threading.Event()

    def invoke(_function, payload):
        gate.wait(5)
        return Invocation(payload)

    engine = Engine(ThreadScheduler(4), invoke)
    task = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}
    wait = {"Type": "Wait", "Seconds": 10_000, "End": True}
    for n, state in enumerate([task, wait] * 4):
        start(engine, {"StartAt": "S", "States": {"S": state}}, {}, f"x{n}")
    threading.Timer(0.05, gate.set).start()
    engine.close()
    assert asl_threads() == []


def test_a_timer_rings_though_thousands_of_others_were_cancelled_and_let_go_of():
    scheduler, rang = ThreadScheduler(), threading.Event()
    try:
        scheduler.call_later(0.1, rang.set)
        for _ in range(3000):
            scheduler.call_later(3600, scheduler.close).cancel()
        assert rang.wait(120)
    finally:
        scheduler.close()


def test_a_timer_further_off_than_threads_can_wait_keeps_no_other_from_ringing():
    scheduler, rung = ThreadScheduler(), []
    scheduler.call_later(1e12, lambda: rung.append("far"))
    for name in ("first", "second", "third"):
        done = threading.Event()
        scheduler.call_later(0.001, done.set)
        assert done.wait(120), name
    scheduler.close()
    assert rung == []


def test_a_job_that_raises_is_told_to_the_log_and_its_thread_goes_on(caplog):
    scheduler, done = ThreadScheduler(1), threading.Event()
    scheduler.submit(lambda: {}["nothing"])
    scheduler.submit(done.set)
    assert done.wait(120)
    scheduler.close()
    assert "KeyError: 'nothing'" in caplog.text


@pytest.mark.parametrize("raised", [SystemExit, KeyboardInterrupt, GeneratorExit, ValueError])
def test_threads_survive_whatever_jobs_raise(raised, caplog):
    def bad():
        raise raised

    scheduler = ThreadScheduler(1)
    for run in (scheduler.submit, scheduler.block):
        done = threading.Event()
        for _ in range(70):
            run(bad)
        run(done.set)
        assert done.wait(120)
    assert len(asl_threads()) == 2
    scheduler.close()
    assert caplog.text.count("a job of the engine failed") == 140


def test_what_blocks_keeps_nothing_waiting_that_computes_nor_another_team():
    scheduler, gate = ThreadScheduler(2), threading.Event()
    for number in range(1000):
        scheduler.block(gate.wait, f"one-{number % 10}")
    for run in (scheduler.submit, scheduler.block):
        ran = threading.Event()
        run(ran.set, "other-1")
        assert ran.wait(120)
    ran = threading.Event()
    scheduler.submit(ran.set, "one-1")
    assert ran.wait(120)
    assert scheduler.others_wait()
    assert len(asl_threads()) <= 5  # two that compute, and two that block with one more for the other team
    gate.set()
    scheduler.close()


def test_a_job_that_waits_for_a_lock_keeps_no_job_of_its_team_waiting():
    scheduler, held, ran = ThreadScheduler(1), threading.Event(), threading.Event()

    def wait():
        scheduler.step_aside()
        held.wait(20)

    for number in range(20):
        scheduler.submit(wait, f"one-{number}")
    scheduler.submit(ran.set, "one-last")
    assert ran.wait(120)
    held.set()
    scheduler.close()


def test_a_chain_of_calls_lets_others_that_wait_come_between():
    class Busy(VirtualScheduler):
        """A scheduler in which one call is made at a time, so that others wait as long as there are any."""

        def others_wait(self):
            return bool(self._ready)

    calls = []

    def invoke(function, payload):
        calls.append(function[-1])
        return Invocation(payload)

    scheduler = Busy()
    engine = Engine(scheduler, invoke)
    function = "arn:aws:lambda:us-east-1:123456789012:function:"
    for name in "ab":
        task = {"Type": "Task", "Resource": function + name}
        start(engine, {"StartAt": "S", "States": {"S": {**task, "Next": "T"}, "T": {**task, "End": True}}}, {}, name)
    scheduler.run()
    assert calls == ["a", "b", "a", "b"]


def test_an_execution_whose_call_ends_its_thread_fails_and_the_thread_goes_on(caplog):
    def invoke(_function, _payload):
        raise SystemExit

    engine = Engine(ThreadScheduler(1), invoke)
    task = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}
    executions = [start(engine, {"StartAt": "S", "States": {"S": task}}, {}, f"x{n}") for n in range(3)]
    wait_for(executions)
    assert {(each.status, each.error) for each in executions} == {("FAILED", "States.Runtime")}
    engine.close()
    assert "SystemExit" in caplog.text


@pytest.fixture
def restless():
    """Threads that change places all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
def test_no_job_is_lost_however_threads_come_in_between():
    scheduler, ended = ThreadScheduler(8), threading.Semaphore(0)

    def go(lane, left):
        if left:  # a worker that rests gets it, or one that is about to rest
            (scheduler.block if left % 2 else scheduler.submit)(functools.partial(go, lane, left - 1), lane)
        else:
            ended.release()

    for number in range(6):
        go(f"t{number}-0", 2_000)
    for _ in range(6):
        assert ended.acquire(timeout=120)
    scheduler.close()
    assert asl_threads() == []
