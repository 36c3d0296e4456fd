"""Channels through storage: a message is an object that one rank puts and others look for.

Ranks call the same collectives in the same order, so the number of the call and the writer's rank name an object. Who
alone reads an object deletes it; what several read, its writer deletes once everybody must have read it: when a later
call has shown that all ranks came further.
"""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from shared.fmi.channels.channel import checked_timeout
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

_GRACE_SHARE = 0.2
_LOOK_FOR_NOTICES = 8
"""Fruitless looks between two looks for a notice that a rank is lost."""


class StoreChannel:
    """Messages and collectives through a store.

    Args:
        rank: This rank.
        size: How many ranks there are.
        store: Where objects lie.
        namespace: Whose ranks these are; all keys lie under ``runs/<run>/fmi/<team>/<name>/``,
            where a team's bucket deletes by itself what killed ranks left.
        timeout: Seconds an operation may take.
        clock: Seconds, never going back.
        sleep: Waits so many seconds.
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
        self._timeout, self._clock, self._sleep = checked_timeout(timeout), clock, sleep
        self._shelf = Shelf(store, f"runs/{namespace.run or 'run'}/fmi/{namespace.team or 'open'}/{namespace.comm}/")
        self._first_poll, self._longest_poll = store.first_poll, store.longest_poll
        self._turn = 0
        self._sent: dict[int, int] = {}
        self._received: dict[int, int] = {}
        self._shared: list[tuple[int, str]] = []  # by turn, what several ranks read
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
            what = f"sent a {array.dtype} array{list(array.shape)}, not a {out.dtype} array{list(out.shape)}"
            raise self._fail(PeerMismatch(source, what, operation="send"), source)
        out[...] = array.reshape(out.shape)
        return out, plain

    def barrier(self) -> None:
        """See Channel."""
        self.allgather(np.zeros(0, np.uint8), operation="barrier")

    def bcast(self, array: Array | None, root: int, *, plain: bool) -> tuple[Array, bool]:
        """See Channel."""
        turn = self._begin()
        if self.rank == root:
            assert array is not None  # noqa: S101  the communicator has checked it
            self._share(turn, f"{root}-bcast", array, plain=plain)
            return array, plain
        return self._await({root: f"{turn}/{root}-bcast"}, "bcast")[root]

    def gather(self, array: Array, root: int, *, operation: str = "gather") -> Array | None:
        """See Channel."""
        turn = self._begin()
        if self.rank == root:
            return self._stack(turn, array, operation, self._take)
        self._put(f"{turn}/{self.rank}-{operation}", array)
        return None

    def scatter(self, blocks: Array | None, root: int) -> Array:
        """See Channel."""
        turn = self._begin()
        if self.rank != root:
            return self._take({root: f"{turn}/{root}-scatter-{self.rank}"}, "scatter")[root][0]
        assert blocks is not None  # noqa: S101  the communicator has checked it
        for dest in range(self.size):
            if dest != root:
                self._put(f"{turn}/{root}-scatter-{dest}", blocks[dest, ...])
        return np.array(blocks[root, ...])

    def allgather(self, array: Array, *, operation: str = "allgather") -> Array:
        """See Channel."""
        turn = self._begin()
        self._share(turn, f"{self.rank}-{operation}", array)
        stacked = self._stack(turn, array, operation, self._await)
        self._forget_before(turn)
        return stacked

    def alltoall(self, blocks: Array) -> Array:
        """See Channel."""
        turn = self._begin()
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

    def reduce(self, array: Array, op: Op, root: int) -> Array | None:
        """See Channel: the root reads all values and combines them from the left."""
        blocks = self.gather(array, root, operation="reduce")
        return None if blocks is None else fold(blocks, op)

    def allreduce(self, array: Array, op: Op) -> Array:
        """See Channel."""
        turn = self._turn + 1
        total = self.reduce(array, op, 0)
        result, _ = self.bcast(total, 0, plain=False)
        self._forget_before(turn)
        return result

    def scan(self, array: Array, op: Op) -> Array:
        """See Channel."""
        turn = self._begin()
        if self.rank + 1 < self.size:
            self._share(turn, f"{self.rank}-scan", array)
        return fold(self._stack(turn, array, "scan", self._await, self.rank + 1), op)

    def close(self) -> None:
        """Wait, within the timeout, until all are done; delete what this rank wrote, and rank 0 the marks of all."""
        if self._closed:
            return
        self._closed = True
        try:
            self._check()
            self._shelf.put(f"bye/{self.rank}", b"")
            self._await({rank: f"bye/{rank}" for rank in range(self.size)}, "close", parsed=False)
            self._forget_all()
            if self.rank:
                self._shelf.put(f"done/{self.rank}", b"")
            else:
                self._await({rank: f"done/{rank}" for rank in range(1, self.size)}, "close", parsed=False)
                self._shelf.delete(f"{word}/{rank}" for word in ("bye", "done") for rank in range(self.size))
        except FmiError:
            with suppress(FmiError):
                self._forget_all()

    def abort(self, reason: str) -> None:
        """Leave a notice that this rank is lost, and delete everything else it wrote."""
        if not self._closed:
            self._closed = True
            if self._failure is None:  # else the notice already names who is lost
                self._notice(self.rank, reason)
            self._forget_all()

    def _check(self) -> None:
        if failure := self._failure or self._shelf.failure:
            raise failure

    def _begin(self) -> int:
        self._check()
        self._turn += 1
        return self._turn

    def _put(self, key: str, array: Array, *, plain: bool = False) -> None:
        self._shelf.put(key, encode(array, plain=plain))

    def _share(self, turn: int, name: str, array: Array, *, plain: bool = False) -> None:
        self._shared.append((turn, f"{turn}/{name}"))
        self._put(f"{turn}/{name}", array, plain=plain)

    def _stack(self, turn: int, array: Array, operation: str, fetch: _Fetch, ranks: int | None = None) -> Array:
        """Return the arrays of the first *ranks* ranks, all by default, of which this rank has its own."""
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
            what = f"sent a {got.dtype} array{list(got.shape)}, not a {mine.dtype} array{list(mine.shape)}"
            raise self._fail(PeerMismatch(rank, what, operation=operation), rank)

    def _take(self, keys: dict[int, str], operation: str) -> dict[int, tuple[Array, bool]]:
        """Return the objects of *keys*, which nobody else reads, and delete them."""
        found = self._await(keys, operation)
        self._shelf.delete(keys.values())
        return found

    def _await(self, keys: dict[int, str], operation: str, *, parsed: bool = True) -> dict[int, tuple[Array, bool]]:
        """Return the objects of *keys*, by the rank that writes each; poll with growing pauses until the timeout."""
        found: dict[int, tuple[Array, bool]] = {}
        deadline = self._clock() + self._timeout * (1 - _GRACE_SHARE)
        pause, looks = self._first_poll, 0
        while True:
            missing = {key: rank for rank, key in keys.items() if rank not in found}
            for name, data in self._shelf.get(missing).items():
                found[missing[name]] = decode(data) if parsed else (np.zeros(0), False)
            if len(found) == len(keys):
                return found
            looks += 1
            if looks % _LOOK_FOR_NOTICES == 0:
                self._heed_notices(operation)
            if self._clock() >= deadline:
                raise self._late(min(rank for rank in keys if rank not in found), operation)
            self._sleep(pause)
            pause = min(pause * 1.5, self._longest_poll)

    def _late(self, suspect: int, operation: str) -> FmiError:
        """*suspect* wrote nothing in time: say so to all, and see whether it is elsewhere or itself accuses another."""
        turn = self._turn + (operation == "send")
        for name in self._shelf.names(f"{turn}/{suspect}-"):
            elsewhere = name.rpartition("/")[2].split("-")[1]
            if elsewhere != operation:
                what = f"is in {elsewhere} while this rank is in {operation}"
                return self._fail(PeerMismatch(suspect, what, operation=operation), suspect)
        reason = f"nothing heard from it in {self._timeout:g} s"
        self._notice(suspect, reason)
        self._sleep(min(self._timeout * _GRACE_SHARE, 2 * self._longest_poll))
        told = self._notices().get(suspect)
        if told is not None and told[0] != self.rank:
            suspect, reason = told
        return self._fail(PeerLost(suspect, reason, operation=operation), suspect)

    def _heed_notices(self, operation: str) -> None:
        for accuser, (suspect, reason) in sorted(self._notices().items()):
            if self.rank not in {suspect, accuser}:
                raise self._fail(PeerLost(suspect, reason, operation=operation), suspect)

    def _fail(self, error: FmiError, suspect: int) -> FmiError:
        if self._failure is None:
            self._failure = error
            self._notice(suspect, str(error.what))
        return error

    def _notice(self, suspect: int, reason: str) -> None:
        self._shelf.put(f"lost/{self.rank}", f"{suspect} {reason}".encode(errors="replace"))

    def _notices(self) -> dict[int, tuple[int, str]]:
        notices = {}
        for name, data in self._shelf.get(f"lost/{rank}" for rank in range(self.size)).items():
            suspect, _, reason = data.decode().partition(" ")
            notices[int(name.rpartition("/")[2])] = (int(suspect), reason)
        return notices

    def _forget_before(self, turn: int) -> None:
        """Delete what this rank wrote for several before *turn*: all have read it."""
        old = [key for at, key in self._shared if at < turn]
        self._shared = [entry for entry in self._shared if entry[0] >= turn]
        self._shelf.delete(old)

    def _forget_all(self) -> None:
        """Delete what this rank wrote and nobody has taken; marks and notices stay."""
        mine = re.compile(rf"(\d+|send)/{self.rank}-")
        self._shelf.delete(name for name in self._shelf.names() if mine.match(name))
