"""FMI's Python API as the C++ bindings have it: ints, doubles and lists of them; each call says the type.

It is wider than the original in two ways: an int has 64 bits, and a custom function's flags hold for lists too.
"""

from __future__ import annotations

import enum
import operator
import sys
import weakref
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from shared.errors import UsageError
from shared.fmi import communicator, operators
from shared.fmi.compat.config import from_file, namespace, open_channels, open_policy
from shared.fmi.policy import Hint

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from shared.fmi.compat.config import Config
    from shared.fmi.data import Array
    from shared.fmi.operators import Combine, Op

    Number: TypeAlias = int | float
    Value: TypeAlias = Number | list[Number]  # a call's types(...) says which

datatypes = enum.Enum("datatypes", ["int", "double", "int_list", "double_list"])
op = enum.Enum("op", ["sum", "prod", "max", "min", "custom"])
hints = enum.Enum("hints", ["cheap", "fast"])

_INTS = range(-(2**63), 2**63)


def _whole(value: object, what: str) -> int:
    """Return *value*, called *what*, as an int.

    Raises:
        UsageError: It is none.
    """
    try:
        return operator.index(value)  # type: ignore[arg-type]  # whatever it is
    except TypeError:
        kind = type(value).__name__
        raise UsageError(f"{what} is of type {kind}, no int", fix="give an int") from None


def _int(value: object) -> int:
    number = _whole(value, "a value for datatypes.int")
    if number not in _INTS:
        what = f"an int of {number.bit_length()} bits does not fit the 64 of datatypes.int"
        raise UsageError(what, fix="send it as a double, or in parts")
    return number


def _double(value: object) -> float:
    try:
        if not isinstance(value, (str, bytes, bytearray)):  # float() would read a number in it
            return float(value)  # type: ignore[arg-type]  # whatever it is
    except OverflowError:
        raise UsageError("an int does not fit a double", fix="send it in parts") from None
    except (TypeError, ValueError):
        pass
    kind = type(value).__name__
    raise UsageError(f"a value for datatypes.double is of type {kind}, no number", fix="give a number")


_NUMBERS: dict[enum.Enum, tuple[type[np.generic], Callable[[Any], Number]]] = {
    datatypes["int"]: (np.int64, _int),
    datatypes["int_list"]: (np.int64, _int),
    datatypes["double"]: (np.float64, _double),
    datatypes["double_list"]: (np.float64, _double),
}
_LISTS = {datatypes["int_list"], datatypes["double_list"]}
_OPS: dict[enum.Enum, Op] = {
    op["sum"]: operators.SUM,
    op["prod"]: operators.PROD,
    op["max"]: operators.MAX,
    op["min"]: operators.MIN,
}


class types:
    """What a value is: ``types(datatypes.int)`` or ``types(datatypes.int_list, length)``."""

    def __init__(self, datatype: enum.Enum, length: int = 1) -> None:
        if not any(datatype is known for known in _NUMBERS):
            raise UsageError(f"{datatype!r} is no FMI datatype", fix="give one of fmi.datatypes")
        self.datatype, self.length = datatype, _whole(length, "the length of a list")
        if self.length < 0:
            raise UsageError(f"the length of a list is {self.length}", fix="give 0 or more")

    @property
    def is_list(self) -> bool:
        """Whether values are lists."""
        return self.datatype in _LISTS

    def to_array(self, value: object) -> Array:
        """Return *value* as an array: () for a number, (length,) for a list.

        Raises:
            UsageError: A list was announced, and *value* is none or has another length; or a number is of another type.
        """
        dtype, convert = _NUMBERS[self.datatype]
        if not self.is_list:
            return np.asarray(convert(value), dtype)
        if not isinstance(value, Iterable):
            raise UsageError(f"{value!r} was given as types(..., {self.length})", fix="give a list")
        items = [convert(item) for item in value]
        if len(items) != self.length:
            raise UsageError(f"a list of {len(items)} was given as types(..., {self.length})", fix="give its length")
        return np.array(items, dtype)

    def from_array(self, array: object) -> Value:
        """Return the number or list that *array* holds."""
        value: Value = np.asarray(array).reshape(-1).tolist() if self.is_list else np.asarray(array).item()
        return value

    def empty(self) -> Array:
        """Return zeros of this type."""
        return np.zeros(self.length if self.is_list else (), _NUMBERS[self.datatype][0])


