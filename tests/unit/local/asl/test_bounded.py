"""Endless work: it ends, it is stopped at once, and it takes from nobody else."""

from __future__ import annotations

import threading
from random import Random
from types import SimpleNamespace

import pytest

from shared.local.asl.api.executions import get_execution_history
from shared.local.asl.backend import AslBackend
from shared.local.asl.budget import SLICE_SECONDS, STEPS, Budget, Stopped
from shared.local.asl.engine import Engine
from shared.local.asl.execution import Execution
from shared.local.asl.identity import Identity
from shared.local.asl.machine import Machine
from shared.local.asl.scheduler import ThreadScheduler
from shared.local.asl.turns import Turns

PREFIX = "arn:aws:states:us-east-1:123456789012"
# Asks for a random number first, which tells the test that it has begun.
ENDLESS = "{% ($random(); $f := function($x) { $f($x + 1) }; $f(1)) %}"
PASS = {"Type": "Pass", "End": True}


def machine(state, **fields):
    return {"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": state}, **fields}


class Telling(Random):
    """A random source that tells when it is asked."""

    def __init__(self):
        super().__init__(7)
        self.asked = threading.Event()

    def random(self):
        self.asked.set()
        return 0.5


@pytest.fixture
def engine():
    made = Engine(ThreadScheduler(2), lambda *_: None, random=Telling())
    yield made
    made.close()


def start(engine, definition, value=None, name="m", role="role"):
    identity = Identity(f"{PREFIX}:execution:{name}:x", "x", f"{PREFIX}:stateMachine:{name}", name, role)
    execution = Execution(engine, Machine(definition), identity, "{}")
    execution.ended_event = threading.Event()
    execution.watch(execution.ended_event.set)
    execution.start(value)
    return execution


def test_stopping_ends_an_endless_evaluation(engine):
    execution = start(engine, machine({**PASS, "Output": ENDLESS}))
    engine.random.asked.wait()
    execution.stop("Enough", "was enough")
    assert (execution.status, execution.error, execution.cause) == ("ABORTED", "Enough", "was enough")
    assert execution.history.events[-1][0] == "ExecutionAborted"


@pytest.mark.parametrize("mode", [{}, {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}])
def test_stopping_ends_the_endless_items_of_a_map(engine, mode):
    processor = {**mode, "StartAt": "I", "States": {"I": {**PASS, "Output": ENDLESS}}}
    execution = start(engine, machine({"Type": "Map", "Items": [1, 2, 3, 4], "ItemProcessor": processor, "End": True}))
    engine.random.asked.wait()
    execution.stop(None, None)
    assert execution.status == "ABORTED"


def test_an_execution_that_is_redriven_after_a_stop_evaluates_again(engine):
    execution = start(engine, machine({**PASS, "Output": ENDLESS}))
    engine.random.asked.wait()
    execution.stop(None, None)
    execution.machine.states["S"] = Machine(machine({**PASS, "Output": "{% $sum([1..5000]) %}"})).states["S"]
    ended = threading.Event()
    with execution.lock:
        execution.redrive()
    execution.watch(ended.set)
    assert ended.wait(120)
    assert (execution.status, execution.output) == ("SUCCEEDED", 12_502_500)


def test_a_timeout_ends_an_endless_evaluation(engine):
    execution = start(engine, machine({**PASS, "Output": ENDLESS}, TimeoutSeconds=0.05))
    assert execution.ended_event.wait(120)
    assert execution.status == "TIMED_OUT"


def test_the_end_of_the_cloud_ends_an_endless_evaluation(engine):
    execution = start(engine, machine({**PASS, "Output": ENDLESS}))
    engine.random.asked.wait()
    engine.close()
    assert execution.status == "RUNNING"
    assert execution.output is None


def test_endless_evaluations_keep_no_pass_of_their_own_team_waiting(engine):
    endless = [start(engine, machine({**PASS, "Output": ENDLESS}), name=f"team1-{number}") for number in range(12)]
    assert start(engine, machine(PASS), name="team1-last").ended_event.wait(30)
    assert any(each.status == "RUNNING" for each in endless)
    for each in endless:
        each.stop(None, None)


def test_history_and_watchers_need_no_lock_that_an_evaluation_holds(engine):
    execution = start(engine, machine({**PASS, "Output": ENDLESS}))
    engine.random.asked.wait()
    backend = type("Backend", (AslBackend,), {"engine": engine})("us-east-1", "123456789012")
    backend.runs[execution.arn] = execution
    asked = {"executionArn": execution.arn, "includeExecutionData": False}
    events = get_execution_history(backend, asked)["events"]
    assert [event["type"] for event in events] == ["ExecutionStarted", "PassStateEntered"]
    execution.watch(lambda: None)
    assert execution.status == "RUNNING"
    execution.stop(None, None)


