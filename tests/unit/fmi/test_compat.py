"""Scripts written for the C++ bindings, run unchanged as programs."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import numpy as np
import pytest
from moto import mock_aws

from shared.errors import LanesError, UsageError
from shared.fmi.compat import bindings, config, python_path
from shared.fmi.compat.bindings import Communicator, datatypes, func, op, types
from shared.fmi.errors import FmiError
from shared.fmi.policy import DirectModel, Hint, Question

SCRIPT = """
import os, sys
import fmi
rank, size = int(sys.argv[1]), int(sys.argv[2])
comm = fmi.Communicator(rank, size, sys.argv[3], "Test", 512)
comm.hint(fmi.hints.fast)
i, d = fmi.types(fmi.datatypes.int), fmi.types(fmi.datatypes.double)
il, dl = fmi.types(fmi.datatypes.int_list, 2), fmi.types(fmi.datatypes.double_list, 2)
custom = fmi.func(fmi.op.custom, lambda a, b: 2 * a + 2 * b, True, True)
ordered = fmi.func(fmi.op.custom, lambda a, b: 2 * a - b, False, False)
comm.barrier()
said = []
if rank == 0:
    comm.send(42, 1, i); comm.send(14.2, 1, d); comm.send([1, 2], 1, il); comm.send([1.32, 2.34], 1, dl)
elif rank == 1:
    said += [comm.recv(0, i), comm.recv(0, d), comm.recv(0, il), comm.recv(0, dl)]
root = rank == 0
said += [comm.bcast(42 if root else None, 0, i), comm.bcast([1.5, 2.5] if root else None, 0, dl)]
said += [comm.gather(rank, 0, i), comm.gather([rank, 10 * rank], 0, il)]
said += [comm.scatter(list(range(2 * size)) if root else None, 0, fmi.types(fmi.datatypes.int_list, 2 * size))]
said += [comm.reduce(rank + 1, 0, fmi.func(fmi.op.sum), i), comm.reduce([1.5, rank], 0, fmi.func(fmi.op.max), dl)]
said += [comm.reduce(rank + 1, 0, ordered, i), comm.allreduce(rank + 2, fmi.func(fmi.op.prod), i)]
said += [comm.allreduce(0.5, fmi.func(fmi.op.min), d), comm.scan(rank + 1, fmi.func(fmi.op.sum), i)]
said += [comm.allreduce([rank, 1], ordered, il)] + ([comm.reduce(3, 0, custom, i)] if size == 2 else [])
print(said)
"""

EXPECTED = {
    0: [42, [1.5, 2.5], [0, 1, 2], [0, 0, 1, 10, 2, 20], [0, 1], 6, [1.5, 2.0], -3, 24, 0.5, 1, [-4, 1]],
    1: [42, 14.2, [1, 2], [1.32, 2.34], 42, [1.5, 2.5], [], [], [2, 3], 0, [0.0, 0.0], 0, 24, 0.5, 3, [-4, 1]],
    2: [42, [1.5, 2.5], [], [], [4, 5], 0, [0.0, 0.0], 0, 24, 0.5, 6, [-4, 1]],
}

ALONE = {"backends": {"Direct": {"host": "127.0.0.1"}}}


def start(script: Any, *arguments: Any, **environment: Any) -> Any:
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": python_path()}
    process = subprocess.Popen(
        [sys.executable, str(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**known, **environment},
    )
    STARTED.append(process)
    return process


STARTED = []


@pytest.fixture(autouse=True)
def no_process_stays() -> Any:
    yield
    while STARTED:
        process = STARTED.pop()
        process.kill()
        process.communicate()


@pytest.fixture
def script(tmp_path: Any) -> Any:
    def write(text: Any) -> Any:
        path = tmp_path / "fmi-test.py"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def configuration(tmp_path: Any, rendezvous: Any) -> Any:
    """FMI's own configuration file. Some of its numbers are text, as boost writes them."""
    direct = {"enabled": "true", "host": "localhost", "port": str(rendezvous.port), "max_timeout": 15000}
    path = tmp_path / "conf.json"
    path.write_text(json.dumps({"backends": {"S3": {"enabled": False}, "Direct": direct}, "model": {}}))
    return path


def test_a_script_for_the_bindings_runs_unchanged(script: Any, configuration: Any) -> None:
    path = script(SCRIPT)
    ranks = [start(path, rank, 3, configuration) for rank in range(3)]
    for rank, process in enumerate(ranks):
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        assert output.strip() == str(EXPECTED[rank])


