"""Every collective over a network in memory: what it gives, over which edges it goes, and in how many messages."""

import functools
from math import ceil, log2
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.fmi.collectives.alltoall import alltoall, is_straight
from shared.fmi.collectives.barrier import barrier
from shared.fmi.collectives.bcast import bcast
from shared.fmi.collectives.edges import neighbours
from shared.fmi.collectives.gather import allgather, gather, scatter
from shared.fmi.collectives.reduce import allreduce, reduce
from shared.fmi.collectives.scan import scan
from shared.fmi.operators import MAX, MIN, PROD, SUM, custom
from shared.fmi.policy import DirectModel, Question
from tests.helpers.fmi_network import Network, Rank, numbers, world

if TYPE_CHECKING:
    from collections.abc import Callable

ORDERED = custom(lambda left, right: 2 * left - right, commutative=False, associative=False)
WORLDS = [*range(1, 41), 64, 100, 127, 128, 129]
LONG_PIECE = 2048  # numbers of 8 bytes: from 8 ranks on, such a piece for each makes a long array
ROOTED = ["bcast", "gather", "scatter", "reduce", "reduce ordered"]
UNROOTED = ["barrier", "allgather", "allreduce", "allreduce ordered", "scan", "scan ordered"]


def call(name: str, ranks: Rank, mine: Any, root: int) -> Any:
    """Do collective *name* of the rows of *mine*, each rank's own, as the channel does."""
    value = mine[ranks.rank]
    calls: dict[str, Callable[[], Any]] = {
        "barrier": lambda: barrier(ranks),
        "bcast": lambda: bcast(ranks, value if ranks.rank == root else None, root, plain=False)[0],
        "gather": lambda: gather(ranks, value, root),
        "scatter": lambda: scatter(ranks, mine if ranks.rank == root else None, root),
        "allgather": lambda: allgather(ranks, value),
        "alltoall": lambda: alltoall(ranks, value.reshape(ranks.size, -1)),
        "reduce": lambda: reduce(ranks, value, SUM, root),
        "reduce ordered": lambda: reduce(ranks, value, ORDERED, root),
        "allreduce": lambda: allreduce(ranks, value, SUM),
        "allreduce ordered": lambda: allreduce(ranks, value, ORDERED),
        "scan": lambda: scan(ranks, value, SUM),
        "scan ordered": lambda: scan(ranks, value, ORDERED),
    }
    return calls[name]()


def expected(name: str, mine: Any, rank: int, root: int) -> Any:
    """Return what *rank* must get, as numpy has it."""
    size = len(mine)
    operation, _, ordered = name.partition(" ")
    only_root = operation in {"gather", "reduce"} and rank != root
    if operation == "barrier" or only_root:
        return None
    upto = rank + 1 if operation == "scan" else size
    if operation in {"reduce", "allreduce", "scan"}:
        rows = mine[:upto]
        return functools.reduce(lambda left, right: 2 * left - right, rows) if ordered else rows.sum(axis=0)
    return {
        "bcast": lambda: mine[root],
        "gather": lambda: mine,
        "allgather": lambda: mine,
        "scatter": lambda: mine[rank],
        "alltoall": lambda: mine.reshape(size, size, -1)[:, rank],
    }[operation]()


def run(name: str, mine: Any, root: int = 0, *, buffered: bool = True) -> Network:
    """Run collective *name*, check every rank's value, and return the network."""
    got, network = world(len(mine), lambda ranks: call(name, ranks, mine, root), buffered=buffered)
    for rank, value in enumerate(got):
        wanted = expected(name, mine, rank, root)
        assert (value is None) == (wanted is None)
        np.testing.assert_array_equal(value, wanted)
    return network


def strangers(network: Network) -> set[tuple[int, int]]:
    """Return the edges that a message went over, and that are none of the graph's."""
    graph = {(rank, peer) for rank in range(network.size) for peer in neighbours(rank, network.size)}
    return network.edges - graph


