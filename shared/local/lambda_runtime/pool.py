"""Which invocation gets which worker, and when: warm workers, a function's concurrency, a limit on processes.

Theory of operation
-------------------

A *worker* is one process that runs one function (:mod:`shared.local.lambda_runtime.worker`). A *slot* is the right to
one process: there are never more processes than slots. A *caller* is a thread that runs one invocation. A caller
*holds* a slot from when it gets a worker, or the slot to start one in, until it has given that back. Who may hold one
more is said by :class:`~shared.local.lambda_runtime.slots.Slots`: by team, by reserved concurrency, by world. A slot
with an idle worker is held by nobody.

Threads. The callers do nearly everything: threads of HTTP connections, threads of the Step Functions engine, and
threads of the event queue. A caller that finds nothing to run on sleeps in :meth:`Pool.take`. The pool has one thread
of its own while there are idle workers, which ends those that have been idle for too long. It sleeps until the first is
due.

Locks. One lock guards all fields of the pool. Every condition that somebody waits for is a condition on this lock: one
for each waiting caller (``_Turn.woken``), ``_drowsy`` for the thread, and ``_changed`` for :meth:`Pool.close`. Starting
and stopping a process and running an invocation happen without the lock. Only :meth:`Worker.kill` is called with it;
that takes the worker's own lock, which others hold for no longer than a process takes to end. So the order is: the
pool's lock first, then a worker's. A worker never calls the pool.

An invocation goes through these calls, in this order::

    enter                                     counted against the function's concurrency, or refused
      take -> a worker                        warm: an idle worker becomes busy
      (restart                                it had died while it was idle: another one starts in its slot)
      take -> None                            cold: a slot is taken, and one more worker is starting
        started                               the slot now holds a busy worker
        start_ended                           its init phase ended, well or not: it is no longer starting
        (empty_slot, started                  the init phase failed: a second worker takes the first one's slot)
        (give_up_slot                         no worker could be made: the slot is free)
      give_back | end                         the worker becomes idle | it stops, and its slot is free
    leave

Between ``take -> None`` and ``give_back``, ``end`` or ``give_up_slot`` the caller owns the slot. Each path through
runtime.py makes exactly one of these three calls, also when it raises.

A worker goes through these states::

    starting -> busy <-> idle
                  |        |
                  v        v
                stopping (in the set of the busy) -> gone, its slot is free

- An idle worker becomes busy when a caller takes it. The one that was used last is taken first, so that the others grow
  old.
- An idle worker is stopped if it runs an older version of the function, or its credentials would end during the next
  invocation, and its function starts another one; if another function needs its slot (the one that was idle for
  longest); if it was idle for too long; or if its function is retired.
- While it stops it counts as busy, because its process may still live. Whoever needs its slot gets it then.
- A busy worker is stopped by the caller that uses it. Others may only kill it: then that caller sees it die.

Waiting. A caller waits if it may not hold a slot; or if there is no idle worker for it and it may not start one yet. It
may start one if fewer than ``starts`` workers are starting, or none of its team, and either fewer than ``starts``
of its function are held, or it has waited for as long as the function's last cold start took. Ranks of a world wait for
no warm worker, which would not come. A caller that does not wait for slots is refused instead where it may not hold
one, as Lambda refuses (``TooManyRequestsException``); it waits for the rest.

Whatever comes free wakes one caller: of the teams with a caller that can use it, the one that holds least, then the one
that has waited longest since it last got a slot; of its callers one with an idle worker of its function, or else the
first that may start one. A caller that comes while another team's, which holds no more, can use the same, waits
behind that. One of the same team may be quicker than who was woken, which costs no switch of threads. A caller that was
woken and waits again passes the wake on, and who got something wakes the next, so nothing that is free stays unnoticed
while somebody could use it. That a caller has waited long enough is no event, so callers also look by themselves from
time to time. Whoever has waited for the whole patience is refused.

Retiring. Each function that runs has a *generation*, which grows when its code or configuration changes. A caller notes
it in ``enter`` and hands it to ``give_back``. If it has grown since, the worker is stopped instead: it may have been
started before the change. A caller whose function was read before the change may enter after it, and an event may have
waited in the queue meanwhile. Such a caller still runs what was read, and its worker may then become idle. It is
stopped when the newer function starts one, when its slot is needed, or at the next change.

Closing. ``close`` kills all workers and wakes all callers. From then on ``enter``, ``take`` and ``started`` raise. It
waits until no slot is taken, and stops what is left after that.

What must never happen: more processes than slots (so a slot is freed only after its process has ended); two callers
with one worker (so workers change sets only under the lock); an invocation on other code or configuration than its
caller brought; credentials that end during an invocation; a process that is left after ``close``; a world that has some
of its environments and waits for the others.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.local.lambda_runtime.function import throttled
from shared.local.lambda_runtime.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.local.capacity import Capacity
    from shared.local.lambda_runtime.function import FunctionSpec
    from shared.local.lambda_runtime.slots import World
    from shared.local.lambda_runtime.worker import Worker
    from shared.local.standing import Standing


_LOOK_AGAIN = 5.0  # seconds after which a waiting caller looks by itself
_QUIET = 300.0  # seconds without a full house after which it is told again
_FULL = "ConcurrentInvocationLimitExceeded"


class RuntimeClosedError(LanesError):
    """The runtime was closed while, or before, something was invoked."""


class _Turn:
    """A caller in :meth:`Pool.take`.

    Attributes:
        spec: The function.
        function: Its ARN.
        team: Whose it is.
        came: When the caller came, by the pool's clock.
        woken: What the caller sleeps on, once it has to.
        called: It was woken for something that came free.
        holds: It holds a slot already: its world has one for each rank.
        queue: Which callers can use the same as it.
    """

    __slots__ = ("called", "came", "function", "holds", "queue", "spec", "team", "woken")

    def __init__(self, spec: FunctionSpec, team: str, came: float) -> None:
        self.spec = spec
        self.function = spec.function_arn
        self.team = team
        self.came = came
        self.woken: threading.Condition | None = None
        self.called = False
        self.holds = False
        self.queue = spec.arn

    def rouse(self) -> None:
        """Let the caller look, if it sleeps."""
        if self.woken is not None:
            self.woken.notify()


class Pool:
    """Lends each worker to one invocation at a time. Thread-safe; the module tells how.

    The first ``starts`` workers of a function start at once. After that, a caller first waits for as long as the
    function's last cold start took. If calls are short, a warm worker comes free before that. So a thousand short calls
    do not start a thousand workers.

    Args:
        slots: How many processes there may be, busy and idle.
        patience: How many seconds a caller waits before it is refused.
        starts: How many workers may start at a time. More would only slow each other down.
        idle: How many seconds a worker may be idle.
        tell: Is told, in one line for a person, that more is asked for than runs at once; seldom.
        clock: Monotonic seconds.
        wall: Seconds since the epoch.
    """

    def __init__(  # noqa: PLR0913  settings, most of which only tests change
        self,
        slots: int,
        patience: float,
        starts: int,
        *,
        idle: float = 600.0,
        tell: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.slots = Slots(slots)
        self._patience = patience
        self._starts = starts
        self._longest_idle = idle
        self._tell = tell
        self._clock = clock
        self._wall = wall
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._drowsy = threading.Condition(self._lock)
        self._watcher: threading.Thread | None = None
        # By team, then by what they can use; the first first.
        self._waiting: dict[str, dict[str, dict[_Turn, None]]] = {}
        self._wants: dict[str, int] = {}  # when each team began to wait, or last got a slot while it waited
        self._order = itertools.count()
        self._called: Counter[str] = Counter()  # callers that were woken and have not looked yet, by team
        self._starting: Counter[str] = Counter()  # workers between take and start_ended, by team
        self._cold_seconds: dict[str, float] = {}  # how long the last cold start took, by the function's ARN
        self._idle: dict[str, dict[Worker, None]] = {}  # by the version's ARN, the longest idle first
        self._since: dict[Worker, float] = {}  # when each became idle, the longest idle first
        self._busy: set[Worker] = set()  # in use, or stopping
        self._taken = 0  # slots: busy, idle and starting
        self._generation: Counter[str] = Counter()  # of functions that run, by their ARN
        self._full: dict[str, float] = {}  # when each team last asked for more than it gets
        self._closed = False

    def know(self, function_arn: str, reserved: int | None) -> None:
        """Note that there is a function, with so much concurrency *reserved*, or None."""
        with self._lock:
            self.slots.know(function_arn, reserved)
            self._wake()

    def forget(self, function_arn: str) -> None:
        """Note that a function is there no more."""
        with self._lock:
            self.slots.forget(function_arn)
            self._cold_seconds.pop(function_arn, None)
            self._wake()

    def enter(self, spec: FunctionSpec, world: World | None = None) -> int:
        """Count an invocation in; return the function's generation, for :meth:`give_back`.

        Raises:
            InvokeRefusedError: The function's reserved concurrency is in use.
            RuntimeClosedError: The pool is closed.
        """
        function = spec.function_arn
        with self._lock:
            self._check_open()
            if not self.slots.enter(function, spec.reserved_concurrency, world):
                raise throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
            return self._generation[function]

    def take(self, spec: FunctionSpec, world: World | None = None, *, waits: bool = True) -> Worker | None:
        """Return a warm worker; or None, and the caller owns a slot to start one in.

        Args:
            spec: The function.
            world: The world that the call is a rank of. It is refused at once where not all of its ranks fit.
            waits: Whether the caller waits for a slot where it may not have one now.

        Raises:
            InvokeRefusedError: No slot came free in time, or the caller does not wait for one.
            RuntimeClosedError: The pool is closed.
        """
        with self._lock:
            self._check_open()
            turn = _Turn(spec, self.slots.team(spec.function_arn), self._clock())
            if world is not None:
                self._let_in(turn, world)
            try:
                while (found := self._find(turn)) is None:
                    self._queue(turn, waits=waits)
                    self._check_open()
            except BaseException:
                if turn.holds:
                    self.slots.free(turn.function)
                self._wake()
                raise
            finally:
                self._answer(turn)
                if self._wants.pop(turn.team, None) is not None and turn.team in self._waiting:
                    self._wants[turn.team] = next(self._order)
            warm, evicted = found
            if self._waiting:
                self._wake()
                if warm is None:
                    self._nudge(turn.team)  # the next one is the first now
        if evicted is not None:
            self._empty(evicted, spec)
        return warm

    def _let_in(self, turn: _Turn, world: World) -> None:
        """Give *turn* a slot if its whole world has its slots; refuse it otherwise."""
        told = self.slots.heard(world)
        if not self.slots.let_in(turn.function, world, turn.came):
            if not told:
                what = f"a world of {world.ranks} ranks of {turn.team} was refused, and none of them started"
                self._tell(f"{what}: {self._why(turn.function)}")
            raise throttled(_FULL)
        turn.holds, turn.queue = True, f"{turn.spec.arn} {world.key}"

    def _find(self, turn: _Turn) -> tuple[Worker | None, Worker | None] | None:
        """Return the worker, or the slot, for *turn*, with the idle worker that it evicts; None if it must wait."""
        if not turn.holds and not self.slots.may_hold(turn.function):
            return None
        if not turn.holds and not turn.called and self._comes_behind(turn):
            return None
        worker, evicted = self._pop_warm(turn.spec), None
        if worker is None:
            if not self._may_start(turn):
                return None
            evicted = self._pop_stale(turn.spec)
            if evicted is None and self._taken >= self.slots.total:
                evicted = self._pop_longest_idle()
                if evicted is None:
                    return None  # what was held is still stopping
        if not turn.holds:
            self.slots.hold(turn.function)
        if worker is not None:
            self._busy.add(worker)
            return worker, None
        self._starting[turn.team] += 1
        if evicted is None:
            self._taken += 1
        else:
            self._busy.add(evicted)  # until it has stopped
        return None, evicted

    def _comes_behind(self, turn: _Turn) -> bool:
        """Whether a waiting caller of another team, which holds no more, could use what *turn* finds."""
        if not self._waiting and not self._called:
            return False
        holds = self.slots.shared(turn.team)
        others = {team for team in (*self._called, *self._waiting) if team != turn.team}
        return any(
            self.slots.shared(team) <= holds and (team in self._called or self._first_of(team) is not None)
            for team in others
        )

    def _may_start(self, turn: _Turn) -> bool:
        if self._starting.total() >= self._starts and self._starting[turn.team]:
            return False
        if turn.holds or self.slots.held(turn.function) < self._starts:
            return True
        return self._clock() >= self._may_start_at(turn)

    def _may_start_at(self, turn: _Turn) -> float:
        return turn.came + self._cold_seconds.get(turn.function, 0.0)

    def _queue(self, turn: _Turn, *, waits: bool) -> None:
        """Wait until something has changed for *turn*."""
        if self._answer(turn):
            self._wake()  # another caller was quicker, or it cannot use what came free; a third one may
        now, give_up = self._clock(), turn.came + self._patience
        if not (turn.holds or self.slots.may_hold(turn.function)):
            self._say_full(turn, now)
            if not waits:
                raise throttled(_FULL)
        if now >= give_up or (not waits and not turn.holds and self._comes_behind(turn)):
            raise throttled(_FULL)
        self._wants.setdefault(turn.team, next(self._order))
        soon = self._may_start_at(turn)
        queue = self._waiting.setdefault(turn.team, {}).setdefault(turn.queue, {})
        queue[turn] = None
        turn.woken = turn.woken or threading.Condition(self._lock)
        turn.woken.wait(min(give_up, soon if soon > now else give_up, now + _LOOK_AGAIN) - now)
        self._stop_waiting(turn)

    def _stop_waiting(self, turn: _Turn) -> None:
        by_queue = self._waiting.get(turn.team, {})
        queue = by_queue.get(turn.queue, {})
        queue.pop(turn, None)
        if not queue:
            by_queue.pop(turn.queue, None)
        if not by_queue:
            self._waiting.pop(turn.team, None)

    def _wake(self) -> None:
        """Wake the caller that comes first of those that can use something that is free."""
        if not self._waiting:
            return
        able = [(team, first) for team in self._waiting if (first := self._first_of(team)) is not None]
        if able:
            _, turn = min(able, key=lambda each: (not each[1].holds, self.slots.shared(each[0]), self._wants[each[0]]))
            self._stop_waiting(turn)
            turn.called = True
            self._called[turn.team] += 1
            turn.rouse()

    def _answer(self, turn: _Turn) -> bool:
        """Note that *turn*, if it was woken for something that came free, has looked; return whether it was."""
        called, turn.called = turn.called, False
        if called:
            self._called[turn.team] -= 1
            if not self._called[turn.team]:
                del self._called[turn.team]
        return called

    def _first_of(self, team: str) -> _Turn | None:
        """Return the first of a team's callers that can use something now: a warm worker rather than a new one."""
        starts: _Turn | None = None
        warm: _Turn | None = None
        room = self._taken < self.slots.total or bool(self._since)
        for queue in self._waiting[team].values():
            turn = next(iter(queue))
            if not (turn.holds or self.slots.may_hold(turn.function)):
                continue
            if self._has_warm(turn.spec):
                warm = turn if warm is None or turn.came < warm.came else warm
            elif room and self._may_start(turn):
                starts = turn if starts is None or turn.came < starts.came else starts
        return warm or starts

    def start_ended(self, spec: FunctionSpec, seconds: float) -> None:
        """Note that the start of a worker for *spec* has ended, well or not, after *seconds*."""
        function = spec.function_arn
        team = self.slots.team(function)
        with self._lock:
            self._not_starting(team)
            self._cold_seconds[function] = seconds
            self._wake()
            self._nudge(team)

    def _nudge(self, team: str) -> None:
        """Let the first callers of a team look how long they wait before they start a worker: that has changed."""
        for queue in self._waiting.get(team, {}).values():
            next(iter(queue)).rouse()

    def _not_starting(self, team: str) -> None:
        self._starting[team] -= 1
        if not self._starting[team]:
            del self._starting[team]

    def _all_waiting(self) -> Iterator[_Turn]:
        for by_queue in self._waiting.values():
            for queue in by_queue.values():
                yield from queue

    def started(self, worker: Worker) -> None:
        """Note that the caller's slot now holds *worker*.

        Raises:
            RuntimeClosedError: The pool was closed meanwhile. The caller must end the worker.
        """
        with self._lock:
            self._busy.add(worker)
            self._check_open()

    def empty_slot(self, worker: Worker) -> None:
        """Stop *worker*; the caller keeps its slot for another one, also if this raises."""
        worker.stop()
        with self._lock:
            self._busy.discard(worker)

    def restart(self, worker: Worker) -> None:
        """Stop *worker*, which died while it was idle; the caller starts another one in its slot.

        If this raises, the slot is free.
        """
        with self._lock:
            self._starting[self.slots.team(worker.spec.function_arn)] += 1
        self._empty(worker, worker.spec)

    def _empty(self, worker: Worker, spec: FunctionSpec) -> None:
        """Stop *worker*, in whose slot the caller starts one for *spec*. If this raises, that slot is free."""
        stopped = False
        try:
            worker.stop()
            stopped = True
        finally:
            with self._lock:
                self._busy.discard(worker)
                if not stopped:
                    self._not_starting(self.slots.team(spec.function_arn))
                    self._give_up(spec.function_arn)

    def give_up_slot(self, spec: FunctionSpec) -> None:
        """Free the caller's slot, in which no worker could be started."""
        with self._lock:
            self._give_up(spec.function_arn)

    def _give_up(self, function: str) -> None:
        self._taken -= 1
        self.slots.free(function)
        self._changed.notify_all()
        self._wake()

    def end(self, worker: Worker) -> None:
        """Stop *worker* and free its slot, which the caller held."""
        try:
            worker.stop()
        finally:
            with self._lock:
                self._busy.discard(worker)
                self._give_up(worker.spec.function_arn)

    def _dismiss(self, worker: Worker) -> None:
        """Stop *worker*, which was idle, and free its slot."""
        try:
            worker.stop()
        finally:
            with self._lock:
                self._busy.discard(worker)
                self._taken -= 1
                self._changed.notify_all()
                self._wake()

    def give_back(self, worker: Worker, generation: int) -> None:
        """Make *worker* idle; or stop it, if its function was retired since *generation*."""
        function = worker.spec.function_arn
        with self._lock:
            fit = not self._closed and self._generation[function] == generation
            if fit:
                self._busy.discard(worker)
                self.slots.free(function)
                self._idle.setdefault(worker.spec.arn, {})[worker] = None
                self._since[worker] = self._clock()
                self._wake()
                if self._watcher is None:
                    self._watcher = threading.Thread(target=self._watch_idle, name="lambda-idle", daemon=True)
                    self._watcher.start()
        if not fit:
            self.end(worker)

    def leave(self, spec: FunctionSpec) -> None:
        """Count an invocation out."""
        function = spec.function_arn
        with self._lock:
            if self.slots.leave(function):
                self._generation.pop(function, None)  # nobody has noted it who could still give something back

    def retire(self, function_arn: str, *, at_once: bool = False) -> None:
        """Stop the function's idle workers now, and its busy ones when they have answered, or *at_once*."""
        with self._lock:
            self._generation[function_arn] += 1
            if not self.slots.runs(function_arn):
                del self._generation[function_arn]
            if at_once:
                for worker in self._busy:
                    if worker.spec.function_arn == function_arn:
                        worker.kill()
            retired = [worker for worker in self._since if worker.spec.function_arn == function_arn]
            for worker in retired:
                self._pop_idle(worker)
                self._busy.add(worker)
        for worker in retired:
            self._dismiss(worker)

    def close(self, grace: float = 10.0) -> None:
        """Stop all workers and return when no process is left. Callers get RuntimeClosedError.

        Args:
            grace: How many seconds to wait for the callers to end their workers.
        """
        with self._lock:
            self._closed = True
            idle = list(self._since)
            self._idle.clear()
            self._since.clear()
            self._busy.update(idle)
            for worker in self._busy:
                worker.kill()
            for turn in self._all_waiting():
                turn.rouse()
            self._drowsy.notify_all()
            watcher = self._watcher
        for worker in idle:
            self._dismiss(worker)
        with self._changed:
            self._changed.wait_for(lambda: not self._taken, grace)
            left = list(self._busy)
        for worker in left:  # their callers are gone or stuck
            worker.stop()
        if watcher is not None:
            watcher.join()

    @property
    def closed(self) -> bool:
        """Whether the pool is closed: no more invocations are taken."""
        return self._closed

    @property
    def processes(self) -> int:
        """How many slots are taken."""
        with self._lock:
            return self._taken

    @property
    def waiting(self) -> int:
        """How many callers wait."""
        with self._lock:
            return sum(1 for _ in self._all_waiting())

    def standing(self, carries: Capacity) -> Standing:
        """Return who holds how many slots now, and who may have how many, of what the machine *carries*."""
        with self._lock:
            return self.slots.standing(carries)

    def _watch_idle(self) -> None:
        """Stop workers that have been idle for too long, until none is idle."""
        while True:
            with self._lock:
                while (left := self._seconds_left()) is not None and left > 0:
                    self._drowsy.wait(left)
                if left is None:
                    self._watcher = None
                    return
                worker = self._pop_longest_idle()
                if worker is None:
                    continue
                self._busy.add(worker)
            self._dismiss(worker)

    def _seconds_left(self) -> float | None:
        """Return how long the first worker may still be idle; None if none is."""
        if self._closed or not self._since:
            return None
        return next(iter(self._since.values())) + self._longest_idle - self._clock()

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeClosedError("the Lambda runtime is closed", fix="start the embedded cloud again")

    def _say_full(self, turn: _Turn, now: float) -> None:
        """Tell a person that a team asks for more than it gets: once, until it has been quiet for a while."""
        last = self._full.get(turn.team)
        self._full = {team: when for team, when in self._full.items() if now - when < _QUIET}
        self._full[turn.team] = now
        if last is None or now - last >= _QUIET:
            self._tell(
                f"{turn.team} asks for more functions at once than it gets, so calls wait, or are throttled as by "
                f"Lambda: {self._why(turn.function)}"
            )

    def _why(self, function: str) -> str:
        """Say how many *function* may have at once, and who has the others."""
        room, most = self.slots.room(function), self.slots.most(function)
        held = ", ".join(f"{team} {count}" for team, count in sorted(self.slots.by_team().items())) or "nobody any"
        return f"{room} more may run now, {most} of {self.slots.total} at most beside the other teams; {held} now"

    def _has_warm(self, spec: FunctionSpec) -> bool:
        return any(self._fits(worker, spec) for worker in self._idle.get(spec.arn, ()))

    def _fits(self, worker: Worker, spec: FunctionSpec) -> bool:
        """Whether *worker* runs *spec* as it is, with credentials that are valid to the end, as on AWS."""
        return worker.ends > self._wall() + spec.timeout and worker.spec == spec

    def _pop_warm(self, spec: FunctionSpec) -> Worker | None:
        """Remove the idle worker that was used last, so that the others grow old and make room."""
        for worker in reversed(self._idle.get(spec.arn, ())):
            if self._fits(worker, spec):
                self._pop_idle(worker)
                return worker
        return None

    def _pop_stale(self, spec: FunctionSpec) -> Worker | None:
        """Remove an idle worker that runs older code or configuration, or whose credentials end too soon."""
        for worker in self._idle.get(spec.arn, ()):
            if not self._fits(worker, spec):
                self._pop_idle(worker)
                return worker
        return None

    def _pop_longest_idle(self) -> Worker | None:
        worker = next(iter(self._since), None)
        if worker is not None:
            self._pop_idle(worker)
        return worker

    def _pop_idle(self, worker: Worker) -> None:
        del self._since[worker]
        idle = self._idle[worker.spec.arn]
        del idle[worker]
        if not idle:
            del self._idle[worker.spec.arn]
