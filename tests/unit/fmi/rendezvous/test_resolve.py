"""The look-up of the server's name: one for all that ask, and nobody waits for it."""

import queue
import socket
import threading

from shared.fmi.rendezvous.resolve import Lookup, address_of


def test_a_resolver_that_hangs_holds_nobody() -> None:
    answered = threading.Event()
    asked: list[str] = []

    def find(host: str) -> str:
        asked.append(host)
        answered.wait(20)
        return "192.0.2.1"

    lookup, answers = Lookup("slow.example", find), queue.SimpleQueue()
    lookup.ask(answers.put)
    lookup.ask(answers.put)
    assert answers.empty()
    answered.set()
    assert [answers.get(timeout=120), answers.get(timeout=120)] == ["192.0.2.1"] * 2
    assert asked == ["slow.example"], "one look-up for all who wait"


def test_a_look_up_that_fails_is_tried_again_when_asked_again() -> None:
    failures = [socket.gaierror(-2, "unknown")]

    def find(_: str) -> str:
        if failures:
            raise failures.pop()
        return "192.0.2.1"

    lookup, answers = Lookup("name.example", find), queue.SimpleQueue()
    lookup.ask(answers.put)
    assert isinstance(answers.get(timeout=120), socket.gaierror)
    lookup.ask(answers.put)
    assert answers.get(timeout=120) == "192.0.2.1"
    assert address_of("localhost") == "127.0.0.1"


def test_an_address_needs_no_look_up() -> None:
    answers = queue.SimpleQueue()
    Lookup("127.0.0.1", address_of).ask(answers.put)
    assert answers.get_nowait() == "127.0.0.1"
