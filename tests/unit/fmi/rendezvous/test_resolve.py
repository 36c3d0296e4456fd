"""The look-up of the server's name: one for all that ask, and never past a deadline."""

import asyncio
import socket
import threading
import time

import pytest

from shared.fmi.rendezvous.client import run_blocking
from shared.fmi.rendezvous.resolve import Lookup, address_of


def test_a_resolver_that_hangs_holds_nobody_past_the_deadline() -> None:
    answered = threading.Event()
    asked: list[str] = []

    def find(host: str) -> str:
        asked.append(host)
        answered.wait(20)
        return "127.0.0.1"

    async def ask() -> None:
        lookup = Lookup("slow.example", find)
        async with asyncio.timeout(0.05):
            await asyncio.gather(lookup.address(), lookup.address())

    since = time.monotonic()
    with pytest.raises(TimeoutError):
        run_blocking(ask())
    answered.set()
    assert time.monotonic() - since < 5
    assert asked == ["slow.example"], "one look-up for all who wait"


def test_a_look_up_that_fails_is_tried_again_when_asked_again() -> None:
    failures = [socket.gaierror(-2, "unknown")]

    def find(_: str) -> str:
        if failures:
            raise failures.pop()
        return "192.0.2.1"

    async def ask() -> str:
        lookup = Lookup("name.example", find)
        with pytest.raises(socket.gaierror):
            await lookup.address()
        return await lookup.address()

    assert run_blocking(ask()) == "192.0.2.1"
    assert address_of("localhost") == "127.0.0.1"