def test_a_field_script_finds_its_communicator_by_environment(script: Any, rendezvous: Any) -> None:
    path = script(
        "import fmi, os\n"
        "from fmilib.fmi_operations import fmi_communicator\n"
        "comm = fmi_communicator(int(os.environ['WORLD_SIZE']), int(os.environ['RANK']))\n"
        "comm.barrier()\n"
        "print(comm.reduce(1.5, 0, fmi.func(fmi.op.sum), fmi.types(fmi.datatypes.double)))\n"
    )
    run = {"WORLD_SIZE": "2", "RENDEZVOUS_ENDPOINT": f"127.0.0.1:{rendezvous.port}", "TEAM": "team1", "RUN_ID": "r1"}
    ranks = [start(path, RANK=str(rank), **run) for rank in range(2)]
    assert [process.communicate(timeout=120)[0].strip() for process in ranks] == ["3.0", "0.0"]


def test_a_script_that_fails_is_named_by_the_others(script: Any, configuration: Any) -> None:
    path = script(
        "import fmi, sys\n"
        "comm = fmi.Communicator(int(sys.argv[1]), 2, sys.argv[2], 'Test')\n"
        "comm.barrier()\n"
        "if sys.argv[1] == '1': raise ValueError('no data')\n"
        "comm.barrier()\n"
    )
    ranks = [start(path, rank, configuration) for rank in range(2)]
    errors = [process.communicate(timeout=120)[1] for process in ranks]
    assert "lost rank 1: it raised ValueError: no data" in errors[0]


def test_the_runs_endpoint_goes_before_the_files(monkeypatch: Any) -> None:
    monkeypatch.setenv("RENDEZVOUS_ENDPOINT", "127.0.0.1:4242")
    opened = config.open_channels({"backends": {"Direct": {"host": "elsewhere.example"}}}, 0, 2, config.namespace("c"))
    assert list(opened) == ["Direct"]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"backends": {"Direct": {"enabled": True}}}, "backend Direct has no host"),
        ({"backends": {"Direct": {"enabled": False}}}, "no FMI backend is enabled"),
        ({"backends": {"Drect": {}}}, "did you mean 'Direct'"),
        ({"backends": {"Direct": 5}}, "Direct is 5"),
        ({"backends": {"Direct": {"host": "h"}}, "model": {"Direct": {"overhead": "much"}}}, "overhead is 'much'"),
        ({"backends": {"Direct": {"host": "h"}}, "model": {"FaaS": {"gib_second_price": None}}}, "price is None"),
        ({}, "there are no backends"),
    ],
)
def test_a_configuration_that_cannot_be_says_why(tmp_path: Any, document: Any, message: Any, monkeypatch: Any) -> None:
    monkeypatch.delenv("RENDEZVOUS_ENDPOINT", raising=False)
    path = tmp_path / "fmi.json"
    path.write_text(json.dumps(document))
    with pytest.raises(UsageError, match=message):
        Communicator(0, 2, str(path), "c")


