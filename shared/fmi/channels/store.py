"""Channels through storage: a message is an object that one rank puts and others look for.

Ranks call the same collectives in the same order. So the number of the call and the writer's rank name an object. An
object with one reader is deleted by that reader. An object with several readers is deleted by its writer, once all must
have read it: when a later call has shown that all ranks came further.

A name serves one session at a time. Each rank claims its part of the name first of all, and gives it back when all have
closed. A rank that finds its part taken refuses: the objects that killed ranks left there would be read as this
session's.

There are no threads and no locks here: the communicator's thread writes, looks and waits. What the ranks know of each
other is only what lies in the store.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from shared.fmi.channels.calls import operator, signature
from shared.fmi.channels.channel import checked_timeout
from shared.fmi.channels.notices import Notice, Notices, blamed, odd_one, verdict
from shared.fmi.channels.objects import Shelf, call_of, decode, encode
from shared.fmi.collectives.reduce import fold
from shared.fmi.errors import FmiError, PeerLost, PeerMismatch
from shared.fmi.wire.frames import Operation

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from shared.fmi.channels.objects import Store
    from shared.fmi.data import Array
    from shared.fmi.operators import Op
    from shared.fmi.rendezvous.keys import Namespace

    _Fetch: TypeAlias = Callable[[dict[int, str], str, int], dict[int, tuple[Array, bool]]]

_GRACE_SHARE, _LONGEST_GRACE = 0.2, 1.0  # of the timeout, and in seconds: as the Direct channel has it
_HEED_POLLS = 8
"""A rank looks for notices after this many of its longest pauses, or after half the grace. Our choice: few requests."""

_PAUSE_GROWTH = 1.5  # each pause between two looks over the one before: our choice
_MARK = np.zeros(0, np.uint8)
_TWO = 2  # ranks: neither can say which of them is the odd one
_LONGEST_CALL = 300  # characters: our choice, so that a dtype of many fields does not fill every object
_REMEMBERED = 64  # calls, for a rank that is behind: our choice, as the Direct channel has it
_RUN_AHEAD = 32
"""Collectives after which all wait for all, if none of them did so itself. Our choice: it bounds what lies unread."""


class StoreChannel:
    """Messages and collectives through a store.

    Args:
        rank: This rank.
        size: How many ranks there are.
        store: Where objects lie.
        namespace: Whose ranks these are. All keys lie under ``runs/<run>/fmi/<team>/<name>/``. A team's bucket has a
            rule that deletes old objects there, so what killed ranks left goes by itself.
        timeout: Seconds an operation may take.
        clock: Seconds, never going back.
        sleep: Waits, in seconds.
    """

    def __init__(  # noqa: PLR0913  the last two are there for tests
        self,
        rank: int,
        size: int,
        store: Store,
        namespace: Namespace,
        timeout: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.rank, self.size = rank, size
        checked_timeout(timeout)
        self._clock, self._sleep = clock, sleep
        self._shelf = Shelf(store, f"runs/{namespace.run or 'run'}/fmi/{namespace.team or 'open'}/{namespace.comm}/")
        self._first_poll, self._longest_poll = store.first_poll, store.longest_poll
        self._notices = Notices(self._shelf, rank, size)
        self.set_timeout(timeout)
        self._turn = self._met = 0  # how many collectives, and up to which all ranks have surely come
        self._sent: dict[int, int] = {}
        self._received: dict[int, int] = {}
        self._calls: dict[int, str] = {}  # the latest, by number: what each rank of it must say too
        self._called = 0  # up to which call the others were told
        self._claimed = False
        self._failure: FmiError | None = None
        self._closed = self._refused = False

    def set_timeout(self, seconds: float) -> None:
        """See Channel."""
        self._timeout = checked_timeout(seconds)
        self._grace = min(_LONGEST_GRACE, self._timeout * _GRACE_SHARE)
        self._heed_every = min(self._grace / 2, _HEED_POLLS * self._longest_poll)

    def drop(self) -> None:
        """See Channel. A store holds nothing open whose end another rank would wait for."""

    def send(self, dest: int, array: Array, *, plain: bool) -> None:
        """See Channel."""
        self._check()
        number = self._sent[dest] = self._sent.get(dest, 0) + 1
        self._put(f"send/{self.rank}-{dest}/{number}", array, plain=plain)

    def receive(self, source: int, out: Array | None = None) -> tuple[Array, bool]:
        """See Channel."""
        self._check()
        number = self._received.get(source, 0) + 1
        key = f"send/{source}-{self.rank}/{number}"
        array, plain = self._take({source: key}, "send")[source]
        self._received[source] = number
        if out is None:
            return array, plain
        if array.dtype != out.dtype or array.nbytes != out.nbytes:
            raise self._unlike(source, array, out, "send")
        out[...] = array.reshape(out.shape)
        return out, plain

    def barrier(self) -> None:
        """See Channel."""
        self.allgather(_MARK, operation="barrier")

    def bcast(
        self, array: Array | None, root: int, *, plain: bool, operation: str = "bcast", call: str = ""
    ) -> tuple[Array, bool]:
        """See Channel."""
        turn = self._begin(operation, call or self._call(operation, root=root))
        if array is not None:
            self._shelf.share(turn, f"{turn}/{root}-all", self._encoded(turn, array, plain=plain))
            return array, plain
        return self._await({root: f"{turn}/{root}-all"}, operation, turn)[root]

    def gather(self, array: Array, root: int, *, operation: str = "gather", call: str = "") -> Array | None:
        """See Channel."""
        turn = self._begin(operation, call or self._call(operation, root=root, array=array))
        if self.rank == root:
            return self._stack(turn, array, operation, self._take)
        self._shelf.put(f"{turn}/{self.rank}-all", self._encoded(turn, array))
        return None

    def scatter(self, blocks: Array | None, root: int) -> Array:
        """See Channel."""
        turn = self._begin("scatter", self._call("scatter", root=root))
        if blocks is None:
            return self._take({root: f"{turn}/{root}-{self.rank}"}, "scatter", turn)[root][0]
        for dest in range(self.size):
            if dest != root:
                self._shelf.put(f"{turn}/{root}-{dest}", self._encoded(turn, blocks[dest, ...]))
        return np.array(blocks[root, ...])

    def allgather(self, array: Array, *, operation: str = "allgather") -> Array:
        """See Channel."""
        turn = self._begin(operation, self._call(operation, array=array))
        self._shelf.share(turn, f"{turn}/{self.rank}-all", self._encoded(turn, array))
        stacked = self._stack(turn, array, operation, self._await)
        self._forget_before(turn)
        return stacked

    def alltoall(self, blocks: Array) -> Array:
        """See Channel."""
        turn = self._begin("alltoall", self._call("alltoall", array=blocks))
        result = np.array(blocks)
        others = [peer for peer in range(self.size) if peer != self.rank]
        for dest in others:
            self._shelf.put(f"{turn}/{self.rank}-{dest}", self._encoded(turn, blocks[dest, ...]))
        keys = {source: f"{turn}/{source}-{self.rank}" for source in others}
        for source, (row, _) in self._take(keys, "alltoall", turn).items():
            result[source, ...] = row
        self._forget_before(turn)
        return result

    def reduce(self, array: Array, op: Op, root: int, *, operation: str = "reduce") -> Array | None:
        """See Channel: the root reads all values and combines them from the left."""
        shown = None if operation == "allreduce" else root
        call = self._call(operation, root=shown, op=op, array=array)
        blocks = self.gather(array, root, operation=operation, call=call)
        return None if blocks is None else fold(blocks, op)

    def allreduce(self, array: Array, op: Op) -> Array:
        """See Channel."""
        turn = self._turn + 1
        total = self.reduce(array, op, 0, operation="allreduce")
        call = self._call("allreduce", op=op, array=array)
        result, _ = self.bcast(total, 0, plain=False, operation="allreduce", call=call)
        self._forget_before(turn)
        return result

    def scan(self, array: Array, op: Op) -> Array:
        """See Channel."""
        turn = self._begin("scan", self._call("scan", op=op, array=array))
        if self.rank + 1 < self.size:
            self._shelf.share(turn, f"{turn}/{self.rank}-all", self._encoded(turn, array))
        return fold(self._stack(turn, array, "scan", self._await, self.rank + 1), op)

    def close(self) -> None:
        """Wait, within the timeout, until all ranks are done; then delete what this rank wrote.

        Every rank tells rank 0, which then tells all.
        """
        if self._closed:
            return
        self._closed = True
        others = range(1, self.size)
        try:
            self._check()
            if self.rank:  # rank 0 takes this mark before this rank may go on, so the next session does not see it
                self._put(f"bye/{self.rank}", _MARK)
            self._take({0: f"done/{self.rank}"} if self.rank else {rank: f"bye/{rank}" for rank in others}, "close")
            self._shelf.forget_all(self.rank)
            self._shelf.give_back(self.rank)
            for rank in () if self.rank else others:
                self._put(f"done/{rank}", _MARK)
        except FmiError:
            with suppress(FmiError):
                if self._is_claimed():
                    self._shelf.forget_all(self.rank)

    def abort(self, reason: str) -> None:
        """Leave a notice that this rank is lost, and delete all else that it wrote.

        One that is lost before its first operation tells so too, but not the ranks of another session.
        """
        if not self._closed:
            self._closed = True
            first = not self._claimed
            if not self._is_claimed():
                return
            if self._failure is None:  # else its notice already names the lost rank
                self._notices.write(Notice(self.rank, certain=True, reason=reason))
            self._shelf.forget_all(self.rank)
            if first:
                self._shelf.give_back(self.rank)

    def _check(self) -> None:
        if failure := self._failure or self._shelf.failure:
            raise failure
        if not self._is_claimed() and self._failure is not None:
            raise self._failure

    def _is_claimed(self) -> bool:
        """Claim this rank's part, once. Say whether it is this session's: if not, its live owners are left alone."""
        if not self._claimed:
            self._claimed = True
            self._failure = self._shelf.claim(self.rank)
            self._refused = self._failure is not None
        return not self._refused

    def _begin(self, operation: str, call: str) -> int:
        """Return the number of this call. Now and then wait for all: else a rank that only writes fills the store."""
        self._check()
        if self._turn - self._met >= _RUN_AHEAD:
            self._met = self._turn
            self.allgather(_MARK, operation=operation)
        self._turn += 1
        self._calls[self._turn] = call
        self._calls.pop(self._turn - _REMEMBERED, None)
        return self._turn

    def _call(self, operation: str, root: int | None = None, op: Op | None = None, array: Array | None = None) -> str:
        """Return what all ranks of a call must say of it; what they may say differently is left out."""
        kind = (None, ()) if array is None else (array.dtype, array.shape)
        text = signature(Operation[operation.upper()], "" if op is None else operator(op), root, *kind)
        return f"{text[:_LONGEST_CALL]} in a world of {self.size}"

    def _encoded(self, turn: int, array: Array, *, plain: bool = False) -> bytes:
        return encode(array, plain=plain, call=self._calls[turn])

    def _put(self, key: str, array: Array, *, plain: bool = False) -> None:
        self._shelf.put(key, encode(array, plain=plain))

    def _stack(self, turn: int, array: Array, operation: str, fetch: _Fetch, ranks: int | None = None) -> Array:
        """Return the arrays of the first *ranks* ranks (all by default), this rank's own *array* among them."""
        ranks = ranks or self.size
        keys = {rank: f"{turn}/{rank}-all" for rank in range(ranks) if rank != self.rank}
        blocks = np.empty((ranks, *array.shape), array.dtype)
        blocks[self.rank, ...] = array
        for rank, (block, _) in fetch(keys, operation, turn).items():
            blocks[rank, ...] = block
        return blocks

    def _unlike(self, rank: int, got: Array, wanted: Array, operation: str) -> FmiError:
        what = f"sent a {got.dtype} array{list(got.shape)}, not a {wanted.dtype} array{list(wanted.shape)}"
        return self._fail(PeerMismatch(rank, what, operation=operation), rank)

    def _take(self, keys: dict[int, str], operation: str, turn: int = 0) -> dict[int, tuple[Array, bool]]:
        """Return the objects of *keys*, and delete them: no other rank reads them."""
        found = self._await(keys, operation, turn)
        self._shelf.delete(keys.values())
        return found

    def _await(self, keys: dict[int, str], operation: str, turn: int = 0) -> dict[int, tuple[Array, bool]]:
        """Return the objects of *keys*, by the rank that writes each. Polls until the timeout, with growing pauses.

        Each must belong to the same call as this rank's call *turn*, where it belongs to any.
        """
        found: dict[int, tuple[Array, bool]] = {}
        began, pause = self._clock(), self._first_poll
        deadline, heed = began + self._timeout - self._grace, began + self._heed_every
        while True:
            missing = {key: rank for rank, key in keys.items() if rank not in found}
            for name, data in self._shelf.get(missing).items():
                if turn and call_of(data) != self._calls[turn]:
                    raise self._differ(missing[name], call_of(data), turn, operation)
                found[missing[name]] = decode(data)
            if len(found) == len(keys):
                return found
            late = [rank for rank in keys if rank not in found]
            if self._clock() >= heed:
                self._heed_notices(late, operation)
                heed = self._clock() + self._heed_every
            left = deadline - self._clock()
            if left <= 0:
                raise self._late(late, operation)
            self._sleep(min(pause, left))
            pause = min(pause * _PAUSE_GROWTH, self._longest_poll)

    def _late(self, missing: list[int], operation: str) -> FmiError:
        """Return the error of *missing*, which wrote nothing in time.

        Tells all ranks, then gives *missing* the grace to show that they are alive and whom they accuse.
        """
        suspect, turn = missing[0], self._turn + (operation == "send")
        reason = f"nothing heard from it in {self._timeout:g} s"
        self._notices.write(Notice(suspect, certain=False, reason=reason))
        self._tell_calls()
        for data in self._shelf.get(self._shelf.names(f"{turn}/{suspect}-")).values():
            if call_of(data) != self._calls.get(turn, operation):
                return self._differ(suspect, call_of(data), turn, operation)
        self._sleep(self._grace)
        if mismatch := self._mismatch(operation):
            return mismatch
        suspect, reason = blamed(self.rank, missing, self._notices.read(), reason)
        return self._fail(PeerLost(suspect, reason, operation=operation), suspect, reason)

    def _heed_notices(self, missing: list[int], operation: str) -> None:
        """Fail if a rank is lost for certain. If this rank is accused, pass the blame to *missing*, which keep it."""
        if mismatch := self._mismatch(operation):
            raise mismatch
        told = self._notices.read()
        if lost := verdict(self.rank, told):
            self._failure = PeerLost(*lost, operation=operation)
            raise self._failure
        if any(notice.suspect == self.rank for notice in told.values()):
            raise self._late(missing, operation)

    def _tell_calls(self) -> None:
        if self._called < self._turn:
            self._called = self._turn
            self._notices.write_calls(self._calls)

    def _mismatch(self, operation: str) -> FmiError | None:
        """Return the error if ranks are in different calls: as one of them says, or as their calls show."""
        if settled := self._settled(operation):
            return settled
        told = self._notices.read_calls()
        if told:
            self._tell_calls()
        for rank, calls in told.items():
            for turn in sorted(calls.keys() & self._calls.keys()):
                if calls[turn] != self._calls[turn]:
                    return self._differ(rank, calls[turn], turn, operation)
        return None

    def _settled(self, operation: str) -> FmiError | None:
        """Return the error if another rank has found out who is in another call."""
        for accuser, notice in self._notices.read().items():
            if notice.certain and notice.mismatch:
                odd = accuser if self.size == _TWO and notice.suspect == self.rank else notice.suspect
                self._failure = PeerMismatch(odd, notice.reason, operation=operation)
                return self._failure
        return None

    def _differ(self, peer: int, theirs: str, turn: int, operation: str) -> FmiError:
        """Return the error of *peer*, which calls *theirs*, or of the rank that most others differ from.

        Waits, within the grace, until the calls of enough ranks are told. Between two ranks nobody can say.
        """
        known = {self.rank: self._calls.get(turn, operation), peer: theirs}
        self._tell_calls()
        deadline = self._clock() + self._grace
        while (odd := odd_one(known)) is None and self.size > _TWO and self._clock() < deadline:
            self._sleep(self._longest_poll)
            if settled := self._settled(operation):
                return settled
            known |= {rank: calls[turn] for rank, calls in self._notices.read_calls().items() if turn in calls}
        if odd is None:
            odd, what = peer, f"is in {theirs}, while rank {self.rank} is in {known[self.rank]}"
        else:
            others = [call for call in known.values() if call != known[odd]]
            what = f"is in {known[odd]}, while {len(others)} others are in {others[0]}"
        if self.size == _TWO:
            what = f"does not agree: rank {peer} is in {theirs}, rank {self.rank} is in {known[self.rank]}"
        return self._fail(PeerMismatch(odd, what, operation=operation), odd, what, mismatch=True)

    def _fail(self, error: FmiError, suspect: int, reason: str = "", *, mismatch: bool = False) -> FmiError:
        if self._failure is None:
            self._failure = error
            self._notices.write(Notice(suspect, certain=True, reason=reason or str(error.what), mismatch=mismatch))
        return error

    def _forget_before(self, turn: int) -> None:
        """Delete what this rank shared before *turn*: all ranks have come to it, so they have read that."""
        self._met = self._turn
        self._shelf.forget_before(turn)
