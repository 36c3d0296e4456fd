"""What an execution never does: start in parts, or call once it has ended."""

import gc
import json
import threading
import weakref
from random import Random

from shared.local.asl.engine import Engine
from shared.local.asl.execution import Execution
from shared.local.asl.identity import Identity
from shared.local.asl.machine import Machine
from shared.local.asl.scheduler import VirtualScheduler

PREFIX = "arn:aws:states:us-east-1:123456789012"
ECHO = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


class Observed(VirtualScheduler):
    """Asks *free* each time that a job is submitted."""

    def __init__(self, free):
        super().__init__()
        self.free = free
        self.seen = []

    def submit(self, job, lane=""):
        self.seen.append(self.free())
        super().submit(job, lane)


def test_nobody_comes_between_its_first_event_and_its_first_strand():
    def free():
        found = []
        other = threading.Thread(target=lambda: found.append(execution.lock.acquire(blocking=False)))
        other.start()
        other.join()
        return found[0]

    scheduler = Observed(free)
    engine = Engine(scheduler, lambda *_: None, random=Random(7))
    identity = Identity(f"{PREFIX}:execution:m:x", "x", f"{PREFIX}:stateMachine:m", "m", "role")
    execution = Execution(engine, Machine(ECHO), identity, json.dumps({}))
    execution.start({})
    assert scheduler.seen == [False]


def test_a_call_that_waits_for_a_thread_is_not_made_once_the_execution_has_ended(world, call):
    branch = [{"StartAt": name, "States": {name: call()}} for name in ("A", "B", "C")]
    execution = world.start({"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": branch, "End": True}}})
    world.function = lambda _value: execution.stop("Enough", "for today")
    world.scheduler.run()
    assert (execution.status, len(world.calls)) == ("ABORTED", 1)


def test_an_execution_that_has_succeeded_is_in_no_circle(world):
    gc.disable()
    try:
        execution = world.run({"StartAt": "P", "TimeoutSeconds": 9, "States": {"P": {"Type": "Pass", "End": True}}})
        gone = weakref.ref(execution)
        del execution
        assert gone() is None
    finally:
        gc.enable()


def test_a_clock_that_is_set_back_makes_no_negative_duration(world, call):
    execution = world.start({"StartAt": "A", "States": {"A": call(End=True)}})
    world.function = lambda _value: setattr(world.scheduler, "now", lambda: execution.started_at - 3600)
    world.scheduler.run()
    assert (execution.status, execution.stopped_at) == ("SUCCEEDED", execution.started_at)
