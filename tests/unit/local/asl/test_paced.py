"""The engine of a cloud that gives no more than an account: children, states and starts, in virtual time."""

import json
from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from shared.config.aws_facts import MAP_CHILDREN
from shared.local.asl.engine import Engine
from shared.local.asl.execution import Execution
from shared.local.asl.identity import Identity
from shared.local.asl.machine import Machine
from shared.local.asl.maps import run as map_run
from shared.local.pacing.account import Account
from tests.helpers.step_functions import REGION, Api

STANDARD, EXPRESS = "STANDARD", "EXPRESS"
RETRY = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1}


def paced(world, region="us-east-1"):
    """Return *world* with an engine that an account of *region* paces."""
    account = Account(region, clock=world.scheduler.now)
    world.engine = Engine(world.scheduler, world._invoke, random=world.engine.random, account=account)
    return world


def begin(world, definition, value, *, region, express=False):
    """Start *definition* in *region*; nothing has run yet."""
    machine = f"arn:aws:states:{region}:123456789012:stateMachine:m"
    arn = f"arn:aws:states:{region}:123456789012:execution:m:x"
    identity = Identity(arn, "x", machine, "m", "arn:aws:iam::123456789012:role/r", express=express)
    execution = Execution(world.engine, Machine(definition), identity, json.dumps(value))
    execution.start(value)
    return execution


def children(count, kind, states, **more):
    """Return a distributed Map of *count* children of *kind*, each of which goes through *states*."""
    names = list(states)
    for name, follows in pairwise(names):
        states[name]["Next"] = follows
    states[names[-1]]["End"] = True
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
        "StartAt": names[0],
        "States": states,
    }
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "ResultPath": None, "End": True, **more}
    return {"StartAt": "All", "States": {"All": each}}, {"items": list(range(count))}


@pytest.mark.parametrize(("kind", "a_second"), [(STANDARD, 100), (EXPRESS, 1000)])
def test_two_thousand_tiny_children_take_what_aws_s_rate_of_dispatch_allows(world, kind, a_second):
    definition, value = children(2000, kind, {"Nothing": {"Type": "Pass"}})
    assert paced(world).run(definition, value).status == "SUCCEEDED"
    assert world.elapsed == pytest.approx(2000 / a_second, abs=0.15)  # a tenth of a second's children come at once


def test_in_no_second_more_children_start_than_aws_starts(world):
    started = []
    work = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}
    definition, value = children(700, STANDARD, {"Work": work})
    world.function = lambda _: started.append(world.scheduler.now())
    paced(world).run(definition, value)
    assert len(started) == 700
    for first, at in enumerate(started):
        assert sum(at <= other < at + 1 for other in started[first:]) <= 110  # a second's and the bucket


def test_without_an_account_children_start_at_once(world):
    definition, value = children(2000, STANDARD, {"Nothing": {"Type": "Pass"}})
    world.run(definition, value)
    assert world.elapsed == 0


def test_as_many_children_run_at_once_as_on_aws_and_not_as_few_as_here(world):
    wait = {"Long": {"Type": "Wait", "Seconds": 100}}
    definition, value = children(3000, EXPRESS, wait)
    world.run(definition, value)
    assert world.elapsed == 300  # of three thousands, each of the engine's own limit
    before = world.elapsed
    assert map_run.MOST * 3 == 3000 < MAP_CHILDREN.value
    paced(world).run(*children(3000, EXPRESS, wait))
    assert world.elapsed - before == pytest.approx(100 + 3, abs=0.15)


def test_a_lower_concurrency_binds_and_not_the_dispatch(world):
    definition, value = children(40, STANDARD, {"Long": {"Type": "Wait", "Seconds": 10}}, MaxConcurrency=4)
    paced(world).run(definition, value)
    assert world.elapsed == pytest.approx(100, abs=0.5)


def test_no_more_items_are_read_than_soon_begin(world):
    """Ten thousand that wait, of 256 KB each, would take the memory that the machine has."""
    definition, value = children(3000, STANDARD, {"Nothing": {"Type": "Pass"}})
    run = paced(world).start(definition, value)
    for _ in range(6):
        world.scheduler.run(until=world.scheduler.now() + 5)
        if not run.ended:
            [begun] = run.map_runs
            assert begun.read - begun.executions["succeeded"] <= 1000  # of which half are the next to be read
    world.scheduler.run()
    assert (run.status, len(run.map_runs)) == ("SUCCEEDED", 1)


