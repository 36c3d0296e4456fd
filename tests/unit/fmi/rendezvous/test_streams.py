"""Connections served in turns: what one does or suffers is nothing to the others."""

import asyncio
import errno
import socket
from typing import Any

from shared.fmi.rendezvous.streams import Stream, Streams


class Echo(Stream):
    """Sends back what comes; of a bad client it cannot bear the bytes."""

    def received(self, data: bytes) -> None:
        if data == b"bad":
            raise ValueError("what no parser expects")
        self.write(data)


class Full(socket.socket):
    """A listening socket of a process whose descriptors are taken, when it accepts for the first time."""

    tries = 0

    def accept(self) -> Any:
        self.tries += 1
        if self.tries == 1:
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


class Hasty(asyncio.SelectorEventLoop):
    """A loop in which a second passes in a millisecond."""

    def call_later(self, delay: Any, callback: Any, *args: Any, context: Any = None) -> Any:  # type: ignore[override]
        return super().call_later(delay / 1000, callback, *args, context=context)


def listening(kind: Any = socket.socket) -> Any:
    sock = kind(socket.AF_INET, socket.SOCK_STREAM)
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    return sock


async def echoed(port: int, data: bytes) -> bytes:
    """Return what the server sends back for *data*."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    heard = await reader.read(100)
    writer.close()
    return heard


def test_a_handler_that_raises_ends_its_own_connection_alone() -> None:
    async def main() -> Any:
        told: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["exception"]))
        sock = listening()
        streams = Streams(sock, lambda accepted, _: Echo(accepted))
        port = sock.getsockname()[1]
        heard = await asyncio.gather(*(echoed(port, data) for data in (b"good", b"bad", b"fine")))
        streams.stop_accepting()
        return heard, [str(error) for error in told]

    assert asyncio.run(main()) == ([b"good", b"", b"fine"], ["what no parser expects"])


def test_without_a_descriptor_it_accepts_again_later() -> None:
    async def main() -> Any:
        sock = listening(Full)
        streams = Streams(sock, lambda accepted, _: Echo(accepted))
        heard = await echoed(sock.getsockname()[1], b"late")
        streams.stop_accepting()
        return heard, sock.tries > 1

    with asyncio.Runner(loop_factory=Hasty) as runner:
        assert runner.run(main()) == (b"late", True)


def test_who_is_not_let_in_is_closed_at_once() -> None:
    async def main() -> Any:
        sock = listening()
        streams = Streams(sock, lambda *_: None)
        heard = await echoed(sock.getsockname()[1], b"")
        streams.stop_accepting()
        streams.close()
        return heard

    assert asyncio.run(main()) == b""