def test_an_endless_evaluation_fails_the_state_and_can_be_caught(world):
    world.engine.budget = Budget(clock=Clock(0.01))
    caught = {"ErrorEquals": ["States.QueryEvaluationError"], "Next": "D"}
    inner = {"StartAt": "I", "States": {"I": {**PASS, "Output": ENDLESS.replace("$random(); ", "")}}}
    state = {"Type": "Parallel", "Branches": [inner], "Catch": [caught], "End": True}
    definition = machine(state)
    definition["States"]["D"] = {**PASS, "Output": "caught"}
    assert world.output(definition) == "caught"


def test_what_goes_wrong_in_the_engine_shows_no_word_of_python(world, caplog):
    world.function = lambda value: value
    execution = world.start(machine({**PASS, "Output": "{% 1 %}"}))
    execution.machine.states["S"].step = lambda *_: {}["secret"]
    world.scheduler.run()
    assert execution.error == "States.Runtime"
    assert execution.cause == "Internal error of the embedded cloud; see its log (lanes up's log)"
    assert "KeyError: 'secret'" in caplog.text


# Turns.


def test_owners_take_turns_however_much_each_wants():
    turns = Turns()
    first = turns.ask("a")
    asked = [(owner, turns.ask(owner)) for owner in "aaabbc"]
    assert first.granted
    order, left = [], dict(enumerate(asked))
    while left:
        turns.give()
        place = next(place for place, (_, turn) in left.items() if turn.granted)
        order.append(left.pop(place)[0])
    assert order == ["a", "b", "c", "a", "b", "a"]
    turns.give()
    assert not turns.wanted
    assert turns.ask("d").granted


def test_who_leaves_gives_a_turn_on_or_its_place_up():
    turns = Turns()
    first, second, third = (turns.ask("a") for _ in range(3))
    turns.leave("a", second)
    turns.leave("a", first)
    assert third.granted
    assert not turns.wanted


class Clock:
    """Processor time that moves by *step* at each look."""

    def __init__(self, step):
        self.time, self.step = 0.0, step

    def __call__(self):
        self.time += self.step
        return self.time


def test_a_short_evaluation_takes_no_turn_and_a_long_one_gives_it_back():
    turns = Turns()
    held = turns.ask("other")
    budget = Budget(clock=Clock(SLICE_SECONDS / 10), turns=turns, owner="mine")
    for _ in range(5):
        budget.spend(STEPS)
    turns.leave("other", held)
    for _ in range(20):
        budget.spend(STEPS)
    waiting = turns.ask("other")
    assert not waiting.granted
    budget.rest()
    assert waiting.granted


def test_an_evaluation_that_waits_for_its_turn_is_stopped_at_once():
    turns = Turns()
    turns.ask("other")
    budget = Budget(Budget(clock=Clock(0.1), turns=turns), owner="mine")
    execution = budget.running = SimpleNamespace(halted=False)
    ended = []

    def evaluate():
        try:
            for _ in range(100):
                budget.spend(STEPS)
        except Stopped:
            ended.append(turns.wanted)

    thread = threading.Thread(target=evaluate)
    thread.start()
    execution.halted = True
    budget.wake()
    thread.join(30)
    assert ended == [False]


class Counted(Turns):
    """Turns that tell when so many have asked for one."""

    def __init__(self, most):
        super().__init__()
        self.left, self.all = most, threading.Event()

    def ask(self, owner):
        turn = super().ask(owner)
        self.left -= 1
        if self.left == 0:
            self.all.set()
        return turn


def test_endless_work_of_one_team_leaves_another_half():
    turns, order = Counted(5), []
    held = turns.ask("main")

    def evaluate(owner):
        budget = Budget(clock=Clock(2 * SLICE_SECONDS), turns=turns, owner=owner)
        budget.spend(STEPS)
        for _ in range(20):
            budget.spend(STEPS)
            order.append(owner)
        budget.rest()

    threads = [threading.Thread(target=evaluate, args=(owner,)) for owner in "aaab"]
    for thread in threads:
        thread.start()
    assert turns.all.wait(120)
    turns.leave("main", held)
    for thread in threads:
        thread.join(30)
    last = len(order) - order[::-1].index("b")
    assert order[:last].count("a") <= 21
    assert order.count("b") == 20


def test_the_threads_of_one_machine_are_not_those_of_another():
    scheduler, blocked, ran = ThreadScheduler(2), threading.Event(), threading.Event()
    for _ in range(10):
        scheduler.block(blocked.wait, "a")
    scheduler.block(ran.set, "b")
    assert ran.wait(120)
    scheduler.call_later(0, ran.set, "b")
    blocked.set()
    scheduler.close()
