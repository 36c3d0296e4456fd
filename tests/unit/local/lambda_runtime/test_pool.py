"""Which caller gets a warm worker, and which one may start another."""

import math
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

import pytest

from shared.local.lambda_runtime.pool import Pool

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
