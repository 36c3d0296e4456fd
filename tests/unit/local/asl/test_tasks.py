"""Tasks: Lambda's answers and failures, Retry, Catch, timeouts, callbacks and activities."""

import json

import pytest

from shared.errors import LanesError
from shared.local.asl.activities import Activities
from shared.local.asl.errors import AnsweredFailure, StateFailure, dumps
from shared.local.asl.tokens import Answer

INVOKE = "arn:aws:states:::lambda:invoke"


def invoke(pattern="", **more):
    more = more if "Next" in more else {"End": True, **more}
    return {
        "Type": "Task",
        "Resource": INVOKE + pattern,
        "Parameters": {"FunctionName": "f", "Payload.$": "$"},
        **more,
    }


def machine(**states):
    return {"StartAt": next(iter(states)), "States": states}


def test_a_function_gives_the_output(world, call, types):
    execution = world.run(machine(T=call()), {"a": 1})
    assert execution.output == {"a": 1}
    assert types(execution) == [
        "ExecutionStarted", "TaskStateEntered", "LambdaFunctionScheduled", "LambdaFunctionStarted",
        "LambdaFunctionSucceeded", "TaskStateExited", "ExecutionSucceeded",
    ]  # fmt: skip


def test_invoke_gives_lambdas_response(world, types):
    execution = world.run(machine(T=invoke()), 3)
    assert execution.output["Payload"] == 3
    assert execution.output["StatusCode"] == 200
    assert execution.output["ExecutedVersion"] == "$LATEST"
    assert "TaskScheduled TaskStarted TaskSucceeded TaskStateExited" in " ".join(types(execution))
    scheduled = execution.history.page(2, 1, reverse=False, data=True)[0]["taskScheduledEventDetails"]
    assert scheduled["resourceType"] == "lambda"
    assert json.loads(scheduled["parameters"]) == {"FunctionName": "f", "Payload": 3}


def test_invoke_tells_the_version_that_ran_and_the_request_that_it_was(world):
    world.version = "7"
    output = world.output(machine(T=invoke()), 3)
    assert output["ExecutedVersion"] == "7"
    assert output["SdkHttpMetadata"]["HttpHeaders"]["X-Amz-Executed-Version"] == "7"
    assert output["SdkResponseMetadata"]["RequestId"] == "request-1"


def test_a_function_fails_under_its_error_type(world, call, fail):
    def broken(_value):
        raise fail("ValueError", "no")

    world.function = broken
    execution = world.run(machine(T=call()))
    assert (execution.status, execution.error) == ("FAILED", "ValueError")
    assert json.loads(execution.cause) == {"errorType": "ValueError", "errorMessage": "no"}


def test_a_function_that_is_missing_or_throttled_fails_as_on_aws(world, call):
    class RefusedError(Exception):
        code, status = "TooManyRequestsException", 429

    def refuse(_value):
        raise RefusedError("Rate exceeded")

    world.function = refuse
    execution = world.run(machine(T=call()))
    assert execution.error == "Lambda.TooManyRequestsException"
    assert execution.cause.startswith("Rate exceeded (Service: AWSLambda; Status Code: 429; Error Code: TooMany")


