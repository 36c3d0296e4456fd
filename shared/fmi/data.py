"""Values on the wire: numpy arrays of any dtype and plain numbers, described in a few bytes and never pickled."""

from __future__ import annotations

import ast
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from shared.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[Any]"
Number: TypeAlias = "bool | int | float | complex | np.generic"
Value: TypeAlias = "Array | Number"

_LONGEST_DESCRIPTION = 0xFFFF


class Description(NamedTuple):
    """What an array is: ``plain`` tells that it was a Python number."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    plain: bool

    @property
    def nbytes(self) -> int:
        """Its size in bytes."""
        return self.dtype.itemsize * prod(self.shape)

    def __str__(self) -> str:
        kind = "number" if self.plain else f"array{list(self.shape)}"
        return f"{self.dtype} {kind}"


def to_array(value: Any) -> tuple[Array, bool]:
    """Return *value* as a C-contiguous array, and whether it was a plain Python number.

    Raises:
        UsageError: It is neither an array nor a number, holds Python objects, or is an integer beyond 64 bits.
    """
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise UsageError(f"dtype {value.dtype} holds Python objects", fix="convert it to a plain numpy dtype first")
        return (value if value.flags.c_contiguous else np.ascontiguousarray(value)), False
    if isinstance(value, np.generic):
        return np.asarray(value), False
    if isinstance(value, (bool, int, float, complex)):
        array = np.asarray(value)
        if array.dtype.hasobject:
            raise UsageError(f"the integer {value} does not fit 64 bits", fix="send it as a float or in parts")
        return array, True
    kind = type(value).__name__
    raise UsageError(
        f"cannot send a {kind}", fix="send a numpy array or a number; numpy.asarray(...) makes one of a list"
    )


def from_array(array: Array, *, plain: bool) -> Any:
    """Return what :func:`to_array` was given: a Python number, a numpy scalar or the array."""
    if plain:
        return array.item()
    return array if array.ndim else array[()]


@lru_cache(maxsize=512)
def describe(dtype: np.dtype[Any], shape: tuple[int, ...], plain: bool) -> bytes:  # noqa: FBT001  a cache key
    """Return the bytes that tell dtype and shape.

    Raises:
        UsageError: The dtype holds Python objects, or numpy cannot write it down.
    """
    descr = np.lib.format.dtype_to_descr(dtype)
    if dtype.hasobject or np.lib.format.descr_to_dtype(descr) != dtype:
        raise UsageError(f"dtype {dtype} cannot be sent", fix="convert it to a plain numpy dtype first")
    text = repr((descr, shape, plain)).encode()
    if len(text) > _LONGEST_DESCRIPTION:
        raise UsageError(f"dtype {dtype} takes {len(text)} bytes to describe", fix="send fewer fields at once")
    return text


@lru_cache(maxsize=512)
def parse(description: bytes) -> Description:
    """Return what :func:`describe` told.

    Raises:
        ValueError: The bytes are no description.
    """
    try:
        descr, shape, plain = ast.literal_eval(description.decode())
        return Description(np.lib.format.descr_to_dtype(descr), shape, plain)
    except (SyntaxError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"no description of an array: {description[:80]!r}") from error


def byte_view(array: Array) -> memoryview:
    """Return the bytes of a C-contiguous *array*, not copied."""
    return memoryview(array.reshape(-1).view(np.uint8).data) if array.size else memoryview(bytearray())
