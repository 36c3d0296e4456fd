"""Who runs next: over 10,000 adversarial schedules, on a clock that stands still, nobody waits longer than is stated.

The queue and the crew are the real ones; only the workers have no threads.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, deque
from dataclasses import dataclass
from random import Random

import pytest

from shared.local.asl.fair_queue import FairQueue, Taken
from shared.local.asl.workers import ASIDE, Crew, Worker
from shared.local.shares import Shares

SCHEDULES = 10_000
LONGEST = 10.0
"""Seconds that a place is held for at most."""


class Unfair(Exception):
    """A schedule in which a stated bound does not hold."""


@dataclass(eq=False)
class Job:
    """A job of a lane: how long it takes, and after what time it steps aside, if it does."""

    world: World
    lane: str
    seconds: float
    aside_after: float | None
    number: int

    def __call__(self) -> None:
        """Never: no thread runs it."""


class VirtualWorker(Worker):
    """A worker whose jobs take the time of a clock that a test moves."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def begin(self) -> None:
        self.world.began(self)


class World:
    """Lanes of teams that want things done, and a crew that does them."""

    def __init__(self, queue_of: type[FairQueue], crew_of: type[Crew], places: int, *, serial: bool) -> None:
        self.time = 0.0
        self.places, self.serial = places, serial
        self.crew = crew_of(queue_of(Shares(places), serial=serial), self.hire)
        self.hired = 0
        self.order = itertools.count()
        self.events: list[tuple[float, int, str, VirtualWorker, Job]] = []
        # Of each lane, what waits, and since when it has gone without a place.
        self.waiting: dict[str, deque[Job]] = {}
        self.since: dict[str, float] = {}
        # How many lanes of the team waited, at most, since then.
        self.rivals: dict[str, int] = {}
        self.held: Counter[str] = Counter()
        self.running: Counter[str] = Counter()
        self.resting: set[VirtualWorker] = set()
        # The worker whose job has just ended, until it is known what it does next.
        self.ending: VirtualWorker | None = None

    def hire(self) -> VirtualWorker:
        if self.resting:
            raise Unfair("a worker is made though another rests")
        self.hired += 1
        return VirtualWorker(self)

    def put(self, lane: str, seconds: float, times: int = 1, aside_after: float | None = None) -> None:
        """Have jobs of *lane* done that take so long each."""
        for _ in range(times):
            job = Job(self, lane, seconds, aside_after, next(self.order))
            self.waiting.setdefault(lane, deque()).append(job)
            if not (self.serial and self.running[lane]):
                self.since.setdefault(lane, self.time)
            self.count_rivals()
            self.crew.put(job, lane)
        self.check()

    def began(self, worker: VirtualWorker) -> None:
        if self.ending is not None and self.ending.taken is not None:
            first, self.ending = self.ending, None
            if first is not worker:  # it took its next job before the crew began others
                self.began(first)
        job = self.job_of(worker)
        self.check_waits()
        self.resting.discard(worker)
        if self.waiting[job.lane].popleft() is not job:
            raise Unfair("a job overtook one of its own lane")
        if self.serial and self.running[job.lane]:
            raise Unfair("two jobs of a lane run at once")
        self.running[job.lane] += 1
        self.held[team_of(job.lane)] += 1
        self.since.pop(job.lane)
        self.rivals.pop(job.lane, None)
        if self.waiting[job.lane] and not self.serial:
            self.since[job.lane] = self.time
            self.count_rivals()
        after, what = (job.seconds, "end") if job.aside_after is None else (job.aside_after, "aside")
        heapq.heappush(self.events, (self.time + after, next(self.order), what, worker, job))

    @staticmethod
    def job_of(worker: VirtualWorker) -> Job:
        if worker.taken is None or not isinstance(worker.taken.job, Job):
            raise Unfair("a worker begins without a job")
        return worker.taken.job

    def run(self, until: float) -> None:
        """Move the clock, and let happen what is due by then."""
        while self.events and self.events[0][0] <= until:
            self.time, _, kind, worker, job = heapq.heappop(self.events)
            if kind == "aside":
                self.held[team_of(job.lane)] -= 1
                heapq.heappush(self.events, (self.time + job.seconds, next(self.order), "gone", worker, job))
                self.crew.step_aside(worker)
            else:
                self.held[team_of(job.lane)] -= kind == "end"
                self.running[job.lane] -= 1
                if self.serial and self.waiting[job.lane]:
                    self.since[job.lane] = self.time
                    self.count_rivals()
                self.go_on(worker)
            self.check()
        self.time = until
        self.check_waits()

    def go_on(self, worker: VirtualWorker) -> None:
        self.ending = worker
        if not self.crew.go_on(worker):
            self.resting.add(worker)
        elif self.ending is not None:
            self.began(worker)
        self.ending = None

    def count_rivals(self) -> None:
        wanting = Counter(map(team_of, self.since))
        for lane in self.since:
            self.rivals[lane] = max(self.rivals.get(lane, 1), wanting[team_of(lane)])

    def known(self) -> int:
        return len({team for team, places in self.held.items() if places} | set(map(team_of, self.since)))

    def check_waits(self) -> None:
        for lane, since in self.since.items():
            most = LONGEST * self.rivals[lane]
            if self.time - since > most + 1e-9:
                raise Unfair(f"{lane} has waited for {self.time - since:.1f} s, more than {most}")

    def check(self) -> None:
        """Check that nobody waits who may have a place, and that there are no more places than stated."""
        known = self.known()
        least = max(1, Shares(self.places).guaranteed(known))
        for lane in self.since:
            held = self.held[team_of(lane)]
            if held < least:
                raise Unfair(f"{lane} waits, and its team holds {held} of {least} guaranteed places")
            if sum(self.held.values()) < self.places - (known - 1) * least:
                raise Unfair(f"{lane} waits, though places are free")
        if sum(self.held.values()) > self.places + known * least:
            raise Unfair("there are more places than stated")


