"""One connection between two ranks. Its other end does what ranks never do."""

import signal
import socket
import struct
import threading
import time
from typing import Any

import numpy as np
import pytest

from shared.fmi.channels.faults import Silent
from shared.fmi.channels.incoming import Incoming
from shared.fmi.channels.link import Link
from shared.fmi.channels.mesh import Mesh
from shared.fmi.data import describe
from shared.fmi.wire.frames import Cause, FrameKind, Operation, Word, decode, encode, pack

PAYLOAD = np.full(1 << 16, FrameKind.ABORT, np.uint8)
"""Bytes that look like an ABORT about a rank that does not exist, if they are taken for a header."""

HERE = b"\0\0mark12"
HEAD = HERE + pack(FrameKind.DATA, Operation.SEND, describe(PAYLOAD.dtype, PAYLOAD.shape, plain=False), PAYLOAD.nbytes)
ABORT = encode(Word(FrameKind.ABORT, 3, 2, "it raised"))


class NoPairing:
    """What a mesh never asks here."""


def mesh_of(rank: int, size: int, *links: Link) -> Mesh:
    """A mesh that has joined its world and has *links*."""
    mesh = Mesh(rank, size, NoPairing)  # type: ignore[arg-type]
    mesh._joined = True
    mesh.links.update({link.peer: link for link in links})
    mesh._mark = HERE
    return mesh


def told(link: Link) -> list[Word]:
    """Return the words that *link* has to tell."""
    return [decode(header, text) for header, text in link.words() if header.kind != FrameKind.DATA]


@pytest.fixture
def pair() -> Any:
    """Return a function that makes a link and the socket at its other end."""
    opened: list[Any] = []

    def make(peer: int = 1) -> Any:
        with socket.create_server(("127.0.0.1", 0)) as server:
            far = socket.create_connection(server.getsockname())
            link = Link(server.accept()[0], peer)
        opened.extend([far, link])
        return link, far

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def background() -> Any:
    """Return a function that calls *step* every few milliseconds until the test ends."""
    done = threading.Event()
    threads: list[threading.Thread] = []

    def repeat(step: Any) -> None:
        def work() -> None:
            while not done.wait(0.01):
                step()

        threads.append(threading.Thread(target=work))
        threads[-1].start()

    yield repeat
    done.set()
    for thread in threads:
        thread.join(5)


@pytest.mark.parametrize("sent", [b"", HEAD], ids=["header", "payload"])
def test_a_peer_that_sends_byte_by_byte_does_not_stretch_the_deadline(pair: Any, background: Any, sent: Any) -> None:
    link, far = pair()
    far.sendall(sent)
    rest = iter(HEAD[len(sent) :] + PAYLOAD.tobytes())
    background(lambda: far.send(bytes([next(rest)])))
    since = time.monotonic()
    mesh = mesh_of(0, 2, link)
    mesh._deadline = since + 0.2
    with pytest.raises(Silent):
        mesh.receive_next(1, None)
    assert time.monotonic() - since < 0.5


def test_a_peer_that_takes_little_by_little_does_not_stretch_the_deadline(pair: Any, background: Any) -> None:
    link, far = pair()
    background(lambda: far.recv(1 << 16))
    since = time.monotonic()
    mesh = mesh_of(0, 2, link)
    mesh._deadline = since + 0.2
    with pytest.raises(Silent):
        mesh.send(1, np.zeros(1 << 26, np.uint8))
    assert time.monotonic() - since < 0.5
    far.shutdown(socket.SHUT_RDWR)


def test_the_kernel_never_waits_longer_than_the_deadline(pair: Any) -> None:
    link, _ = pair()
    link.hurry(time.monotonic() + 0.02)
    seconds, micros = struct.unpack("ll", link.sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, 16))
    assert 0.01 < seconds + micros / 1e6 <= 0.02


def test_signals_that_interrupt_a_wait_do_not_stretch_the_deadline(pair: Any) -> None:
    """Python repeats the interrupted call, and the kernel counts from the start again."""
    link, _ = pair()
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.15, 0.15)
    try:
        mesh = mesh_of(0, 2, link)
        deadline = mesh._deadline = time.monotonic() + 0.4
        with pytest.raises(Silent):
            mesh.receive_next(1, None)
        assert time.monotonic() - deadline < 0.3
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_words_are_found_behind_a_message_that_is_half_read(pair: Any) -> None:
    link, far = pair()
    far.sendall(HEAD + PAYLOAD[:1000].tobytes())
    incoming = Incoming(link, HERE, lambda *_: None, (Operation.SEND,))
    assert not any(incoming.pull(socket.MSG_DONTWAIT) for _ in range(1000))
    far.sendall(PAYLOAD[1000:].tobytes() + ABORT)
    while not (words := told(link)):
        pass
    assert [(word.rank, word.origin, word.text) for word in words] == [(3, 2, "it raised")]


