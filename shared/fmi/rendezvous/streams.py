"""The TCP connections of one listening socket, served together in turns of the asyncio loop.

A transport of asyncio costs a task, seven callbacks and a buffer of 256 KiB for each connection: more than the pairing
itself. So here the loop watches one descriptor, that of a selector in which all connections are. Once any has news, a
turn begins: what has arrived is accepted and read, and whoever asked for something is answered. Only at its end does
each connection send, in one call, all that the turn has written to it; then those that are to close do so.
"""

from __future__ import annotations

import asyncio
import logging
import os
import selectors
import socket
from typing import TYPE_CHECKING

from shared.fmi.rendezvous.logs import log

if TYPE_CHECKING:
    from collections.abc import Callable

_ACCEPTS = 128  # connections accepted in one turn at most: HTTP and timers have their turn between. Our choice
_PAUSE_SECONDS = 1.0  # without a free descriptor, the listening socket is left alone so long: as asyncio has it
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Stream:
    """One connection. A subclass says what the bytes mean; nothing that it calls here calls it back at once."""

    __slots__ = ("_closing", "_out", "_paused", "_streams", "_watched", "patient", "sock", "taken_at_once")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.taken_at_once = 4096  # bytes: 29 requests, so that no client can keep a turn for itself
        self.patient = False  # whether closing waits until all is sent, or drops what the client does not take
        self._out = b""
        self._paused = self._closing = False
        self._watched = 0
        self._streams: Streams | None = None

    # What a subclass hears.

    def received(self, data: bytes) -> None:
        """Bytes have come."""

    def pause_writing(self) -> None:
        """The client takes its bytes more slowly than they are written: some had to be kept."""

    def resume_writing(self) -> None:
        """All bytes that were kept are sent."""

    def lost(self) -> None:
        """The connection is closed, by either side."""

    # What it may ask for.

    @property
    def closing(self) -> bool:
        """Whether the connection is closed or about to be."""
        return self._closing

    @property
    def unsent(self) -> bool:
        """Whether bytes are written that the client has not taken."""
        return bool(self._out)

    def write(self, data: bytes) -> None:
        """Send *data* at the end of the turn."""
        self._out += data
        self._change()

    def close(self) -> None:
        """Close at the end of the turn, when what was written is sent."""
        self._closing = True
        self._change()

    def abort(self) -> None:
        """Close at the end of the turn and send nothing more."""
        self._out = b""
        self.close()

    def pause(self) -> None:
        """Read no more for now."""
        self._paused = True
        self._change()

    def resume(self) -> None:
        """Read again."""
        self._paused = False
        self._change()

    # What Streams does with it.

    def enter(self, streams: Streams) -> None:
        """Belong to *streams*; read what has come with the connection."""
        self._streams = streams
        self._change()
        self.read()

    def read(self) -> None:
        """Take what has come. An end of the client's side looks the same as a process that died, and is taken so."""
        if self._closing or self._paused:
            return
        try:
            data = self.sock.recv(self.taken_at_once, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.abort()
            return
        if not data:
            self.close()
            return
        try:
            self.received(data)
        except BaseException:
            self.abort()
            raise

    def flush(self, selector: selectors.BaseSelector) -> None:
        """Send what was written, and close or say what is to be watched for."""
        if self._streams is None:
            return  # closed before in this turn
        stuck = bool(self._watched & _WRITE)
        if self._out and self._send() != stuck:
            (self.resume_writing if stuck else self.pause_writing)()
        if self._closing and not (self._out and self.patient):
            self._watch(selector, 0)
            self.sock.close()
            self._streams = None
            self.lost()
        else:
            reads = 0 if self._paused or self._closing else _READ
            self._watch(selector, reads | (_WRITE if self._out else 0))

    def _send(self) -> bool:
        """Send what the kernel takes; return whether something is left."""
        try:
            sent = self.sock.send(self._out, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self._closing, sent = True, len(self._out)
        self._out = self._out[sent:]
        return bool(self._out)

    def _watch(self, selector: selectors.BaseSelector, events: int) -> None:
        if events == self._watched:
            return
        if not self._watched:
            selector.register(self.sock, events, self)
        elif events:
            selector.modify(self.sock, events, self)
        else:
            selector.unregister(self.sock)
        self._watched = events

    def _change(self) -> None:
        if self._streams is not None:
            self._streams.changed(self)


class Streams:
    """All connections of *listening*, in the running loop.

    Args:
        listening: A listening TCP socket; it is closed with this.
        accepted: Makes the stream of a new connection and its address, or returns None: the connection is then closed.
    """

    def __init__(
        self, listening: socket.socket, accepted: Callable[[socket.socket, tuple[str, int]], Stream | None]
    ) -> None:
        listening.settimeout(0)
        self._listening, self._accepted = listening, accepted
        self._loop = asyncio.get_running_loop()
        self._selector = selectors.DefaultSelector()
        self._selector.register(listening, _READ)
        self._changed: dict[Stream, None] = {}
        self._flushing: asyncio.Handle | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._in_turn = False
        self._loop.add_reader(self._selector.fileno(), self._turn)

    def changed(self, stream: Stream) -> None:
        """Look at *stream* when the turn ends; outside a turn, soon."""
        self._changed[stream] = None
        if not self._in_turn and self._flushing is None:
            self._flushing = self._loop.call_soon(self._flush)

    def stop_accepting(self) -> None:
        """Close the listening socket."""
        if self._resting is not None:
            self._resting.cancel()
        else:
            self._selector.unregister(self._listening)
        self._listening.close()

    def close(self) -> None:
        """Give the selector back, once no stream is left and nobody is accepted any more."""
        self._flush()
        self._loop.remove_reader(self._selector.fileno())
        self._selector.close()

    def _turn(self) -> None:
        self._in_turn = True
        try:
            for key, events in self._selector.select(0):
                if key.data is None:
                    self._accept()
                    continue
                if events & _WRITE:
                    self._changed[key.data] = None
                if events & _READ:
                    key.data.read()
        finally:
            self._in_turn = False
            self._flush()

    def _flush(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        self._in_turn = True
        while self._changed:  # a stream that is lost may change others
            changed, self._changed = self._changed, {}
            for stream in changed:
                stream.flush(self._selector)
        self._in_turn = False

    def _accept(self) -> None:
        for _ in range(_ACCEPTS):
            try:
                sock, address = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._rest(error)
                return
            stream = self._accepted(sock, address)
            if stream is None:
                sock.close()
                continue
            stream.enter(self)

    def _rest(self, error: OSError) -> None:
        """Accept nobody for a while: this process, or the machine, has no descriptor or no memory left."""
        log("not accepting", level=logging.ERROR, reason=os.strerror(error.errno or 0), seconds=_PAUSE_SECONDS)
        self._selector.unregister(self._listening)
        self._resting = self._loop.call_later(_PAUSE_SECONDS, self._accept_again)

    def _accept_again(self) -> None:
        self._resting = None
        self._selector.register(self._listening, _READ)
