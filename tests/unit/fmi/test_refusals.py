"""What a communicator refuses before anything is sent: values and ranks that cannot be, and calls out of turn."""

import os
import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest

from shared.errors import UsageError
from shared.fmi import SUM, Communicator, Meeting, Namespace, custom

RUN = Namespace("team1", "run")


@pytest.mark.parametrize(
    "call",
    [
        lambda comm: comm.send([1, 2], 1),
        lambda comm: comm.send(np.array([object()]), 1),
        lambda comm: comm.send(1 << 70, 1),
        lambda comm: comm.send(1, 0),
        lambda comm: comm.send(1, 2),
        lambda comm: comm.recv(-1),
        lambda comm: comm.recv(1, out=np.empty((4, 4))[:, 0]),
        lambda comm: comm.bcast(1, 2),
        lambda comm: comm.scatter(np.ones(3), 0),
        lambda comm: comm.scatter(np.float64(1), 0),
        lambda comm: comm.alltoall(np.ones(3)),
        lambda comm: comm.send(10**5000, 1),
        lambda comm: comm.send(1, 1.0),
        lambda comm: comm.send(1, np.True_),
        lambda comm: comm.recv(None),
        lambda comm: comm.recv("1"),
        lambda comm: comm.recv(10**5000),
        lambda comm: comm.recv(1, out=np.array([None])),
        lambda comm: comm.recv(1, out=np.ma.zeros(3)),
        lambda comm: comm.bcast(7, 0.0),
        lambda comm: comm.bcast(7, np.False_),
        lambda comm: comm.bcast(1 << 64, 0),
        lambda comm: comm.gather(7, np.ones(1)),
        lambda comm: comm.gather(10**5000, 0),
        lambda comm: comm.gather(np.ones((1,) * 64), 0),
        lambda comm: comm.allgather(np.empty((1 << 59, 0))),
        lambda comm: comm.allgather(-(1 << 64)),
        lambda comm: comm.scatter(np.ones(2), "0"),
        lambda comm: comm.scatter([1 << 70, 1], 0),
        lambda comm: comm.alltoall([1, 2]),
        lambda comm: comm.reduce(1, SUM, 0.0),
        lambda comm: comm.reduce(1 << 64, SUM, 0),
        lambda comm: comm.allreduce(1 << 64, SUM),
        lambda comm: comm.scan(-(1 << 70), SUM),
        lambda comm: comm.send(np.broadcast_to(np.float64(0), (1 << 50,)), 1),
        lambda comm: comm.hint("fast"),
        lambda _: custom(3, commutative=True, associative=True),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(call: Any) -> None:
    comm = Communicator.direct(0, 2, Meeting("127.0.0.1", 1), RUN, 0.1)
    with pytest.raises(UsageError):
        call(comm)


@pytest.mark.parametrize(
    ("rank", "size"), [(2, 2), (-1, 2), (0, 0), (0.0, 2), ("0", 2), (True, 2), (0, None), (0, 1 << 64)]
)
def test_a_rank_outside_its_world_is_refused(rank: Any, size: Any) -> None:
    with pytest.raises(UsageError):
        Communicator.direct(rank, size, Meeting("127.0.0.1", 1), RUN)


def test_an_alltoall_that_the_limit_of_open_files_does_not_hold_is_refused() -> None:
    program = """
    import resource
    import numpy
    from shared.errors import UsageError
    from shared.fmi import Communicator, Meeting, Namespace

    resource.setrlimit(resource.RLIMIT_NOFILE, (150, 150))  # it cannot be raised again, so in a process of its own
    try:
        Communicator.direct(0, 200, Meeting("127.0.0.1", 1), Namespace(), 0.1).alltoall(numpy.ones((200, 5000), "u1"))
    except UsageError as error:
        print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True, timeout=60
    )
    assert "199 more ranks to connect with take" in done.stdout
    assert "the process may open 150" in done.stdout


def test_a_closed_communicator_refuses_and_closes_again_in_peace(run: Any, caught: Any) -> None:
    def program(comm: Any) -> Any:
        comm.barrier()
        comm.close()
        comm.close()
        return caught(comm.barrier)

    for error in run(2, program):
        assert isinstance(error, UsageError)
        assert "closed" in str(error)


def test_an_operation_within_an_operation_is_refused_and_disturbs_nothing(run: Any, caught: Any) -> None:
    """As it would be from a second thread: the messages of the two would mix."""

    def program(comm: Any) -> Any:
        def add(left: Any, right: Any) -> Any:
            errors.append(caught(comm.send, left, 1 - comm.rank))
            return left + right

        errors: list[Any] = []
        total = comm.allreduce(comm.rank, custom(add, commutative=True, associative=True))
        return total, [str(error) for error in errors]

    for total, (error,) in run(2, program):
        assert total == 1
        assert "in another operation already" in error


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_neither_talks_on_the_connections_nor_takes_leave(run: Any, caught: Any) -> None:
    def program(comm: Any) -> Any:
        comm.barrier()
        if comm.rank == 0:
            child = os.fork()
            if not child:
                refused = isinstance(caught(comm.barrier), UsageError)
                comm.close()
                os._exit(0 if refused else 1)
            assert os.waitpid(child, 0)[1] == 0
        return comm.allreduce(1, SUM)

    assert run(2, program) == [2, 2]
