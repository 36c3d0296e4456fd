"""Readings on a clock of the test's own; in the background they are held at a gate, and nothing sleeps."""

from dataclasses import dataclass
from threading import Event, Thread

import pytest

from shared.console.readings import Readings
from shared.console.weight import weight_of
from tests.helpers.clock import Clock


@pytest.fixture
def clock():
    return Clock(100.0)


@pytest.fixture
def readings(clock):
    made = Readings(clock)
    yield made
    made.close()


def counted(values):
    """Return a reader that gives *values* one by one, raising those that are errors, and the list of what it gave."""
    given = []

    def read():
        given.append(values[len(given)])
        if isinstance(given[-1], BaseException):
            raise given[-1]
        return given[-1]

    return read, given


def settled(readings, key, read, seconds=1.0):
    """Ask for *key*, and wait until its reading in the background has ended."""
    told = readings.late(key, read, seconds)
    with readings._lock:
        future = readings._kept[key].future
    future.exception()
    return told


def test_a_value_is_kept_until_it_is_stale(readings, clock):
    read, given = counted([1, 2])
    assert [readings.fresh("k", read, 1.0), readings.fresh("k", read, 1.0)] == [1, 1]
    clock.now += 1.0
    assert readings.fresh("k", read, 1.0) == 2
    assert given == [1, 2]


def test_what_takes_long_is_read_less_often_but_no_page_shows_old_values_for_minutes(readings, clock):
    def slow():
        clock.now += 0.1
        return clock.now

    first = readings.fresh("k", slow)
    clock.now += 4.9
    assert readings.fresh("k", slow) == first
    clock.now += 0.2
    assert readings.fresh("k", slow) != first

    def dear():
        clock.now += 60
        return clock.now

    first = readings.fresh("dear", dear)
    clock.now += 15.1
    assert readings.fresh("dear", dear) != first


def test_what_failed_is_kept_as_a_value_is_and_concerns_its_key_alone(readings, clock):
    read, given = counted([ValueError("no"), 7])
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            readings.fresh("k", read, 1.0)
    assert readings.fresh("other", lambda: 5) == 5
    clock.now += 1
    assert readings.fresh("k", read, 1.0) == 7
    assert len(given) == 2


def test_whoever_waits_gets_the_value_or_the_error_of_the_one_who_reads(readings):
    for result in (3, ValueError("no"), SystemExit(1)):
        begun, go, got = Event(), Event(), []

        def read(result=result, begun=begun, go=go):
            begun.set()
            go.wait()
            if isinstance(result, BaseException):
                raise result
            return result

        def ask(key=str(result), read=read, got=got):
            try:
                got.append(readings.fresh(key, read))
            except (ValueError, SystemExit) as error:
                got.append(error)

        threads = [Thread(target=ask)]
        threads[0].start()
        begun.wait()
        threads.append(Thread(target=ask))
        threads[1].start()
        assert readings.fresh("another", lambda: 1) == 1  # meanwhile no lock is held
        go.set()
        for thread in threads:
            thread.join()
        assert got == [result, result]


def test_in_the_background_nothing_is_known_before_the_first_reading_ends(readings, clock):
    go = Event()

    def read():
        go.wait()
        return 5

    assert readings.late("k", read, 10.0).value is None
    go.set()
    settled(readings, "k", read, 10.0)
    clock.now += 3
    told = readings.late("k", read, 10.0)
    assert (told.value, told.error, told.age) == (5, None, 3.0)


def test_the_old_value_stays_while_a_newer_one_is_read_and_an_error_is_told(readings, clock):
    read, _ = counted([1, ValueError("no"), 3])
    settled(readings, "k", read)
    clock.now += 1
    go = Event()
    assert readings.late("k", lambda: go.wait() and read(), 1.0).value == 1
    go.set()
    settled(readings, "k", read)
    assert str(readings.late("k", read, 1.0).error) == "no"
    clock.now += 1
    settled(readings, "k", read)
    assert readings.late("k", read, 1.0).value == 3


def test_after_a_change_all_is_read_again_also_what_is_being_read(readings):
    begun, go = Event(), Event()

    def before():
        begun.set()
        go.wait()
        return "before"

    thread = Thread(target=readings.fresh, args=("k", before))
    thread.start()
    begun.wait()
    readings.forget()
    assert readings.fresh("k", lambda: "after") == "after"
    go.set()
    thread.join()
    assert readings.fresh("k", lambda: "again", 60.0) == "after"


def test_after_a_change_the_old_value_is_shown_until_the_new_one_is_there(readings):
    read, given = counted([1, 2])
    settled(readings, "k", read)
    readings.forget()
    assert settled(readings, "k", read).value == 1
    assert readings.late("k", read, 60.0).value == 2
    assert len(given) == 2


def test_of_another_cloud_nothing_is_known_that_was_read_before(readings):
    begun, go = Event(), Event()

    def before():
        begun.set()
        go.wait()
        return "before"

    settled(readings, "k", lambda: "old")
    assert readings.late("other", before, 60.0).value is None
    begun.wait()
    with readings._lock:
        future = readings._kept["other"].future
    readings.begin_anew()
    assert readings.late("k", lambda: "new", 60.0).value is None
    late = Event()
    assert readings.late("other", lambda: late.wait() and "after", 60.0).value is None
    go.set()
    future.result()
    assert readings.late("other", lambda: "no", 60.0).value is None
    late.set()
    settled(readings, "other", lambda: "no", 60.0)
    assert readings.late("other", lambda: "no", 60.0).value == "after"


def test_what_was_asked_for_longest_ago_makes_room_by_number_and_by_bytes(readings, clock):
    for number in range(600):
        readings.fresh(number, lambda number=number: number, 60.0)
    assert len(readings._kept) == 500
    assert readings.fresh(599, lambda: "again", 60.0) == 599
    assert readings.fresh(0, lambda: "again", 60.0) == "again"
    for number in range(30):
        readings.fresh(("large", number), lambda: bytes(20 << 20), 60.0)
    assert sum(each.weight for each in readings._kept.values()) < 240 << 20


def test_a_dropped_value_is_read_again(readings):
    read, _ = counted([1, 2])
    assert readings.fresh("k", read, 60.0) == 1
    readings.drop("k")
    readings.drop("none")
    assert readings.fresh("k", read, 60.0) == 2


def test_threads_of_the_background_do_not_keep_the_process_alive(readings):
    go = Event()
    readings.late("k", go.wait, 1.0)
    assert all(thread.daemon for thread in readings._readers)
    readings.close()
    go.set()
    for thread in readings._readers:
        thread.join()
    assert readings.late("other", lambda: 1, 1.0).value is None


@dataclass
class Part:
    text: str
    more: object


def test_a_value_weighs_what_its_parts_do():
    assert 1 << 20 < weight_of({"a": [Part("x" * (1 << 20), None)]}) < (1 << 20) + 2000
    assert 90_000_000 < weight_of([str(number).zfill(51) for number in range(1_000_000)]) < 130_000_000
    assert weight_of(object()) < 100


def test_a_failure_is_kept_for_seconds_however_long_a_value_would_be():
    now = [0.0]
    readings = Readings(lambda: now[0])
    with pytest.raises(ZeroDivisionError):
        readings.fresh("k", lambda: 1 // 0, 86_400.0)
    now[0] = 9.0
    with pytest.raises(ZeroDivisionError):
        readings.fresh("k", lambda: 1, 86_400.0)
    now[0] = 11.0
    assert readings.fresh("k", lambda: 1, 86_400.0) == 1
