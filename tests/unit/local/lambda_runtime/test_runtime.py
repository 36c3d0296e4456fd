import json
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.local.lambda_runtime import InvokeRefusedError, Layer
from shared.local.lambda_runtime.runtime import MAX_EVENT, MAX_SYNC

PID = "import os\ndef handler(event, context): return os.getpid()\n"
ECHO = "def handler(event, context): return event\n"
SLEEP = "import time\ndef handler(event, context):\n    print('begun', flush=True)\n    time.sleep(60)\n"


def answer(invocation):
    assert invocation.function_error is None, invocation.payload
    return json.loads(invocation.payload)


def test_a_cold_start_then_the_same_process_again(runtime, function, logs):
    spec = function(PID, memory_mb=256)
    first, second = runtime.invoke(spec, b"{}"), runtime.invoke(spec, b"{}")
    assert answer(first) == answer(second)
    assert first.init_ms > 0
    assert first.billed_ms >= first.init_ms
    assert second.init_ms is None
    assert 5 < first.max_memory_mb < 256
    assert first.log_stream == second.log_stream
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", first.log_stream)
    kinds = [message.split(" ")[0] for message in logs.messages]
    assert kinds == ["INIT_START", "START", "END", "REPORT", "START", "END", "REPORT"]
    assert first.log_tail.splitlines()[0] == f"START RequestId: {first.request_id} Version: $LATEST"
    assert "Init Duration: " in first.log_tail
    assert "Init Duration: " not in second.log_tail


def test_the_module_is_imported_before_the_first_event(runtime, function, logs):
    runtime.invoke(function("print('importing')\n" + ECHO), b"{}")
    assert [message.split()[0] for message in logs.messages][:3] == ["INIT_START", "importing", "START"]


def test_the_context_is_the_real_one(runtime, function):
    source = """
def handler(event, context):
    return [context.aws_request_id, context.function_name, context.memory_limit_in_mb, context.invoked_function_arn,
            context.get_remaining_time_in_millis(), context.log_stream_name, context.client_context.custom]
"""
    spec = function(source, memory_mb=192, timeout=7)
    invocation = runtime.invoke(spec, b"{}", request_id="my-id", client_context='{"custom": {"k": 1}}')
    request_id, name, memory, arn, left, stream, custom = answer(invocation)
    assert (request_id, name, memory, arn, custom) == ("my-id", "f", "192", spec.arn, {"k": 1})
    assert 5000 < left <= 7000
    assert stream == invocation.log_stream


def test_the_environment_is_the_functions_and_lambdas_and_nothing_else(runtime, function):
    source = "import os\ndef handler(event, context): return dict(os.environ)\n"
    os.environ["TEAMLANES_SECRET_OF_THE_PARENT"] = "x"
    try:
        environment = answer(
            runtime.invoke(function(source, environment=(("AWS_REGION", "mars-1"), ("TEAM", "team2"))), b"{}")
        )
    finally:
        del os.environ["TEAMLANES_SECRET_OF_THE_PARENT"]
    assert "TEAMLANES_SECRET_OF_THE_PARENT" not in environment
    assert environment["TEAM"] == "team2"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "us-east-1"  # reserved: not theirs
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "f"
    assert environment["AWS_LAMBDA_LOG_GROUP_NAME"] == "/aws/lambda/f"
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.11"
    assert environment["_HANDLER"] == "app.handler"
    assert environment["TZ"] == ":UTC"
    assert environment["_X_AMZN_TRACE_ID"].startswith("Root=1-")


