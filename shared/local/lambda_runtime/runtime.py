"""The Lambda service: it takes an event and answers as Lambda does.

The thread that calls :meth:`LambdaRuntime.invoke` does all the work of an invocation and returns with the answer. It
takes a worker from the pool, or a slot in which it starts one. It hands the event over and serves the worker until that
has answered. Then it gives the worker back, or stops it. (:mod:`shared.local.lambda_runtime.pool` tells the order of
the calls, and which lock guards what.) Only events that nobody waits for have threads of their own
(:mod:`shared.local.lambda_runtime.events`), which call ``invoke`` too.

While a thread has a worker or a slot, each way out of this module frees it exactly once:

- The code cannot be unpacked, or the process cannot be started: ``_prepare`` and ``_start`` give up the slot.
- The init phase fails: the worker is stopped, and a second one is started in its slot, once. That one's init phase runs
  within the invocation and counts against its timeout, as on AWS.
- The invocation ends the worker (timeout, memory, exit): the worker is stopped first, so that what it wrote last comes
  before the END line. Then END and REPORT are logged, and the error is the answer.
- The handler returned or raised: END and REPORT are logged, and the worker goes back to the pool.
- Anything else is raised on, after the worker was stopped.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sys
import tempfile
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from shared.config.aws_facts import ASYNC_PAYLOAD, SYNC_PAYLOAD
from shared.config.runtimes import machine_architecture
from shared.errors import LanesError
from shared.local.capacity import Capacity, capacity
from shared.local.door.sessions import Issuer, new_owner_key
from shared.local.lambda_runtime.call import Call, Ending, error_type
from shared.local.lambda_runtime.cloudwatch import MotoLogs
from shared.local.lambda_runtime.compiled import compiled_in, why_not
from shared.local.lambda_runtime.endings import TimedOut, WorkerEnd
from shared.local.lambda_runtime.events import EventQueue, EventQueues
from shared.local.lambda_runtime.function import FunctionSpec, Invocation, InvokeRefusedError, throttled
from shared.local.lambda_runtime.lineage import Loops, after_call, current
from shared.local.lambda_runtime.log_stream import LogStream
from shared.local.lambda_runtime.pool import Pool, RuntimeClosedError
from shared.local.lambda_runtime.sandbox import CloudAround, Sandbox
from shared.local.lambda_runtime.unpack import CodeStore
from shared.local.lambda_runtime.worker import Worker
from shared.local.lambda_runtime.worlds import world_of
from shared.local.ledger import NoLedger
from shared.local.pacing.functions import ThrottledError
from shared.local.trees import remove_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shared.local.lambda_runtime.events import Outcome
    from shared.local.lambda_runtime.log_stream import LogSink
    from shared.local.lambda_runtime.slots import World
    from shared.local.ledger import Ledger
    from shared.local.pacing.account import Account
    from shared.local.requests import Requests
    from shared.local.standing import Standing

MAX_SYNC = SYNC_PAYLOAD.value
MAX_EVENT = ASYNC_PAYLOAD.value
_log = logging.getLogger(__name__)
_PATIENCE = 1800.0  # seconds: all slots may be held twice by the longest functions, of 900 s, before one comes free
_TRIED_AGAIN = 1.0  # seconds after which who was refused comes again, at the earliest
_INIT_LIMIT = 10.0  # seconds; an init phase that takes longer is run again within the invocation


class LambdaRuntime:
    """Runs functions. Thread-safe. As a context manager, it leaves no process and no file behind.

    Args:
        state_dir: Where its own folder is made. Folders of runtimes that were killed are removed from there.
        endpoint: Returns the URL to which workers send their AWS requests.
        carries: How many worker processes there may be, busy and idle; by default what this machine carries now.
        queue_timeout: How many seconds a caller waits for a worker before TooManyRequestsException.
        idle_minutes: How long a worker may be idle.
        logs: Where log events go; by default the embedded cloud's CloudWatch Logs.
        retry_delays: Seconds before the second and the third try of a failed Event invocation.
        private_mounts: See :class:`Sandbox`.
        rendezvous: See :class:`CloudAround`.
        issuer: Makes the credentials of functions' roles. A runtime without a cloud needs none.
        end: Is told what became of each Event invocation.
        ledger: Notes Event invocations until they are over.
        account: What paces invocations; None to run as many as this machine carries.
        requests: Counts what workers ask of the cloud; None where nobody does.

    Attributes:
        private_mounts: Whether workers have their own /tmp and read-only code, by mount namespaces.
        carries: How many functions may run at once, and what binds that.
        together: How many those are.

    Raises:
        LanesError: This is not Linux.
    """

    def __init__(  # noqa: PLR0913  settings, most of which only tests change
        self,
        state_dir: Path,
        endpoint: Callable[[], str],
        *,
        carries: Capacity | None = None,
        queue_timeout: float = _PATIENCE,
        idle_minutes: float = 10.0,
        logs: LogSink | None = None,
        retry_delays: Sequence[float] = (60.0, 120.0),
        private_mounts: bool | None = None,
        rendezvous: Callable[[], str] | None = None,
        issuer: Issuer | None = None,
        end: Callable[[Outcome], None] = lambda _: None,
        ledger: Ledger | None = None,
        account: Account | None = None,
        requests: Requests | None = None,
    ) -> None:
        if sys.platform != "linux":
            raise LanesError("Lambda's runtime client runs on Linux only", fix="use Linux, WSL or a Linux container")
        self._logs = logs or MotoLogs()
        self._loops = Loops()
        self._told: set[str] = set()  # functions whose log says which Python they run on
        self._folder, self._lock = _own_folder(state_dir)
        code = self._folder / "code"
        code.mkdir()
        cloud = CloudAround(endpoint, issuer or Issuer(new_owner_key()), rendezvous)
        self._sandbox = Sandbox(self._folder, cloud, private_mounts=private_mounts)
        self._code = CodeStore(code, self._sandbox.in_use)
        self.private_mounts = self._sandbox.private_mounts
        self.carries = carries or capacity()
        self.together = self.carries.environments
        self._pool = Pool(
            self.together,
            queue_timeout,
            2 * (os.cpu_count() or 1),
            idle=60 * idle_minutes,
            tell=lambda what: _log.warning("%s (this machine: %s)", what, self.carries),
        )
        self._account = account
        self._requests = requests
        self._ledger = ledger or NoLedger()
        self._events = EventQueues(lambda: EventQueue(self._run_event, retry_delays, end, ledger=self._ledger))

    def invoke(  # noqa: PLR0913  what a caller says of its call, of which most say two
        self,
        spec: FunctionSpec,
        payload: bytes,
        *,
        request_id: str | None = None,
        client_context: str | None = None,
        waits: bool = True,
        waited_for: bool = True,
    ) -> Invocation:
        """Run *spec* on *payload*, a JSON text, and wait for the answer.

        Args:
            spec: The function.
            payload: The event; empty means {}.
            request_id: A UUID; a new one if not given.
            client_context: JSON for ``context.client_context``.
            waits: Whether to wait for a worker where more is asked for than runs at once; Lambda itself does not.
            waited_for: Whether somebody waits for the answer; an account may send any number of other events a second.

        Raises:
            InvokeRefusedError: The payload is too large, too many invocations run, or the function is in a loop.
            RuntimeClosedError: The runtime was closed.
        """
        if len(payload) > MAX_SYNC:
            raise _too_large(f"Request must be smaller than {MAX_SYNC} bytes for the InvokeFunction operation")
        lineage = spec.lineage or current()
        self._loops.check(lineage, spec.function_arn)
        lineage = after_call(lineage, spec.function_arn)
        call = Call(spec, payload or b"{}", request_id or str(uuid.uuid4()), client_context, lineage)
        world = world_of(spec, payload)
        generation = self._pool.enter(spec, world)
        try:
            if self._account is None:
                return self._run(call, generation, self._pool.take(spec, world, waits=waits))
            with self._paced(self._account, spec, waited_for=waited_for):
                waits = waits or waited_for  # that this machine cannot yet is no refusal of AWS's
                return self._run(call, generation, self._take_late(self._account, spec, world, waits=waits))
        finally:
            self._pool.leave(spec)

    def _take_late(self, account: Account, spec: FunctionSpec, world: World | None, *, waits: bool) -> Worker | None:
        """Return a worker as the pool does, and have *account* count what this machine delays: it would have run it."""
        began = account.now()
        try:
            worker = self._pool.take(spec, world, waits=waits)
        except InvokeRefusedError:
            account.kept_waiting(_TRIED_AGAIN)
            raise
        account.kept_waiting(account.now() - began)
        return worker

    @staticmethod
    @contextmanager
    def _paced(account: Account, spec: FunctionSpec, *, waited_for: bool) -> Iterator[None]:
        """Run an invocation that *account* runs now.

        Raises:
            InvokeRefusedError: It does not.
        """
        reserved = spec.reserved_concurrency
        try:
            entered = account.enter(spec.function_arn, spec.arn, reserved, waited_for=waited_for)
        except ThrottledError as error:
            raise throttled(error.reason) from error
        try:
            yield
        finally:
            account.leave(entered)

    def invoke_event(
        self, function: str, find: Callable[[], FunctionSpec], payload: bytes, *, request_id: str | None = None
    ) -> str:
        """Queue *payload*, to be tried again if it fails; return the request id.

        Args:
            function: The function's ARN. Its events wait for no other function's.
            find: Tells what the function is, at each try. It raises InvokeRefusedError where there is none.
            payload: The event, a JSON text.
            request_id: A UUID; a new one if not given.

        Raises:
            InvokeRefusedError: The payload is too large, or the queue is full.
        """
        if len(payload) > MAX_EVENT:
            raise _too_large(
                f"{len(payload)} byte payload is too large for the Event invocation type (limit {MAX_EVENT} bytes)"
            )
        request_id = request_id or str(uuid.uuid4())
        self._events.put(function, find, payload, request_id)
        return request_id

    def go_on(self) -> None:
        """Go on with the Event invocations that an earlier cloud had not done."""
        self._events.go_on_with(self._ledger.all().values())

    def know(self, function_arn: str, reserved: int | None) -> None:
        """Note that there is a function, with so much concurrency *reserved*, or None."""
        self._pool.know(function_arn, reserved)
        if self._account is not None:
            self._account.know(function_arn, reserved)

    def forget(self, function_arn: str) -> None:
        """Note that a function was deleted, and end its workers."""
        function = _function(function_arn)
        self._pool.retire(function, at_once=True)
        self._pool.forget(function)
        if self._account is not None:
            self._account.forget(function)
        self._loops.forget(function)
        self._told = {each for each in self._told if _function(each) != function}

    def retire(self, function_arn: str) -> None:
        """Let no worker that runs now serve the function again, because it was changed.

        Invocations that run may finish, as on AWS.
        """
        function = _function(function_arn)
        self._pool.retire(function)
        if self._account is not None:
            self._account.retire(function)

    def standing(self) -> Standing:
        """Return who runs how many functions now, who may run how many, and where ranks meet."""
        pace = None if self._account is None else self._account.pace()
        return replace(self._pool.standing(self.carries), meeting=self._sandbox.meeting, pace=pace)

    @property
    def processes(self) -> int:
        """The number of worker processes."""
        return self._pool.processes

    def close(self) -> None:
        """End all workers and remove all files. Events that still wait are dropped."""
        self._events.close()
        self._pool.close()
        self._events.join()
        remove_tree(self._folder)
        with suppress(OSError):
            os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run_event(self, spec: FunctionSpec, payload: bytes, request_id: str) -> Invocation:
        return self.invoke(spec, payload, request_id=request_id, waits=False, waited_for=False)

    def _run(self, call: Call, generation: int, worker: Worker | None) -> Invocation:
        init_ms = None
        if worker is not None and worker.died:  # nobody saw it, so nobody's call failed by it
            self._pool.restart(worker)
            worker = None
        if worker is None:
            worker, init_ms = self._cold_start(call.spec)
        try:
            began = time.monotonic()
            ending = self._serve(call, worker, began)
            peak = worker.peak_memory
            elapsed = (time.monotonic() - began) * 1000
            if not ending.fatal:
                invocation = call.finish(worker.log, ending, elapsed, init_ms=init_ms, peak=peak)
        except BaseException:
            self._pool.end(worker)
            raise
        if not ending.fatal:
            self._pool.give_back(worker, generation)
            return invocation
        self._pool.end(worker)  # first, so that what it wrote last comes before END
        if self._pool.closed:
            raise RuntimeClosedError("the Lambda runtime was closed during an invocation", where=call.spec.name)
        return call.finish(worker.log, ending, elapsed, init_ms=init_ms, peak=peak)

    def _serve(self, call: Call, worker: Worker, began: float) -> Ending:
        """Have *worker* handle the event."""
        deadline = began + call.spec.timeout
        worker.log.begin_tail()
        worker.log.write(worker.log.lines.start(worker.log.now, call.request_id, call.spec.version))
        try:
            worker.wait_ready(deadline)
        except WorkerEnd as end:
            seconds = time.monotonic() - began
            worker.log.write(worker.log.lines.init_report(worker.log.now, 1000 * seconds, _init_error(end), "invoke"))
            return call.died(end, seconds)
        try:
            outcome, body = worker.serve(call.event(), call.request_id, deadline)
        except WorkerEnd as end:
            return call.died(end, time.monotonic() - began)
        return call.answered(outcome, body)

    def _cold_start(self, spec: FunctionSpec) -> tuple[Worker, float | None]:
        """Start a worker in our slot and run its init phase; return it and the milliseconds that this took.

        As on AWS, an init phase that fails or takes too long is run again within the invocation. Then this returns a
        second worker, which is not ready yet, and None.
        """
        log = LogStream(spec, self._logs, requests=self._requests)
        began = time.monotonic()
        try:
            code = self._prepare(spec, log)  # takes no time of the init phase
            began = time.monotonic()
            worker = self._start(spec, log, *code)
            try:
                if self._init(worker, began):
                    return worker, (time.monotonic() - began) * 1000
            except BaseException:
                self._pool.end(worker)
                raise
        finally:
            self._pool.start_ended(spec, time.monotonic() - began)
        return self._start(spec, log, *code), None

    def _init(self, worker: Worker, began: float) -> bool:
        """Run the init phase of *worker*, which began at *began*; return whether it ended well.

        If not, the worker is stopped, its log says so, and its slot is empty for a second one.
        """
        try:
            worker.wait_ready(began + _INIT_LIMIT)
        except WorkerEnd as end:
            init_ms = (time.monotonic() - began) * 1000
            self._pool.empty_slot(worker)
            worker.log.write(worker.log.lines.init_report(worker.log.now, init_ms, _init_error(end)))
            return False
        return True

    def _say_where(self, spec: FunctionSpec, log: LogStream) -> None:
        """Say in a function's log, once, if its runtime is not this Python."""
        if spec.arn not in self._told:
            self._told.add(spec.arn)
            if said := self._sandbox.runs_elsewhere(spec):
                log.write(f"EMBEDDED {said}\n")

    def _check_compiled(self, spec: FunctionSpec, log: LogStream, *folders: Path | None) -> None:
        """Refuse code with compiled modules that this machine cannot import, in the log of the function too.

        Raises:
            InvokeRefusedError: Names the first such module.
        """
        python = self._sandbox.runtime_here(spec)
        for folder in folders:
            if folder and (why := why_not(compiled_in(folder), python, machine_architecture())):
                said = f"{why}; on AWS {spec.name} is {spec.runtime} on {spec.architecture}"
                log.write(f"EMBEDDED {said}\n")
                log.flush()
                raise InvokeRefusedError("InvalidRuntimeException", 502, said)

    def _prepare(self, spec: FunctionSpec, log: LogStream) -> tuple[Path, Path | None]:
        """Unpack the code and begin the log; return the folders of code and layers. Gives up our slot if it fails."""
        try:
            image = spec.image
            task = self._code.image(image) if image else self._code.folder(spec.code_sha256, spec.code)
            opt = self._code.layers([(layer.sha256, layer.code) for layer in spec.layers])
            log.write(log.lines.init_start(spec, log.now))
            self._say_where(spec, log)
            self._check_compiled(spec, log, task, opt)
        except BaseException:
            self._pool.give_up_slot(spec)
            raise
        return task, opt

    def _start(self, spec: FunctionSpec, log: LogStream, task: Path, opt: Path | None) -> Worker:
        try:
            room = self._sandbox.room(task, opt, uuid.uuid4().hex)
            worker = Worker(spec, self._sandbox, room, log)
        except BaseException:
            self._pool.give_up_slot(spec)
            raise
        try:
            self._pool.started(worker)
        except BaseException:
            self._pool.end(worker)
            raise
        return worker


def _function(arn: str) -> str:
    """Return *arn* without a version."""
    return ":".join(arn.split(":")[:7])


def _init_error(end: WorkerEnd) -> str:
    """Return the type of the error that ended an init phase; empty if it took too long."""
    return "" if isinstance(end, TimedOut) else error_type(end)


def _too_large(message: str) -> InvokeRefusedError:
    return InvokeRefusedError("RequestEntityTooLargeException", 413, message)


def _own_folder(state_dir: Path) -> tuple[Path, int]:
    """Make this runtime's folder, remove those of dead ones, and return it with the lock that shows that it lives.

    The lock is on the folder itself. The kernel drops it when we end, however we end.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    door = os.open(state_dir, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(door, fcntl.LOCK_EX)  # a folder must not seem dead before its lock is held
        for old in state_dir.glob("lambda-*"):
            lock = os.open(old, os.O_RDONLY | os.O_CLOEXEC)
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove_tree(old)
            os.close(lock)
        folder = Path(tempfile.mkdtemp(prefix="lambda-", dir=state_dir)).resolve()
        lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(lock, fcntl.LOCK_EX)
    finally:
        os.close(door)
    return folder, lock
