"""Who may hold one more slot: over thousands of adversarial schedules, and with seeded faults that must be found."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from shared.local.capacity import Capacity
from shared.local.lambda_runtime.slots import Slots, World
from shared.local.lambda_runtime.worlds import world_of

SCHEDULES = 3_000


def arn(name):
    return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"


class Unfair(Exception):
    """Something holds more than it may, or is refused what it is promised."""


class House:
    """A pool without processes: calls that come and end, on a clock that stands still until it is moved.

    Args:
        slots: The accounts under test.
        reserved: Functions, with what each has reserved.
    """

    def __init__(self, slots, reserved):
        self.slots = slots
        self.reserved = reserved
        self.now = 0.0
        self.held = Counter()  # as it should be: by function, with ranks yet to come
        self.runs = []  # functions of the calls that hold a slot
        self.coming = {}  # ranks that have been promised a slot, by world: the function, how many, until when
        self.worlds = 0
        for function, count in reserved.items():
            slots.know(function, count)

    def call(self, function):
        if not self.slots.enter(function, self.reserved[function]):
            if self.ranks_and_runs(function) < self.reserved[function]:
                raise Unfair(f"{function} is refused below what it has reserved")
            return
        promised = self.promised(function)
        if self.slots.may_hold(function):
            self.slots.hold(function)
            self.held[function] += 1
            self.runs.append(function)
        elif promised:
            raise Unfair(f"{function} waits for what it is promised")
        else:
            self.slots.leave(function)
        self.check()

    def ranks_and_runs(self, function):
        return self.runs.count(function) + sum(n for name, n, _ in self.coming.values() if name == function)

    def promised(self, function):
        """Whether the function holds less than it has reserved, or its team less than it is guaranteed."""
        kept, total = self.kept(), self.slots.total
        if self.held[function] < kept.get(function, 0):
            return True
        known = len({self.slots.team(each) for each in self.reserved})
        share = total - sum(kept.values())
        least = min(share // known, max(1, share // (4 * known)))
        team = self.slots.team(function)
        mine = sum(max(0, n - kept.get(name, 0)) for name, n in self.held.items() if self.slots.team(name) == team)
        return mine < least

    def kept(self):
        reserved = {name: count for name, count in self.reserved.items() if count}
        asked, most = sum(reserved.values()), self.slots.total - max(1, self.slots.total // 4)
        return reserved if asked <= most else {name: n * most // asked for name, n in reserved.items()}

    def world(self, function, ranks, arrive):
        """Let *arrive* of the ranks of a new world come; all of them are let in, or none is."""
        self.worlds += 1
        answers = []
        for rank in range(arrive):
            world = World(f"w{self.worlds}", ranks, rank)
            if self.slots.enter(function, self.reserved[function], world):
                answers.append(self.slots.let_in(function, world, self.now))
                if not answers[-1]:
                    self.slots.leave(function)
            else:
                answers.append(False)
        if len(set(answers)) > 1:
            raise Unfair("a part of a world was let in")
        if answers[0]:
            self.held[function] += ranks
            self.runs += [function] * arrive
            if ranks > arrive:
                self.coming[f"w{self.worlds}"] = function, ranks - arrive, self.now + 60.0
        self.check()

    def end(self, rng):
        if self.runs:
            function = self.runs.pop(rng.randrange(len(self.runs)))
            self.slots.free(function)
            self.slots.leave(function)
            self.held[function] -= 1
        self.check()

    def pass_time(self, seconds):
        self.now += seconds
        self.slots.expire(self.now)
        for key, (function, count, until) in list(self.coming.items()):
            if until <= self.now:
                del self.coming[key]
                self.held[function] -= count
        self.check()

    def check(self):
        if sum(self.held.values()) > self.slots.total:
            raise Unfair("more slots are held than there are")
        for function, count in self.held.items():
            if self.slots.held(function) != count:
                raise Unfair(f"{function} holds {count}, not {self.slots.held(function)}")
            limit = self.reserved[function]
            if limit is not None and count > limit:
                raise Unfair(f"{function} holds more than it has reserved")


def schedule(slots_of, number):
    rng = Random(number)
    names = [f"team{team}-f{function}" for team in range(rng.randint(1, 5)) for function in range(rng.randint(1, 3))]
    total = rng.choice((1, 2, 4, 8, 16, 40))
    reserved = {arn(name): rng.choice((None, None, None, 0, 1, 3, 10)) for name in names}
    house = House(slots_of(total), reserved)
    greedy = rng.choice(list(reserved))
    for _ in range(60):
        function = greedy if rng.random() < 0.6 else rng.choice(list(reserved))
        match rng.choice(("call", "call", "call", "world", "end", "end", "time")):
            case "call":
                house.call(function)
            case "world":
                ranks = rng.randint(2, 8)
                house.world(function, ranks, rng.choice((ranks, rng.randint(1, ranks))))
            case "end":
                house.end(rng)
            case "time":
                house.pass_time(rng.choice((1.0, 30.0, 61.0)))
    house.pass_time(61.0)
    while house.runs:
        house.end(rng)
    for function in reserved:
        house.slots.forget(function)
    left = {name: value for name, value in vars(house.slots).items() if isinstance(value, dict) and value}
    if left:
        raise Unfair(f"left behind: {left}")


def schedules(slots_of):
    for number in range(SCHEDULES):
        schedule(slots_of, number)


def test_promises_are_kept_whatever_others_do():
    schedules(Slots)


class ClaimsOne(Slots):
    """Lets a world in as soon as one rank fits."""

    def _fits(self, function, world):
        return self.may_hold(function)


class KeepsNothing(Slots):
    """Reserved concurrency is a ceiling alone."""

    def _keep(self):
        pass


class ForgetsClaims(Slots):
    """Ranks that never come hold their slots for ever."""

    def expire(self, now):
        pass


class RefusesLate(Slots):
    """A world that is refused is let in as soon as it fits, in the midst of its ranks."""

    def let_in(self, function, world, now):
        self._refused.clear()
        self.room_left = getattr(self, "room_left", 0) + 1
        return super().let_in(function, world, now) or (self.room_left % 7 == 0 and not self.hold(function))


class Leaks(Slots):
    """What a team held of its share stays held."""

    def free(self, function):
        before = self._shared.copy()
        super().free(function)
        self._shared |= before


class NeverForgets(Slots):
    """A function that is deleted stays known."""

    def forget(self, function):
        pass


@pytest.mark.parametrize("fault", [ClaimsOne, KeepsNothing, ForgetsClaims, RefusesLate, Leaks, NeverForgets])
def test_a_seeded_fault_is_found(fault):
    with pytest.raises(Unfair):
        schedules(fault)


def test_a_world_that_was_refused_is_refused_whole_and_let_in_whole_when_it_tries_again():
    slots, function = Slots(8), arn("team1-f")
    others = arn("team1-g")
    for _ in range(4):
        slots.hold(others)
    ranks = [World("w", 6, rank) for rank in range(6)]
    assert not any(slots.let_in(function, world, 0.0) for world in ranks[:3])
    for _ in range(4):
        slots.free(others)
    assert not any(slots.let_in(function, world, 0.1) for world in ranks[3:])  # room by now: too late for this try
    assert all(slots.let_in(function, world, 2.0) for world in ranks)
    assert slots.held(function) == 6


def test_ranks_that_do_not_come_free_their_slots_after_a_minute():
    slots, function = Slots(8), arn("team1-f")
    assert slots.let_in(function, World("w", 6, 0), 0.0)
    assert slots.held(function) == 6
    slots.expire(59.0)
    assert slots.held(function) == 6
    slots.expire(60.0)
    assert slots.held(function) == 1


def test_what_the_account_lets_reserve_and_the_machine_does_not_carry_is_kept_in_proportion():
    slots = Slots(8)
    slots.know(arn("team1-f"), 600)
    slots.know(arn("team2-g"), 300)
    assert [slots.room(arn(name)) for name in ("team1-f", "team2-g", "team3-h")] == [5, 3, 2]


def test_standing_tells_room_and_most_of_each_team_and_of_a_new_one():
    slots = Slots(16)
    for team in ("team1", "team2"):
        slots.know(arn(f"{team}-f"), None)
    for _ in range(9):
        slots.hold(arn("team1-f"))
    standing = slots.standing(Capacity(16, "the test"))
    assert standing.held == {"team1": 9}
    assert (standing.room, standing.most) == ({"": 6, "team1": 5, "team2": 7}, {"": 14, "team1": 14, "team2": 14})
    assert standing.why_not("team1", 5) is None
    assert standing.why_not("team1", 6).what == (
        "6 ranks wait for each other, and there is room for 5 now: team1 runs 9, and this machine runs 16 at once"
    )
    assert "lower --world-size to 14" in standing.why_not("team1", 15).fix


MEETS = {"environment": (("RENDEZVOUS_ENDPOINT", "host:1"),)}


@pytest.mark.parametrize(
    ("settings", "payload", "expected"),
    [
        (MEETS, b'{"world_size": 4, "rank": 2, "run_id": "r"}', ("r", 4, 2)),
        (MEETS, b'{"world_size": 4, "fmi_enabled": true}', ("", 4, None)),
        (MEETS, b'{"world_size": 4, "fmi_enabled": false}', None),
        (MEETS, b'{"world_size": 1, "rank": 0}', None),
        (MEETS, b'{"world_size": true}', None),
        (MEETS, b'{"payload": {"world_size": 4}}', None),
        (MEETS, b'["world_size"]', None),
        (MEETS, b'"world_size', None),
        ({}, b'{"world_size": 4, "rank": 2}', None),
    ],
)
def test_ranks_of_a_world_are_calls_of_a_function_that_meets(function, settings, payload, expected):
    found = world_of(function("", **settings), payload)
    assert found and (found.key.rpartition(" ")[2], found.ranks, found.rank) == expected if expected else found is None