def team_of(lane: str) -> str:
    return lane.partition("-")[0]


def schedule(number: int, queue_of: type[FairQueue] = FairQueue, crew_of: type[Crew] = Crew) -> None:
    """Run one schedule: some teams flood, others want something now and then, often at the worst of times."""
    rng = Random(number)
    serial = rng.random() < 0.4
    world = World(queue_of, crew_of, rng.choice((1, 2, 3, 4, 8, 16)), serial=serial)
    lanes = [f"t{team}-{lane}" for team in range(rng.randint(1, 5)) for lane in range(rng.randint(1, 4))]
    flooding = {f"t{team}" for team in range(5) if rng.random() < 0.4}
    for _ in range(rng.randint(2, 10)):
        lane = rng.choice(lanes)
        many = team_of(lane) in flooding
        seconds = rng.choice((LONGEST, LONGEST, rng.uniform(0.1, LONGEST))) if many else rng.uniform(0.01, LONGEST)
        aside = rng.uniform(0, LONGEST) if serial and rng.random() < 0.2 else None
        if aside is not None:
            seconds = 0.0 if rng.random() < 0.3 else 5 * LONGEST
        world.put(lane, seconds, rng.randint(1, 9) if many else rng.randint(1, 2), aside)
        ends = world.events[0][0] if world.events and rng.random() < 0.6 else world.time + rng.uniform(0, LONGEST)
        world.run(max(world.time, ends - rng.choice((0.0, 1e-6))))
    while world.events:
        world.run(world.events[0][0])
    if any(world.waiting.values()):
        raise Unfair("jobs wait, and nothing runs")


def run_schedules(queue_of: type[FairQueue] = FairQueue, crew_of: type[Crew] = Crew) -> None:
    for number in range(SCHEDULES):
        schedule(number, queue_of, crew_of)


def test_nobody_waits_longer_than_stated_over_ten_thousand_schedules():
    run_schedules()


# Faults, each of which the schedules find.


class OneQueue(FairQueue):
    """First come, first served, whoever it is: what the engine did once."""

    def put(self, job, lane):
        self.jobs = getattr(self, "jobs", deque())
        self.jobs.append((job, lane))

    def take(self):
        if not getattr(self, "jobs", None) or sum(self._held.values()) >= self._shares.total:
            return None
        job, lane = self.jobs.popleft()
        self._held[team_of(lane)] = self._held.get(team_of(lane), 0) + 1
        return Taken(team_of(lane), lane, job)

    def end(self, taken):
        pass


class OnlyShares(FairQueue):
    """Gives no team a place beyond those that there are."""

    def _next_team(self):
        return self._shares.next_team(self._waiting, self._held, len(self._held.keys() | self._waiting.keys()))


class NoRotation(FairQueue):
    """Serves a lane until it wants nothing any more."""

    def take(self):
        taken = super().take()
        if taken and taken.lane in self._waiting.get(taken.team, {}):
            lanes = self._waiting[taken.team]
            self._waiting[taken.team] = {taken.lane: lanes.pop(taken.lane), **lanes}
        return taken


class LeaksAPlace(FairQueue):
    """Forgets to give a place back now and then."""

    def give_back(self, team):
        self.given = getattr(self, "given", 0) + 1
        if self.given % 3:
            super().give_back(team)


class GivesBackTwice(FairQueue):
    """Gives a place back twice now and then."""

    def give_back(self, team):
        super().give_back(team)
        if self._held.get(team):
            super().give_back(team)


