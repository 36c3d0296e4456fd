"""One execution environment: a process that runs awslambdaric. The thread that invokes it also serves it.

That thread waits in one poll for the worker's Runtime API socket and its log pipe, and looks at its memory in between.
A worker has no thread of its own on our side. So while nobody serves it, its log and its requests wait in the kernel.

Seen from here, the process is in one of these states:

1. *Starting*: it has not asked for an event yet. :meth:`Worker.wait_ready` serves it until it does, or posts an init
   error, or ends.
2. *Ready*: its connection is kept in ``_waiting``, without an answer. An idle worker blocks there, as AWS's own does.
3. *Handling*: :meth:`Worker.serve` has answered with an event, and serves it until it posts a response or an error for
   that event. Before that is answered the log pipe is drained, so that all that the handler wrote comes before the END
   line. The next request for an event, which makes it ready again, is read when the next invocation begins.
4. *Ended*: a :class:`WorkerEnd` was raised, or somebody called :meth:`Worker.kill`. It must be stopped.

One thread at a time may use a worker; the pool sees to that. Any other thread may call ``kill``, which only sends a
signal: the thread that uses the worker notices that it died and stops it. ``_stopping`` guards the process's end, so
that nobody sends a signal to a process id that was reaped and may belong to another process.

The worker dies with us, however we end. It holds one end of a pipe whose owner (fcntl F_SETOWN) is its process group.
When our end closes, the kernel sends SIGKILL to that group, so also to processes that the handler started.
PR_SET_PDEATHSIG would not do: it goes by the thread that started the child.
"""

from __future__ import annotations

import fcntl
import os
import resource
import select
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from shared.local.door.sessions import LONGEST
from shared.local.lambda_runtime import runtime_api
from shared.local.lambda_runtime.endings import Exited, InitFailed, OutOfMemory, TimedOut, WorkerEnd
from shared.local.lambda_runtime.log_stream import LogReader, LogStream
from shared.local.lambda_runtime.memory import MemoryWatch
from shared.local.lambda_runtime.peer import is_ours

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.local.lambda_runtime.function import FunctionSpec
    from shared.local.lambda_runtime.sandbox import Room, Sandbox

_TICK = 0.05  # seconds between looks at the memory
_INIT_TICK = 0.01  # the same while the worker starts: a failed start ends soon
# Of a function, if this login may have as many: docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, read
# 2026-11-30.
_DESCRIPTORS = 1024
_F_SETSIG = 10  # fcntl.h; Python names it from 3.14 on


