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

from shared.fmi.channels.channel import checked_timeout
from shared.fmi.channels.notices import Notice, Notices, blamed, verdict
from shared.fmi.channels.objects import Shelf, decode, encode
from shared.fmi.collectives.reduce import fold
from shared.fmi.errors import FmiError, PeerLost, PeerMismatch

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from shared.fmi.channels.objects import Store
    from shared.fmi.data import Array
    from shared.fmi.operators import Op
    from shared.fmi.rendezvous.keys import Namespace

    _Fetch: TypeAlias = Callable[[dict[int, str], str], dict[int, tuple[Array, bool]]]

_GRACE_SHARE, _LONGEST_GRACE = 0.2, 1.0  # of the timeout, and in seconds: as the Direct channel has it
_HEED_POLLS = 8
"""A rank looks for notices after this many of its longest pauses, or after half the grace. Our choice: few requests."""

_PAUSE_GROWTH = 1.5  # each pause between two looks over the one before: our choice
_MARK = np.zeros(0, np.uint8)
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
        self._clock, self._sleep = clock, sleep
        self._shelf = Shelf(store, f"runs/{namespace.run or 'run'}/fmi/{namespace.team or 'open'}/{namespace.comm}/")
        self._first_poll, self._longest_poll = store.first_poll, store.longest_poll
        self._notices = Notices(self._shelf, rank, size)
        self.set_timeout(timeout)
        self._turn = self._met = 0  # how many collectives, and up to which all ranks have surely come
        self._sent: dict[int, int] = {}
        self._received: dict[int, int] = {}
        self._claimed = False
        self._failure: FmiError | None = None
        self._closed = False

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

    def bcast(self, array: Array | None, root: int, *, plain: bool, operation: str = "bcast") -> tuple[Array, bool]:
        """See Channel."""
        turn = self._begin(operation)
        if array is not None:
            self._shelf.share(turn, f"{turn}/{root}-{operation}", encode(array, plain=plain))
            return array, plain
        return self._await({root: f"{turn}/{root}-{operation}"}, operation)[root]

    def gather(self, array: Array, root: int, *, operation: str = "gather") -> Array | None:
        """See Channel."""
        turn = self._begin(operation)
        if self.rank == root:
            return self._stack(turn, array, operation, self._take)
        self._put(f"{turn}/{self.rank}-{operation}", array)
        return None

    def scatter(self, blocks: Array | None, root: int) -> Array:
        """See Channel."""
        turn = self._begin("scatter")
        if blocks is None:
            return self._take({root: f"{turn}/{root}-scatter-{self.rank}"}, "scatter")[root][0]
        for dest in range(self.size):
            if dest != root:
                self._put(f"{turn}/{root}-scatter-{dest}", blocks[dest, ...])
        return np.array(blocks[root, ...])

    def allgather(self, array: Array, *, operation: str = "allgather") -> Array:
        """See Channel."""
        turn = self._begin(operation)
        self._shelf.share(turn, f"{turn}/{self.rank}-{operation}", encode(array, plain=False))
        stacked = self._stack(turn, array, operation, self._await)
        self._forget_before(turn)
        return stacked

    def alltoall(self, blocks: Array) -> Array:
        """See Channel."""
        turn = self._begin("alltoall")
        result = np.array(blocks)
        others = [peer for peer in range(self.size) if peer != self.rank]
        for dest in others:
            self._put(f"{turn}/{self.rank}-alltoall-{dest}", blocks[dest, ...])
        keys = {source: f"{turn}/{source}-alltoall-{self.rank}" for source in others}
        for source, (row, _) in self._take(keys, "alltoall").items():
            self._same(source, row, blocks[source, ...], "alltoall")
            result[source, ...] = row
        self._forget_before(turn)
        return result

    def reduce(self, array: Array, op: Op, root: int, *, operation: str = "reduce") -> Array | None:
        """See Channel: the root reads all values and combines them from the left."""
        blocks = self.gather(array, root, operation=operation)
        return None if blocks is None else fold(blocks, op)

    def allreduce(self, array: Array, op: Op) -> Array:
        """See Channel."""
        turn = self._turn + 1
        total = self.reduce(array, op, 0, operation="allreduce")
        result, _ = self.bcast(total, 0, plain=False, operation="allreduce")
        self._forget_before(turn)
        return result

    def scan(self, array: Array, op: Op) -> Array:
        """See Channel."""
        turn = self._begin("scan")
        if self.rank + 1 < self.size:
            self._shelf.share(turn, f"{turn}/{self.rank}-scan", encode(array, plain=False))
        return fold(self._stack(turn, array, "scan", self._await, self.rank + 1), op)

    def set_timeout(self, seconds: float) -> None:
        """From now on, let an operation take *seconds*."""
        self._timeout = checked_timeout(seconds)
        self._grace = min(_LONGEST_GRACE, self._timeout * _GRACE_SHARE)
        self._heed_every = min(self._grace / 2, _HEED_POLLS * self._longest_poll)

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
                self._shelf.forget_all(self.rank)

    def abort(self, reason: str) -> None:
        """Leave a notice that this rank is lost, and delete all else that it wrote."""
        if not self._closed:
            self._closed = True
            if self._failure is None:  # else its notice already names the lost rank
                self._notices.write(Notice(self.rank, certain=True, reason=reason))
            self._shelf.forget_all(self.rank)

    def _check(self) -> None:
        if failure := self._failure or self._shelf.failure:
            raise failure
        if not self._claimed:
            self._claimed = True
            if taken := self._shelf.claim(self.rank):
                raise self._fail(taken, self.rank)

    def _begin(self, operation: str) -> int:
        """Return the number of this call. Now and then wait for all: else a rank that only writes fills the store."""
        self._check()
        if self._turn - self._met >= _RUN_AHEAD:
            self._met = self._turn
            self.allgather(_MARK, operation=operation)
        self._turn += 1
        return self._turn

    def _put(self, key: str, array: Array, *, plain: bool = False) -> None:
        self._shelf.put(key, encode(array, plain=plain))

    def _stack(self, turn: int, array: Array, operation: str, fetch: _Fetch, ranks: int | None = None) -> Array:
        """Return the arrays of the first *ranks* ranks (all by default), this rank's own *array* among them."""
        ranks = ranks or self.size
        keys = {rank: f"{turn}/{rank}-{operation}" for rank in range(ranks) if rank != self.rank}
        blocks = np.empty((ranks, *array.shape), array.dtype)
        blocks[self.rank, ...] = array
        for rank, (block, _) in fetch(keys, operation).items():
            self._same(rank, block, array, operation)
            blocks[rank, ...] = block
        return blocks

    def _same(self, rank: int, got: Array, mine: Array, operation: str) -> None:
        if got.dtype != mine.dtype or got.shape != mine.shape:
            raise self._unlike(rank, got, mine, operation)

    def _unlike(self, rank: int, got: Array, wanted: Array, operation: str) -> FmiError:
        what = f"sent a {got.dtype} array{list(got.shape)}, not a {wanted.dtype} array{list(wanted.shape)}"
        return self._fail(PeerMismatch(rank, what, operation=operation), rank)

    def _take(self, keys: dict[int, str], operation: str) -> dict[int, tuple[Array, bool]]:
        """Return the objects of *keys*, and delete them: no other rank reads them."""
        found = self._await(keys, operation)
        self._shelf.delete(keys.values())
        return found

    def _await(self, keys: dict[int, str], operation: str) -> dict[int, tuple[Array, bool]]:
        """Return the objects of *keys*, by the rank that writes each. Polls until the timeout, with growing pauses."""
        found: dict[int, tuple[Array, bool]] = {}
        began, pause = self._clock(), self._first_poll
        deadline, heed = began + self._timeout - self._grace, began + self._heed_every
        while True:
            missing = {key: rank for rank, key in keys.items() if rank not in found}
            for name, data in self._shelf.get(missing).items():
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
        for name in self._shelf.names(f"{turn}/{suspect}-"):
            elsewhere = name.rpartition("/")[2].split("-")[1]
            if elsewhere != operation:
                what = f"is in {elsewhere} while this rank is in {operation}"
                return self._fail(PeerMismatch(suspect, what, operation=operation), suspect)
        self._sleep(self._grace)
        suspect, reason = blamed(self.rank, missing, self._notices.read(), reason)
        return self._fail(PeerLost(suspect, reason, operation=operation), suspect, reason)

    def _heed_notices(self, missing: list[int], operation: str) -> None:
        """Fail if a rank is lost for certain. If this rank is accused, pass the blame to *missing*, which keep it."""
        told = self._notices.read()
        if lost := verdict(self.rank, told):
            self._failure = PeerLost(*lost, operation=operation)
            raise self._failure
        if any(notice.suspect == self.rank for notice in told.values()):
            raise self._late(missing, operation)

    def _fail(self, error: FmiError, suspect: int, reason: str = "") -> FmiError:
        if self._failure is None:
            self._failure = error
            self._notices.write(Notice(suspect, certain=True, reason=reason or str(error.what)))
        return error

    def _forget_before(self, turn: int) -> None:
        """Delete what this rank shared before *turn*: all ranks have come to it, so they have read that."""
        self._met = self._turn
        self._shelf.forget_before(turn)
