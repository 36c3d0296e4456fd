"""Operators: what reduce, allreduce and scan combine values with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from shared.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from shared.fmi.data import Array, Dtype

    Combine: TypeAlias = Callable[[Any, Any], object]  # a user's: it takes what the ranks reduce, whatever that is


_CUT_BY = {"b": "fc", "i": "fc", "u": "fc", "f": "c"}
"""For each kind of dtype (numpy's letters), the kinds of numbers that it would cut without a word."""


@dataclass(frozen=True, slots=True)
class Op:
    """A function of two values of one dtype and shape, which gives a third of the same.

    Args:
        name: What messages call it.
        function: Takes the value of the lower ranks and that of the higher ranks, as arrays or numpy scalars.
        commutative: Whether f(a, b) is f(b, a).
        associative: Whether f(f(a, b), c) is f(a, f(b, c)).
        ufunc: numpy's own function, if there is one. It can write into its first argument.
    """

    name: str
    function: Combine
    commutative: bool = True
    associative: bool = True
    ufunc: np.ufunc | None = None

    @property
    def free(self) -> bool:
        """Whether any order will do. If not, it is evaluated strictly left to right by rank."""
        return self.commutative and self.associative

    def __call__(self, left: Array, right: Array) -> Array:
        """Return f(left, right), an array of the dtype and shape of *left*.

        Raises:
            UsageError: The function returned nothing, another shape, or numbers that the dtype would cut.
        """
        if self.ufunc is not None:
            return np.asarray(self.ufunc(left, right), dtype=left.dtype)
        returned = self.function(left[()], right[()])
        try:
            made = np.asarray(returned)
            # The kind of an empty list says nothing: numpy takes it for floats.
            if returned is None or (left.size and made.dtype.kind in _CUT_BY.get(left.dtype.kind, "")):
                kind = None if returned is None else made.dtype
                raise UsageError(f"{self.name} made {kind} of two {left.dtype}", fix="return the arguments' dtype")
            result = made.astype(left.dtype, copy=False)
        except (TypeError, ValueError, OverflowError) as error:
            what = f"{self.name} made of two {left.dtype} what does not fit that dtype: {error}"
            raise UsageError(what, fix="return the arguments' dtype") from None
        if made.dtype != left.dtype and {made.dtype.kind, left.dtype.kind} <= set("iu") and (result != made).any():
            raise UsageError(f"{self.name} made {made.dtype} numbers beyond {left.dtype}", fix="return that dtype")
        if result.shape != left.shape:
            what = f"{self.name} made {list(result.shape)} of two arrays {list(left.shape)}"
            raise UsageError(what, fix="return an array of the arguments' shape")
        return result

    def check(self, dtype: Dtype) -> None:
        """Refuse a *dtype* whose values numpy does not combine to the same dtype. Called before anything is sent.

        Raises:
            UsageError: It is such a dtype.
        """
        if self.ufunc is not None and not _keeps(self.ufunc, dtype):
            raise UsageError(
                f"{self.name} of dtype {dtype} does not give that dtype", fix="give numbers, or a custom(...) function"
            )

    def into(self, accumulator: Array, other: Array) -> None:
        """Set *accumulator* to f(accumulator, other)."""
        self.to(accumulator, accumulator, other)

    def to(self, target: Array, left: Array, right: Array) -> None:
        """Set *target* to f(left, right)."""
        if self.ufunc is not None:
            self.ufunc(left, right, out=target, casting="unsafe")
        else:
            target[...] = self(left, right)


SUM = Op("sum", np.add, ufunc=np.add)
PROD = Op("prod", np.multiply, ufunc=np.multiply)
MAX = Op("max", np.maximum, ufunc=np.maximum)
MIN = Op("min", np.minimum, ufunc=np.minimum)


def custom(function: Combine, *, commutative: bool, associative: bool) -> Op:
    """Return an operator of your own. Unless both flags are on, it is evaluated strictly left to right by rank."""
    if not callable(function):
        raise UsageError(f"{type(function).__name__} is no function", fix="give one of two values")
    name = getattr(function, "__name__", "custom")
    return Op(name, function, commutative, associative)


@lru_cache(maxsize=128)
def _keeps(ufunc: np.ufunc, dtype: Dtype) -> bool:
    try:
        return bool(ufunc.resolve_dtypes((dtype, dtype, None))[2] == dtype.newbyteorder("="))
    except TypeError:
        return False
