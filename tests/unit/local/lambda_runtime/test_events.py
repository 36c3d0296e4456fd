import contextlib
import dataclasses
import json
import threading
import time
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from shared.local.lambda_runtime import Destinations, InvokeRefusedError
from shared.local.lambda_runtime.destinations import record
from shared.local.lambda_runtime.events import EventQueue, EventQueues, Outcome
from shared.local.lambda_runtime.function import Invocation, throttled
from shared.local.lambda_runtime.pool import RuntimeClosedError
from tests.helpers.eventually import eventually
from tests.helpers.ledgers import MemoryLedger


def invocation(error=None, payload=b'"done"'):
    return Invocation("id", payload, error, "", 1.0, 1, None, 1, "group", "stream", "$LATEST")


DONE, FAILED = invocation(), invocation("Unhandled", b'{"errorType": "OSError"}')


class Script:
    """Answers each run with the next item of a list; raises it if it is an exception."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.runs = 0
        self.ran = []
        self.done = threading.Event()

    def __call__(self, spec, *_):
        self.runs += 1
        self.ran.append(spec)
        answer = self.answers.pop(0)
        if not self.answers:
            self.done.set()
        if isinstance(answer, Exception):
            raise answer
        return answer


class Ends:
    """Keeps what became of events."""

    def __init__(self):
        self.outcomes = []
        self._came = threading.Condition()

    def __call__(self, outcome):
        with self._came:
            self.outcomes.append(outcome)
            self._came.notify_all()

    def noted_after(self, ledger):
        """Return what is noted when the thread that told of the last outcome has gone on."""
        deadline = time.monotonic() + 120
        while ledger.held and time.monotonic() < deadline:
            time.sleep(0.001)
        return ledger.all()

    def wait(self, count=1):
        with self._came:
            assert self._came.wait_for(lambda: len(self.outcomes) >= count, 120)
        return self.outcomes


@pytest.fixture
def ends():
    return Ends()


@pytest.fixture
def queue(ends):
    made = []

    def make(run, **settings):
        made.append(EventQueue(run, settings.pop("delays", (0.0, 0.0)), ends, **settings))
        return made[-1]

    yield make
    for each in made:
        each.close()
        each.join()


@pytest.fixture
def find(function):
    """Return a function that makes what tells of a function with some settings."""

    def make(**settings):
        spec = function("", **settings)
        return lambda: spec

    return make


def told(outcome):
    return outcome.condition, outcome.tries, outcome.invocation


def test_a_failed_event_has_the_functions_number_of_tries(queue, ends, find):
    script = Script(FAILED, FAILED)
    queue(script, threads=1).put("f", find(retry_attempts=1), b"{}", "a")
    assert [told(each) for each in ends.wait()] == [("RetriesExhausted", 2, FAILED)]
    assert script.runs == 2


def test_no_retries_are_none(queue, ends, find):
    script = Script(FAILED)
    queue(script).put("f", find(retry_attempts=0), b"{}", "a")
    assert told(ends.wait()[0]) == ("RetriesExhausted", 1, FAILED)


def test_one_that_succeeds_in_the_end_is_a_success(queue, ends, find):
    queue(Script(FAILED, DONE)).put("f", find(), b"{}", "a")
    assert told(ends.wait()[0]) == ("Success", 2, DONE)


def test_a_throttled_event_waits_and_loses_no_try(queue, ends, find):
    script = Script(throttled("x"), FAILED, DONE)
    queue(script, throttled_delays=(0.0, 0.0)).put("f", find(retry_attempts=1), b"{}", "a")
    assert told(ends.wait()[0]) == ("Success", 2, DONE)
    assert script.runs == 3


@pytest.mark.parametrize(("answer", "last"), [(FAILED, FAILED), (throttled("x"), None)])
def test_an_event_that_would_be_too_old_at_its_next_try_is_given_up(queue, ends, find, answer, last):
    line = queue(Script(answer), delays=(61.0,), throttled_delays=(61.0, 61.0), clock=lambda: 7.0)
    line.put("f", find(max_event_age=60), b"{}", "a")
    assert told(ends.wait()[0]) == ("EventAgeExceeded", 1, last)


def test_a_function_that_is_stopped_by_a_reservation_of_zero_gives_its_events_up_at_once(queue, ends, find):
    queue(Script(throttled("x"))).put("f", find(reserved_concurrency=0), b"{}", "a")
    assert told(ends.wait()[0]) == ("ZeroReservedConcurrency", 0, None)


def test_each_try_runs_what_the_function_is_by_then(queue, ends, function):
    versions = [function("old = 1", memory_mb=128), function("new = 2", memory_mb=256, retry_attempts=1)]
    script = Script(FAILED, DONE)
    queue(script).put("f", iter(versions).__next__, b"{}", "a")
    assert ends.wait()[0].spec is versions[1]
    assert script.ran == versions


def test_events_of_a_function_that_is_gone_end_without_a_word(queue, ends, find):
    def gone():
        raise InvokeRefusedError("ResourceNotFoundException", 404, "gone")

    script = Script(DONE)
    line = queue(script, threads=1)
    line.put("f", gone, b"{}", "a")
    line.put("f", find(), b"{}", "b")
    assert [each.request_id for each in ends.wait()] == ["b"]


FUNCTIONS = {}


def known():
    """Tell of the function, in a way that a ledger can keep."""
    return FUNCTIONS["f"]


def test_an_event_is_noted_until_it_is_over_and_an_earlier_clouds_is_gone_on_with(queue, ends, function):
    FUNCTIONS["f"] = function("")
    noted, closed = MemoryLedger(), Script(RuntimeClosedError("closed"))
    queue(closed, ledger=noted).put("f", known, b"{}", "a")
    closed.done.wait(5)
    (left,) = noted.all().values()
    assert (left.function, left.payload, left.request_id, left.failures) == ("f", b"{}", "a", 0)

    queue(Script(FAILED, DONE), ledger=noted).go_on_with(left)
    (outcome,) = ends.wait()
    assert (outcome.condition, outcome.request_id, outcome.tries) == ("Success", "a", 2)
    assert ends.noted_after(noted) == {}


def test_a_full_queue_refuses(queue, find):
    held, hold = threading.Event(), threading.Event()

    def run(*_):
        held.set()
        hold.wait(5)
        return DONE

    line = queue(run, threads=1, capacity=1)
    line.put("f", find(), b"{}", "a")
    assert held.wait(120)
    line.put("f", find(), b"{}", "b")
    with pytest.raises(InvokeRefusedError):
        line.put("f", find(), b"{}", "c")
    hold.set()


def test_one_events_mishap_does_not_stop_the_others(queue, ends, find, caplog):
    line = queue(Script(RuntimeError("moto is gone"), DONE), threads=1)
    line.put("f", find(), b"{}", "a")
    line.put("f", find(), b"{}", "b")
    assert ends.wait()[0].request_id == "b"
    assert "event a was lost" in caplog.text


QUEUE, TOPIC = "arn:aws:sqs:us-east-1:123456789012:done", "arn:aws:sns:us-east-1:123456789012:failed"
OTHER = "arn:aws:lambda:us-east-1:123456789012:function:g"
ROLE = "arn:aws:iam::123456789012:role/r"


class Clients:
    """Keeps what is sent, by which role."""

    def __init__(self, refuses=None):
        self.sent = []
        self._refuses = refuses

    def __call__(self, service, region, role):
        self._where = service, region, role
        return self

    def _take(self, **given):
        if self._refuses:
            raise ClientError({"Error": {"Code": self._refuses}}, "SendMessage")
        self.sent.append((*self._where, given))

    send_message = publish = invoke = _take


@pytest.fixture
def outcome(function):
    def make(condition="Success", last=DONE, tries=1, **settings):
        spec = function("", role=ROLE, on_success=QUEUE, on_failure=TOPIC, **settings)
        return Outcome(spec, b'{"n": 1}', "4f9e", condition, tries, last)

    return make


def test_the_record_of_a_success_has_the_shape_of_lambdas(outcome):
    assert record(outcome(), datetime(2026, 11, 29, 8, 0, 0, 123456, UTC)) == {
        "version": "1.0",
        "timestamp": "2026-11-29T08:00:00.123Z",
        "requestContext": {
            "requestId": "4f9e",
            "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST",
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"n": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": "done",
    }


def test_the_record_of_a_failure_says_what_the_function_raised(outcome):
    told = record(outcome("RetriesExhausted", FAILED, 3), datetime.now(UTC))
    assert told["requestContext"]["condition"] == "RetriesExhausted"
    assert told["requestContext"]["approximateInvokeCount"] == 3
    assert told["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert told["responsePayload"] == {"errorType": "OSError"}


def test_the_record_of_a_function_that_was_not_started_has_no_response(outcome):
    told = record(outcome("ZeroReservedConcurrency", None, 0), datetime.now(UTC))
    assert told.keys() == {"version", "timestamp", "requestContext", "requestPayload"}


def test_records_go_to_queues_topics_and_functions_by_the_functions_role(outcome):
    clients = Clients()
    send = Destinations(clients)
    send(outcome())
    send(outcome("RetriesExhausted", FAILED))
    to_function = outcome()
    send(to_function._replace(spec=dataclasses.replace(to_function.spec, on_success=OTHER)))
    send(to_function._replace(spec=dataclasses.replace(to_function.spec, on_success=None)))
    (queue, topic, function) = clients.sent
    assert queue[:3] == ("sqs", "us-east-1", ROLE)
    assert queue[3]["QueueUrl"].endswith("/123456789012/done")
    assert json.loads(queue[3]["MessageBody"])["requestPayload"] == {"n": 1}
    assert topic[:3] == ("sns", "us-east-1", ROLE)
    assert topic[3]["TopicArn"] == TOPIC
    assert function[3]["FunctionName"] == OTHER
    assert function[3]["InvocationType"] == "Event"


def test_a_record_that_cannot_be_sent_is_told(outcome):
    said = []
    Destinations(Clients("AccessDenied"), said.append)(outcome())
    assert said[0].startswith(f"the record of f (Success) is lost, as on AWS: {QUEUE}: ")


def test_one_functions_slow_events_keep_no_other_function_waiting(function, ends):
    release = threading.Event()
    slow, quick = function("", name="slow"), function("", name="quick")

    def run(spec, _payload, _request):
        if spec is slow:
            release.wait(30)
        return DONE

    queues = EventQueues(lambda: EventQueue(run, (0.0,), ends, threads=2))
    try:
        for number in range(5):
            queues.put("slow", lambda: slow, b"{}", f"slow-{number}")
        queues.put("quick", lambda: quick, b"{}", "quick")
        assert ends.wait()[0].spec is quick
        release.set()
        assert len(ends.wait(6)) == 6
    finally:
        release.set()
        queues.close()
        queues.join()
    with pytest.raises(RuntimeClosedError):
        queues.put("new", lambda: quick, b"{}", "late")


def test_events_of_too_many_bytes_are_refused(queue, find):
    held = threading.Event()
    made = queue(lambda *_: held.wait(5) and DONE, threads=1, most_bytes=5)
    with contextlib.suppress(InvokeRefusedError):  # the first one is run at once, so it may not wait any more
        for _ in range(3):
            made.put("f", find(), b"1234", "a")
    with pytest.raises(InvokeRefusedError) as refused:
        made.put("f", find(), b"1234", "b")
    assert refused.value.status == 429
    held.set()


def test_a_queue_without_work_goes_with_its_threads(ends, find):
    queues = EventQueues(lambda: EventQueue(Script(DONE, DONE), (0.0,), ends, linger=0.0))
    queues.put("f", find(), b"{}", "a")
    ends.wait()
    eventually(lambda: not queues._queues)
    queues.put("f", find(), b"{}", "b")  # and comes back
    ends.wait(2)
    queues.close()
    queues.join()


def test_one_thread_waits_for_events_that_are_to_be_tried_again(queue, find):
    made = queue(Script(*[throttled("x")] * 6), throttled_delays=(1000.0, 1000.0), linger=0.0)
    for number in range(6):
        made.put("f", find(), b"{}", str(number))
    eventually(lambda: len(made._queue) == 6 and len(made._threads) == 1)
