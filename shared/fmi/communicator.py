"""The communicator: what a rank calls. Values are numpy arrays of any dtype and plain numbers; nothing is pickled.

Every operation ends within its timeout: with its result, or with an error that names the rank to look at. When a rank's
code raises inside ``with Communicator(...)``, or in the middle of an operation, it tells the others. They then fail at
once and name that rank. A value that an operation cannot take is refused before anything is sent.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

from shared.errors import UsageError
from shared.fmi.channels.direct import DirectChannel
from shared.fmi.data import check_stack, from_array, is_masked, to_array, whole
from shared.fmi.errors import FmiError
from shared.fmi.gate import Gate, Refused
from shared.fmi.operators import Op
from shared.fmi.policy import Hint, Policy, Question

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    from shared.fmi.channels.channel import Channel
    from shared.fmi.data import Array, Value
    from shared.fmi.rendezvous.client import Meeting
    from shared.fmi.rendezvous.keys import Namespace

P = ParamSpec("P")
T = TypeVar("T")
V = TypeVar("V", bound="Value")

_LONGEST_REASON = 500  # characters of an exception that the other ranks are told: our choice, enough for its message


class Communicator:
    """One rank of a world, for one thread at a time of the process that made it.

    Args:
        rank: This rank, 0 to size - 1.
        size: How many ranks there are, at least 1.
        channels: The channels to choose from by name; with one there is nothing to choose.
        policy: Chooses among several channels.

    Raises:
        UsageError: *rank* or *size* cannot be, or there is no channel.
    """

    def __init__(self, rank: int, size: int, channels: Mapping[str, Channel], policy: Policy | None = None) -> None:
        rank, size = _place(rank, size)
        if not channels or (policy is None and len(channels) > 1):
            raise UsageError("no channel, or several and no policy", fix="enable one channel, or give a policy")
        self.rank, self.size = rank, size
        self._channels = dict(channels)
        self._policy = policy or Policy()  # never asked where there is one channel
        self._only = next(iter(self._channels.values())) if len(self._channels) == 1 else None
        self._gate = Gate(self._channels.values())

    @classmethod
    def direct(cls, rank: int, size: int, meeting: Meeting, namespace: Namespace, timeout: float = 30.0) -> Self:
        """Return a communicator over TCP; the first operation pairs it with the others.

        Args:
            rank: This rank.
            size: How many ranks there are.
            meeting: The rendezvous server.
            namespace: Team, run and name; the same on all ranks.
            timeout: Seconds any operation may take.
        """
        rank, size = _place(rank, size)
        return cls(rank, size, {DirectChannel.name: DirectChannel(rank, size, meeting, namespace, timeout)})

    def send(self, value: Value, dest: int) -> None:
        """Send an array or a number to *dest*. Returns when it is on its way, perhaps before it is received.

        Args:
            value: A numpy array of any shape and any dtype without Python objects, or a number (int within 64 bits).
            dest: The rank to send to.

        Raises:
            UsageError: *value* cannot be sent, or *dest* is this rank or none.
            PeerLost: *dest* died, left or takes nothing.
        """
        dest = self._peer(dest, "dest")
        array, plain = to_array(value)
        self._run((self._only or self._choose("send", array.nbytes)).send, dest, array, plain=plain)

    def recv(self, source: int, out: Array | None = None, like: Value | None = None) -> Any:
        """Return the next value that *source* sends to this rank: an array, or a number if one was sent.

        Args:
            source: The rank that sends.
            out: An array to receive into without a copy: C-contiguous, of the sent dtype and size. Then *out* is
                returned.
            like: A value of the same size. Needed only where several channels are open: the size chooses among them.

        Raises:
            UsageError: *source* is this rank or none, or *out* is no C-contiguous writable array.
            PeerLost: *source* died, left or stayed silent.
            PeerMismatch: It is in another operation, or sent another dtype or size than *out* has.
        """
        source = self._peer(source, "source")
        if out is not None and not _receivable(out):
            raise UsageError("out is not a C-contiguous writable array", fix="pass numpy.empty(shape, dtype)")
        channel = self._only or self._choose("send", self._size_of(out if like is None else like))
        array, plain = self._run(channel.receive, source, out)
        return array if out is not None else from_array(array, plain=plain)

    def barrier(self) -> None:
        """Return once every rank has called this.

        Raises:
            PeerLost: A rank died, left or did not come in time.
        """
        if self.size > 1:
            self._run(self._choose("barrier", 1).barrier)

    def bcast(self, value: Value | None, root: int, like: Value | None = None) -> Any:
        """Return the root's value on every rank.

        Args:
            value: The root's array or number; ignored on other ranks.
            root: The rank that has it.
            like: On other ranks, a value of the same size. Needed only where several channels are open.

        Raises:
            UsageError: *root* is no rank, or its value cannot be sent.
            PeerLost, PeerMismatch: As for recv.
        """
        root = self._root(root)
        array, plain = to_array(value) if self.rank == root else (None, False)
        if self.size == 1:
            return value
        chosen = self._choose("bcast", self._size_of(like if array is None else array))
        found, was_plain = self._run(chosen.bcast, array, root, plain=plain)
        return value if self.rank == root else from_array(found, plain=was_plain)

    def gather(self, value: Value, root: int) -> Array | None:
        """Return all ranks' values, shape (size, *value.shape) by rank, at *root*. Other ranks get None.

        Args:
            value: An array or a number, of one dtype and shape on all ranks.
            root: The rank that gets them.
        """
        root = self._root(root)
        array, _ = to_array(value)
        check_stack(array, self.size)
        if self.size == 1:
            return array[np.newaxis].copy()
        return self._run(self._choose("gather", array.nbytes).gather, array, root)

    def scatter(self, values: Array | None, root: int, like: Array | None = None) -> Any:
        """Return row *rank* of the root's *values*.

        Args:
            values: At the root, an array of shape (size, ...); ignored on other ranks.
            root: The rank that has it.
            like: On other ranks, an array of the same size. Needed only where several channels are open.

        Raises:
            UsageError: The first axis of *values* is not *size* long.
        """
        root = self._root(root)
        blocks = self._rows(values) if self.rank == root else None
        if self.size == 1:
            return from_array(np.array(self._rows(values)[0, ...]), plain=False)
        nbytes = self._size_of(like if blocks is None else blocks)
        return from_array(self._run(self._choose("scatter", nbytes).scatter, blocks, root), plain=False)

    def allgather(self, value: Value) -> Array:
        """Return all ranks' values, shape (size, *value.shape) by rank, on every rank."""
        array, _ = to_array(value)
        check_stack(array, self.size)
        if self.size == 1:
            return array[np.newaxis].copy()
        return self._run(self._choose("allgather", array.nbytes).allgather, array)

    def alltoall(self, values: Array) -> Array:
        """Return, at [r], row *rank* of rank r's *values*, which have shape (size, ...) and one dtype everywhere."""
        blocks = self._rows(values)
        chosen = self._choose("alltoall", blocks.nbytes)
        return blocks.copy() if self.size == 1 else self._run(chosen.alltoall, blocks)

    def reduce(self, value: V, op: Op, root: int) -> V | None:
        """Return all ranks' values combined by *op* at *root*. Other ranks get None.

        Args:
            value: An array or a number, of one dtype and shape on all ranks.
            op: SUM, PROD, MAX, MIN or ``custom(...)``. It is evaluated left to right unless it is both commutative and
                associative. As in numpy, integers wrap around, and the SUM of bools says whether any is true.
            root: The rank that gets the result.

        Raises:
            UsageError: *root* is no rank, or *op* is not defined for the value's dtype.
            PeerLost, PeerMismatch: As for recv.
        """
        root = self._root(root)
        array, plain = self._operand(value, op)
        alone = self.size == 1
        total = array.copy() if alone else self._run(self._choose("reduce", array.nbytes, op).reduce, array, op, root)
        result: V | None = None if total is None else from_array(total, plain=plain)
        return result

    def allreduce(self, value: V, op: Op) -> V:
        """Return all ranks' values combined by *op*, on every rank, the same bits everywhere; see reduce."""
        array, plain = self._operand(value, op)
        alone = self.size == 1
        total = array.copy() if alone else self._run(self._choose("allreduce", array.nbytes, op).allreduce, array, op)
        result: V = from_array(total, plain=plain)
        return result

    def scan(self, value: V, op: Op) -> V:
        """Return the values of ranks 0 to *rank*, both included, combined by *op*; arguments as for reduce."""
        array, plain = self._operand(value, op)
        alone = self.size == 1
        total = array.copy() if alone else self._run(self._choose("scan", array.nbytes, op).scan, array, op)
        result: V = from_array(total, plain=plain)
        return result

    def set_timeout(self, seconds: float) -> None:
        """Let any operation from now on take *seconds* at most.

        Raises:
            UsageError: That is no timeout.
        """
        for channel in self._channels.values():
            channel.set_timeout(seconds)

    def hint(self, hint: Hint) -> None:
        """From now on, choose channels for speed or for price. Every rank must give the same hint at the same place."""
        if not isinstance(hint, Hint):
            raise UsageError(f"{hint!r} is no hint", fix="give Hint.FAST or Hint.CHEAP")
        self._policy = self._policy.with_hint(hint)

    def close(self) -> None:
        """Take leave of the other ranks and clean up what the channels left behind. Closing again does nothing."""
        if self._gate.shut(UsageError("the communicator is closed", fix="make a new one, on every rank")):
            with ExitStack() as stack:
                for channel in self._channels.values():
                    stack.callback(channel.close)

    def abort(self, reason: str) -> None:
        """Tell the other ranks that this one fails. Their operations then name it. Never raises."""
        if self._gate.shut(FmiError(f"the communicator ended: {reason}", fix="make a new one, on every rank")):
            for channel in self._channels.values():
                with suppress(Exception):  # the user must see the error that led here, not this one
                    channel.abort(reason)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del trace
        if kind is None:
            self.close()
        else:
            self.abort(_raised(error))

    def _run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Let a channel do one operation. One that raises midway leaves messages behind, so it must be the last."""
        try:
            return self._gate.run(call, *args, **kwargs)
        except (FmiError, Refused):
            raise
        except BaseException as error:
            self.abort(_raised(error))
            raise

    def _choose(self, operation: str, nbytes: int | None, op: Op | None = None) -> Channel:
        if self._only is not None:
            return self._only
        if nbytes is None:
            raise UsageError(f"{operation} needs the size to choose a channel", fix="pass like=, a value of its size")
        question = Question(operation, self.size, nbytes, ordered=op is not None and not op.free)
        return self._channels[self._policy.choose(question)]

    def _size_of(self, value: Value | None) -> int | None:
        return None if value is None else to_array(value)[0].nbytes

    def _operand(self, value: Value, op: Op) -> tuple[Array, bool]:
        if not isinstance(op, Op):
            raise UsageError(f"{op!r} is no operator", fix="give SUM, PROD, MAX, MIN or custom(...) of shared.fmi")
        array, plain = to_array(value)
        op.check(array.dtype)
        return array, plain

    def _rows(self, values: Array | None) -> Array:
        array, _ = to_array(values)
        if not array.ndim or len(array) != self.size:
            what = f"the first axis is {len(array) if array.ndim else 'missing'}, not the {self.size} ranks"
            raise UsageError(what, fix=f"reshape to ({self.size}, ...)")
        return array

    def _root(self, root: int) -> int:
        root = whole(root, "root")
        if not 0 <= root < self.size:
            raise UsageError(f"root {root} is not one of {self.size} ranks", fix="ranks run from 0 to size - 1")
        return root

    def _peer(self, peer: int, name: str) -> int:
        peer = whole(peer, name)
        if not 0 <= peer < self.size or peer == self.rank:
            fix = f"give another rank than {self.rank}, from 0 to {self.size - 1}"
            raise UsageError(f"{name} {peer} is not another rank", fix=fix)
        return peer


def _place(rank: object, size: object) -> tuple[int, int]:
    """Return *rank* and *size*, if they are a rank and its world's size."""
    own, ranks = whole(rank, "rank"), whole(size, "size")
    if not 0 <= own < ranks:
        raise UsageError(f"rank {own} is not one of {ranks} ranks", fix="ranks run from 0 to size - 1")
    return own, ranks


def _raised(error: BaseException | None) -> str:
    return f"it raised {type(error).__name__}: {error}"[:_LONGEST_REASON]


def _receivable(out: object) -> bool:
    if not isinstance(out, np.ndarray) or is_masked(out) or out.dtype.hasobject:
        return False
    return out.flags.c_contiguous and out.flags.writeable
