"""Which caller gets a warm worker, and which one may start another."""

import math
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

import pytest

from shared.local.lambda_runtime.function import InvokeRefusedError
from shared.local.lambda_runtime.pool import Pool, RuntimeClosedError
from shared.local.lambda_runtime.slots import World
from tests.helpers.eventually import eventually

LONG = 1000.0  # seconds of a cold start that no test waits for


class Idle:
    """A worker without a process."""

    def __init__(self, spec, ends=math.inf):
        self.spec = spec
        self.ends = ends
        self.stopped = threading.Event()

    def stop(self):
        self.stopped.set()

    kill = stop


@pytest.fixture
def spec(function):
    return function("def handler(event, context): return 1", name="team1-f")


@pytest.fixture
def other(function):
    return function("def handler(event, context): return 2", name="team1-g")


@pytest.fixture
def pool():
    return Pool(slots=8, patience=10.0, starts=2)


@pytest.fixture
def start(pool):
    """Start a worker in the slot that was taken, in so many seconds."""

    def start(spec, seconds=LONG):
        worker = Idle(spec)
        pool.started(worker)
        pool.start_ended(spec, seconds)
        return worker

    return start


@pytest.fixture
def callers(pool):
    """Return a function that calls in a thread of its own, and returns when that caller waits."""
    with ThreadPoolExecutor(8) as threads:

        def call(spec):
            before = pool.waiting
            taken = threads.submit(pool.take, spec)
            while pool.waiting == before and not taken.done():
                pass
            return taken

        yield call
        pool.close(0)


def test_short_calls_share_the_workers_that_are_warm(pool, spec, start, callers):
    assert pool.take(spec) is None
    assert pool.take(spec) is None
    first, _second = start(spec), start(spec)
    third, fourth = callers(spec), callers(spec)
    pool.give_back(first, 0)
    assert third.result(5) is first
    assert not fourth.done()
    pool.give_back(first, 0)
    assert fourth.result(5) is first
    assert pool.processes == 2


def test_who_queued_as_long_as_a_cold_start_takes_starts_another(pool, spec, start, callers):
    assert pool.take(spec) is None
    assert pool.take(spec) is None
    start(spec, 0.01)
    start(spec, 0.01)
    assert callers(spec).result(5) is None
    assert pool.processes == 3


def test_so_many_start_at_a_time_and_the_next_when_one_is_ready(pool, spec, start, callers):
    assert pool.take(spec) is None
    assert pool.take(spec) is None
    third = callers(spec)
    assert not third.done()
    start(spec, 0.0)
    assert third.result(5) is None


@pytest.mark.parametrize("known", [False, True])
def test_who_came_while_the_first_started_starts_another_though_those_never_come_free(pool, spec, callers, known):
    """Ranks of a run wait for each other, and all of them are started at once."""
    if known:  # how long a cold start takes, from an earlier one
        assert pool.take(spec) is None
        pool.start_ended(spec, 0.0)
        pool.give_up_slot(spec)
    workers = [Idle(spec), Idle(spec)]
    for _ in workers:
        assert pool.take(spec) is None
    late = as_completed([callers(spec) for _ in range(3)], 5)
    for worker in workers:
        pool.started(worker)
    for _ in workers:
        pool.start_ended(spec, 0.4)
    for _ in workers:  # whichever look first: all three have waited long enough at about the same time
        assert next(late).result() is None
        pool.started(Idle(spec))
    pool.start_ended(spec, 0.4)
    assert next(late).result() is None


def test_a_warm_worker_goes_to_a_caller_of_its_function_even_to_one_that_came_later(pool, spec, other, start, callers):
    assert pool.take(spec) is None
    worker = start(spec)
    assert pool.take(other) is None
    assert pool.take(other) is None
    stranger, own = callers(other), callers(spec)
    pool.give_back(worker, 0)
    assert own.result(5) is worker
    assert not stranger.done()


def test_a_function_that_needs_a_slot_gets_that_of_an_idle_worker_of_another(spec, other):
    pool = Pool(slots=1, patience=10.0, starts=2)
    assert pool.take(spec) is None
    worker = Idle(spec)
    pool.started(worker)
    pool.start_ended(spec, LONG)
    pool.give_back(worker, 0)
    assert pool.take(other) is None
    assert worker.stopped.is_set()
    assert pool.processes == 1


