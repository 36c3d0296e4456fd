"""Who is to blame, as pure logic: worlds of settlements that hear each other in any order, with one guilty rank."""

import heapq
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fmi.channels.calls import Calls
from shared.fmi.channels.faults import Differs, Gone, Heard, LinkError, Silent
from shared.fmi.channels.settle import TWO_RUNS, Settlement
from shared.fmi.collectives.edges import neighbours
from shared.fmi.wire.frames import Cause, FrameKind, Word

GRACE = 1.0
SIZES = [2, 3, 4, 5, 8, 16, 33]


class World:
    """Living ranks over the edges of the graph. A word arrives after a random part of *slowest* seconds."""

    def __init__(self, size: int, waits: dict[int, int], seed: int, slowest: float = 0.05) -> None:
        self.now, self.number = 0.0, 0
        self.size, self.waits = size, waits
        self.random, self.slowest = random.Random(seed), slowest
        self.calls = {rank: Calls(size) for rank in waits}
        self.cases: dict[int, Settlement] = {}
        self.said: dict[int, int] = {}
        self.due: list[tuple[float, int, int, int, Word]] = []
        self.last: dict[tuple[int, int], float] = {}

    def begin(self, rank: int, fault: LinkError) -> None:
        near, wanted = neighbours(rank, self.size), self.waits[rank]
        waits = {wanted: (Cause.LOST, f"rank {rank} heard nothing")}
        self.cases[rank] = Settlement(rank, self.calls[rank], 1, waits, near, near, self.now, GRACE)
        self.cases[rank].begin(fault, self.now)
        self.spread(rank)

    def spread(self, rank: int) -> None:
        """Send what *rank* has to say, and its verdict, in order on each of its links."""
        case = self.cases[rank]
        case.decide(self.now)
        words = case.said[self.said.get(rank, 0) :]
        self.said[rank] = len(case.said)
        if case.verdict is not None and self.said[rank] < 1 << 20:
            self.said[rank] = 1 << 20
            verdict = case.verdict
            words.append(Word(FrameKind.ABORT, verdict.rank, verdict.origin, verdict.reason, verdict.cause))
        for word in words:
            for peer in neighbours(rank, self.size):
                at = max(self.last.get((rank, peer), 0.0), self.now + self.random.uniform(0, self.slowest))
                self.last[rank, peer] = at
                self.number += 1
                heapq.heappush(self.due, (at, self.number, rank, peer, word))

    def run(self) -> None:
        """Let all words arrive, and time pass, until every living rank has a verdict."""
        while any(rank not in self.cases or self.cases[rank].verdict is None for rank in self.waits):
            wakes = [case.wake(self.now) for case in self.cases.values() if case.verdict is None]
            at = min([*wakes, *(one[0] for one in self.due[:1])])
            self.now = max(self.now, at)
            assert self.now <= 3 * GRACE
            if self.due and self.due[0][0] <= self.now:
                self.deliver(*heapq.heappop(self.due)[2:])
                continue
            for rank in list(self.cases):
                self.spread(rank)

    def deliver(self, source: int, dest: int, word: Word) -> None:
        if dest in self.cases:
            self.cases[dest].hear(source, word, self.now)
            self.spread(dest)
        elif dest in self.waits:
            self.begin(dest, Heard(source, word))

    def named(self) -> dict[int, int]:
        return {rank: case.verdict.rank for rank, case in self.cases.items() if case.verdict is not None}


def wait_graph(size: int, guilty: int, choose: random.Random) -> dict[int, int]:
    """Every rank but the guilty waits for a neighbour that is nearer to the guilty one, or for that itself."""
    order, waits = [guilty], {}
    while len(order) < size:
        near = [rank for rank in range(size) if rank not in order and set(neighbours(rank, size)) & set(order)]
        rank = choose.choice(near)
        waits[rank] = choose.choice([peer for peer in neighbours(rank, size) if peer in order])
        order.append(rank)
    return waits


@given(st.sampled_from(SIZES), st.integers(0, 1 << 30))
def test_all_name_the_rank_that_stays_silent_whoever_waits_for_whom(size: int, seed: int) -> None:
    choose = random.Random(seed)
    guilty = choose.randrange(size)
    world = World(size, wait_graph(size, guilty, choose), seed)
    for rank in choose.sample(sorted(world.waits), choose.randint(1, size - 1)):
        world.begin(rank, Silent(world.waits[rank], "silent"))
    world.run()
    assert set(world.named().values()) == {guilty}


