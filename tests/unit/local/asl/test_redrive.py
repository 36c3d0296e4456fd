"""Redrive: what succeeded is not run again."""

import pytest

from shared.local.asl.api.executions import redrive_status
from shared.local.asl.api.map_runs import describe
from shared.local.asl.runs.record import record_of
from shared.local.asl.scheduler import Timer, VirtualScheduler


def redrive(world, execution):
    with execution.lock:
        execution.redrive()
    world.scheduler.run()


@pytest.fixture
def flaky(world, fail):
    """Make the world's function fail for the values in the returned set."""
    bad = set()

    def function(value):
        if value in bad:
            raise fail("Bad")
        return value * 10

    world.function = function
    return bad


def test_it_goes_on_from_the_state_that_failed(world, call, flaky, types):
    flaky.add(10)
    definition = {
        "StartAt": "A",
        "States": {
            "A": call(Next="B", Assign={"kept.$": "$"}),
            "B": call(Next="C"),
            "C": {"Type": "Pass", "Parameters": {"k.$": "$kept", "v.$": "$"}, "End": True},
        },
    }
    execution = world.run(definition, 1)
    assert execution.status == "FAILED"
    flaky.clear()
    redrive(world, execution)
    assert execution.output == {"k": 10, "v": 100}
    assert [value for _, value in world.calls] == [1, 10, 10]
    assert (execution.redrives, "ExecutionRedriven" in types(execution)) == (1, True)


def test_a_parallel_runs_only_the_branches_that_did_not_succeed(world, call, flaky):
    flaky.add(2)

    def branch(value, name):
        return {
            "StartAt": f"{name}1",
            "States": {f"{name}1": {"Type": "Pass", "Result": value, "Next": f"{name}2"}, f"{name}2": call()},
        }

    parallel = {"Type": "Parallel", "Branches": [branch(1, "A"), branch(2, "B")], "End": True}
    execution = world.run({"StartAt": "P", "States": {"P": parallel}})
    assert execution.status == "FAILED"
    flaky.clear()
    redrive(world, execution)
    assert execution.output == [10, 20]
    assert [value for _, value in world.calls] == [1, 2, 2]


def mapped(call, **config):
    processor = {"StartAt": "T", "States": {"T": call()}, **({"ProcessorConfig": config} if config else {})}
    return {
        "StartAt": "M",
        "States": {"M": {"Type": "Map", "MaxConcurrency": 1, "ItemProcessor": processor, "End": True}},
    }


def test_an_inline_map_runs_only_the_iterations_that_did_not_succeed(world, call, flaky):
    flaky.add(3)
    execution = world.run(mapped(call), [1, 2, 3, 4])
    assert execution.status == "FAILED"
    flaky.clear()
    redrive(world, execution)
    assert execution.output == [10, 20, 30, 40]
    assert [value for _, value in world.calls] == [1, 2, 3, 3, 4]


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_a_map_run_runs_only_the_children_that_did_not_succeed(world, call, flaky, types, kind):
    flaky.add(3)
    execution = world.run(mapped(call, Mode="DISTRIBUTED", ExecutionType=kind), [1, 2, 3, 4])
    assert execution.error == "States.ExceedToleratedFailureThreshold"
    flaky.clear()
    redrive(world, execution)
    assert execution.output == [10, 20, 30, 40]
    assert [value for _, value in world.calls] == [1, 2, 3, 3, 4]
    assert "MapRunRedriven" in types(execution)
    described = describe(execution.map_runs[0].record)
    assert (described["redriveCount"], described["itemCounts"]["failed"]) == (1, 0)


def test_an_execution_that_timed_out_waits_again(world):
    definition = {
        "StartAt": "W",
        "TimeoutSeconds": 5,
        "States": {"W": {"Type": "Wait", "SecondsPath": "$.s", "End": True}},
    }
    execution = world.run(definition, {"s": 6})
    assert execution.status == "TIMED_OUT"
    redrive(world, execution)
    assert (execution.status, world.elapsed) == ("TIMED_OUT", 10)


