"""Definitions alone in tests: what answers, what virtual time does, and what a test is told when it does not fit."""

import threading

import pytest

from shared.errors import LanesError
from shared.run.places import Item
from shared.testing import per_item, raises, real, returns, sequence, silent
from shared.testing.errors import MocksDoNotFit

INVOKE = "arn:aws:states:::lambda:invoke"
BUSY = "Lambda.TooManyRequestsException"
RETRY = [{"ErrorEquals": [BUSY], "IntervalSeconds": 2, "MaxAttempts": 2}]


def task(**more):
    """Return a state that invokes f; its output is what f returns."""
    return {
        "Type": "Task",
        "Resource": INVOKE,
        "Parameters": {"FunctionName": "f", "Payload.$": "$"},
        "OutputPath": "$.Payload",
        **({} if "Next" in more else {"End": True}),
        **more,
    }


def call(resource, **more):
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "End": True, **more}


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


def each(state, **more):
    return {"Type": "Map", "End": True, "ItemProcessor": machine(Count=state), **more}


def distributed(state, **more):
    processor = {**machine(Count=state), "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    return {"Type": "Map", "End": True, "ItemProcessor": processor, **more}


@pytest.fixture
def run(workflow):
    """Return a function that runs a machine of these states."""

    def start(states, given=None, **more):
        return workflow.definition(machine(**states)).run(given, **more)

    return start


def test_a_retry_waits_in_virtual_time(run):
    asleep = {"Type": "Wait", "Seconds": 7200, "Next": "Count"}
    mocks = {"Count": sequence(raises(BUSY, "busy"), returns({"Payload": 3}))}
    ended = run({"Pause": asleep, "Count": task(Retry=RETRY)}, {"a": 1}, mocks=mocks)

    assert ended.succeeded
    assert ended.output == 3
    assert ended.path == ["Pause", "Count"]
    assert ended.attempts("Count") == 2
    assert ended.waits == [2.0]
    assert ended.seconds == 7202.0


def test_jitter_is_the_same_each_time_and_changes_with_the_seed(run):
    busy = sequence(raises(BUSY), raises(BUSY), returns({"Payload": 1}))
    states = {"Count": task(Retry=[{**RETRY[0], "JitterStrategy": "FULL", "MaxDelaySeconds": 60}])}
    first, again, other = (run(states, mocks={"Count": busy}, seed=seed).waits for seed in (1, 1, 2))
    assert first == again != other
    assert all(0 <= wait <= limit for wait, limit in zip(first, (2, 4), strict=True))


def test_a_mock_that_takes_longer_than_the_state_may_times_out(run):
    caught = [{"ErrorEquals": ["States.Timeout"], "Next": "Late"}]
    states = {"Count": task(TimeoutSeconds=10, Catch=caught), "Late": {"Type": "Pass", "End": True}}
    assert run(states, mocks={"Count": returns({"Payload": 1}, after=9)}).path == ["Count"]
    late = run(states, mocks={"Count": returns({"Payload": 1}, after=30)})
    assert late.path == ["Count", "Late"]
    assert late.seconds == 10
    assert late.visits("Count")[0].error == "States.Timeout"


def test_the_machines_own_timeout_ends_a_run(workflow):
    ended = workflow.definition({**machine(Count=task()), "TimeoutSeconds": 60}).run(mocks={"Count": silent()})
    assert (ended.status, ended.seconds) == ("TIMED_OUT", 60)


def test_a_callback_comes_after_hours_with_signs_of_life(run):
    states = {"Ask": call("sqs:sendMessage.waitForTaskToken", HeartbeatSeconds=60, Parameters={
        "QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}})}  # fmt: skip
    ended = run(states, mocks={"Ask": returns({"approved": True}, after=7200, heartbeat=50)})
    assert ended.output == {"approved": True}
    assert ended.seconds == 7200
    silence = run(states, mocks={"Ask": returns({"approved": True}, after=7200)})
    assert (silence.error, silence.seconds) == ("States.Timeout", 60)
    refused = run(states, mocks={"Ask": raises("Refused", "no", after=3)})
    assert (refused.error, refused.cause, refused.seconds) == ("Refused", "no", 3)


def test_an_activity_answers(run):
    arn = "arn:aws:states:us-east-1:123456789012:activity:a"
    ended = run({"Ask": {"Type": "Task", "Resource": arn, "End": True}}, {"x": 1}, mocks={"Ask": lambda given: given})
    assert ended.output == {"x": 1}


def test_a_mock_may_depend_on_the_arguments(run):
    def answer(arguments):
        size = arguments["Payload"]
        return raises("TooLarge") if size > 2 else {"Payload": size * 10}

    assert run({"Count": task()}, 2, mocks={"Count": answer}).output == 20
    assert run({"Count": task()}, 3, mocks={"Count": answer}).error == "TooLarge"


def test_what_a_mock_raises_itself_is_the_tests_own_failure(run):
    with pytest.raises(KeyError, match="nothing"):
        run({"Count": task()}, {}, mocks={"Count": lambda arguments: arguments["nothing"]})


@pytest.mark.parametrize("kind", [each, distributed])
def test_each_item_of_a_map_has_its_own_answers(run, kind):
    flaky = per_item(lambda index: sequence(*[raises(BUSY)] * index, returns({"Payload": index})))
    ended = run({"Pieces": kind(task(Retry=RETRY))}, ["a", "b", "c"], mocks={"Count": flaky})
    assert ended.output == [0, 1, 2]
    assert ended.path == ["Pieces"]
    assert ended.paths("Pieces") == [["Count"], ["Count"], ["Count"]]
    assert [visit.attempts for visit in ended.visits("Count")] == [1, 2, 3]
    assert [visit.items for visit in ended.visits("Count")] == [(Item("Pieces", index),) for index in range(3)]
    assert ended.attempts("Count") == 6
    assert ended.seconds == 6


def test_nested_maps_are_told_by_the_items_of_both(run):
    asked = []

    class Noting:
        def answer(self, call):
            asked.append((call.items, call.attempt, call.number, call.item_number))
            return returns({"Payload": 0})

        def left(self, calls):
            return []

    outer = distributed(task())
    outer["ItemProcessor"] |= machine(Inner=each(task()))
    ended = run({"Outer": outer}, [[1, 2], [3]], mocks={"Count": Noting()})
    assert ended.output == [[0, 0], [0]]
    assert asked == [
        ((Item("Outer", 0), Item("Inner", 0)), 1, 1, 1),
        ((Item("Outer", 0), Item("Inner", 1)), 1, 2, 1),
        ((Item("Outer", 1), Item("Inner", 0)), 1, 3, 1),
    ]
    assert ended.paths("Outer") == [["Inner"], ["Inner"]]
    assert ended.paths("Inner") == [["Count"]] * 3


def test_branches_have_paths_of_their_own(run):
    both = {"Type": "Parallel", "End": True, "Branches": [
        machine(Left=task(Next="Then"), Then={"Type": "Pass", "End": True}), machine(Right=task())]}  # fmt: skip
    answers = {"Left": returns({"Payload": "l"}, after=5), "Right": returns({"Payload": "r"})}
    ended = run({"Both": both}, mocks=answers)
    assert ended.output == ["l", "r"]
    assert ended.path == ["Both"]
    assert ended.paths("Both") == [["Left", "Then"], ["Right"]]


def test_a_map_and_a_parallel_can_be_mocked_whole(run):
    both = {"Type": "Parallel", "Next": "Pieces", "Branches": [machine(Left=task())], "Retry": RETRY}
    answers = {"Both": sequence(raises(BUSY), returns(["x"])), "Pieces": returns([1, 2])}
    ended = run({"Both": both, "Pieces": distributed(task())}, {}, mocks=answers)
    assert ended.output == [1, 2]
    assert ended.attempts("Both") == 2
    assert ended.waits == [2.0]


def test_functions_stand_in_for_code_that_is_not_there(run):
    def f(event, context):
        if event["n"] < 0:
            raise ValueError("below zero")
        return {"left": context.get_remaining_time_in_millis(), "name": context.function_name}

    assert run({"Count": task()}, {"n": 1}, functions={"f": f}).output == {"left": 900_000, "name": "f"}
    failed = run({"Count": task()}, {"n": -1}, functions={"f": f})
    assert failed.error == "ValueError"
    assert failed.failure.state == "Count"
    assert failed.failure.traceback.endswith("ValueError: below zero")
    assert "functions.py" not in failed.failure.traceback
    assert 'raise ValueError("below zero")' in failed.told()


def test_a_sequence_may_end_in_the_real_call(run):
    answers = sequence(raises(BUSY), real())
    ended = run({"Count": task(Retry=RETRY)}, {}, mocks={"Count": answers}, functions={"f": lambda *_: "done"})
    assert ended.output == "done"
    assert ended.attempts("Count") == 2


def test_a_real_call_that_no_test_makes_is_refused_in_a_sequence_too(run):
    with pytest.raises(MocksDoNotFit, match="Count: it invokes f, whose code no test has"):
        run({"Count": task(Retry=RETRY)}, {}, mocks={"Count": sequence(raises(BUSY), real())})


def test_all_that_does_not_fit_is_told_at_once(run):
    states = {"Count": task(Next="Then"), "Then": {"Type": "Pass", "End": True}}
    with pytest.raises(MocksDoNotFit) as caught:
        run(states, mocks={"Cuont": returns(1), "Then": returns(1)})
    first, second = caught.value.problems
    assert first.startswith("Cuont: there is no such state; did you mean 'Count'?")
    assert second == "Then: it is a Pass state, which calls nothing; only a Task, a Map or a Parallel has a mock"


def test_a_sequence_that_is_too_short_or_too_long_is_told(run):
    states = {"Count": task(Retry=RETRY)}
    with pytest.raises(MocksDoNotFit, match=r"Count: its sequence has 1 answers, and this is call 2"):
        run(states, mocks={"Count": sequence(raises(BUSY))})
    with pytest.raises(MocksDoNotFit, match=r"Count: answer 2 of 2 of its sequence was not used: Returned"):
        run(states, mocks={"Count": sequence(returns({"Payload": 1}), returns({"Payload": 2}))})
    with pytest.raises(MocksDoNotFit, match=r"Count: per_item has an item 2, which did not come"):
        run({"Pieces": each(task())}, [1], mocks={"Count": per_item({0: returns({"Payload": 1}), 2: silent()})})


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ("lambda:invoke", 'it invokes f, whose code no test has; write mocks={"Call": returns({"Payload": ...})}'),
        ("lambda:invoke.waitForTaskToken", "nobody in a test sends its token, so it would wait for ever; write mocks="),
        (
            "dynamodb:getItem",
            'it calls dynamodb:getItem, and a test calls no service; write mocks={"Call": returns(...)},',
        ),
        ("aws-sdk:ec2:describeInstances", "it calls aws-sdk:ec2:describeInstances, and a test calls no service"),
        ("states:startExecution.sync:2", "it calls states:startExecution.sync:2, which no test runs"),
        ("batch:submitJob.sync", "it calls batch:submitJob.sync, which no test runs"),
    ],
)
def test_a_call_without_a_mock_names_the_state_and_the_line_to_write(run, resource, said):
    given = {
        "lambda": {"FunctionName": "f"},
        "states": {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:m"},
        "dynamodb": {"TableName": "t", "Key": {"id": {"S": "1"}}},
    }
    kept = given.get(resource.partition(":")[0], {})
    with pytest.raises(MocksDoNotFit) as caught:
        run({"Call": call(resource, Parameters=kept, Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Call"}])})
    assert caught.value.problems[0].startswith(f"Call: {said}")


def test_a_mock_that_is_no_answer_is_refused_with_the_line_to_write(run):
    with pytest.raises(TypeError, match=r"write returns\(\{'Payload': 3\}\)"):
        run({"Count": task()}, mocks={"Count": {"Payload": 3}})
    with pytest.raises(TypeError):
        returns({1, 2})


@pytest.mark.parametrize(
    ("state", "result", "said"),
    [
        (task(), 3, r'the result of lambda:invoke is an object: write returns\(\{"Payload": ...\}\)'),
        (
            call("dynamodb:getItem", Parameters={"TableName": "t", "Key": {}}),
            {"Item": 3},
            "Field 'Item' must be an object",
        ),
        (each(task()), {"a": 1}, "Mocked result must be an array"),
        ({"Type": "Parallel", "End": True, "Branches": [machine(A=task())]}, [1, 2], "same number of items"),
    ],
)
def test_a_result_that_no_call_of_the_state_could_have_is_told(run, state, result, said):
    with pytest.raises(MocksDoNotFit, match=f"Call: .*{said}"):
        run({"Call": state}, [], mocks={"Call": returns(result)})


def test_a_state_that_would_wait_for_ever_is_told(run):
    with pytest.raises(MocksDoNotFit, match="Count: it waits for ever"):
        run({"Count": task()}, mocks={"Count": silent()})


def test_a_definition_that_aws_does_not_take_is_refused(run):
    with pytest.raises(LanesError, match="Step Functions does not take this definition"):
        run({"Count": task(Next="Nowhere")})


def test_a_run_makes_no_thread(run, monkeypatch):
    def refused(_thread):
        raise AssertionError("a thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    assert run({"Pieces": distributed(task())}, [1, 2], functions={"f": lambda event, _: event}).output == [1, 2]


def test_an_unknown_state_is_told_with_those_there_are(run):
    ended = run({"Count": task()}, mocks={"Count": returns({"Payload": 1})})
    with pytest.raises(LanesError, match="did you mean 'Count'"):
        ended.attempts("Cuont")


def test_a_run_shows_what_it_did(run):
    failing = run({"Pieces": each(task(Retry=RETRY))}, [1], mocks={"Count": raises(BUSY, "full")})
    assert repr(failing) == "<Run FAILED in 6 s: Pieces>"
    assert failing.told().splitlines() == [
        "FAILED after 6 virtual seconds",
        f"  Pieces, {BUSY}, not left",
        f"    Count of Pieces[0], 3 attempts, waits 2, 4 s, {BUSY}, not left",
        f"{BUSY} in Count: full",
    ]


def test_the_cloud_in_memory_serves_tasks_once_a_test_asks_for_it(workflow):
    put = call("aws-sdk:s3:putObject", Parameters={"Bucket": "bucket", "Key": "k", "Body": "text"})
    subject = workflow.definition(machine(Put=put))
    with pytest.raises(MocksDoNotFit, match="a test calls no service"):
        subject.run()
    s3 = subject.cloud.client("s3")
    missing = subject.run()
    assert missing.error == "S3.NoSuchBucketException"
    s3.create_bucket(Bucket="bucket")
    assert subject.run().succeeded
    assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == b'"text"'


def test_a_map_reads_and_writes_in_the_cloud_in_memory(workflow):
    pieces = distributed(
        task(),
        ItemReader={
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": "bucket", "Key": "items.json"},
        },
        ResultWriter={
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": "bucket", "Prefix": "out"},
        },
    )
    subject = workflow.definition(machine(Pieces=pieces))
    s3 = subject.cloud.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="items.json", Body=b"[1, 2]")
    ended = subject.run(functions={"f": lambda event, _: event * 2})
    assert ended.succeeded, ended.failure
    key = ended.output["ResultWriterDetails"]["Key"]
    assert b"SUCCEEDED_0.json" in s3.get_object(Bucket="bucket", Key=key)["Body"].read()


def test_functions_that_meet_at_the_rendezvous_are_refused_by_name(workflow):
    cosmic = workflow.of("team2", "cosmic")
    with pytest.raises(MocksDoNotFit, match=r"Rendezvous check: .*which meets others at the rendezvous"):
        cosmic.run(functions={"init": lambda event, _: {"fmi_enabled": True}})


def test_what_the_cloud_in_memory_lacks_is_refused_by_name(workflow):
    cloud = workflow.definition(machine(Count=task())).cloud
    with pytest.raises(LanesError, match="a test's cloud in memory has no gamelift:ListBuilds"):
        cloud.client("gamelift").list_builds()
    with pytest.raises(LanesError, match="a test's cloud in memory has no sfn:ListStateMachines"):
        cloud.client("stepfunctions").list_state_machines()