def test_an_exception_answers_as_lambda_does(runtime, function, logs):
    source = "def handler(event, context):\n    raise KeyError('redshift')\n"
    invocation = runtime.invoke(function(source), b"{}")
    error = json.loads(invocation.payload)
    assert invocation.function_error == "Unhandled"
    assert (error["errorType"], error["errorMessage"]) == ("KeyError", "'redshift'")
    assert error["requestId"] == invocation.request_id
    assert "line 2, in handler" in error["stackTrace"][0]
    [traceback] = [message for message in logs.messages if message.startswith("[ERROR]")]
    assert "Traceback (most recent call last):\n" in traceback
    assert runtime.invoke(function(source), b"{}").init_ms is None  # the worker goes on


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("import nowhere", "Runtime.ImportModuleError", "No module named 'nowhere'"),
        ("x = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("def handler(:", "Runtime.UserCodeSyntaxError", "invalid syntax"),
        ("1 / 0", "ZeroDivisionError", "division by zero"),
        ("import sys; sys.exit(3)", "Runtime.ExitError", "exited with error: exit status 3"),
        ("import os; os._exit(0)", "Runtime.ExitError", "Runtime exited without providing a reason"),
    ],
)
def test_an_init_that_fails_is_tried_again_and_reported(runtime, function, logs, source, kind, message):
    invocation = runtime.invoke(function(source), b"{}")
    error = json.loads(invocation.payload)
    assert invocation.function_error == "Unhandled"
    assert error["errorType"] == kind
    assert message in error["errorMessage"]
    reports = [line.partition("\t")[2] for line in logs.messages if line.startswith("INIT_REPORT")]
    assert reports == [f"Phase: {phase}\tStatus: error\tError Type: {kind}\n" for phase in ("init", "invoke")]
    assert f"\tStatus: error\tError Type: {kind}\t\n" in logs.messages[-1]
    assert runtime.processes == 0


def test_the_traceback_of_an_init_that_fails_has_the_paths_and_lines_of_lambda(runtime, function, logs):
    source = "import json\nVALUE = json.loads('{')\ndef handler(event, context): return VALUE\n"
    error = json.loads(runtime.invoke(function(source), b"{}").payload)
    assert "  File \"/var/task/app.py\", line 2, in <module>\n    VALUE = json.loads('{')\n" in error["stackTrace"]
    standard = f"/var/lang/lib/python3.{sys.version_info.minor}/"
    frames = [frame for frame in error["stackTrace"] if "<frozen" not in frame]
    folders = [standard, "/var/task/", *[standard] * len(frames)]
    assert all(f'File "{folder}' in frame for frame, folder in zip(frames, folders, strict=False))
    shown = [line for line in logs.messages if line.startswith("[ERROR] JSONDecodeError: ")]
    assert len(shown) == 2  # as on AWS: in the init phase, and when it is tried again
    assert all('File "/var/task/app.py", line 2, in <module>' in line for line in shown)


def test_a_crash_at_import_says_where(runtime, function, logs):
    source = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"
    error = json.loads(runtime.invoke(function(source), b"{}").payload)
    assert error["errorMessage"].endswith("Runtime exited with error: signal: segmentation fault")
    assert '  File "/var/task/app.py", line 2 in <module>\n' in logs.messages


def test_a_timeout_kills_and_says_what_lambda_says(runtime, function, logs):
    spec = function(SLEEP, timeout=0.2)
    invocation = runtime.invoke(spec, b"{}")
    error = json.loads(invocation.payload)
    assert invocation.function_error == "Unhandled"
    message = f"RequestId: {invocation.request_id} Error: Task timed out after 0.20 seconds"
    assert error == {"errorType": "Sandbox.Timedout", "errorMessage": message}
    pattern = rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z {invocation.request_id} Task timed out after 0\.2\d seconds"
    assert re.fullmatch(pattern + "\n\n", logs.messages[-3])
    assert logs.messages[-2] == f"END RequestId: {invocation.request_id}\n"
    assert logs.messages[-1].endswith("\tStatus: timeout\t\n")
    assert "begun\n" in logs.messages
    assert runtime.processes == 0
    assert runtime.invoke(function(PID), b"{}").init_ms is not None


@pytest.mark.parametrize("pause", [0.3, 0.0], ids=["seen while it runs", "seen when it answers"])
def test_more_memory_than_the_function_has_kills(runtime, function, logs, pause):
    source = f"import time\ndef handler(event, context):\n    x = b'1' * 200_000_000\n    time.sleep({pause})\n"
    invocation = runtime.invoke(function(source, memory_mb=128), b"{}")
    message = f"RequestId: {invocation.request_id} Error: Runtime exited with error: signal: killed"
    assert json.loads(invocation.payload) == {"errorType": "Runtime.ExitError", "errorMessage": message}
    assert invocation.max_memory_mb == 128
    assert "Memory Size: 128 MB\tMax Memory Used: 128 MB\t" in logs.messages[-1]
    assert f"{message}\nRuntime.ExitError\n" in logs.messages