def test_fewer_failures_that_are_tolerated_from_now_on_end_the_run_at_once(world):
    """Nothing else ends it meanwhile: its next child ends after 1,000 s."""
    chosen = [{"Variable": "$", "NumericEquals": 0, "Next": "Bad"}]
    states = {
        "Which": {"Type": "Choice", "Choices": chosen, "Default": "Long"},
        "Bad": {"Type": "Fail", "Error": "E"},
        "Long": {"Type": "Wait", "Seconds": 1000, "End": True},
    }
    definition, value = children(300, STANDARD, {"Nothing": {"Type": "Pass"}}, ToleratedFailureCount=5)
    definition["States"]["All"]["ItemProcessor"] |= {"StartAt": "Which", "States": states}
    run = paced(world).start(definition, value)
    world.scheduler.run(until=world.scheduler.now() + 10)
    [begun] = run.map_runs
    with run.lock:
        begun.change_limits(begun.limits._replace(failed_count=0))
    world.scheduler.run(until=world.scheduler.now())
    assert (run.status, run.error) == ("FAILED", "States.ExceedToleratedFailureThreshold")


@pytest.mark.parametrize(("kind", "at_once"), [(STANDARD, 10), (EXPRESS, 100)])
def test_a_redrive_that_is_stopped_before_its_children_began_leaves_them_to_the_next(world, kind, at_once):
    """Those of standard kind were counted back twice, so that there were fewer than none; express ones were lost."""
    definition, value = children(300, kind, {"Long": {"Type": "Wait", "Seconds": 3}})
    run = paced(world).start(definition, value)
    world.scheduler.run(until=world.scheduler.now() + 1)
    for _ in range(2):
        run.stop(None, None)
        with run.lock:
            run.redrive()
        world.scheduler.run(until=world.scheduler.now())
        assert run.map_runs[0].record.running[0] == at_once  # the others wait for their turn
    world.scheduler.run()
    [begun] = run.map_runs
    assert run.status == "SUCCEEDED"
    assert begun.executions == {"succeeded": 300, "failed": 0, "timedOut": 0, "aborted": 0}


@pytest.mark.parametrize("kind", [STANDARD, EXPRESS])
@pytest.mark.parametrize("seed", range(6))
def test_however_it_is_stopped_failed_and_redriven_each_item_is_done_once_and_nothing_hangs(world, fail, kind, seed):
    """Stops, time-outs, failures, other limits and redrives come while children wait for their turn."""
    chance = Random(seed)
    count = chance.choice([1, 9, 60, 200])
    done = Counter()

    def function(item):
        if chance.random() < 0.02:
            raise fail("Bad")
        done[item] += 1
        return item

    world.function = function
    work = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}
    states = {"Rest": {"Type": "Wait", "Seconds": chance.choice([1, 2])}, "Work": work}
    more = {"ToleratedFailureCount": chance.choice([0, 3]), "MaxConcurrency": chance.choice([0, 20, 200])}
    definition, value = children(count, kind, states, **more)
    definition["TimeoutSeconds"] = chance.choice([5, 60, 3600])
    paced(world)
    run = world.start(definition, value)
    for _ in range(40):
        world.scheduler.run(until=world.scheduler.now() + chance.choice([0, 0.01, 0.3, 5]))
        if run.status == "SUCCEEDED":
            break
        with run.lock:
            [begun] = run.map_runs or [None]
            if run.ended:
                run.redrive()
            elif chance.random() < 0.3:
                run.stop("Mine", None)
            elif begun is not None and begun.status == "RUNNING":
                begun.change_limits(begun.limits._replace(concurrency=chance.choice([0, 3, 400])))
    for _ in range(200):
        world.scheduler.run()  # until nothing is to come: it must have ended by then
        assert run.ended
        if run.status == "SUCCEEDED":
            break
        with run.lock:
            run.redrive()
    [begun] = run.map_runs
    failed = begun.executions["failed"]
    assert (run.status, sum(begun.executions.values()), begun._running) == ("SUCCEEDED", count, {})
    assert (begun.executions["succeeded"], failed <= more["ToleratedFailureCount"]) == (count - failed, True)
    assert len(done) >= count - failed


def test_each_map_run_is_dispatched_at_a_rate_of_its_own(world):
    definition, value = children(500, STANDARD, {"Nothing": {"Type": "Pass"}})
    paced(world)
    runs = [world.start(definition, value) for _ in range(3)]
    world.scheduler.run()
    assert [run.status for run in runs] == ["SUCCEEDED"] * 3
    assert world.elapsed == pytest.approx(5, abs=0.15)


def test_a_run_that_is_stopped_starts_no_more_children(world):
    definition, value = children(500, STANDARD, {"Nothing": {"Type": "Pass"}})
    run = paced(world).start(definition, value)
    world.scheduler.run(until=world.scheduler.now() + 1)
    [begun] = run.map_runs
    run.stop(None, None)
    count = sum(begun.executions.values())
    world.scheduler.run()
    assert (run.status, sum(begun.executions.values())) == ("ABORTED", count)
    assert 100 <= count <= 120


