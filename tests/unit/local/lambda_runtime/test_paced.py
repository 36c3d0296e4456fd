"""The runtime of a cloud that paces: what an account would refuse is refused, what this machine delays is counted."""

import socket
import threading

import pytest

from shared.config.aws_facts import NEW_ENVIRONMENTS, Throttle
from shared.local.capacity import Capacity
from shared.local.lambda_runtime.function import InvokeRefusedError
from shared.local.pacing.account import Account
from shared.local.pacing.functions import Quotas
from tests.helpers.clock import Clock
from tests.helpers.eventually import eventually

HANDLER = "def handler(event, context):\n    return event\n"
# A file would not do: a function's /tmp is its own.
WAITS = """
import contextlib, socket

def handler(event, context):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", event)) as gate:
        gate.recv(1)
"""


@pytest.fixture
def gate():
    """What the functions that wait wait for: that it is closed."""
    with socket.create_server(("127.0.0.1", 0)) as gate:
        yield gate


def asking(gate):
    """Return the event for a function that waits for *gate*."""
    return str(gate.getsockname()[1]).encode()


def account(clock=None, **quotas):
    return Account("us-east-1", Quotas(**quotas), clock=clock or Clock())


def environments(bucket):
    return Throttle(bucket, 1, "", NEW_ENVIRONMENTS.read)


def test_a_new_environment_beyond_the_rate_is_refused_and_a_warm_one_serves(make_runtime, function):
    clock, spec = Clock(), function(HANDLER)
    runtime = make_runtime(account=account(clock, environments=environments(1)))
    assert [runtime.invoke(spec, b"1").payload for _ in range(3)] == [b"1"] * 3
    runtime.retire(spec.arn)
    with pytest.raises(InvokeRefusedError) as refused:
        runtime.invoke(spec, b"1")
    assert (refused.value.code, refused.value.status) == ("TooManyRequestsException", 429)
    assert refused.value.reason == "FunctionInvocationRateLimitExceeded"
    clock.now = 1.0
    assert runtime.invoke(spec, b"2").payload == b"2"
    assert runtime.standing().pace.throttled == {"lambda:Invoke (FunctionInvocationRateLimitExceeded)": 1}


def test_an_account_runs_so_many_at_once_whoever_s_they_are(make_runtime, function, gate):
    one, other = function(WAITS, "team1-work"), function(HANDLER, "team2-work")
    runtime = make_runtime(account=account(concurrency=1))
    event = asking(gate)
    begun = threading.Thread(target=lambda: runtime.invoke(one, event))
    begun.start()
    eventually(lambda: runtime.standing().held)
    with pytest.raises(InvokeRefusedError) as refused:
        runtime.invoke(other, b"1")
    assert refused.value.reason == "ConcurrentInvocationLimitExceeded"
    gate.close()
    begun.join(120)
    assert runtime.invoke(other, b"1").payload == b"1"


def test_what_an_account_would_run_waits_for_this_machine_and_is_counted(make_runtime, function, gate):
    """Also a call over HTTP, which a cloud that is not paced refuses: that AWS would not do."""
    clock, spec, event = Clock(), function(WAITS), asking(gate)
    runtime = make_runtime(account=account(clock), carries=Capacity(1, "the test"))
    ended = []

    def invoke():
        ended.append(runtime.invoke(spec, event, waits=False))

    threads = [threading.Thread(target=invoke) for _ in range(2)]
    for thread in threads:
        thread.start()
    eventually(lambda: runtime._pool.waiting)
    clock.now += 5
    gate.close()
    for thread in threads:
        thread.join(120)
    pace = runtime.standing().pace
    assert (len(ended), pace.kept_waiting, pace.waited, pace.throttled) == (2, 1, 5.0, {})


def test_an_event_that_this_machine_refuses_for_now_is_counted(make_runtime, function, gate):
    spec, event = function(WAITS), asking(gate)
    runtime = make_runtime(account=account(), carries=Capacity(1, "the test"))
    first = threading.Thread(target=lambda: runtime.invoke(spec, event))
    first.start()
    eventually(lambda: runtime.standing().held)
    with pytest.raises(InvokeRefusedError):
        runtime.invoke(spec, b'"x"', waits=False, waited_for=False)
    pace = runtime.standing().pace
    assert (pace.kept_waiting, pace.waited, pace.throttled) == (1, 1.0, {})
    gate.close()
    first.join(120)


def test_a_runtime_without_an_account_tells_no_pace(runtime, function):
    assert runtime.invoke(function(HANDLER), b"1").payload == b"1"
    assert runtime.standing().pace is None