def test_the_memory_of_child_processes_counts(runtime, function):
    source = """
import subprocess, sys
def handler(event, context):
    subprocess.run([sys.executable, "-c", "import time; x = b'1' * 200_000_000; time.sleep(20)"], check=True)
"""
    invocation = runtime.invoke(function(source, memory_mb=128), b"{}")
    assert "signal: killed" in json.loads(invocation.payload)["errorMessage"]


def test_reserved_address_space_is_not_memory(runtime, function):
    source = "import mmap\ndef handler(event, context):\n    x = mmap.mmap(-1, 4 << 30)\n    return len(x)\n"
    assert answer(runtime.invoke(function(source, memory_mb=128), b"{}")) == 4 << 30


def test_peak_memory_is_the_true_one(runtime, function):
    source = "def handler(event, context):\n    x = b'1' * (100 << 20)\n    del x\n"
    assert 105 < runtime.invoke(function(source, memory_mb=256), b"{}").max_memory_mb < 140


def test_a_handler_that_exits_is_an_exit_error(runtime, function):
    invocation = runtime.invoke(function("import os\ndef handler(event, context): os._exit(7)\n"), b"{}")
    assert json.loads(invocation.payload)["errorMessage"].endswith("Runtime exited with error: exit status 7")


def test_logs_arrive_while_the_handler_runs(runtime, function, logs):
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(runtime.invoke, function(SLEEP, timeout=1), b"{}")
        assert logs.wait_for("begun")
        assert not running.done()
        running.result()


def test_payload_limits(runtime, function):
    spec = function("def handler(event, context): return event if isinstance(event, str) else 'x' * event['size']\n")
    largest = b'"' + b"x" * (MAX_SYNC - 2) + b'"'
    assert runtime.invoke(spec, largest).payload == largest
    with pytest.raises(InvokeRefusedError, match="smaller than 6291456 bytes") as refused:
        runtime.invoke(spec, largest + b" ")
    assert (refused.value.code, refused.value.status) == ("RequestEntityTooLargeException", 413)
    with pytest.raises(InvokeRefusedError, match=r"1048577 byte payload is too large .* \(limit 1048576 bytes\)"):
        runtime.invoke_event(spec.function_arn, lambda: spec, b" " * (MAX_EVENT + 1))
    too_large = runtime.invoke(spec, b'{"size": 6291600}')
    assert too_large.function_error == "Unhandled"
    assert json.loads(too_large.payload) == {
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        "errorType": "Function.ResponseSizeTooLarge",
    }
    assert runtime.invoke(spec, b'{"size": 1}').init_ms is None


def test_an_answer_that_is_no_json_is_the_functions_error(runtime, function):
    invocation = runtime.invoke(function("def handler(event, context): return {1, 2}\n"), b"{}")
    assert json.loads(invocation.payload)["errorType"] == "Runtime.MarshalError"


def test_events_run_later_and_are_tried_three_times(make_runtime, function, logs):
    runtime = make_runtime(retry_delays=(0.0, 0.0))
    good, bad = (
        function("def handler(e, c): print('done', e['n'])"),
        function("def handler(e, c): raise OSError", "bad"),
    )
    first = runtime.invoke_event(good.function_arn, lambda: good, b'{"n": 7}')
    assert logs.wait_for("done 7")
    assert logs.wait_for(f"END RequestId: {first}")
    request_id = runtime.invoke_event(bad.function_arn, lambda: bad, b"{}")
    with logs.arrived:
        ended = logs.arrived.wait_for(lambda: logs.messages.count(f"END RequestId: {request_id}\n") == 3, 10)
    assert ended
    runtime.close()
    assert logs.messages.count(f"END RequestId: {request_id}\n") == 3


def test_layers_are_laid_over_opt(runtime, function, zipped):
    layers = (
        Layer("a" * 64, zipped("", python__lib_a="value = 1", python__both="value = 'under'")),
        Layer("b" * 64, zipped("", python__both="value = 'over'")),
    )
    source = "import lib_a, both\ndef handler(e, c): return [lib_a.value, both.value]\n"
    assert answer(runtime.invoke(function(source, layers=layers), b"{}")) == [1, "over"]


def test_code_that_is_no_zip_is_refused(runtime, function):
    broken = function(ECHO)
    object.__setattr__(broken, "code", b"not a zip")
    with pytest.raises(InvokeRefusedError, match="could not unzip"):
        runtime.invoke(broken, b"{}")
    assert runtime.processes == 0
