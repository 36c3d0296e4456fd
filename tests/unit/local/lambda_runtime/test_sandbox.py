import errno
import json
import os

import pytest

from shared.local.door.sessions import Issuer, new_owner_key
from shared.local.lambda_runtime.sandbox import CloudAround, Sandbox

WRITE = """
import errno, os, tempfile
def handler(event, context):
    if event.get("list"):
        return os.listdir("/tmp")
    try:
        with open(os.path.join(tempfile.gettempdir(), event["name"]), "wb") as file:
            for _ in range(event["megabytes"]):
                file.write(bytes(1 << 20))
    except OSError as error:
        return [error.errno, tempfile.gettempdir()]
    return [0, tempfile.gettempdir()]
"""
TASK = """
import os
def handler(event, context):
    for path in ("left.txt", os.path.join(os.environ["LAMBDA_TASK_ROOT"], "left.txt")):
        try:
            open(path, "w")
        except OSError as error:
            return error.errno
    return 0
"""


@pytest.fixture
def private(make_runtime):
    runtime = make_runtime()
    if not runtime.private_mounts:
        pytest.skip("this kernel gives us no mount namespaces")
    return runtime


@pytest.fixture
def shared(make_runtime):
    return make_runtime(private_mounts=False)


def call(runtime, spec, event):
    invocation = runtime.invoke(spec, json.dumps(event).encode())
    assert invocation.function_error is None, invocation.payload
    return json.loads(invocation.payload)


def test_a_worker_has_a_tmp_of_its_own_with_a_quota(private, function):
    one, other = function(WRITE, "one", ephemeral_mb=2), function(WRITE, "other")
    assert call(private, one, {"name": "a", "megabytes": 1}) == [0, "/tmp"]
    assert call(private, one, {"name": "b", "megabytes": 5}) == [errno.ENOSPC, "/tmp"]
    assert {"a", "b"} <= set(call(private, one, {"list": True}))
    assert not {"a", "b"} & set(call(private, other, {"list": True}))
    assert not os.path.exists("/tmp/a")


def test_the_code_is_read_only(private, function):
    assert call(private, function(TASK), {}) == errno.EROFS


def test_without_mounts_tempfile_is_private_and_files_are_bounded(shared, function):
    one, other = function(WRITE, "one", ephemeral_mb=2), function(WRITE, "other")
    _, first = call(shared, one, {"name": "a", "megabytes": 1})
    code, again = call(shared, one, {"name": "b", "megabytes": 5})
    _, second = call(shared, other, {"name": "a", "megabytes": 1})
    assert code == errno.EFBIG
    assert first == again != second


def test_without_mounts_the_files_go_with_the_worker(shared, function):
    spec = function(WRITE)
    _, folder = call(shared, spec, {"name": "a", "megabytes": 1})
    assert os.listdir(folder) == ["a"]
    shared.retire(spec.arn)
    assert not os.path.exists(folder)


def test_the_clouds_rendezvous_takes_the_place_of_the_one_that_a_function_was_deployed_with(function, tmp_path):
    cloud = CloudAround(lambda: "z", Issuer(new_owner_key()), lambda: "127.0.0.1:4")
    sandbox = Sandbox(tmp_path, cloud, private_mounts=False)
    assert not sandbox.meeting
    source = "import os\ndef handler(event, context): return dict(os.environ)"
    told = {}
    for name, own in (("with", (("RENDEZVOUS_ENDPOINT", "far.example.edu:1"),)), ("without", ())):
        spec = function(source, name, environment=own)
        room = sandbox.room(tmp_path / "task", None, name)
        seen = sandbox.environment(spec, room, api="x", stream="y")
        told[name] = seen.get("RENDEZVOUS_ENDPOINT")
    assert told == {"with": "127.0.0.1:4", "without": None}
    assert sandbox.meeting == "127.0.0.1:4"