class func:
    """What to combine with: ``func(op.sum)`` or ``func(op.custom, f, commutative, associative)``."""

    def __init__(
        self,
        operation: enum.Enum,
        function: Combine | None = None,
        commutative: bool = True,
        associative: bool = True,
    ) -> None:
        if not any(operation is known for known in op):
            raise UsageError(f"{operation!r} is no FMI operation", fix="give one of fmi.op")
        if operation is op["custom"] and not callable(function):
            raise UsageError("a custom function is missing", fix="func(op.custom, f, commutative, associative)")
        self._operation, self._function = operation, function
        self._commutative, self._associative = bool(commutative), bool(associative)

    def for_type(self, kind: types) -> Op:
        """Return the operator for values of *kind*. A custom function is called with plain numbers, one by one."""
        function, convert = self._function, _NUMBERS[kind.datatype][1]
        if function is None or self._operation in _OPS:
            return _OPS[self._operation]

        def each(left: Array | np.generic, right: Array | np.generic) -> Value:
            if not kind.is_list:
                return convert(function(left.item(), right.item()))
            return [convert(function(one, other)) for one, other in zip(left.tolist(), right.tolist(), strict=True)]

        return operators.custom(each, commutative=self._commutative, associative=self._associative)


class Communicator:
    """One rank, as FMI's bindings have it.

    Args:
        peer_id: This rank.
        num_peers: How many ranks there are.
        config_path: FMI's JSON configuration, as a path (or as read already).
        comm_name: The communicator's name within the run.
        faas_memory: The function's memory in MiB, for prices.

    Raises:
        UsageError: The configuration or the ranks cannot be.
    """

    def __init__(
        self,
        peer_id: int,
        num_peers: int,
        config_path: str | Config,
        comm_name: str,
        faas_memory: int = 128,
    ) -> None:
        self._size = _whole(num_peers, "num_peers")
        rank = _whole(peer_id, "peer_id")
        if not isinstance(config_path, str | Mapping):
            kind = type(config_path).__name__
            raise UsageError(f"config_path is of type {kind}, no text", fix="give the path of FMI's JSON")
        config = from_file(config_path, rank) if isinstance(config_path, str) else config_path
        channels = open_channels(config, rank, self._size, namespace(comm_name))
        policy = open_policy(config, list(channels), _whole(faas_memory, "faas_memory"))
        self._comm = communicator.Communicator(rank, self._size, channels, policy)
        self._known = _Known()
        weakref.finalize(self, _leave, self._comm, self._known)

    def hint(self, hint: enum.Enum) -> None:
        """Choose channels for ``hints.fast`` or ``hints.cheap``.

        Raises:
            UsageError: *hint* is neither.
        """
        if hint not in (hints["fast"], hints["cheap"]):
            raise UsageError(f"{hint!r} is no FMI hint", fix="give fmi.hints.fast or fmi.hints.cheap")
        self._comm.hint(Hint.FAST if hint is hints["fast"] else Hint.CHEAP)

    def send(self, obj: Value, dest: int, kind: types) -> None:
        """Send *obj* to rank *dest*."""
        self._begin(kind)
        self._comm.send(kind.to_array(obj), _whole(dest, "dest"))

    def recv(self, src: int, kind: types) -> Value:
        """Return what rank *src* sends: a number or a list, as *kind* says."""
        self._begin(kind)
        return kind.from_array(self._comm.recv(_whole(src, "src"), out=kind.empty()))

    def bcast(self, obj: Value | None, root: int, kind: types) -> Value:
        """Return the root's *obj*; others may pass None."""
        self._begin(kind)
        value = kind.to_array(obj) if self._comm.rank == _whole(root, "root") else None
        return kind.from_array(self._comm.bcast(value, _whole(root, "root"), like=kind.empty()))

    def barrier(self) -> None:
        """Return once all ranks are here."""
        self._known.now()
        self._comm.barrier()

    def gather(self, obj: Value, root: int, kind: types) -> list[Number]:
        """Return all ranks' values in one flat list at *root*, and an empty one on other ranks."""
        self._begin(kind)
        blocks = self._comm.gather(kind.to_array(obj), _whole(root, "root"))
        return [] if blocks is None else list(blocks.reshape(-1).tolist())

    def scatter(self, obj: list[Number] | None, root: int, kind: types) -> list[Number]:
        """Return this rank's part of the root's list; ``kind.length`` is the whole list's.

        Raises:
            UsageError: The length is no multiple of the ranks, or *kind* is no list.
        """
        self._begin(kind)
        root = _whole(root, "root")
        if not kind.is_list or kind.length % self._size:
            what = f"cannot scatter {kind.length} x {kind.datatype.name} over {self._size} ranks"
            raise UsageError(what, fix="scatter a list whose length is a multiple of the ranks")
        values = kind.to_array(obj).reshape(self._size, -1) if self._comm.rank == root else None
        return list(np.asarray(self._comm.scatter(values, root, like=kind.empty())).reshape(-1).tolist())

    def reduce(self, obj: Value, root: int, function: func, kind: types) -> Value:
        """Return all ranks' values combined at *root*; on other ranks a zero of the type, as C++ does."""
        self._begin(kind, function)
        total = self._comm.reduce(kind.to_array(obj), function.for_type(kind), _whole(root, "root"))
        return kind.from_array(kind.empty() if total is None else total)

    def allreduce(self, obj: Value, function: func, kind: types) -> Value:
        """Return all ranks' values combined."""
        self._begin(kind, function)
        return kind.from_array(self._comm.allreduce(kind.to_array(obj), function.for_type(kind)))

    def scan(self, obj: Value, function: func, kind: types) -> Value:
        """Return the values of the ranks up to this one combined."""
        self._begin(kind, function)
        return kind.from_array(self._comm.scan(kind.to_array(obj), function.for_type(kind)))

    def _begin(self, kind: object, *functions: object) -> None:
        """Begin an operation on values of *kind*, with the function that combines them, if it takes one.

        Raises:
            UsageError: *kind* is no ``types(...)``, or the function no ``func(...)``.
        """
        if not isinstance(kind, types):
            raise UsageError(f"{type(kind).__name__} is no FMI type", fix="give fmi.types(fmi.datatypes.int), say")
        for function in functions:
            if not isinstance(function, func):
                raise UsageError(f"{type(function).__name__} is no FMI function", fix="give fmi.func(fmi.op.sum), say")
        self._known.now()


class _Known:
    """Which error the interpreter showed last when a communicator was last used.

    A notebook shows errors and goes on: an error that is older than the last operation did not end the script.
    """

    def __init__(self) -> None:
        self.now()

    def now(self) -> None:
        """Take the error that was shown last as known. Its id will do: the interpreter holds it until the next."""
        self._error = id(getattr(sys, "last_value", None))

    def ending(self) -> BaseException | None:
        """Return the error that was shown since, if there is one."""
        error: BaseException | None = getattr(sys, "last_value", None)
        return None if id(error) == self._error else error


def _leave(comm: communicator.Communicator, known: _Known) -> None:
    """Take leave at the end of a script: in good order, or, if an error ends it, by telling the other ranks which."""
    error = known.ending()
    if error is None:
        comm.close()
    else:
        comm.abort(f"it raised {type(error).__name__}: {error}"[:500])