class Worker:
    """A started process. One thread at a time may use it; any thread may stop it.

    Args:
        spec: The function that it runs.
        sandbox: Makes its command and environment.
        room: Its folders.
        log: Its log stream.

    Attributes:
        ends: When its credentials end, in seconds since the epoch. It must not get an event that could last longer.
    """

    def __init__(self, spec: FunctionSpec, sandbox: Sandbox, room: Room, log: LogStream) -> None:
        self.spec = spec
        self.log = log
        self._sandbox = sandbox
        self._room = room
        self._stopping = threading.Lock()
        self._stopped = False
        self._reader = LogReader()
        self._requests: deque[tuple[socket.socket, runtime_api.Request]] = deque()
        self._connections: dict[int, tuple[socket.socket, runtime_api.RequestReader]] = {}
        self._waiting: socket.socket | None = None
        self._poll = select.poll()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._log_fd, log_end = os.pipe2(os.O_CLOEXEC)
        life_end, self._life_fd = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._log_fd, False)
        self._poll.register(self._listener, select.POLLIN)
        self._poll.register(self._log_fd, select.POLLIN)
        try:
            self.ends = time.time() + LONGEST
            self._process = self._start(log_end, life_end)
        except BaseException:
            self._close_files()
            sandbox.leave(room)
            raise
        finally:
            os.close(log_end)
            os.close(life_end)
        self._memory = MemoryWatch(self._process.pid)

    def _start(self, log_end: int, life_end: int) -> subprocess.Popen[bytes]:
        environment = self._sandbox.environment(self.spec, self._room, api=self._address, stream=self.log.name)
        environment["_LAMBDA_TELEMETRY_LOG_FD"] = str(log_end)
        process = subprocess.Popen(
            self._sandbox.command(self.spec, self._room),
            cwd=self._room.task,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log_end,
            stderr=log_end,
            pass_fds=(log_end, life_end),
            start_new_session=True,
        )
        fcntl.fcntl(life_end, fcntl.F_SETOWN, -process.pid)
        fcntl.fcntl(life_end, _F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(life_end, fcntl.F_SETFL, fcntl.fcntl(life_end, fcntl.F_GETFL) | os.O_ASYNC)
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        most = _DESCRIPTORS if most == resource.RLIM_INFINITY else min(most, _DESCRIPTORS)
        with suppress(ProcessLookupError):
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (most, most))
        if not self._sandbox.private_mounts:
            largest = self.spec.ephemeral_mb * 1024 * 1024
            with suppress(ProcessLookupError):
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (largest, largest))
        return process

    @property
    def peak_memory(self) -> int:
        """Peak memory in bytes, when it was last measured."""
        return self._memory.peak

    @property
    def died(self) -> bool:
        """Whether its process has ended, which was ready and served nothing."""
        with self._stopping:
            return self._process.poll() is not None

    def wait_ready(self, deadline: float) -> None:
        """Serve the worker until it asks for an event; at its start, that is its init phase.

        Raises:
            WorkerEnd: It did not ask before *deadline* (monotonic seconds).
        """
        while self._waiting is None:
            connection, request = self._next_request(deadline, _INIT_TICK)
            if request.asks_next:
                self._waiting = connection
            elif request.is_init_error:
                self._drain_log()  # before it has the answer, for then it exits
                self._reply(connection, runtime_api.ACCEPTED)
                raise InitFailed(
                    self._on_lambda(request.body),
                    request.headers.get("lambda-runtime-function-error-type", "Unhandled"),
                )
            else:
                self._reply(connection, runtime_api.NOT_FOUND)

    def serve(self, event: bytes, request_id: str, deadline: float) -> tuple[str, bytes]:
        """Hand over *event*, an answer to NEXT; return ("response" or "error", the body that was posted for it).

        Raises:
            WorkerEnd: The worker ended, or must end. It must be stopped.
        """
        self.wait_ready(deadline)
        connection, self._waiting = self._waiting, None
        if connection is not None:
            self._reply(connection, event, deadline)
        while True:
            connection, request = self._next_request(deadline)
            outcome = request.outcome_of(request_id)
            if outcome:
                self._drain_log()  # before it has the answer, for then it may exit
            self._reply(connection, runtime_api.ACCEPTED if outcome else runtime_api.NOT_FOUND)
            if outcome:
                self._check_memory()
                return outcome, self._on_lambda(request.body) if outcome == "error" else request.body

    def _on_lambda(self, error: bytes) -> bytes:
        """Return an *error* object (JSON) with the paths of its traceback changed to those on Lambda."""
        return self._room.on_lambda(error.decode("utf-8", "replace")).encode()

    def _log(self, messages: Iterable[str]) -> None:
        self.log.write(*map(self._room.on_lambda, messages))

    def _next_request(self, deadline: float, tick: float = _TICK) -> tuple[socket.socket, runtime_api.Request]:
        """Wait for a request; read the log and watch the memory meanwhile."""
        looked = time.monotonic()
        while not self._requests:
            now = time.monotonic()
            if now >= deadline:
                self._check_memory()
                raise TimedOut
            ready = self._poll.poll(min(tick, deadline - now) * 1000)
            for fd, _ in ready:
                self._take(fd)
            if not ready or now - looked >= tick:
                looked = now
                self._check_memory()
                self._check_alive()
            self.log.flush_when_due()
        return self._requests.popleft()

    def _take(self, fd: int) -> None:
        """Read from *fd*, which has something for us."""
        if fd == self._log_fd:
            self._drain_log()
        elif fd == self._listener.fileno():
            connection, _ = self._listener.accept()
            if not is_ours(connection):
                connection.close()
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections[connection.fileno()] = connection, runtime_api.RequestReader()
            self._poll.register(connection, select.POLLIN)
        else:
            self._read_connection(*self._connections[fd])

    def _read_connection(self, connection: socket.socket, reader: runtime_api.RequestReader) -> None:
        try:
            data = connection.recv(1 << 18)
        except OSError:
            data = b""
        if not data:
            self._poll.unregister(connection)
            del self._connections[connection.fileno()]
            connection.close()
            self._check_alive(wait=0.0 if self._connections else _TICK)
            return
        reader.feed(data)
        while (request := reader.next_request()) is not None:
            if request.is_of_a_page(self._address):
                self._reply(connection, runtime_api.FORBIDDEN)
            else:
                self._requests.append((connection, request))
        if reader.take_expectation():
            self._reply(connection, runtime_api.CONTINUE)

    def _reply(self, connection: socket.socket, data: bytes, deadline: float | None = None) -> None:
        """Send *data*. If the peer is gone, the wait for the next request finds out."""
        with suppress(OSError):
            sent = 0
            with suppress(BlockingIOError):
                sent = connection.send(data, socket.MSG_DONTWAIT)  # nearly always all, in one system call of four
            if sent < len(data):
                connection.settimeout(None if deadline is None else max(deadline - time.monotonic(), 0.001))
                connection.sendall(data[sent:])
                connection.settimeout(None)

    def _drain_log(self) -> None:
        """Read everything that the log pipe holds now."""
        while True:
            try:
                data = os.read(self._log_fd, 1 << 16)
            except BlockingIOError:
                return
            if not data:  # every writer is gone
                with suppress(KeyError):
                    self._poll.unregister(self._log_fd)
                self._check_alive(wait=_TICK)
                return
            messages = self._reader.feed(data)
            self._log(messages)

    def _check_memory(self) -> None:
        if self._memory.measure() > self.spec.memory_mb * 1024 * 1024:
            raise OutOfMemory

    def _check_alive(self, wait: float = 0.0) -> None:
        """Raise Exited if the process has ended, or ends within *wait* seconds."""
        with self._stopping, suppress(subprocess.TimeoutExpired):
            status = self._process.wait(wait) if wait else self._process.poll()
            if status is not None:
                raise Exited(status)

    def stop(self) -> None:
        """End the process and all that it started, and remove their files. Any thread may call it, also twice."""
        with self._stopping:
            if self._stopped:
                return
            self._stopped = True
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        with suppress(OSError, WorkerEnd):
            self._drain_log()
        self._log(self._reader.flush())
        self._memory.close()
        self._close_files()
        self._sandbox.leave(self._room)

    def kill(self) -> None:
        """End the process. The thread that uses it notices and stops it."""
        with self._stopping, suppress(ProcessLookupError):
            if not self._stopped and self._process.returncode is None:
                os.killpg(self._process.pid, signal.SIGKILL)

    def _close_files(self) -> None:
        for connection, _ in self._connections.values():
            connection.close()
        self._listener.close()
        os.close(self._log_fd)
        os.close(self._life_fd)