def test_who_may_start_is_not_kept_waiting_by_one_who_came_first_and_may_not_yet(pool, spec, other, start, callers):
    assert pool.take(spec) is None
    assert pool.take(spec) is None
    start(spec)
    start(spec)
    assert pool.take(other) is None
    assert pool.take(other) is None
    waits_for_a_warm_one, third = callers(spec), callers(replace(other, name="h", arn=f"{other.arn}-h"))
    start(other)
    assert third.result(5) is None
    assert not waits_for_a_warm_one.done()


def test_a_worker_whose_credentials_could_end_while_it_works_makes_room_for_another(spec):
    pool = Pool(slots=1, patience=10.0, starts=2, wall=lambda: 1000.0)
    assert pool.take(spec) is None
    worker = Idle(spec, ends=1000.0 + spec.timeout + 1)
    pool.started(worker)
    pool.start_ended(spec, LONG)
    pool.give_back(worker, 0)
    assert pool.take(spec) is worker
    worker.ends = 1000.0 + spec.timeout
    pool.give_back(worker, 0)
    assert pool.take(spec) is None
    assert worker.stopped.is_set()
    assert pool.processes == 1


@pytest.fixture
def tell():
    return []


@pytest.fixture
def shared(tell):
    """Return a function that makes a pool, whose clock stands still until it is moved."""
    made = []

    def make(slots, **settings):
        made.append(Pool(slots, **{"patience": 10.0, "starts": 2, "tell": tell.append, **settings}))
        return made[-1]

    yield make
    for each in made:
        each.close(0)


@pytest.fixture
def of(function):
    """Return a function that makes a spec for a function of a team."""
    return lambda team, **settings: function("", name=f"{team}-f", **settings)


def run(pool, spec, world=None):
    """Start a worker of *spec*, which is busy."""
    pool.enter(spec, world)
    assert pool.take(spec, world, waits=False) is None
    worker = Idle(spec)
    pool.started(worker)
    pool.start_ended(spec, 0.0)
    return worker


def finish(pool, *workers):
    for worker in workers:
        pool.give_back(worker, 0)
        pool.leave(worker.spec)


def test_a_team_that_starts_many_does_not_hold_up_the_first_of_another(shared, of):
    pool = shared(8)
    for _ in range(2):
        assert pool.take(of("team1")) is None
    assert pool.take(of("team2")) is None
    assert pool.take(of("team3")) is None


def test_the_slot_that_comes_free_goes_to_the_team_that_holds_least(shared, of):
    pool = shared(4)
    busy = [run(pool, of("team1")) for _ in range(4)]
    with ThreadPoolExecutor(2) as threads:
        again = threads.submit(pool.take, of("team1"))
        eventually(lambda: pool.waiting == 1)
        first = threads.submit(pool.take, of("team2"))
        eventually(lambda: pool.waiting == 2)
        finish(pool, busy.pop())
        assert first.result(5) is None
        assert not again.done()
        pool.close(0)
        assert isinstance(again.exception(5), RuntimeClosedError)


def test_who_comes_does_not_pass_a_team_that_waits_and_holds_no_more(shared, of):
    """A thread that ends one call and begins the next is quicker than whoever was woken."""
    pool = shared(1)
    worker = run(pool, of("team1"))
    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(pool.take, of("team2"))
        eventually(lambda: pool.waiting == 1)
        finish(pool, worker)
        with pytest.raises(InvokeRefusedError):
            pool.take(of("team1"), waits=False)
        assert other.result(5) is None
    assert worker.stopped.is_set()


def test_who_does_not_wait_is_throttled_and_a_person_reads_one_line(shared, of, tell):
    pool = shared(2, clock=lambda: 0.0)
    for _ in range(2):
        run(pool, of("team1"))
    for _ in range(1000):
        with pytest.raises(InvokeRefusedError) as refused:
            pool.take(of("team1"), waits=False)
    assert (refused.value.status, refused.value.reason) == (429, "ConcurrentInvocationLimitExceeded")
    said = (
        "team1 asks for more functions at once than it gets, so calls wait, or are throttled as by Lambda: "
        "0 more may run now, 2 of 2 at most beside the other teams; team1 2 now"
    )
    assert tell == [said]


