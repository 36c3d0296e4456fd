"""Worlds over a pairing without a rendezvous: joining, links on demand, and who is named."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from shared.errors import UsageError
from shared.fmi.channels.direct import DirectChannel
from shared.fmi.collectives.edges import neighbours
from shared.fmi.communicator import Communicator
from shared.fmi.errors import FmiError, PairingFailed, PeerLost, PeerMismatch
from shared.fmi.operators import MAX, SUM
from shared.fmi.rendezvous.client import Meeting
from shared.fmi.rendezvous.keys import Namespace
from tests.helpers.fake_pairing import Pairings

NOWHERE, RUN = Meeting("127.0.0.1", 1), Namespace("team1", "run")


def opened(place: Pairings, rank: int, size: int, timeout: float, whose: str = "") -> Communicator:
    channel = DirectChannel(rank, size, NOWHERE, RUN, timeout, lambda *_: place.pairing(rank, whose))
    return Communicator(rank, size, {"Direct": channel})


def world(size: int, program: Any, timeout: float = 30.0, present: Any = None, sizes: Any = None) -> dict[int, Any]:
    """Return what *program* returned or raised on each rank, each in a thread."""
    place = Pairings()

    def one(rank: int) -> Any:
        try:
            with opened(place, rank, (sizes or {}).get(rank, size), timeout) as comm:
                return program(comm)
        except (FmiError, UsageError, RuntimeError) as error:
            return error

    ranks = list(range(size) if present is None else present)
    with ThreadPoolExecutor(len(ranks)) as pool:
        return dict(zip(ranks, pool.map(one, ranks), strict=True))


def links(comm: Communicator) -> list[int]:
    only: Any = comm._only
    return sorted(only._mesh.links)


@pytest.mark.parametrize("size", [2, 5, 16])
def test_a_world_pairs_with_its_neighbours_alone(size: int) -> None:
    def program(comm: Any) -> Any:
        comm.barrier()
        return comm.allreduce(1, SUM), links(comm)

    outcome = world(size, program)
    assert outcome == {rank: (size, neighbours(rank, size)) for rank in range(size)}


def test_small_sends_to_ranks_that_are_not_paired_are_queued_in_any_order() -> None:
    """All send to all before any receives, the farthest first."""

    def program(comm: Any) -> Any:
        others = [(comm.rank + step) % comm.size for step in range(comm.size - 1, 0, -1)]
        for other in others:
            comm.send(comm.rank, other)
        return sorted(comm.recv(other) for other in reversed(others))

    assert world(11, program) == {rank: sorted(set(range(11)) - {rank}) for rank in range(11)}


def test_closing_flushes_what_was_sent_to_a_rank_that_comes_late() -> None:
    def program(comm: Any) -> Any:
        comm.barrier()
        if comm.rank == 0:
            comm.send(7, 5)
        return comm.recv(0) if comm.rank == 5 else None

    assert 5 not in neighbours(0, 11)
    assert world(11, program)[5] == 7


def test_closing_says_that_a_rank_never_came_for_what_was_sent() -> None:
    def program(comm: Any) -> None:
        comm.barrier()
        if comm.rank == 0:
            comm.set_timeout(0.3)
            comm.send(7, 5)

    outcome = world(11, program)
    assert isinstance(outcome.pop(0), PairingFailed)
    assert set(outcome.values()) == {None}


def test_a_send_that_finds_a_rank_dead_names_it_whoever_was_waited_for_before() -> None:
    """Rank 1, which rank 0 waited for last, has left in good order: it is not to blame."""
    died = threading.Event()

    def program(comm: Any) -> None:
        comm.barrier()
        if comm.rank == 1:
            comm.send(np.ones(1 << 17), 0)
        if comm.rank == 2:
            comm._only.drop()  # its connections end, and it says nothing
            died.set()
        if comm.rank == 0:
            comm.recv(1)
            assert died.wait(120)
            while True:
                comm.send(1, 2)

    assert world(4, program)[0].rank == 2


def raises_before(comm: Any, guilty: int) -> None:
    if comm.rank == guilty:
        raise RuntimeError("out of stars")
    comm.barrier()


def raises_after(comm: Any, guilty: int) -> None:
    comm.barrier()
    raises_before(comm, guilty)


def other_shape(comm: Any, guilty: int) -> None:
    comm.barrier()
    comm.reduce(np.ones(5 if comm.rank == guilty else 3), SUM, 0)
    comm.barrier()


def other_dtype(comm: Any, guilty: int) -> None:
    comm.allreduce(np.ones(3, "f4" if comm.rank == guilty else "f8"), SUM)
    comm.barrier()


def other_operator(comm: Any, guilty: int) -> None:
    comm.allreduce(1, MAX if comm.rank == guilty else SUM)
    comm.barrier()


def other_root(comm: Any, guilty: int) -> None:
    comm.gather(1, 1 if comm.rank == guilty else 0)
    comm.gather(1, 0)  # here the root meets what it has not read: a rank notices on links that it uses or waits beside
    comm.barrier()


@pytest.mark.parametrize("size", [4, 7])
@pytest.mark.parametrize("guilty", [0, 2])
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (raises_before, PeerLost),
        (raises_after, PeerLost),
        (other_shape, PeerMismatch),
        (other_dtype, PeerMismatch),
        (other_operator, PeerMismatch),
        (other_root, PeerMismatch),
    ],
)
def test_every_rank_names_the_guilty_one(size: int, guilty: int, fault: Any, kind: Any) -> None:
    outcome = world(size, lambda comm: fault(comm, guilty))
    own = outcome.pop(guilty)
    assert {type(error) for error in outcome.values()} == {kind}
    assert {error.rank for error in outcome.values()} == {guilty}
    if kind is PeerMismatch:
        assert own.rank == guilty
        assert "this rank" in str(own)
    else:
        assert all("out of stars" in str(error) for error in outcome.values())


@pytest.mark.parametrize("size", [4, 7])
@pytest.mark.parametrize("guilty", [0, 2])
def test_another_root_is_told_at_the_end_if_nobody_reads_what_was_sent(size: int, guilty: int) -> None:
    def program(comm: Any) -> None:
        comm.gather(1, 1 if comm.rank == guilty else 0)
        comm.barrier()
        comm.barrier()

    errors = [error for error in world(size, program).values() if error is not None]
    assert errors
    assert all(isinstance(error, PeerMismatch) and "gather(root " in str(error) for error in errors)


@pytest.mark.parametrize("size", [4, 6])
def test_another_world_size_is_told_when_the_world_is_joined(size: int) -> None:
    outcome = world(size, lambda comm: comm.barrier(), sizes={2: size + 1})
    assert {error.rank for error in outcome.values()} == {2}
    assert all(f"is in a world of {size + 1} ranks" in str(error) for error in outcome.values())


def test_a_rank_that_never_starts_is_named_by_ranks_that_never_pair_with_it() -> None:
    size, missing = 11, 4
    outcome = world(size, lambda comm: comm.barrier(), timeout=2.0, present=set(range(size)) - {missing})
    assert {error.rank for error in outcome.values()} == {missing}
    assert isinstance(outcome[5], PairingFailed)
    assert isinstance(outcome[9], PeerLost)


def test_ranks_of_two_worlds_that_are_crossed_are_told_so_and_mix_nothing() -> None:
    """Pairs with an even sum cross: rank 0 of a meets rank 2 of b."""
    size = 4

    def name(rank: int, peer: int, whose: str) -> object:
        home = whose if (rank + peer) % 2 or rank < peer else "ba"["ab".index(whose)]
        return frozenset((rank, peer)), home

    place = Pairings(name)

    def one(which: tuple[str, int]) -> Any:
        whose, rank = which
        try:
            with opened(place, rank, size, 30.0, whose) as comm:
                return [comm.allgather(whose == "a").tolist() for _ in range(3)]
        except FmiError as error:
            return error

    ends = [(whose, rank) for whose in "ab" for rank in range(size)]
    with ThreadPoolExecutor(len(ends)) as pool:
        outcome = list(pool.map(one, ends))
    assert all("two runs share one RUN_ID" in str(error) for error in outcome)