def test_retry_waits_longer_each_time_and_gives_up(world, call, fail):
    def broken(_value):
        raise fail("Flaky")

    world.function = broken
    retry = [
        {"ErrorEquals": ["Flaky"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 3, "MaxDelaySeconds": 10}
    ]
    execution = world.run(machine(T=call(Retry=retry)))
    assert execution.error == "Flaky"
    assert len(world.calls) == 4
    assert world.elapsed == pytest.approx(2 + 6 + 10)


@pytest.mark.parametrize("rate", [2, 2.5])
def test_a_retry_goes_on_when_its_delay_has_outgrown_every_number(world, call, fail, rate):
    def broken(_value):
        raise fail("Flaky")

    world.function = broken
    retry = [{"ErrorEquals": ["Flaky"], "BackoffRate": rate, "MaxAttempts": 1100, "MaxDelaySeconds": 1}]
    execution = world.run(machine(T=call(Retry=retry)))
    assert execution.error == "Flaky"
    assert world.elapsed == 1100


def test_each_retrier_counts_its_own_attempts(world, call, fail):
    errors = iter(["A", "B", "A"])

    def broken(_value):
        kind = next(errors, None)
        if kind is None:
            return "done"
        raise fail(kind)

    world.function = broken
    retry = [{"ErrorEquals": ["A"], "MaxAttempts": 2}, {"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]
    assert world.output(machine(T=call(Retry=retry))) == "done"


def test_full_jitter_comes_from_the_engines_random_source(world, call, fail):
    def broken(_value):
        raise fail("E")

    world.function = broken
    retry = [{"ErrorEquals": ["E"], "IntervalSeconds": 100, "MaxAttempts": 1, "JitterStrategy": "FULL"}]
    world.run(machine(T=call(Retry=retry)))
    assert 0 < world.elapsed < 100


@pytest.mark.parametrize(
    ("names", "caught"),
    [
        (["States.ALL"], True),
        (["States.TaskFailed"], True),
        (["Other"], False),
        (["Kind"], True),
        (["States.Timeout"], False),
    ],
)
def test_catch_matches_by_name_and_by_class(world, call, fail, names, caught):
    def broken(_value):
        raise fail("Kind", "why")

    world.function = broken
    catch = [{"ErrorEquals": names, "ResultPath": "$.e", "Next": "Done"}]
    execution = world.run(machine(T=call(Catch=catch, Next="Done"), Done={"Type": "Succeed"}), {"kept": 1})
    assert (execution.status == "SUCCEEDED") is caught
    if caught:
        assert execution.output["kept"] == 1
        assert execution.output["e"]["Error"] == "Kind"


def test_states_all_does_not_catch_a_runtime_error(world, call):
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Done"}]
    execution = world.run(machine(T=call(InputPath="$.none", Catch=catch, Next="Done"), Done={"Type": "Succeed"}))
    assert execution.error == "States.Runtime"
    assert execution.cause == (
        "An error occurred while executing the state 'T' (entered at the event id #2). Invalid path '$.none' : "
        "No results for path: $['none']"
    )


def test_a_callback_ends_the_task(world, types):
    tokens = []

    def remember(value):
        tokens.append(value)

    world.function = remember
    task = invoke(".waitForTaskToken", TimeoutSeconds=60)
    task["Parameters"] = {"FunctionName": "f", "Payload.$": "$$.Task.Token"}
    execution = world.start(machine(T=task))
    world.scheduler.run(until=world.scheduler.now() + 30)
    assert execution.status == "RUNNING"
    world.engine.tokens.answer(tokens[0], Answer({"ok": True}))
    world.scheduler.run()
    assert execution.output == {"ok": True}
    assert "TaskScheduled TaskStarted TaskSubmitted TaskSucceeded" in " ".join(types(execution))


def test_a_callback_may_fail_the_task_and_comes_too_late_afterwards(world):
    tokens = []
    world.function = tokens.append
    task = invoke(".waitForTaskToken")
    task["Parameters"] = {"FunctionName": "f", "Payload.$": "$$.Task.Token"}
    execution = world.start(machine(T=task))
    world.scheduler.run()
    world.engine.tokens.answer(tokens[0], Answer(failure=StateFailure("Nope", "because")))
    world.scheduler.run()
    assert (execution.error, execution.cause) == ("Nope", "because")
    with pytest.raises(LookupError):
        world.engine.tokens.answer(tokens[0], Answer(1))
    with pytest.raises(LookupError):
        world.engine.tokens.answer("none such", Answer(1))


def test_a_callback_before_the_function_returns_is_kept(world):
    def answer_at_once(token):
        world.engine.tokens.answer(token, Answer("early"))

    world.function = answer_at_once
    task = invoke(".waitForTaskToken")
    task["Parameters"] = {"FunctionName": "f", "Payload.$": "$$.Task.Token"}
    assert world.output(machine(T=task)) == "early"


def test_no_heartbeat_fails_the_task_and_one_keeps_it_alive(world, types):
    tokens = []
    world.function = tokens.append
    task = invoke(".waitForTaskToken", TimeoutSeconds=100, HeartbeatSeconds=10)
    task["Parameters"] = {"FunctionName": "f", "Payload.$": "$$.Task.Token"}
    execution = world.start(machine(T=task))
    world.scheduler.run(until=world.scheduler.now() + 8)
    world.engine.tokens.answer(tokens[0], Answer(alive=True))
    world.scheduler.run(until=world.scheduler.now() + 8)
    assert execution.status == "RUNNING"
    world.scheduler.run()
    assert execution.error == "States.Timeout"
    assert world.elapsed == pytest.approx(18)
    assert "TaskTimedOut" in types(execution)


def test_a_task_times_out(world):
    task = invoke(".waitForTaskToken", TimeoutSecondsPath="$.limit")
    task["Parameters"] = {"FunctionName": "f", "Payload.$": "$$.Task.Token"}
    execution = world.run(machine(T=task), {"limit": 7})
    assert execution.error == "States.Timeout"
    assert world.elapsed == pytest.approx(7)


def test_a_machine_times_out(world, one):
    execution = world.run({**one(Type="Wait", Seconds=100), "TimeoutSeconds": 5})
    assert execution.status == "TIMED_OUT"
    assert execution.history.events[-1][0] == "ExecutionTimedOut"
    assert world.elapsed == pytest.approx(5)


def test_an_activity_is_polled_and_answered(world, types):
    arn = "arn:aws:states:us-east-1:123456789012:activity:a"
    execution = world.start(machine(T={"Type": "Task", "Resource": arn, "End": True}), {"n": 1})
    world.scheduler.run()
    token, given = world.engine.activities.poll(arn, "worker")
    assert json.loads(given) == {"n": 1}
    world.engine.tokens.answer(token, Answer("done"))
    world.scheduler.run()
    assert execution.output == "done"
    assert "ActivityScheduled ActivityStarted ActivitySucceeded" in " ".join(types(execution))


def test_a_payload_over_256_kb_fails_the_state(world, call):
    world.function = lambda _value: "x" * 262_145
    execution = world.run(
        machine(T=call(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "D"}], Next="D"), D={"Type": "Succeed"})
    )
    assert execution.error == "States.DataLimitExceeded"
    assert "size exceeding the maximum number of bytes service limit" in execution.cause


def test_a_heartbeat_failure_is_caught_by_either_name(world):
    for name in ("States.HeartbeatTimeout", "States.Timeout"):
        catch = [{"ErrorEquals": [name], "Next": "D"}]
        task = invoke(".waitForTaskToken", HeartbeatSeconds=5, Catch=catch, Next="D")
        assert world.output(machine(T=task, D={"Type": "Succeed"})) == {"Error": "States.Timeout"}


def test_credentials_are_recorded(world, call):
    execution = world.run(machine(T=call(Credentials={"RoleArn.$": "$.role"})), {"role": "arn:role"})
    details = execution.history.page(2, 1, reverse=False, data=True)[0]["lambdaFunctionScheduledEventDetails"]
    assert details["taskCredentials"] == {"roleArn": "arn:role"}


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"Payload": 1}, 'The field "FunctionName" is required but was missing'),
        ({"FunctionName": "f", "Load": 1}, 'The field "Load" is not supported by Step Functions'),
    ],
)
def test_arguments_that_no_task_can_start_with(world, types, parameters, problem):
    task = {"Type": "Task", "Resource": INVOKE, "Parameters": parameters, "End": True}
    execution = world.run(machine(T=task))
    assert execution.error == "States.Runtime"
    assert execution.cause.endswith(f"could not be used to start the Task: [{problem}]")
    assert "TaskScheduled" not in types(execution)