def test_too_many_failures_end_the_run_while_children_wait_for_their_turn(world):
    definition, value = children(500, STANDARD, {"Bad": {"Type": "Fail", "Error": "E"}})
    del definition["States"]["All"]["ItemProcessor"]["States"]["Bad"]["End"]
    run = paced(world).run(definition, value)
    assert (run.status, run.error) == ("FAILED", "States.ExceedToleratedFailureThreshold")


def loop(count):
    """Return a machine that enters *count* states of an inline Map, and a few more."""
    inner = {"StartAt": "Nothing", "States": {"Nothing": {"Type": "Pass", "End": True}}}
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner, "End": True}
    return {"StartAt": "All", "States": {"All": each}}, {"items": list(range(count))}


def test_states_that_the_bucket_holds_wait_for_nothing(world):
    paced(world).run(*loop(4000))
    assert world.elapsed == 0  # of 5,000


@pytest.mark.parametrize(("region", "bucket", "rate"), [("us-east-1", 5000, 5000), ("eu-central-1", 800, 800)])
def test_states_beyond_the_bucket_wait_for_their_turn(world, region, bucket, rate):
    definition, value = loop(6000)
    run = begin(paced(world, region), definition, value, region=region)
    world.scheduler.run()
    assert run.status == "SUCCEEDED"
    assert world.elapsed == pytest.approx((6001 - bucket) / rate, abs=0.01)


def test_states_of_express_executions_wait_for_nothing(world):
    definition, value = loop(6000)
    begin(paced(world, "eu-central-1"), definition, value, region="eu-central-1", express=True)
    world.scheduler.run()
    assert world.elapsed == 0


def chain(count):
    """Return a machine that goes through *count* states, each of which counts one on."""
    states = {
        f"S{at}": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": f"S{at + 1}"}
        for at in range(count)
    }
    states[f"S{count - 1}"] = {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "End": True}
    return {"StartAt": "S0", "States": states}, {"n": 0}


def test_a_redrive_goes_on_with_the_state_that_waited_for_its_turn(world):
    region = "eu-central-1"
    definition, value = chain(900)
    run = begin(paced(world, region), definition, value, region=region)
    world.scheduler.run(until=world.scheduler.now() + 0.05)  # of 800 and 40 states
    run.stop(None, None)
    entered = sum(event[0] == "PassStateEntered" for event in run.history.events)
    assert (run.status, entered) == ("ABORTED", 840)
    with run.lock:
        run.redrive()
    world.scheduler.run()
    entered = sum(event[0] == "PassStateEntered" for event in run.history.events)
    assert (run.status, run.output, entered) == ("SUCCEEDED", {"n": 900}, 900)


def test_starts_are_throttled_for_all_machines_together_and_sync_ones_never():
    api = Api()
    api.engine.account = Account(REGION, clock=api.scheduler.now)
    mine, theirs, express = api.machine(), api.machine(), api.machine(type="EXPRESS")
    for count in range(1300):
        api("StartExecution", stateMachineArn=(mine, theirs)[count % 2])
    for arn in (mine, theirs):
        assert api.refused("StartExecution", stateMachineArn=arn) == ("ThrottlingException", "Rate exceeded")
    api("StartExecution", stateMachineArn=express)  # of a bucket of their own
    assert api.engine.account.pace().throttled == {"stepfunctions:StartExecution": 2}
    api.scheduler.run(until=api.scheduler.now() + 1)
    for _ in range(300):
        api("StartExecution", stateMachineArn=mine)
    api.refused("StartExecution", stateMachineArn=mine)


def test_a_state_that_starts_an_execution_counts_and_may_retry():
    """As one of the API does. What such a state is told is ``StepFunctions.AWSStepFunctionsException``."""
    api = Api()
    api.engine.account = Account(REGION, clock=api.scheduler.now)
    inner = api.machine()
    api.engine.start_machines_with(lambda arn, name, text: api.backend.start_execution(arn, name or None, text))
    nested = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution", "End": True}
    nested["Parameters"] = {"StateMachineArn": inner}
    outer = api.machine(json.dumps({"StartAt": "N", "States": {"N": nested}}))
    retried = json.dumps({"StartAt": "N", "States": {"N": {**nested, "Retry": [RETRY]}}})
    patient = api.machine(retried)
    for _ in range(1298):
        api("StartExecution", stateMachineArn=inner)
    failed, waited = (api("StartExecution", stateMachineArn=arn)["executionArn"] for arn in (outer, patient))
    api.scheduler.run()
    told = api("DescribeExecution", executionArn=failed)
    assert (told["status"], "Rate exceeded" in told["cause"]) == ("FAILED", True)
    assert api("DescribeExecution", executionArn=waited)["status"] == "SUCCEEDED"