def roots_of(size: int, upto: int) -> list[int]:
    return list(range(size)) if size <= upto else sorted({0, 1, size // 2, size - 1})


def test_a_rank_has_at_most_two_neighbours_a_doubling_and_is_one_of_theirs() -> None:
    for size in [*range(1, 130), 1024, 4096]:
        of = {rank: neighbours(rank, size) for rank in (range(size) if size < 130 else (0, 1, size - 1))}
        for rank, peers in of.items():
            assert len(peers) <= 2 * ceil(log2(size))
            assert rank not in peers
            assert peers == sorted(set(peers))
            assert all(rank in neighbours(peer, size) for peer in peers)


@pytest.mark.parametrize("name", ROOTED)
def test_short_ones_from_every_root_go_along_the_graph(name: Any) -> None:
    for size in WORLDS:
        mine = numbers(size, 1)
        for root in roots_of(size, 40):
            assert not strangers(run(name, mine, root)), (size, root)


@pytest.mark.parametrize("name", ["bcast", "reduce"])
def test_long_ones_from_every_root_go_along_the_graph(name: Any) -> None:
    for size in [*range(1, 31), 40]:
        mine = numbers(size, LONG_PIECE * max(size, 8) + 3)
        for root in roots_of(size, 12):
            assert not strangers(run(name, mine, root)), (size, root)


@pytest.mark.parametrize("name", [*UNROOTED, "alltoall"])
def test_those_without_a_root_go_along_the_graph(name: Any) -> None:
    for size in WORLDS:
        assert not strangers(run(name, numbers(size, size))), size


@pytest.mark.parametrize("name", ["allgather", "allreduce", "scan"])
def test_long_ones_without_a_root_go_along_the_graph(name: Any) -> None:
    for size in [*range(1, 25), 40]:
        count = LONG_PIECE * max(size, 8) + 1
        assert not strangers(run(name, numbers(size, count // size + 1 if name == "allgather" else count))), size


@pytest.mark.parametrize("name", [*ROOTED, *UNROOTED, "alltoall"])
@pytest.mark.parametrize("count", [1, LONG_PIECE * 8], ids=["short", "long"])
def test_none_counts_on_a_buffer_between_two_ranks(name: Any, count: Any) -> None:
    """A send that waits until its receiver asks for it leads to no circle of ranks that all wait."""
    for size in (2, 3, 4, 5, 8, 11):
        for root in {0, 1, size - 1}:
            run(name, numbers(size, count * size if name == "alltoall" else count), root, buffered=False)


@pytest.mark.parametrize("name", [*ROOTED, *UNROOTED, "alltoall"])
def test_worlds_of_a_thousand_ranks_go_along_the_graph(name: Any) -> None:
    size = 1024
    mine = numbers(size, size if name == "alltoall" else 1)
    assert not strangers(run(name, mine, 515))


def test_long_rows_go_straight_where_each_rank_may_connect_with_all() -> None:
    size = 12
    network = run("alltoall", numbers(size, size * 1000))
    assert network.edges == {(rank, peer) for rank in range(size) for peer in range(size) if rank != peer}
    assert network.messages == size * (size - 1)


def test_long_rows_of_a_large_world_go_along_the_graph() -> None:
    row = np.empty((1, 1 << 16), np.uint8)
    assert is_straight(256, np.broadcast_to(row, (256, 1 << 16)))
    assert not is_straight(257, np.broadcast_to(row, (257, 1 << 16)))


def test_a_reduced_array_is_the_same_bits_by_every_way() -> None:
    size = 9
    mine = np.random.default_rng(1).random((size, LONG_PIECE * size))

    def sum_at(root: int, ranks: Rank) -> Any:
        return reduce(ranks, mine[ranks.rank], SUM, root)

    everywhere, _ = world(size, lambda ranks: allreduce(ranks, mine[ranks.rank], SUM))
    for root in range(size):
        at_root, _ = world(size, functools.partial(sum_at, root))
        for total in everywhere:
            assert total.tobytes() == at_root[root].tobytes()


@pytest.mark.parametrize("size", [2, 3, 8, 13, 64, 100])
@pytest.mark.parametrize("name", ["barrier", "bcast", "gather", "scatter", "reduce", "reduce ordered"])
def test_the_model_counts_the_messages_that_are_sent(name: Any, size: Any) -> None:
    """The price of a model where a message costs one dollar and a byte nothing."""
    dollar = DirectModel(vm_price=1.0, requests_per_hour=1.0)
    operation, _, ordered = name.partition(" ")
    network = run(name, numbers(size, 1), size - 1)
    assert network.messages == dollar.price(Question(operation, size, 8, ordered=bool(ordered)))


@pytest.mark.parametrize("size", [2, 3, 8, 13, 64, 100])
def test_what_costs_a_logarithm_of_messages_a_rank(size: Any) -> None:
    rounds, power = ceil(log2(size)), 1 << (size.bit_length() - 1)
    assert run("allgather", numbers(size, 1)).messages == size * rounds
    assert run("alltoall", numbers(size, size)).messages == size * rounds
    assert run("allreduce", numbers(size, 1)).messages == power * int(log2(power)) + 2 * (size - power)
    assert run("scan", numbers(size, 1)).messages == size * rounds - ((1 << rounds) - 1)
    assert run("scan ordered", numbers(size, 1)).messages == size - 1


def test_a_long_array_moves_few_bytes_a_rank() -> None:
    size, count = 16, LONG_PIECE * 16
    mine = numbers(size, count)
    whole = mine[0].nbytes
    assert run("allreduce", mine).nbytes <= 2 * (size - 1) * whole + 16 * size
    assert run("reduce", mine, 3).nbytes <= (size - 1) * whole + whole * log2(size) / 2 + 16 * size
    assert run("bcast", mine, 3).nbytes <= (size - 1) * whole + whole * log2(size) / 2 + 200 * size


OPERATORS: dict[str, tuple[Any, Any]] = {
    "sum": (SUM, np.add),
    "prod": (PROD, np.multiply),
    "max": (MAX, np.maximum),
    "min": (MIN, np.minimum),
    "ordered": (ORDERED, lambda left, right: 2 * left - right),
    "left": (custom(lambda left, _: left, commutative=False, associative=True), lambda left, _: left),
}
SHAPES = st.one_of(
    st.sampled_from([(), (0,), (3, 0), (1,), (2, 3)]),
    st.tuples(st.integers(1, 20_000)),
)


@settings(max_examples=40)
@given(st.data())
def test_any_collective_gives_what_numpy_gives(data: Any) -> None:
    size = data.draw(st.integers(1, 20), "size")
    root = data.draw(st.integers(0, size - 1), "root")
    dtype = np.dtype(data.draw(st.sampled_from(["i8", "u1", ">i4", "f8", "c16", "?"]), "dtype"))
    shape = data.draw(SHAPES, "shape")
    op, function = OPERATORS[data.draw(st.sampled_from(sorted(OPERATORS)), "operator")]
    elements = int(np.prod(shape))
    seeds = np.random.default_rng(data.draw(st.integers(0, 99), "seed"))
    mine = seeds.integers(0, 3, (size, *shape)).astype(dtype)
    rows = seeds.integers(0, 100, (size, size, *shape[:1])).astype(dtype) if elements < 2000 else None

    def program(ranks: Rank) -> Any:
        value = mine[ranks.rank, ...]
        return (
            reduce(ranks, value, op, root),
            allreduce(ranks, value, op),
            scan(ranks, value, op),
            bcast(ranks, value if ranks.rank == root else None, root, plain=False)[0],
            gather(ranks, value, root),
            scatter(ranks, mine if ranks.rank == root else None, root),
            allgather(ranks, value),
            None if rows is None else alltoall(ranks, rows[ranks.rank]),
        )

    prefixes = [np.asarray(mine[0, ...])]
    for row in range(1, size):
        prefixes.append(np.asarray(function(prefixes[-1], mine[row, ...])).astype(dtype))
    got, network = world(size, program)
    straight = rows is not None and is_straight(size, rows[0])
    assert straight or not strangers(network)
    for rank, (reduced, total, prefix, broadcast, gathered, scattered, stacked, received) in enumerate(got):
        assert all((value is not None) == (rank == root) for value in (reduced, gathered))
        for value, wanted in [
            (total, prefixes[-1]),
            (prefix, prefixes[rank]),
            (broadcast, mine[root, ...]),
            (scattered, mine[rank, ...]),
            (stacked, mine),
            *([(reduced, prefixes[-1]), (gathered, mine)] if rank == root else []),
            *([] if rows is None else [(received, rows[:, rank])]),
        ]:
            assert value.dtype == dtype
            np.testing.assert_array_equal(value, wanted)