@pytest.mark.parametrize("found", ["text", ["Bucket", "b"], 7])
@pytest.mark.parametrize(
    "resource",
    [
        "aws-sdk:s3:listBuckets", "dynamodb:getItem", "events:putEvents", "lambda:invoke", "states:startExecution",
        "lambda:invoke.waitForTaskToken",
    ],
)  # fmt: skip
def test_no_api_is_called_with_arguments_that_are_no_object(world, s3, types, resource, found):
    task = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "End": True}
    query = {"QueryLanguage": "JSONata", "Arguments": "{% $states.input %}"}
    for execution in (world.run(machine(T={**task, **query}), found), world.run(machine(T=task), found)):
        assert (execution.status, execution.error) == ("FAILED", "States.Runtime")
        assert execution.cause.endswith(f"The value must be an object but was: {dumps(found)}")
        assert "TaskScheduled" not in types(execution)


@pytest.mark.parametrize("found", ["text", [1], 7])
def test_a_function_takes_any_json(world, call, found):
    assert world.output(machine(T=call(QueryLanguage="JSONata", Arguments="{% $states.input %}")), found) == found


def test_a_fault_of_ours_fails_the_task_and_no_word_of_it_reaches_the_cause(world, types, caplog):
    class Broken(type(world.engine.services)):
        def client(self, _service, _region, _role):
            raise OSError("no such host")

    world.engine.services = Broken("")
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:listBuckets", "End": True}
    execution = world.run(machine(T=task))
    assert (execution.error, execution.cause) == (
        "States.Runtime",
        "Internal error of the embedded cloud; see its log (lanes up's log)",
    )
    assert "no such host" in caplog.text


def test_what_the_cloud_says_of_itself_is_the_cause_and_no_fault(world, call, caplog):
    def ended(_event):
        raise LanesError("the Lambda runtime was closed during an invocation")

    world.function = ended
    execution = world.run(machine(T=call()))
    assert (execution.error, execution.cause) == (
        "States.Runtime",
        "the Lambda runtime was closed during an invocation",
    )
    assert not caplog.text


@pytest.mark.parametrize(
    ("said", "output"),
    [({}, {"Error": None, "Cause": None}), ({"error": "E"}, {"Error": "E", "Cause": None})],
)
def test_a_catcher_gets_null_for_what_a_worker_did_not_say(world, said, output):
    """Recorded on AWS."""
    arn = "arn:aws:states:us-east-1:123456789012:activity:a"
    task = {"Type": "Task", "Resource": arn, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "D"}], "End": True}
    execution = world.start(machine(T=task, D={"Type": "Pass", "End": True}))
    world.scheduler.run()
    token, _ = world.engine.activities.poll(arn, "worker")
    world.engine.tokens.answer(token, Answer(failure=AnsweredFailure(said.get("error"), said.get("cause"))))
    world.scheduler.run()
    assert execution.output == output


def test_a_worker_passes_over_any_number_of_tasks_that_have_ended():
    activities = Activities(seconds=0)
    for token in range(3000):
        activities.put("arn", str(token), "{}", lambda _worker: False)
    activities.put("arn", "live", "[1]", lambda worker: worker == "w")
    assert activities.poll("arn", "w") == ("live", "[1]")
    assert activities.poll("arn", "w") is None
