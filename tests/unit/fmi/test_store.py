"""What the storage channels do when ranks are lost, over a store in memory."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from shared.fmi.channels.notices import Notice, Notices, blamed
from shared.fmi.channels.objects import Shelf, Store
from shared.fmi.channels.store import StoreChannel
from shared.fmi.communicator import Communicator
from shared.fmi.errors import FmiError, PeerLost, PeerMismatch
from shared.fmi.operators import MAX, SUM, custom
from shared.fmi.rendezvous.keys import Namespace


class MemoryStore(Store):
    first_poll, longest_poll = 0.001, 0.01

    def __init__(self) -> None:
        self.objects = {}

    def put(self, key: Any, data: Any) -> None:
        self.objects[key] = data

    def claim(self, key: Any, data: Any) -> Any:
        return self.objects.setdefault(key, data) == data

    def get(self, keys: Any) -> Any:
        return {key: self.objects[key] for key in keys if key in self.objects}

    def delete(self, keys: Any) -> None:
        for key in keys:
            self.objects.pop(key, None)

    def names(self, prefix: Any) -> Any:
        return [key for key in list(self.objects) if key.startswith(prefix)]


def run(size: Any, program: Any, *, present: Any = None, timeout: Any = 0.4, store: Any = None) -> Any:
    store = store or MemoryStore()

    def one(rank: Any) -> Any:
        try:
            channel = StoreChannel(rank, size, store, Namespace("team1", "run"), timeout)
            with Communicator(rank, size, {"it": channel}) as comm:
                return program(comm)
        except (FmiError, RuntimeError) as error:
            return error

    ranks = list(range(size)) if present is None else present
    with ThreadPoolExecutor(size) as pool:
        return dict(zip(ranks, pool.map(one, ranks), strict=True))


def test_a_rank_that_never_writes_is_named_by_all() -> None:
    """Rank 0 waits for rank 2. Ranks 1 and 3 only wait for rank 0, and name rank 2 all the same."""
    outcome = run(4, lambda comm: comm.allreduce(1, SUM), present=[0, 1, 3])
    assert all(isinstance(error, PeerLost) for error in outcome.values())
    assert {rank: error.rank for rank, error in outcome.items()} == {0: 2, 1: 2, 3: 2}


def test_a_rank_whose_code_raises_is_named_before_the_timeout() -> None:
    def program(comm: Any) -> None:
        if comm.rank == 1:
            raise RuntimeError("out of stars")
        comm.barrier()

    outcome = run(3, program, timeout=20.0)
    assert [outcome[rank].rank for rank in (0, 2)] == [1, 1]
    assert "out of stars" in str(outcome[0])


def test_ranks_in_different_operations_are_told_apart() -> None:
    outcome = run(2, lambda comm: comm.allgather(1) if comm.rank else comm.alltoall(np.arange(2)))
    first = next(error for error in outcome.values() if isinstance(error, PeerMismatch))
    assert "is in all" in str(first)
    assert "same operations, in the same order" in str(first)


def test_another_shape_is_told() -> None:
    outcome = run(2, lambda comm: comm.allgather(np.ones(2 + comm.rank)))
    assert any(isinstance(error, PeerMismatch) for error in outcome.values())
    assert all(isinstance(error, FmiError) for error in outcome.values())


ODD = 2
DIFFERENT: dict[str, Any] = {
    "operation": lambda comm, odd: comm.allgather(1) if odd else comm.allreduce(1, SUM),
    "family": lambda comm, odd: comm.alltoall(np.arange(4)) if odd else comm.allgather(1),
    "shape": lambda comm, odd: comm.allreduce(np.ones(5 if odd else 3), SUM),
    "dtype": lambda comm, odd: comm.gather(np.ones(3, "f4" if odd else "f8"), 0),
    "operator": lambda comm, odd: comm.allreduce(1, MAX if odd else SUM),
    "flags": lambda comm, odd: comm.scan(1, custom(max, commutative=not odd, associative=True)),
    "root of bcast": lambda comm, odd: comm.bcast(1, 3 if odd else 0),
    "root of reduce": lambda comm, odd: comm.reduce(1, SUM, 3 if odd else 0),
    "root of scatter": lambda comm, odd: comm.scatter(np.arange(4), 3 if odd else 0),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_a_rank_in_another_call_is_named_by_all_and_by_itself(what: Any) -> None:
    def program(comm: Any) -> None:
        comm.barrier()
        DIFFERENT[what](comm, comm.rank == ODD)
        comm.barrier()

    for rank, error in run(4, program, timeout=1.0).items():
        assert isinstance(error, PeerMismatch), (rank, error)
        assert (error.rank, "others are in" in str(error)) == (ODD, True), (rank, error)


def test_a_rank_with_another_size_of_the_world_is_named() -> None:
    store = MemoryStore()

    def one(rank: Any) -> Any:
        size = 5 if rank == ODD else 4
        try:
            channel = StoreChannel(rank, size, store, Namespace("team1", "run"), 1.0)
            with Communicator(rank, size, {"it": channel}) as comm:
                return comm.allreduce(1, SUM)
        except FmiError as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        errors = list(pool.map(one, range(4)))
    assert [(type(error), error.rank) for error in errors] == [(PeerMismatch, ODD)] * 4
    assert "a world of 5, while" in str(errors[0])


def test_a_second_run_under_one_name_is_refused_and_does_not_disturb_the_first() -> None:
    store, whose = MemoryStore(), Namespace("team1", "run")
    first = [StoreChannel(rank, 2, store, whose, 0.4) for rank in range(2)]
    first[0].send(1, np.ones(1), plain=True)
    second = StoreChannel(0, 2, store, whose, 0.4)
    for _ in range(2):
        with pytest.raises(FmiError, match="rank 0 of an earlier session"):
            second.send(1, np.ones(1), plain=True)
    second.abort("it raised")
    StoreChannel(0, 2, store, whose, 0.4).abort("it raised before its first operation")
    first[1].send(0, np.ones(1), plain=True)
    assert first[0].receive(1)[0] == first[1].receive(0)[0] == 1
    assert not [key for key in store.objects if "alarm" in key or "lost" in key]


def test_what_everybody_has_read_is_deleted_on_the_way() -> None:
    store = MemoryStore()

    def program(comm: Any) -> Any:
        for _ in range(50):
            comm.allreduce(np.ones(10), SUM)
        return len(store.objects)

    held = run(3, program, timeout=20.0, store=store)
    assert max(held.values()) < 20
    assert store.objects == {}


@pytest.mark.parametrize("operation", ["reduce", "gather", "alltoall", "scatter", "send"])
def test_what_one_rank_reads_is_gone_once_it_has_read_it(operation: Any) -> None:
    """Otherwise a program of nothing but reductions fills the store. One mark of having waited for all may stay."""
    store = MemoryStore()
    calls = {
        "reduce": lambda comm: comm.reduce(1, SUM, 0),
        "gather": lambda comm: comm.gather(1, 0),
        "alltoall": lambda comm: comm.alltoall(np.arange(2)),
        "scatter": lambda comm: comm.scatter(np.arange(2) if comm.rank else None, 1),
        "send": lambda comm: comm.send(1, 0) if comm.rank else comm.recv(1),
    }

    def program(comm: Any) -> Any:
        for _ in range(50):
            calls[operation](comm)
        return [key for key in store.objects if key.partition("/fmi/team1/fmi/1-")[1] or "/1-" in key]

    left = run(2, program, timeout=20.0, store=store)[0]
    assert [key for key in left if "/here/" not in key and "/33/" not in key] == []
    assert store.objects == {}


class Failing(MemoryStore):
    """A store that breaks at its third request, and counts those that follow."""

    asked = 0

    def put(self, key: Any, data: Any) -> None:
        self.asked += 1
        if self.asked >= 3:
            raise ConnectionError("no route to the store")
        super().put(key, data)


def test_a_store_that_fails_is_told_and_not_asked_again() -> None:
    store = Failing()
    comm = Communicator(0, 2, {"it": StoreChannel(0, 2, store, Namespace("team1", "run"), 20.0)})
    comm.send(1, 1)
    comm.send(2, 1)
    for _ in range(2):
        with pytest.raises(FmiError, match="the store failed: ConnectionError: no route to the store"):
            comm.send(3, 1)
    comm.abort("it failed")
    comm.close()
    assert store.asked == 3


def test_a_name_whose_session_was_killed_is_refused_by_every_rank_of_it() -> None:
    """Otherwise the next session reads its messages."""
    store = MemoryStore()
    killed = [StoreChannel(rank, 3, store, Namespace("team1", "run"), 0.2) for rank in range(3)]
    killed[0].send(1, np.ones(1), plain=False)
    for channel in killed[1:]:
        channel.send(0, np.ones(1), plain=False)
    outcome = run(3, lambda comm: comm.allreduce(1, SUM), store=store)
    for rank, error in outcome.items():
        assert isinstance(error, FmiError)
        assert f"rank {rank} of an earlier session" in str(error)
        assert "give another RUN_ID" in str(error)


def test_a_name_is_free_again_once_all_have_closed() -> None:
    store = MemoryStore()
    for _ in range(2):
        assert run(3, lambda comm: comm.allreduce(1, SUM), timeout=20.0, store=store) == {0: 3, 1: 3, 2: 3}
    assert store.objects == {}


class Slow(MemoryStore):
    """A store that is slow to delete a mark of closing: it waits for the next session to end, if that ends early."""

    def __init__(self, mark: str) -> None:
        super().__init__()
        self._mark, self.ended = f"/{mark}/", threading.Event()

    def delete(self, keys: Any) -> None:
        keys = list(keys)
        if any(self._mark in key for key in keys):
            self.ended.wait(0.2)
        super().delete(keys)


@pytest.mark.parametrize("mark", ["bye", "done"])
@pytest.mark.parametrize("sender", [0, 1])
def test_no_session_takes_the_marks_of_the_one_before_for_its_own(mark: Any, sender: Any) -> None:
    """Otherwise a rank leaves, and deletes what it sent, before the others have read it."""
    store = Slow(mark)

    def two_sessions(rank: Any) -> Any:
        for session in range(2):
            channel = StoreChannel(rank, 2, store, Namespace("team1", "run"), 5.0)
            with Communicator(rank, 2, {"it": channel}) as comm:
                if session == 0:
                    comm.barrier()
                elif rank == sender:
                    comm.send(41, 1 - sender)
                else:
                    got = comm.recv(sender)
        store.ended.set()
        return None if rank == sender else got

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(two_sessions, range(2)), key=str) == [41, None]
    assert store.objects == {}


@pytest.mark.parametrize("operation", ["bcast", "scan", "gather", "scatter"])
def test_who_only_writes_waits_for_the_others_now_and_then(operation: Any) -> None:
    """Otherwise it fills the store, and never notices that the reader is dead."""
    calls = {
        "bcast": lambda comm: comm.bcast(1, 0),
        "scan": lambda comm: comm.scan(1, SUM),
        "gather": lambda comm: comm.gather(1, 1),
        "scatter": lambda comm: comm.scatter(np.arange(2), 0),
    }
    store = MemoryStore()
    error = run(2, lambda comm: [calls[operation](comm) for _ in range(1000)], present=[0], store=store)[0]
    assert isinstance(error, PeerLost)
    assert error.rank == 1
    assert error.where == operation


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_who_is_accused_while_it_waits_passes_the_blame_on_at_once() -> None:
    """Rank 2 waits for rank 0, and began long before rank 0 did. Rank 0 only waits for rank 1."""
    store, clock, run_of = MemoryStore(), Clock(), Namespace("team1", "run")
    Notices(Shelf(store, "runs/run/fmi/team1/fmi/"), 2, 3).write(Notice(0, certain=False, reason="nothing heard"))
    accused = StoreChannel(0, 3, store, run_of, 10.0, clock=clock, sleep=clock.sleep)
    with pytest.raises(PeerLost, match="lost rank 1: nothing heard from it in 10 s"):
        accused.receive(1)
    assert clock.now < 2
    follower = StoreChannel(2, 3, store, run_of, 10.0, clock=clock, sleep=clock.sleep)
    with pytest.raises(PeerLost, match="lost rank 1: nothing heard from it in 10 s"):
        follower.receive(0)


@pytest.mark.parametrize(
    ("missing", "accusations", "lost"),
    [
        ([3], {}, 3),
        ([0], {0: (3, False)}, 3),
        ([0], {0: (4, False), 4: (3, False)}, 3),
        ([0, 3], {0: (3, False)}, 3),
        ([0, 3], {}, 0),
        ([0], {2: (3, True)}, 3),
        ([0], {0: (1, False)}, 0),
        ([0], {0: (4, False), 4: (0, False)}, 0),
    ],
)
def test_who_is_lost_is_who_says_nothing_itself(missing: Any, accusations: Any, lost: Any) -> None:
    told = {rank: Notice(suspect, certain=certain, reason="") for rank, (suspect, certain) in accusations.items()}
    assert blamed(1, missing, told, "")[0] == lost


@pytest.mark.parametrize("present", [[0], [1]])
def test_a_close_without_the_others_still_deletes_ones_own(present: Any) -> None:
    store = MemoryStore()
    run(2, lambda comm: comm.send(1, 1 - comm.rank), present=present, store=store)
    assert not [key for key in store.objects if not re.search("/((here|bye|lost|calls)/[01]|alarm)$", key)]


def test_two_runs_in_one_store_never_meet() -> None:
    store = MemoryStore()
    one = StoreChannel(0, 2, store, Namespace("team1", "a"), 0.2)
    one.send(1, np.ones(1), plain=False)
    other = StoreChannel(1, 2, store, Namespace("team1", "b"), 0.1)
    with pytest.raises(PeerLost):
        other.receive(0)