class Unstoppable(VirtualScheduler):
    """A scheduler whose timers are all on their way already when somebody cancels them."""

    def call_later(self, seconds, job, lane=""):
        super().call_later(seconds, job, lane)
        return Timer(job)


def test_the_deadline_of_an_attempt_is_none_of_the_next(world):
    world.engine.scheduler = world.scheduler = Unstoppable()
    wait = {"Type": "Wait", "Seconds": 100, "End": True}
    execution = world.start({"StartAt": "W", "TimeoutSeconds": 10, "States": {"W": wait}})
    begun = world.scheduler.now()
    world.scheduler.run(begun + 5)
    execution.stop(None, None)
    with execution.lock:
        execution.redrive()
    world.scheduler.run(begun + 12)
    assert execution.status == "RUNNING"
    world.scheduler.run(begun + 15)
    assert execution.status == "TIMED_OUT"


def test_it_may_fail_again_and_be_redriven_again(world, call, flaky):
    flaky.add(1)
    execution = world.run({"StartAt": "T", "States": {"T": call()}}, 1)
    redrive(world, execution)
    assert (execution.status, execution.redrives) == ("FAILED", 1)
    flaky.clear()
    redrive(world, execution)
    assert (execution.output, execution.redrives) == (10, 2)


def ranks(call, kind):
    """Return eight ranks that call the function, each tried three times: branches, iterations or child executions."""
    retry = [{"ErrorEquals": ["Bad"], "MaxAttempts": 2, "IntervalSeconds": 10}]
    if kind == "PARALLEL":

        def branch(rank):
            return {
                "StartAt": f"R{rank}",
                "States": {
                    f"R{rank}": {"Type": "Pass", "Result": rank, "Next": f"T{rank}"},
                    f"T{rank}": call(Retry=retry),
                },
            }

        state = {"Type": "Parallel", "Branches": [branch(rank) for rank in range(8)]}
    else:
        config = {} if kind == "INLINE" else {"Mode": "DISTRIBUTED", "ExecutionType": kind}
        processor = {
            "StartAt": "T",
            "States": {"T": call(Retry=retry)},
            **({"ProcessorConfig": config} if config else {}),
        }
        state = {"Type": "Map", "MaxConcurrency": 8, "ItemProcessor": processor}
    return {"StartAt": "Ranks", "States": {"Ranks": {**state, "Next": "Sum"}, "Sum": {"Type": "Pass", "End": True}}}


@pytest.mark.parametrize("kind", ["PARALLEL", "INLINE", "STANDARD", "EXPRESS"])
def test_of_eight_ranks_only_the_one_that_failed_runs_again_with_all_its_retries(world, call, flaky, kind):
    flaky.add(3)
    execution = world.run(ranks(call, kind), list(range(8)))
    assert execution.status == "FAILED"
    assert sorted(value for _, value in world.calls) == [0, 1, 2, 3, 3, 3, 4, 5, 6, 7]
    world.calls.clear()
    redrive(world, execution)
    assert (execution.status, [value for _, value in world.calls]) == ("FAILED", [3, 3, 3])  # the count begins anew
    world.calls.clear()
    flaky.clear()
    redrive(world, execution)
    assert [value for _, value in world.calls] == [3]
    assert execution.output == [10 * rank for rank in range(8)]


def test_it_may_be_redriven_for_14_days_after_its_end(world, call, flaky):
    flaky.add(1)
    execution = world.run({"StartAt": "T", "States": {"T": call()}}, 1)
    day = 86_400
    world.scheduler.call_later(14 * day - 1, lambda: None)
    world.scheduler.run()
    record, now = record_of(execution, execution.status), world.scheduler.now
    assert redrive_status(record, now()) == {"redriveStatus": "REDRIVABLE"}
    world.scheduler.call_later(2, lambda: None)
    world.scheduler.run()
    assert redrive_status(record, now())["redriveStatusReason"] == "Execution redrivable period exceeded"
