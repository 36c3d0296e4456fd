"""Values on the wire: numpy arrays of any dtype, and plain numbers. A few bytes describe each; nothing is pickled."""

from __future__ import annotations

import ast
import operator
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from shared.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Dtype: TypeAlias = "np.dtype[np.generic]"
Array: TypeAlias = "NDArray[np.generic]"
Number: TypeAlias = "bool | int | float | complex | np.generic"
Value: TypeAlias = "Array | Number"

_LONGEST_DTYPE = 0xF000
"""Bytes. A whole description has at most 0xFFFF, as a frame tells its length in 16 bits; the rest is for the shape."""


_BITS = 64
_MOST_AXES = 64  # numpy's NPY_MAXDIMS


class Description(NamedTuple):
    """What an array is. ``plain`` says that it was a Python number."""

    dtype: Dtype
    shape: tuple[int, ...]
    plain: bool

    @property
    def nbytes(self) -> int:
        """Its size in bytes."""
        return self.dtype.itemsize * prod(self.shape)

    def __str__(self) -> str:
        kind = "number" if self.plain else f"array{list(self.shape)}"
        return f"{self.dtype} {kind}"


def to_array(value: object) -> tuple[Array, bool]:
    """Return *value* as a C-contiguous array, and whether it was a plain Python number.

    Raises:
        UsageError: It is neither an array nor a number, its dtype cannot be described, it is masked, or it is an
            integer beyond 64 bits.
    """
    if isinstance(value, np.ndarray):
        if is_masked(value):
            raise UsageError("cannot send a masked array", fix="send its filled(...), and its mask if you need it")
        _descr(value.dtype)
        try:
            return np.asarray(value, order="C"), False
        except MemoryError as error:
            raise UsageError(f"cannot lay out an array to send: {error}", fix="send it in parts") from None
    if isinstance(value, np.generic):
        _descr(value.dtype)
        return np.asarray(value), False
    if isinstance(value, (bool, int, float, complex)):
        array = np.asarray(value)
        if array.dtype.hasobject:
            bits = int(value.real).bit_length()  # its digits may be too many for Python to print
            raise UsageError(f"an integer of {bits} bits does not fit 64 bits", fix="send it as a float or in parts")
        return array, True
    kind = type(value).__name__
    raise UsageError(
        f"cannot send a {kind}", fix="send a numpy array or a number; numpy.asarray(...) makes one of a list"
    )


def is_masked(array: Array) -> bool:
    """Say whether *array* is a masked one. A plain one is not, and is not worth the slow import of numpy.ma."""
    return type(array) is not np.ndarray and isinstance(array, np.ma.MaskedArray)


def whole(value: object, name: str) -> int:
    """Return *value* as an int, if it is a whole number; messages call it *name*.

    Raises:
        UsageError: It is something else, a bool too, or beyond 64 bits.
    """
    if not isinstance(value, (bool, np.bool_)):
        try:
            number = operator.index(value)  # type: ignore[arg-type]  # what it refuses is the question
        except TypeError:
            pass
        else:
            if (bits := number.bit_length()) < _BITS:
                return number
            raise UsageError(f"{name} is an integer of {bits} bits", fix="give a rank, an int from 0 to size - 1")
    raise UsageError(f"{name} is of type {type(value).__name__}, not an int", fix="give an int")


def check_stack(array: Array, size: int) -> None:
    """Refuse an *array* that numpy cannot hold *size* times in one array, however much memory there is.

    Raises:
        UsageError: It has too many axes or would have more bytes than an address reaches.
    """
    if array.ndim >= _MOST_AXES:
        raise UsageError(f"{array.ndim} axes and one for the ranks are more than numpy has", fix="reshape it")
    extents = (size, array.dtype.itemsize, *array.shape)
    if prod(extent for extent in extents if extent) >= 1 << (_BITS - 1):
        what = f"{size} arrays {list(array.shape)} of {array.dtype} are more than an address reaches"
        raise UsageError(what, fix="send arrays with less extent")


def from_array(array: Array, *, plain: bool) -> Any:
    """Return what :func:`to_array` was given: a Python number, a numpy scalar or the array."""
    if plain:
        return array.item()
    return array if array.ndim else array[()]


@lru_cache(maxsize=512)
def describe(dtype: Dtype, shape: tuple[int, ...], plain: bool) -> bytes:  # noqa: FBT001  keywords slow the cache down
    """Return the bytes that tell dtype and shape.

    Raises:
        UsageError: The dtype cannot be described.
    """
    return repr((_descr(dtype), shape, plain)).encode()


@lru_cache(maxsize=512)
def _descr(dtype: Dtype) -> object:
    """Return *dtype* as numpy writes it down, in plain Python values."""
    if dtype.hasobject:
        raise UsageError(f"dtype {dtype} holds Python objects", fix="convert it to a plain numpy dtype first")
    try:
        descr = np.lib.format.dtype_to_descr(dtype)
        same = np.lib.format.descr_to_dtype(descr) == dtype
    except ValueError:
        same = False
    if not same:
        fix = "make its fields lie in order: numpy.lib.recfunctions.repack_fields"
        raise UsageError(f"dtype {dtype} cannot be described", fix=fix)
    if len(repr(descr).encode()) > _LONGEST_DTYPE:
        raise UsageError(f"dtype {dtype} takes more than {_LONGEST_DTYPE} bytes to describe", fix="send fewer fields")
    return descr


@lru_cache(maxsize=512)
def parse(description: bytes) -> Description:
    """Return the description that :func:`describe` wrote.

    Raises:
        ValueError: The bytes are no description.
    """
    try:
        descr, shape, plain = ast.literal_eval(description.decode())
        found = Description(np.lib.format.descr_to_dtype(descr), tuple(map(int, shape)), bool(plain))
    except (SyntaxError, TypeError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"no description of an array: {description[:80]!r}") from error
    if found.dtype.hasobject or min(found.shape, default=0) < 0:
        raise ValueError(f"no description of an array: {description[:80]!r}")
    return found


def byte_view(array: Array) -> memoryview:
    """Return the bytes of a C-contiguous *array*, without a copy."""
    return memoryview(np.asarray(array).reshape(-1).view(np.uint8).data) if array.nbytes else memoryview(bytearray())
