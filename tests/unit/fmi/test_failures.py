"""Nothing ever hangs: all others name a rank that dies, stalls, leaves or goes astray, within the timeout."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from typing import Any

import numpy as np
import pytest

from shared.errors import UsageError
from shared.fmi.errors import FmiError, PairingFailed, PeerLost, PeerMismatch
from shared.fmi.operators import SUM, custom
from shared.fmi.rendezvous.keys import Namespace

RUN = Namespace("team1", "run")


PROGRAM = textwrap.dedent(
    """
    import os, sys, time
    import numpy as np
    from shared.fmi.communicator import Communicator
    from shared.fmi.errors import PeerLost
    from shared.fmi.operators import SUM
    from shared.fmi.rendezvous.client import Meeting
    from shared.fmi.rendezvous.keys import Namespace

    rank, size, port, timeout = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    comm = Communicator.direct(rank, size, Meeting("127.0.0.1", port), Namespace("t", "r"), timeout)
    comm.barrier()
    if not os.fork():  # a worker of the rank's own, which outlives it
        sys.stdin.read()
        os._exit(0)
    print("paired", flush=True)
    value = np.ones(1 << 18)
    try:
        while True:
            since = time.monotonic()
            comm.allreduce(value, SUM)
    except PeerLost as error:
        print(error.rank, time.monotonic() - since, flush=True)
    """
)


@pytest.fixture
def processes(rendezvous: Any) -> Any:
    """Return a function that starts *size* real ranks in an endless allreduce of 2 MiB: paired, each with a child."""
    started = []

    def start(size: Any, timeout: Any) -> Any:
        for rank in range(size):
            command = [sys.executable, "-c", PROGRAM, str(rank), str(size), str(rendezvous.port), str(timeout)]
            environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            started.append(subprocess.Popen(command, **pipes, text=True, env=environment))
        for process in started:
            assert process.stdout
            assert process.stdout.readline() == "paired\n"
        return started

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_rank_killed_in_an_allreduce_of_eight_is_named_by_all_others_though_its_child_lives(processes: Any) -> None:
    ranks = processes(8, 20.0)
    ranks[5].send_signal(signal.SIGKILL)
    for rank, process in enumerate(ranks):
        if rank != 5:
            named, seconds = process.stdout.readline().split()
            assert int(named) == 5
            assert float(seconds) < 5, "a death is noticed at once, not at the timeout"


def test_a_rank_that_stalls_is_named_by_all_others_within_the_timeout(processes: Any) -> None:
    ranks = processes(4, 1.5)
    ranks[2].send_signal(signal.SIGSTOP)
    for rank, process in enumerate(ranks):
        if rank != 2:
            named, seconds = process.stdout.readline().split()
            assert int(named) == 2
            assert float(seconds) < 2.5


@pytest.mark.parametrize("size", [2, 5])
def test_a_rank_whose_code_raises_is_named_with_its_error(run: Any, size: Any) -> None:
    def program(comm: Any) -> None:
        comm.barrier()
        if comm.rank == 1:
            raise RuntimeError("out of stars")
        comm.allreduce(np.ones(10), SUM)

    outcome = run(size, program, timeout=20.0)
    for rank in set(range(size)) - {1}:
        assert isinstance(outcome[rank], PeerLost)
        assert outcome[rank].rank == 1
        assert "it raised RuntimeError: out of stars" in str(outcome[rank])


def test_a_rank_that_left_early_is_named(run: Any) -> None:
    def program(comm: Any) -> Any:
        comm.barrier()
        return None if comm.rank == 1 else comm.recv(1)

    outcome = run(2, program, timeout=20.0)
    assert outcome[0].rank == 1
    assert "it has closed its communicator" in str(outcome[0])


def test_what_was_sent_before_leaving_still_arrives(run: Any) -> None:
    value = np.arange(500_000)

    def program(comm: Any) -> Any:
        if comm.rank == 0:
            return comm.send(value, 1)
        time.sleep(0.05)  # by now the sender has closed
        return comm.recv(0)

    np.testing.assert_array_equal(run(2, program)[1], value)


def test_a_rank_that_never_comes_fails_the_pairing_of_all(run: Any) -> None:
    outcome = run(3, lambda comm: comm.barrier(), timeout=0.4, present=[0, 1])
    assert all(isinstance(error, PairingFailed) for error in outcome)
    assert [error.rank for error in outcome] == [2, 2]


def test_a_silent_peer_is_named_in_time(run: Any) -> None:
    def program(comm: Any) -> Any:
        comm.barrier()
        if comm.rank == 1:
            time.sleep(1.0)
            return None
        since = time.monotonic()
        try:
            comm.recv(1)
        except PeerLost as error:
            return error.rank, time.monotonic() - since

    named, seconds = run(2, program, timeout=0.5)[0]
    assert named == 1
    assert 0.3 < seconds < 0.8


def test_a_rank_that_comes_too_late_learns_that_the_others_gave_up_on_it(run: Any) -> None:
    given_up = threading.Event()

    def program(comm: Any) -> Any:
        comm.barrier()
        if comm.rank == 1:
            assert given_up.wait(120)
        try:
            return comm.recv(1 - comm.rank)
        finally:
            given_up.set()

    late = run(2, program, timeout=0.5)[1]
    assert late.rank == 0
    assert "it gave up on this rank: nothing heard from it in 0.5 s" in str(late)


def test_after_a_failure_every_operation_fails_the_same(run: Any) -> None:
    def program(comm: Any) -> Any:
        comm.barrier()
        if comm.rank == 1:
            raise RuntimeError("gone")
        errors = []
        for _ in range(2):
            try:
                comm.barrier()
            except PeerLost as error:
                errors.append(error)
        return errors

    first, second = run(2, program)[0]
    assert first is second


def test_ranks_in_different_operations_are_told_apart(run: Any) -> None:
    outcome = run(2, lambda comm: comm.barrier() if comm.rank else comm.allreduce(1, SUM))
    assert any(isinstance(error, PeerMismatch) for error in outcome)
    mismatch = next(error for error in outcome if isinstance(error, PeerMismatch))
    assert "is in " in str(mismatch)
    assert "same operations, in the same order" in str(mismatch)


@pytest.mark.parametrize(
    ("mine", "yours"),
    [
        (np.ones(3), np.ones(4)),
        (np.ones(3), np.ones(3, "f4")),
        (np.ones(50_000), np.ones(40_000)),
        (np.ones((2, 30_000)), np.ones((30_000, 2))),
        (np.ones(3), 1.0),
    ],
)
@pytest.mark.parametrize("size", [2, 3])
def test_another_shape_or_dtype_is_told(run: Any, size: Any, mine: Any, yours: Any) -> None:
    def program(comm: Any) -> None:
        value = yours if comm.rank else mine
        comm.reduce(value, SUM, 0) if comm.size > 2 else comm.allreduce(value, SUM)
        comm.barrier()

    outcome = run(size, program)
    assert any(isinstance(error, PeerMismatch) for error in outcome)
    assert all(isinstance(error, FmiError) for error in outcome)


def test_an_out_array_of_another_size_is_told(run: Any) -> None:
    def program(comm: Any) -> Any:
        return comm.send(np.ones(4), 1) if comm.rank == 0 else comm.recv(0, out=np.empty(3))

    assert "not a float64 array[3]" in str(run(2, program)[1])


def test_a_function_that_changes_the_shape_is_refused(run: Any) -> None:
    bad = custom(np.append, commutative=True, associative=True)
    outcome = run(2, lambda comm: comm.allreduce(np.ones(3), bad))
    assert all(isinstance(error, (UsageError, PeerLost)) for error in outcome)
    assert any("made [6] of two arrays [3]" in str(error) for error in outcome)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("size", [2, 4])
def test_an_error_amid_an_operation_ends_the_communicator(run: Any, size: Any, error: Any, caught: Any) -> None:
    """Its messages would be taken for the next operation's. No result is better than a wrong one."""

    def program(comm: Any) -> Any:
        def add(left: Any, right: Any) -> Any:
            if comm.rank == 0:
                raise error("out of stars")
            return left + right

        op = custom(add, commutative=True, associative=True)
        return [caught(comm.allreduce, value + comm.rank, op) for value in (1, 100, 10_000)]

    outcome = run(size, program, timeout=20.0)
    assert [type(result) for result in outcome[0]] == [error, FmiError, FmiError]
    assert "out of stars" in str(outcome[0][1])
    for first, second, third in outcome[1:]:
        assert isinstance(first, PeerLost) or first == sum(range(1, size + 1))
        assert isinstance(second, PeerLost)
        assert second.rank == 0
        assert "out of stars" in str(second)
        assert second is third


def test_an_error_that_cannot_be_encoded_is_told_all_the_same(run: Any) -> None:
    def program(comm: Any) -> None:
        comm.barrier()
        if comm.rank == 0:
            raise RuntimeError("no file \udcff")
        comm.barrier()

    outcome = run(2, program, timeout=20.0)
    assert isinstance(outcome[0], RuntimeError)
    assert "no file ?" in str(outcome[1])
