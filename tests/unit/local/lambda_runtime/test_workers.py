"""How many workers there are, which caller gets which, and how they end: concurrency, waiting, retiring, closing."""

import json
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.local.capacity import Capacity
from shared.local.lambda_runtime import InvokeRefusedError
from shared.local.lambda_runtime.pool import RuntimeClosedError
from shared.local.lambda_runtime.worker import Worker
from tests.helpers.eventually import eventually

PID = "import os\ndef handler(event, context): return os.getpid()\n"
ECHO = "def handler(event, context): return event\n"
SLEEP = "import time\ndef handler(event, context):\n    print('begun', flush=True)\n    time.sleep(60)\n"


def answer(invocation):
    assert invocation.function_error is None, invocation.payload
    return json.loads(invocation.payload)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_reserved_concurrency_refuses_one_too_many(runtime, function, logs):
    spec = function(SLEEP, reserved_concurrency=1, timeout=1)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(runtime.invoke, spec, b"{}")
        assert logs.wait_for("begun")
        with pytest.raises(InvokeRefusedError) as refused:
            runtime.invoke(spec, b"{}")
        assert (refused.value.code, refused.value.status) == ("TooManyRequestsException", 429)
        assert refused.value.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"
        assert running.result().function_error
    with pytest.raises(InvokeRefusedError):
        runtime.invoke(function(ECHO, reserved_concurrency=0), b"{}")


def test_processes_stay_within_the_bound_and_callers_queue(make_runtime, function):
    runtime = make_runtime(carries=Capacity(2, "the test"))
    specs = [function(PID, name=f"f{number}") for number in range(6)]
    with ThreadPoolExecutor(6) as threads:
        pids = {answer(invocation) for invocation in threads.map(lambda spec: runtime.invoke(spec, b"{}"), specs)}
    assert len(pids) == 6  # idle workers of other functions made room
    assert runtime.processes <= 2


class FullDisk:
    """A LogSink that fails at the last line of an invocation."""

    def put(self, spec, stream, events):
        if any(event.message.startswith("REPORT") for event in events):
            raise OSError("the disk is full")


def test_a_worker_whose_log_cannot_be_written_is_stopped_and_frees_its_slot(make_runtime, function):
    runtime = make_runtime(logs=FullDisk(), carries=Capacity(1, "the test"))
    with pytest.raises(OSError, match="the disk is full"):
        runtime.invoke(function(ECHO), b"{}")
    assert runtime.processes == 0


def test_a_worker_that_cannot_be_stopped_after_its_init_failed_frees_its_slot(make_runtime, function, monkeypatch):
    """No file of ours can make ``stop`` fail, but a Ctrl-C in the midst of it does."""
    stop = Worker.stop

    def stop_and_fail(worker):
        stop(worker)
        raise KeyboardInterrupt

    runtime = make_runtime(carries=Capacity(1, "the test"))
    with monkeypatch.context() as patch:
        patch.setattr(Worker, "stop", stop_and_fail)
        with pytest.raises(KeyboardInterrupt):
            runtime.invoke(function("raise ValueError"), b"{}")
    assert runtime.processes == 0
    assert answer(runtime.invoke(function(ECHO), b"{}")) == {}


def test_a_caller_that_queued_too_long_is_told(make_runtime, function, logs):
    runtime = make_runtime(carries=Capacity(1, "the test"), queue_timeout=0.05)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(runtime.invoke, function(SLEEP, timeout=1), b"{}")
        assert logs.wait_for("begun")
        with pytest.raises(InvokeRefusedError, match="Rate Exceeded"):
            runtime.invoke(function(PID, name="other"), b"{}")
        running.result()


def test_each_process_serves_one_at_a_time_and_the_last_one_first(runtime, function):
    source = "import os, time\ndef handler(event, context):\n    time.sleep(0.2)\n    return os.getpid()\n"
    spec = function(source)
    with ThreadPoolExecutor(3) as threads:
        pids = {answer(invocation) for invocation in threads.map(lambda _: runtime.invoke(spec, b"{}"), range(3))}
    assert len(pids) == 3
    again = {answer(runtime.invoke(spec, b"{}")) for _ in range(2)}
    assert len(again) == 1
    assert again < pids


def test_a_worker_that_was_killed_while_it_was_idle_is_replaced_by_a_cold_start(runtime, function):
    spec = function(PID)
    killed = answer(runtime.invoke(spec, b"{}"))
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: not alive(killed))
    after = runtime.invoke(spec, b"{}")
    assert answer(after) != killed
    assert after.init_ms is not None
    assert runtime.processes == 1
    assert runtime.invoke(spec, b"{}").init_ms is None


def test_an_environment_that_is_idle_for_its_time_ends(make_runtime, function):
    runtime = make_runtime(idle_minutes=0.0)
    pid = answer(runtime.invoke(function(PID), b"{}"))
    eventually(lambda: not alive(pid))


def test_ranks_of_a_world_get_environments_at_once_or_are_refused_and_nothing_starts(make_runtime, function):
    runtime = make_runtime(carries=Capacity(4, "the test"))
    source = "import time\ndef handler(event, context):\n    time.sleep(0.2)\n    return event['rank']\n"
    spec = function(source, environment=(("RENDEZVOUS_ENDPOINT", "127.0.0.1:1"),))

    def rank(number, ranks):
        payload = {"world_size": ranks, "rank": number, "run_id": f"of-{ranks}"}
        return answer(runtime.invoke(spec, json.dumps(payload).encode()))

    with ThreadPoolExecutor(5) as threads:
        for done in [threads.submit(rank, number, 5) for number in range(5)]:
            assert isinstance(done.exception(), InvokeRefusedError)
        assert runtime.processes == 0
        assert list(threads.map(lambda number: rank(number, 4), range(4))) == [0, 1, 2, 3]


def test_retired_workers_serve_no_more(runtime, function, logs):
    spec = function(PID)
    old = answer(runtime.invoke(spec, b"{}"))
    runtime.retire(spec.arn + ":$LATEST")
    assert not alive(old)
    assert answer(runtime.invoke(spec, b"{}")) != old
    with ThreadPoolExecutor(1) as threads:
        source = "import time\ndef handler(event, context):\n    print('begun')\n    time.sleep(0.3)\n"
        busy = threads.submit(runtime.invoke, function(source, name="busy"), b"{}")
        assert logs.wait_for("begun")
        before = runtime.processes
        runtime.retire(function(source, name="busy").arn)
        assert busy.result().function_error is None  # it may finish
        assert runtime.processes == before - 1


def test_new_code_under_the_same_name_replaces_the_old(runtime, function):
    assert answer(runtime.invoke(function("def handler(e, c): return 1"), b"{}")) == 1
    assert answer(runtime.invoke(function("def handler(e, c): return 2"), b"{}")) == 2
    assert runtime.processes == 1


def test_closing_ends_what_runs(make_runtime, function, logs):
    runtime = make_runtime()
    source = "import subprocess\ndef handler(e, c):\n    print('begun')\n    subprocess.run(['sleep', '60'])\n"
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(runtime.invoke, function(source, timeout=60), b"{}")
        assert logs.wait_for("begun")
        runtime.close()
        with pytest.raises(RuntimeClosedError):
            running.result()
    with pytest.raises(RuntimeClosedError):
        runtime.invoke(function(PID), b"{}")


def test_a_thread_may_end_without_taking_its_worker_along(runtime, function):
    pids = []
    for _ in range(2):
        thread = threading.Thread(target=lambda: pids.append(answer(runtime.invoke(function(PID), b"{}"))))
        thread.start()
        thread.join()
    assert pids[0] == pids[1]