def test_it_is_told_again_when_it_was_quiet_for_a_while(shared, of, tell):
    now = [0.0]
    pool = shared(1, clock=lambda: now[0])
    run(pool, of("team1"))
    for seconds, lines in ((0, 1), (200, 1), (200, 1), (301, 2)):
        now[0] += seconds
        with pytest.raises(InvokeRefusedError):
            pool.take(of("team1"), waits=False)
        assert len(tell) == lines


def test_reserved_concurrency_is_there_for_its_function_and_for_no_other(shared, of):
    pool = shared(8)
    reserving = of("team1", reserved_concurrency=3)
    pool.know(reserving.function_arn, 3)
    for _ in range(4):
        run(pool, of("team2"))
    with pytest.raises(InvokeRefusedError):
        pool.take(of("team2"), waits=False)
    for _ in range(3):
        run(pool, reserving)
    with pytest.raises(InvokeRefusedError) as refused:
        pool.enter(reserving)
    assert refused.value.reason == "ReservedFunctionConcurrentInvocationLimitExceeded"


def test_a_world_gets_all_of_its_environments_or_none(shared, of, tell):
    pool = shared(8)
    others = [run(pool, of("team2")) for _ in range(3)]
    large, ranks = of("team1"), [World("w", 6, rank) for rank in range(6)]
    for world in ranks:
        with pytest.raises(InvokeRefusedError):
            pool.take(large, world)
    assert pool.processes == 3
    said = (
        "a world of 6 ranks of team1 was refused, and none of them started: "
        "5 more may run now, 7 of 8 at most beside the other teams; team2 3 now"
    )
    assert tell == [said]
    finish(pool, *others)
    workers = [run(pool, large, world) for world in ranks]
    assert pool.processes == 8
    with pytest.raises(InvokeRefusedError):
        pool.take(of("team2"), World("v", 3, 0))
    finish(pool, *workers)
    for rank in range(3):
        pool.take(of("team2"), World("v", 3, rank))


def test_ranks_wait_for_no_warm_worker_which_would_not_come(shared, of):
    pool = shared(8, clock=lambda: 0.0)
    spec = of("team1")
    run(pool, spec)
    for rank in range(5):
        run(pool, spec, World("w", 5, rank))


def test_an_idle_worker_ends_after_its_time_and_the_thread_that_sees_to_it_too(shared, of):
    pool = shared(2, idle=0.0)
    worker = run(pool, of("team1"))
    finish(pool, worker)
    assert worker.stopped.wait(120)
    eventually(lambda: pool._watcher is None)
    assert pool.processes == 0


def test_a_worker_that_is_not_idle_for_long_enough_stays(shared, of):
    now = [0.0]
    pool = shared(2, idle=600.0, clock=lambda: now[0])
    old, new = run(pool, of("team1")), run(pool, of("team1"))
    finish(pool, old)
    now[0] = 599.0
    finish(pool, new)
    assert (pool._seconds_left(), old.stopped.is_set()) == (1.0, False)
    now[0] = 600.0
    with pool._lock:
        pool._drowsy.notify_all()
    assert old.stopped.wait(120)
    assert not new.stopped.is_set()


def test_nothing_is_left_of_a_function_that_was_deleted(shared, of):
    pool = shared(4)
    spec = of("team1", reserved_concurrency=2)
    pool.know(spec.function_arn, 2)
    finish(pool, run(pool, spec))
    pool.retire(spec.function_arn, at_once=True)
    pool.forget(spec.function_arn)
    kept = {name: value for name, value in (vars(pool) | vars(pool.slots)).items() if isinstance(value, dict)}
    assert kept == {name: {} for name in kept}


def test_many_callers_of_many_teams_all_get_their_turn(shared, of):
    """With real threads, in whatever order they run: nothing that is free stays unnoticed."""
    pool = shared(3, patience=60.0)

    def calls(team):
        for _ in range(40):
            spec = of(team)
            generation = pool.enter(spec)
            worker = pool.take(spec)
            if worker is None:
                worker = Idle(spec)
                pool.started(worker)
                pool.start_ended(spec, 0.001)
            pool.give_back(worker, generation)
            pool.leave(spec)

    with ThreadPoolExecutor(12) as threads:
        for done in [threads.submit(calls, f"team{number % 4}") for number in range(12)]:
            done.result(60)
    assert pool.waiting == 0
