import threading

import pytest

from shared.local.lambda_runtime import InvokeRefusedError
from shared.local.lambda_runtime.events import EventQueue
from shared.local.lambda_runtime.function import throttled

DONE, FAILED = True, False


class Script:
    """Answers each run with the next item of a list; raises it if it is an exception."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.runs = 0
        self.done = threading.Event()

    def __call__(self, *_):
        self.runs += 1
        answer = self.answers.pop(0)
        if not self.answers:
            self.done.set()
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def queue():
    made = []

    def make(run, **settings):
        made.append(EventQueue(run, (0.0, 0.0), **settings))
        return made[-1]

    yield make
    for each in made:
        each.close()
        each.join()


def test_a_failed_event_has_the_functions_number_of_tries(queue, function):
    script, last = Script(FAILED, FAILED), Script(DONE)
    line = queue(lambda *event: (script if event[2] == "a" else last)(*event), threads=1)
    line.put(function("", retry_attempts=1), b"", "a")
    assert script.done.wait(5)
    line.put(function(""), b"", "b")
    assert last.done.wait(5)
    assert script.runs == 2


def test_a_throttled_event_waits_and_loses_no_try(queue, function):
    script = Script(throttled("x"), FAILED, DONE)
    line = queue(script, throttled_delays=(0.0, 0.0))
    line.put(function("", retry_attempts=1), b"", "a")
    assert script.done.wait(5)
    assert script.runs == 3


def test_a_full_queue_refuses(queue, function):
    held, hold = threading.Event(), threading.Event()
    line = queue(lambda *_: [held.set(), hold.wait(5)], threads=1, capacity=1)
    line.put(function(""), b"", "a")
    assert held.wait(5)
    line.put(function(""), b"", "b")
    with pytest.raises(InvokeRefusedError):
        line.put(function(""), b"", "c")
    hold.set()


def test_one_events_mishap_does_not_stop_the_others(queue, function, caplog):
    script = Script(RuntimeError("moto is gone"), DONE)
    line = queue(script, threads=1)
    line.put(function(""), b"", "a")
    line.put(function(""), b"", "b")
    assert script.done.wait(5)
    assert "event a for f was lost" in caplog.text