def test_no_configuration_says_where_one_is_looked_for(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["script.py"])
    for name in ("FMI_CONFIG", "RENDEZVOUS_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="no FMI configuration"):
        config.from_environment()


def test_the_s3_channel_holds_the_bucket_to_the_functions_account(monkeypatch: Any) -> None:
    monkeypatch.setenv("ACCOUNT", "210987654321")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    owners = []
    session = boto3.Session()
    session.events.register(
        "before-parameter-build.s3", lambda params, **_: owners.append(params["ExpectedBucketOwner"])
    )
    with mock_aws():
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
        channel = config.open_channels({"backends": {"S3": {"bucket_name": "b"}}}, 0, 2, config.namespace("c"))["S3"]
        with pytest.raises(FmiError, match="NoSuchBucket"):
            channel.send(1, np.zeros(1), plain=False)
    assert owners == ["210987654321"]


@pytest.mark.parametrize("backend", ["S3", "Redis"])
def test_a_store_that_answers_nothing_fails_within_the_timeout(backend: Any, monkeypatch: Any) -> None:
    """It accepts connections, like a store that is stopped in a debugger."""
    if backend == "Redis":
        pytest.importorskip("redis", reason="the Redis channel needs redis")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        settings = {"host": "127.0.0.1", "port": port, "bucket_name": "data", "s3_region": "us-east-1"}
        document = {"backends": {backend: {**settings, "max_timeout": 300}}}
        comm = Communicator(0, 2, document, "fmi")
        since = time.monotonic()
        with pytest.raises(FmiError, match="the store failed"):
            comm.send(1, 1, types(datatypes["int"]))
        assert time.monotonic() - since < 3


@pytest.mark.parametrize(
    ("settings", "opened"),
    [({"enabled": 1}, True), ({"enabled": "1"}, True), ({"enabled": "true"}, True), ({"enabled": 0}, False)],
)
def test_a_backend_is_enabled_as_the_bindings_read_it(settings: Any, opened: Any) -> None:
    document = {"backends": {"Direct": {"host": "127.0.0.1", **settings}, "S3": {"enabled": False}}}
    if opened:
        assert list(config.open_channels(document, 0, 2, config.namespace("fmi"))) == ["Direct"]
    else:
        with pytest.raises(UsageError, match="no FMI backend"):
            config.open_channels(document, 0, 2, config.namespace("fmi"))


@pytest.mark.parametrize("timeout", [None, "soon", -1, True, "nan", 1e12, [0]])
def test_a_timeout_that_is_none_is_refused(timeout: Any) -> None:
    document = {"backends": {"Direct": {"host": "127.0.0.1", "max_timeout": timeout}}}
    with pytest.raises(UsageError, match="timeout is"):
        config.open_channels(document, 0, 2, config.namespace("fmi"))


def test_a_key_that_is_none_is_refused(monkeypatch: Any) -> None:
    monkeypatch.setenv("FMI_TEAM_KEY", "not hex")
    with pytest.raises(LanesError, match="FMI_TEAM_KEY"):
        config.namespace("c")


def test_the_files_model_goes_into_the_policy() -> None:
    document: config.Config = {
        "backends": {"S3": {"timeout": 50}},
        "model": {"Direct": {"overhead": "9999", "include_infrastructure_costs": "false"}},
    }
    policy = config.open_policy(document, ["Direct", "S3"], 1024)
    assert policy.choose(Question("send", 2, 1)) == "S3"
    assert policy.models["Direct"] == DirectModel(overhead=9999, include_infrastructure_costs=False)
    assert policy.with_hint(Hint.CHEAP).choose(Question("send", 2, 1)) == "S3"


@pytest.mark.parametrize(
    "call",
    [
        lambda: types(datatypes["int_list"], 2).to_array([1, 2, 3]),
        lambda: types(datatypes["int_list"], 2).to_array(1),
        lambda: types(op["sum"]),
        lambda: types(datatypes["int"]).to_array(2**63),
        lambda: types(datatypes["int"]).to_array(10**5000),  # beyond what Python writes out
        lambda: types(datatypes["int"]).to_array("1"),
        lambda: types(datatypes["int"]).to_array(None),
        lambda: types(datatypes["int_list"], 2).to_array([1, -(2**63) - 1]),
        lambda: types(datatypes["int_list"], 2).to_array([1, 2.0]),
        lambda: types(datatypes["double"]).to_array("1.5"),
        lambda: types(datatypes["double"]).to_array([1.5]),
        lambda: types(datatypes["double"]).to_array(10**400),
        lambda: types([]),  # type: ignore[arg-type]
        lambda: types(datatypes["int_list"], "2"),  # type: ignore[arg-type]
        lambda: types(datatypes["int_list"], -1),
        lambda: func(op["custom"]),
        lambda: func(op["custom"], "max"),  # type: ignore[arg-type]
        lambda: func(datatypes["int"]),
        lambda: func([]),  # type: ignore[arg-type]
    ],
)
def test_a_value_that_is_not_its_type_is_refused(call: Any) -> None:
    with pytest.raises(UsageError):
        call()


def test_an_int_is_never_cut_from_a_double() -> None:
    with pytest.raises(UsageError, match="of type float, no int"):
        types(datatypes["int"]).to_array(1.5)


@pytest.mark.parametrize(
    "call",
    [
        lambda comm: comm.bcast(1, 0, datatypes["int"]),
        lambda comm: comm.bcast(7, 0.0, types(datatypes["int"])),
        lambda comm: comm.send(7, "1", types(datatypes["int"])),
        lambda comm: comm.recv(None, types(datatypes["int"])),
        lambda comm: comm.gather(7, 1, None),
        lambda comm: comm.scatter([7], "0", types(datatypes["int_list"], 1)),
        lambda comm: comm.reduce(7, 0, op["sum"], types(datatypes["int"])),
        lambda comm: comm.reduce(7, [0], func(op["sum"]), types(datatypes["int"])),
        lambda comm: comm.allreduce(7, None, types(datatypes["int"])),
        lambda comm: comm.scan(7, func(op["sum"]), "int"),
        lambda comm: comm.hint("fast"),
        lambda _comm: Communicator(0, 1, None, "c"),  # type: ignore[arg-type]
        lambda _comm: Communicator("0", 1, ALONE, "c"),  # type: ignore[arg-type]
        lambda _comm: Communicator(0, 1.0, ALONE, "c"),  # type: ignore[arg-type]
    ],
)
def test_a_call_that_cannot_be_says_why_and_never_as_a_bare_error(call: Any) -> None:
    with pytest.raises(UsageError):
        call(Communicator(0, 1, ALONE, "c"))


def test_what_a_custom_function_makes_is_held_to_the_type() -> None:
    each = func(op["custom"], lambda left, _right: left + 0.5).for_type(types(datatypes["int"]))
    with pytest.raises(UsageError, match="of type float, no int"):
        each(np.array(1), np.array(2))


@pytest.mark.parametrize(
    ("own", "run", "seconds"), [(0, None, 30), (0, "7.5", 7.5), (None, "7.5", 7.5), (250, "7", 0.25)]
)
def test_a_timeout_of_0_is_the_runs(own: Any, run: Any, seconds: float, monkeypatch: Any) -> None:
    monkeypatch.delenv("FMI_TIMEOUT", raising=False)
    if run:
        monkeypatch.setenv("FMI_TIMEOUT", run)
    given: list[float] = []
    monkeypatch.setattr(config, "DirectChannel", lambda *told: given.append(told[-1]))
    settings = {"host": "127.0.0.1"} if own is None else {"host": "127.0.0.1", "max_timeout": own}
    config.open_channels({"backends": {"Direct": settings}}, 0, 2, config.namespace("fmi"))
    assert given == [seconds]


@pytest.mark.parametrize("timeout", ["soon", "0", "-1", "inf"])
def test_a_run_whose_timeout_is_none_is_refused(timeout: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("FMI_TIMEOUT", timeout)
    with pytest.raises(UsageError, match=f"FMI_TIMEOUT is '{timeout}'"):
        config.open_channels(ALONE, 0, 2, config.namespace("fmi"))


EVERY = """
import os, fmi
rank = int(os.environ["RANK"])
comm = fmi.Communicator(rank, 2, "../../config/fmi.json", "Test", 512)
T = fmi.datatypes
kinds = [fmi.types(T.int), fmi.types(T.double), fmi.types(T.int_list, 2), fmi.types(T.double_list, 2)]
values = [[3, 0.5, [1, 2], [0.5, 4.0]], [4, 0.25, [5, 1], [2.0, 8.0]]][rank]
both = fmi.func(fmi.op.custom, lambda left, right: 2 * left + 2 * right, True, True)
for name in ("sum", "prod", "max", "min"):
    function = fmi.func(getattr(fmi.op, name))
    for kind, value in zip(kinds, values):
        reduced = comm.reduce(value, 1, function, kind), comm.allreduce(value, function, kind)
        print(name, *reduced, comm.scan(value, function, kind))
for kind, value in zip(kinds, values):
    print("custom", comm.reduce(value, 0, both, kind), comm.allreduce(value, both, kind), comm.scan(value, both, kind))
    print("others", comm.gather(value, 1, kind), comm.bcast(value if rank == 1 else None, 1, kind))
"""

COMBINED = {
    "sum": (7, 0.75, [6, 3], [2.5, 12.0]),
    "prod": (12, 0.125, [5, 2], [1.0, 32.0]),
    "max": (4, 0.5, [5, 2], [2.0, 8.0]),
    "min": (3, 0.25, [1, 1], [0.5, 4.0]),
    "custom": (14, 1.5, [12, 6], [5.0, 24.0]),
}


def test_every_operation_takes_every_type_and_function_as_the_bindings_do(script: Any, endpoint: Any) -> None:
    """The names and calls are those of spcl/fmi's own client (python/tests/client.py), the values are others."""
    path, run = script(EVERY), {"RENDEZVOUS_ENDPOINT": endpoint, "TEAM": "team1", "RUN_ID": "r1"}
    outputs = [
        process.communicate(timeout=120)[0].splitlines()
        for process in [start(path, RANK=str(rank), **run) for rank in range(2)]
    ]
    values = [[3, 0.5, [1, 2], [0.5, 4.0]], [4, 0.25, [5, 1], [2.0, 8.0]]]
    zeros = [0, 0.0, [0, 0], [0.0, 0.0]]
    for rank, said in enumerate(outputs):
        expected = []
        for name in ("sum", "prod", "max", "min"):
            for kind, total in enumerate(COMBINED[name]):
                known = total if rank == 1 else zeros[kind]
                expected.append(f"{name} {known} {total} {total if rank == 1 else values[0][kind]}")
        for kind, total in enumerate(COMBINED["custom"]):
            known, one, two = total if rank == 0 else zeros[kind], values[0][kind], values[1][kind]
            flat = [*one, *two] if isinstance(one, list) and isinstance(two, list) else [one, two]
            expected += [
                f"custom {known} {total} {total if rank == 1 else one}",
                f"others {flat if rank == 1 else []} {two}",
            ]
        assert said == expected


FIELD = """
import os, sys, fmi
rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
for name in ("one", "two"):  # as in a loop, or in a notebook's cell that is run again
    comm = fmi.Communicator(rank, size, "fmi.json", "pair", 512)
    print(comm.allreduce(rank + 1, fmi.func(fmi.op.sum), fmi.types(fmi.datatypes.int)))
"""


def test_without_its_file_a_script_meets_where_the_run_does_and_rank_0_says_so_once(
    script: Any, endpoint: Any, tmp_path: Any
) -> None:
    run = {"WORLD_SIZE": "3", "RENDEZVOUS_ENDPOINT": endpoint, "TEAM": "team1", "RUN_ID": "r1"}
    path = script(FIELD)
    ended = [process.communicate(timeout=120) for process in [start(path, RANK=str(rank), **run) for rank in range(3)]]
    assert [output.split() for output, _ in ended] == [["6", "6"]] * 3
    told = f"fmi: there is no file 'fmi.json' in {os.getcwd()}; taking Direct at {endpoint} (RENDEZVOUS_ENDPOINT)\n"
    assert [errors for _, errors in ended] == [told, "", ""]


def test_a_field_file_with_a_timeout_of_0_and_anothers_host_runs_where_the_run_meets(
    script: Any, endpoint: Any, tmp_path: Any
) -> None:
    direct = {"enabled": True, "host": "rendezvous.example.edu", "port": 10000, "max_timeout": 0}
    path = script(FIELD)
    (tmp_path / "fmi.json").write_text(json.dumps({"backends": {"Direct": direct}}))
    run = {"WORLD_SIZE": "2", "RENDEZVOUS_ENDPOINT": endpoint, "TEAM": "team1", "RUN_ID": "r1", "FMI_TIMEOUT": "25"}
    ended = [process.communicate(timeout=120) for process in [start(path, RANK=str(rank), **run) for rank in range(2)]]
    assert [output.split() for output, _ in ended] == [["3", "3"]] * 2
    # It lies beside the script, and the script names it from the working folder.
    assert "taking" in ended[0][1]
    assert str(tmp_path / "fmi.json") in ended[0][1]


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"backends": 5}'])
def test_a_file_that_is_there_and_broken_is_never_passed_over(broken: str, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("RENDEZVOUS_ENDPOINT", "127.0.0.1:9")
    path = tmp_path / "fmi.json"
    path.write_text(broken)
    with pytest.raises(UsageError, match=r"fmi\.json: "):
        config.from_file(str(path), 0)


def test_neither_file_nor_environment_names_both(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["script.py"])
    for name in ("FMI_CONFIG", "RENDEZVOUS_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match=r"conf\.json: there is no such file, and no FMI configuration around it"):
        config.from_file("conf.json", 0)


def test_an_error_that_a_notebook_showed_before_is_none_of_a_communicators_end(monkeypatch: Any) -> None:
    told: list[str] = []

    class Inner:
        def close(self) -> None:
            told.append("closed")

        def abort(self, reason: str) -> None:
            told.append(reason)

    monkeypatch.setattr(sys, "last_value", KeyError("an older cell"), raising=False)
    inner: Any = Inner()
    known = bindings._Known()
    bindings._leave(inner, known)
    sys.last_value = ValueError("this one")
    bindings._leave(inner, known)
    known.now()  # the notebook went on
    bindings._leave(inner, known)
    assert told == ["closed", "it raised ValueError: this one", "closed"]


def test_it_runs_where_an_event_loop_runs_as_in_a_notebook(endpoint: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("RENDEZVOUS_ENDPOINT", endpoint)

    async def cell(rank: int) -> Any:
        comm = Communicator(rank, 2, ALONE, "pair")
        return comm.allreduce(rank, func(op["sum"]), types(datatypes["int"]))

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda rank: asyncio.run(cell(rank)), range(2))) == [1, 1]