@given(st.sampled_from(SIZES), st.integers(0, 1 << 30))
def test_all_name_the_rank_whose_connection_ended(size: int, seed: int) -> None:
    choose = random.Random(seed)
    guilty = choose.randrange(size)
    world = World(size, wait_graph(size, guilty, choose), seed)
    for rank, wanted in world.waits.items():
        if wanted == guilty:
            world.begin(rank, Gone(guilty, "its connection closed"))
    world.run()
    assert set(world.named().values()) == {guilty}


@given(st.sampled_from([size for size in SIZES if size > 2]), st.integers(0, 1 << 30))
def test_all_name_the_rank_that_calls_something_else_it_too(size: int, seed: int) -> None:
    choose = random.Random(seed)
    guilty = choose.randrange(size)
    world = World(size, {rank: (rank + 1) % size for rank in range(size)}, seed)
    for rank, calls in world.calls.items():
        calls.begin("reduce(max)" if rank == guilty else "reduce(sum)")
    first = choose.choice([*neighbours(guilty, size), guilty])
    other = choose.choice(neighbours(guilty, size)) if first == guilty else guilty
    world.begin(first, Differs(other, 1))
    world.run()
    assert set(world.named().values()) == {guilty}
    assert all("is in reduce(max) where" in case.verdict.reason for case in world.cases.values() if case.verdict)


def test_of_two_ranks_each_names_the_other_and_says_what_both_call() -> None:
    world = World(2, {0: 1, 1: 0}, 1)
    world.calls[0].begin("barrier")
    world.calls[1].begin("bcast(root 0)")
    world.begin(0, Differs(1, 1))
    world.run()
    assert world.named() == {0: 1, 1: 0}
    assert [world.cases[rank].verdict.reason for rank in (0, 1)] == [  # type: ignore[union-attr]
        "is in bcast(root 0) where rank 0 is in barrier",
        "is in barrier where rank 1 is in bcast(root 0)",
    ]


@pytest.mark.parametrize("size", [2, 4, 5])
def test_ranks_of_two_sessions_are_told_that_two_runs_share_a_run_id(size: int) -> None:
    world = World(size, {rank: (rank + 1) % size for rank in range(size)}, 3)
    for rank, calls in world.calls.items():
        calls.open(bytes([rank % 2]) * 16)
        calls.begin("barrier")
    world.begin(0, Differs(1, 1))
    world.run()
    assert all(case.verdict and case.verdict.reason == TWO_RUNS for case in world.cases.values())


def test_in_a_circle_each_names_the_next_and_says_so() -> None:
    world = World(3, {0: 1, 1: 2, 2: 0}, 5, slowest=0.001)
    for rank in range(3):
        world.begin(rank, Silent(world.waits[rank], "silent"))
    world.run()
    first: Any = min(world.cases.values(), key=lambda case: case.verdict.origin if case.verdict else 9).verdict
    assert first.rank == world.waits[first.origin]
    assert "all wait for each other in a circle" in first.reason


def test_a_rank_that_would_not_be_heard_is_named_only_at_the_end() -> None:
    """It is paired on demand and may wait itself; what it says comes over others."""
    case = Settlement(0, Calls(16), 1, {5: (Cause.UNPAIRED, "has not come")}, [1, 2], [1, 2], 0.0, GRACE)
    case.begin(Silent(5, "silent"), 0.0)
    case.decide(0.9)
    assert case.verdict is None
    case.decide(1.0)
    assert case.verdict == (5, "has not come", Cause.UNPAIRED, 0)


def test_what_is_certain_goes_before_a_connection_that_ended() -> None:
    case = Settlement(0, Calls(4), 1, {1: (Cause.LOST, "silent")}, [1, 2, 3], [1, 2, 3], 0.0, GRACE)
    case.begin(Gone(1, "its connection closed"), 0.0)
    case.hear(2, Word(FrameKind.ABORT, 3, 2, "it raised"), 0.0)
    case.decide(0.0)
    assert case.verdict is not None
    assert case.verdict.rank == 3