class LastFirst(FairQueue):
    """Runs the youngest job of a lane first."""

    def take(self):
        for lanes in self._waiting.values():
            for jobs in lanes.values():
                jobs.rotate(1)
        return super().take()


class NeverSerial(FairQueue):
    """Runs jobs of a lane side by side."""

    def __init__(self, shares, *, serial):
        super().__init__(shares)


class ForgetsWhatCameBehind(FairQueue):
    """Loses the jobs that came for a lane while one of it ran."""

    def end(self, taken):
        self._behind.pop(taken.lane, None)


class EndlessPlaces(FairQueue):
    """Lets everything run at once."""

    def _next_team(self):
        return next(iter(self._waiting), None)


class WaitsForAWorker(Crew):
    """Makes no new worker while any works."""

    def _assign(self):
        return [] if self._workers and not self._idle else super()._assign()


class ForgetsWhoRests(Crew):
    """Never gives a job to a worker that rests."""

    def go_on(self, worker):
        goes_on = super().go_on(worker)
        self._idle.clear()
        return goes_on


class KeepsItsPlaceAside(Crew):
    """Gives nobody the place of a job that steps aside."""

    def step_aside(self, worker):
        pass


class LeavesAPlaceAside(Crew):
    """Gives the place of a job back a second time when it ends aside."""

    def _end(self, worker):
        worker.aside = False
        super()._end(worker)


@pytest.mark.parametrize(
    "faulty",
    [
        OneQueue, OnlyShares, NoRotation, LeaksAPlace, GivesBackTwice, LastFirst, NeverSerial, ForgetsWhatCameBehind,
        EndlessPlaces,
    ],
)  # fmt: skip
def test_the_schedules_catch_a_faulty_queue(faulty):
    with pytest.raises((Unfair, KeyError)):
        run_schedules(faulty)


@pytest.mark.parametrize("faulty", [WaitsForAWorker, ForgetsWhoRests, KeepsItsPlaceAside, LeavesAPlaceAside])
def test_the_schedules_catch_a_faulty_crew(faulty):
    with pytest.raises((Unfair, KeyError)):
        run_schedules(crew_of=faulty)


# What the schedules do not show.


def test_nothing_is_kept_of_lanes_and_teams_that_want_nothing_any_more():
    for serial in (False, True):
        world = World(FairQueue, Crew, 2, serial=serial)
        for number in range(100):
            world.put(f"t{number}-{number}", 1.0, 3, aside_after=0.5 if serial and number % 2 else None)
        world.run(1000.0)
        jobs, shares = world.crew._jobs, world.crew._jobs._shares
        kept = [*vars(jobs).values(), world.crew._aside]
        assert [each for each in kept if each] == ([shares, True] if serial else [shares])


def test_a_team_waits_for_itself_when_too_many_of_its_jobs_have_stepped_aside():
    world = World(FairQueue, Crew, 4, serial=True)
    world.check = lambda: None  # the world does not know of that limit
    for number in range(ASIDE + 10):
        world.put(f"endless-{number}", 1000.0, aside_after=0.0)
        world.run(world.time)
    assert sum(world.running.values()) == ASIDE + 4
    world.put("other-1", 1.0)
    assert world.running["other-1"] == 1


class NoThreads(VirtualWorker):
    """A worker for which there is no thread where the world has none left."""

    def begin(self):
        if self not in self.world.known_workers:
            if len(self.world.known_workers) >= 2:
                raise RuntimeError("can't start new thread")
            self.world.known_workers.add(self)
        super().begin()


def test_a_job_for_which_there_is_no_thread_waits_for_one_of_the_others():
    world = World(FairQueue, Crew, 8, serial=False)
    world.check = lambda: None  # places are free, and threads are not
    world.known_workers = set()
    world.crew._hire = lambda: NoThreads(world)
    world.put("t1-1", 1.0, 5)
    assert world.running["t1-1"] == 2
    world.put("t2-1", 1.0, 1)
    world.run(1.0)
    assert world.running["t2-1"] == 1
    while world.events:
        world.run(world.events[0][0])
    assert not any(world.waiting.values())


def test_a_worker_that_rests_may_leave_and_one_that_was_just_given_a_job_may_not():
    world = World(FairQueue, Crew, 1, serial=False)
    world.put("t1-1", 1.0)
    world.run(1.0)
    (worker,) = world.resting
    assert world.crew.leave(worker)
    world.resting.clear()
    world.put("t1-1", 1.0)
    assert world.hired == 2
    world.run(2.0)
    (worker,) = world.resting
    world.put("t1-1", 1.0)
    assert not world.crew.leave(worker)
