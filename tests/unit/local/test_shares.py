"""Slots that teams share: over 10,000 adversarial schedules nobody waits longer than is stated."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from dataclasses import dataclass, field
from random import Random

import pytest

from shared.local.shares import Shares

SCHEDULES = 10_000
LONGEST = 10.0
"""Seconds that a slot is held for at most."""


class Unfair(Exception):
    """A schedule in which the stated bound does not hold."""


@dataclass
class House:
    """Slots, teams that want them, and a clock that stands still until :meth:`run` moves it."""

    shares: Shares
    known: int
    time: float = 0.0
    held: Counter[str] = field(default_factory=Counter)
    # What each team wants a slot for, in seconds, and since when it goes without a new slot; the longest first.
    queues: dict[str, deque[float]] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)
    ends: list[tuple[float, int, str]] = field(default_factory=list)
    # How often others that held as much were given one while a team waited.
    passed: dict[str, Counter[str]] = field(default_factory=dict)
    given: int = 0

    def want(self, team: str, seconds: float, times: int = 1) -> None:
        """Let *team* ask for a slot, for so long, so often."""
        self.queues.setdefault(team, deque()).extend([seconds] * times)
        self.since.setdefault(team, self.time)
        self._give()

    def run(self, until: float) -> None:
        """Move the clock, ending what ends by then."""
        while self.ends and self.ends[0][0] <= until:
            self.time, _, team = heapq.heappop(self.ends)
            self.held[team] -= 1
            self._give()
        self.time = until
        self._check_waits()

    def _give(self) -> None:
        self._check_waits()
        while (team := self.shares.next_team(list(self.since), self.held, self.known)) is not None:
            self._pass_over(team)
            self.held[team] += 1
            self.given += 1
            if sum(self.held.values()) > self.shares.total:
                raise Unfair("more slots are held than there are")
            seconds = self.queues[team].popleft()
            heapq.heappush(self.ends, (self.time + seconds, self.given, team))
            del self.since[team]
            if self.queues[team]:
                self.since[team] = self.time
        self._check()

    def _pass_over(self, given: str) -> None:
        """Count for those who wait on that the team *given* comes first."""
        holds = self.held[given]
        for other in self.since:
            if self.held[other] < holds:
                raise Unfair(f"{given} holds {holds} and gets one before {other}, which holds less")
            if other != given and self.held[other] == holds:
                passed = self.passed.setdefault(other, Counter())
                passed[given] += 1
                if passed[given] > 1:
                    raise Unfair(f"{other} was passed over twice by {given}")
        self.passed.pop(given, None)

    def _check_waits(self) -> None:
        longest = LONGEST * -(-self.known // self.shares.total)
        for team, since in self.since.items():
            if self.time - since > longest + 1e-9:
                raise Unfair(f"{team} has waited {self.time - since:.1f} s, more than {longest}")

    def _check(self) -> None:
        least = Shares(self.shares.total).guaranteed(self.known)
        free = self.shares.total - sum(self.held.values())
        for team in self.since:
            if self.held[team] < least:
                raise Unfair(f"{team} holds {self.held[team]} of {least} guaranteed slots, and waits")
            if free > (self.known - 1) * least:
                raise Unfair(f"{team} waits, though {free} slots are free")


def schedule(shares_of: type[Shares], number: int) -> None:
    """Run one schedule: some teams flood, some want a slot now and then, at the worst of times."""
    rng = Random(number)
    known = rng.randint(1, 6)
    house = House(shares_of(rng.choice((1, 2, 3, 4, 8, 12, 16))), known)
    teams = [f"team{index}" for index in range(known)]
    flooding = set(rng.sample(teams, rng.randint(0, known)))
    for _ in range(rng.randint(2, 9)):
        team = rng.choice(teams)
        if team in flooding:
            house.want(team, rng.choice((LONGEST, LONGEST, rng.uniform(0.1, LONGEST))), rng.randint(1, 12))
        else:
            house.want(team, rng.uniform(0.01, LONGEST), rng.randint(1, 3))
        # Often just when something ends, or just before.
        ends = house.ends[0][0] if house.ends and rng.random() < 0.6 else house.time + rng.uniform(0, LONGEST)
        house.run(max(house.time, ends - rng.choice((0.0, 1e-6))))
    while house.ends:
        house.run(house.ends[0][0])
    if house.since:
        raise Unfair(f"{sorted(house.since)} wait, and nobody holds a slot")


def run_schedules(shares_of: type[Shares]) -> None:
    for number in range(SCHEDULES):
        schedule(shares_of, number)


def test_nobody_waits_longer_than_stated_over_ten_thousand_schedules():
    run_schedules(Shares)


class NoGuarantee(Shares):
    """Gives whoever asks what is free."""

    def may_take(self, team, held, known):
        return sum(held.values()) < self.total


class OneTooMany(Shares):
    """Lets a team take the last slot that is kept for another."""

    def may_take(self, team, held, known):
        return Shares(self.total + 1).may_take(team, held, known) and sum(held.values()) < self.total


class ForgetsOne(Shares):
    """Keeps slots for all teams but one."""

    def may_take(self, team, held, known):
        return super().may_take(team, held, max(1, known - 1))


class FirstCome(Shares):
    """Serves who began to want a slot first, however much it holds."""

    def next_team(self, waiting, held, known):
        return next((team for team in waiting if self.may_take(team, held, known)), None)


class LastCome(Shares):
    """Gives a tie to who has waited least."""

    def next_team(self, waiting, held, known):
        return super().next_team(list(waiting)[::-1], held, known)


class ByName(Shares):
    """Gives a tie to the first by name."""

    def next_team(self, waiting, held, known):
        return super().next_team(sorted(waiting), held, known)


class Greedy(Shares):
    """Serves who holds most."""

    def next_team(self, waiting, held, known):
        return super().next_team(waiting, {team: -slots for team, slots in held.items()}, known)


class ForgetsRelease(Shares):
    """Counts what a team has held at most, not what it holds."""

    def __init__(self, total):
        super().__init__(total)
        self.most = Counter()

    def may_take(self, team, held, known):
        self.most |= Counter(held)
        return super().may_take(team, self.most, known)


class Hoards(Shares):
    """Lets nobody have more than is guaranteed."""

    def may_take(self, team, held, known):
        return held.get(team, 0) < self.guaranteed(known) and super().may_take(team, held, known)


@pytest.mark.parametrize(
    "faulty", [NoGuarantee, OneTooMany, ForgetsOne, FirstCome, LastCome, ByName, Greedy, ForgetsRelease, Hoards]
)
def test_the_schedules_catch_a_faulty_policy(faulty):
    with pytest.raises(Unfair):
        run_schedules(faulty)


@pytest.mark.parametrize(
    ("total", "known", "guaranteed"),
    [(64, 1, 16), (64, 4, 4), (64, 16, 1), (64, 64, 1), (64, 65, 0), (2, 1, 1), (1, 0, 1)],
)
def test_a_quarter_is_kept_for_all_teams_and_one_slot_for_each_as_long_as_there_are_so_many(total, known, guaranteed):
    assert Shares(total).guaranteed(known) == guaranteed


def test_a_team_alone_has_all_and_beside_others_all_but_what_they_are_guaranteed():
    assert Shares(8).may_take("a", {"a": 7}, known=1)
    assert not Shares(8).may_take("a", {"a": 8}, known=1)
    assert Shares(64).may_take("a", {"a": 64 - 3 * 4 - 1}, known=4)
    assert not Shares(64).may_take("a", {"a": 64 - 3 * 4}, known=4)
    assert Shares(64).may_take("a", {"a": 64 - 3 * 4, "b": 4}, known=4) is False
    assert Shares(64).may_take("b", {"a": 64 - 3 * 4}, known=4)
