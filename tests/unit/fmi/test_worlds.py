"""What joining a world costs, and which world a server carries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fmi.collectives.edges import neighbours
from shared.fmi.worlds import (
    MOST_RANKS,
    PATIENCE,
    SHARE,
    Server,
    carried,
    join_seconds,
    links,
    memory_mb,
    pairings,
    server_cpu,
)

FARGATE = [Server(256, 512), Server(512, 1024), Server(1024, 2048), Server(4096, 8192)]


@pytest.mark.parametrize(("size", "pairs"), [(2, 1), (8, 20), (64, 352), (128, 832), (512, 4352), (1000, 10_000)])
def test_a_world_pairs_along_its_graph_where_it_paired_all_with_all(size: int, pairs: int) -> None:
    assert pairings(size) == pairs == sum(len(neighbours(rank, size)) for rank in range(size)) // 2
    assert pairs <= size * (size - 1) // 2


def test_the_largest_world_has_few_links_a_rank() -> None:
    assert links(MOST_RANKS) == 23
    assert max(map(links, range(2, MOST_RANKS + 1))) == 24


@pytest.mark.parametrize("server", FARGATE)
def test_the_world_that_a_server_carries_is_the_largest_that_joins_in_its_share_of_the_patience(server: Server) -> None:
    most = carried(server)
    assert server.seconds(pairings(most)) <= PATIENCE * SHARE
    assert memory_mb(most) <= server.memory_mb
    assert most == MOST_RANKS or server.seconds((most + 1) * most.bit_length()) > PATIENCE * SHARE


def test_a_larger_server_carries_more_until_its_one_thread_has_a_vcpu() -> None:
    worlds = [carried(server) for server in FARGATE]
    assert worlds == sorted(worlds)
    assert worlds[0] >= 1000  # the default server carries the thousand
    assert worlds[2] == worlds[3] == MOST_RANKS
    assert carried(Server(4096, 8192, many=False)) == carried(Server(1024, 2048, many=False)) < MOST_RANKS


@pytest.mark.parametrize("server", FARGATE)
def test_a_connection_for_each_pair_carries_less(server: Server) -> None:
    assert carried(Server(server.cpu, server.memory_mb, many=False)) < carried(server)


def test_little_memory_carries_less_than_the_cpu_would() -> None:
    assert 1 < carried(Server(1024, 100)) < carried(Server(1024, 2048))
    assert carried(Server(1024, 10)) == 1


def test_of_a_server_that_nothing_is_known_of_only_the_design_bounds_the_world() -> None:
    assert carried(None) == MOST_RANKS


@given(st.integers(2, MOST_RANKS // 2))
def test_twice_the_ranks_take_no_less_time_and_a_larger_server_no_more(size: int) -> None:
    server = Server(256, 512)
    assert join_seconds(2 * size, server) >= join_seconds(size, server)
    assert join_seconds(size, None) <= join_seconds(size, server)
    assert join_seconds(size, Server(1024, 2048)) <= join_seconds(size, server)


def test_a_rank_alone_joins_nothing() -> None:
    assert (pairings(1), join_seconds(1, Server(256, 512)), server_cpu(0)) == (0, 0, 0)