def test_a_peer_that_never_stops_sending_is_not_heard_to_the_end(pair: Any, background: Any) -> None:
    link, far = pair()
    far.settimeout(0)

    def more() -> None:
        for _ in range(200):
            try:
                far.send(bytes(1 << 16))
            except BlockingIOError:
                return

    far.send(HERE + pack(FrameKind.DATA, Operation.SEND, b"", 1 << 50))
    background(more)
    for _ in range(3):
        assert told(link) == []  # each ends


@pytest.mark.parametrize("cut", [1, 7, 19, 20, 23, 5000])
def test_words_are_seen_behind_data_without_taking_any(pair: Any, cut: int) -> None:
    """However the bytes are cut: data that nobody asked for stays where it is, for whoever asks later."""
    link, far = pair()
    small = np.arange(10)
    data = HERE + pack(FrameKind.DATA, Operation.SEND, describe(small.dtype, small.shape, plain=False), small.nbytes)
    stream = data + small.tobytes() + HEAD + PAYLOAD.tobytes() + ABORT
    kinds: list[int] = []
    for start in range(0, 5 * cut, cut):
        far.sendall(stream[start : start + cut])
        link.listen(1 << 18)
        kinds += [header.kind for header, _ in link.heads()]
    far.sendall(stream[5 * cut :])
    while len(kinds) < 3:
        link.listen(1 << 18)
        kinds += [header.kind for header, _ in link.heads()]
    assert kinds == [FrameKind.DATA, FrameKind.DATA, FrameKind.ABORT]
    mesh = mesh_of(0, 2, link)
    mesh._deadline = time.monotonic() + 20
    np.testing.assert_array_equal(mesh.receive_next(1, None)[0], small)
    np.testing.assert_array_equal(mesh.receive_next(1, None)[0], PAYLOAD)
    assert [word.rank for word in told(link)] == [3]


def test_telling_many_ranks_that_take_nothing_takes_one_grace(pair: Any) -> None:
    links = [pair(peer)[0] for peer in range(1, 7)]
    for link in links:
        link.begin_send(HERE, Operation.SEND, np.zeros(1 << 26, np.uint8), plain=False)
    mesh = mesh_of(0, 7, *links)
    since = time.monotonic()
    mesh.abort(1, "silent", Cause.LOST, 0.2, 0.0)
    assert 0.2 <= time.monotonic() - since < 0.6


def test_who_accuses_hears_the_last_words_of_a_rank_that_has_gone_already(pair: Any) -> None:
    """To tell it fails, and the failure reads its last words. They must not be dropped with the failure."""
    link, far = pair(0)
    mesh = mesh_of(1, 4, link)
    mesh._waits = (2,)
    far.sendall(encode(Word(FrameKind.ABORT, 3, 0, "its process was killed")))
    far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    far.close()
    verdict, _ = mesh.settle(Silent(2, "silent"), "silent", 20.0, 0.0)
    assert verdict.rank == 3
    assert "its process was killed" in verdict.reason


@pytest.mark.parametrize("reads", [True, False])
def test_leaving_waits_until_the_peer_has_what_was_sent_or_time_is_up(pair: Any, reads: Any) -> None:
    """A Lambda may be frozen as soon as its handler returns, with all that its kernel still holds."""
    link, far = pair()
    link.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
    mesh = mesh_of(0, 2, link)
    sent = 0
    while sent < 1 << 21:  # far more than the peer's buffer holds
        sent += link.sock.send(bytes(1 << 16))
    got = bytearray()

    def read() -> None:
        while data := far.recv(1 << 16):
            got.extend(data)

    leaving = threading.Thread(target=mesh.leave, args=(20.0 if reads else 0.2,))
    leaving.start()
    leaving.join(0.1)
    assert leaving.is_alive()
    if reads:
        read()
        assert len(got) > sent  # and the word of leave
    leaving.join(5)
    assert not leaving.is_alive()


def test_leaving_does_not_wait_for_a_peer_whose_connection_is_gone(pair: Any) -> None:
    link, far = pair()
    mesh = mesh_of(0, 2, link)
    link.sock.send(bytes(1 << 16))
    far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    far.close()
    since = time.monotonic()
    mesh.leave(20.0)
    assert time.monotonic() - since < 5
