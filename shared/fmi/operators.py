"""What reduce, allreduce and scan combine values with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shared.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.fmi.data import Array


@dataclass(frozen=True, slots=True)
class Op:
    """A function of two values of one dtype and shape, which gives a third of the same.

    Args:
        name: How it is called in messages.
        function: Takes the value of the lower ranks and that of the higher, arrays or numpy scalars.
        commutative: Whether f(a, b) is f(b, a).
        associative: Whether f(f(a, b), c) is f(a, f(b, c)).
        ufunc: numpy's own, if there is one: it can write into its first argument.
    """

    name: str
    function: Callable[[Any, Any], Any]
    commutative: bool = True
    associative: bool = True
    ufunc: np.ufunc | None = None

    @property
    def free(self) -> bool:
        """Whether any order will do; otherwise it is evaluated strictly left to right by rank."""
        return self.commutative and self.associative

    def __call__(self, left: Array, right: Array) -> Array:
        """Return f(left, right), a new array of the dtype and shape of *left*.

        Raises:
            UsageError: The function returned another shape.
        """
        if self.ufunc is not None:
            return np.asarray(self.ufunc(left, right), dtype=left.dtype)
        result = np.asarray(self.function(left[()], right[()]), dtype=left.dtype)
        if result.shape != left.shape:
            what = f"{self.name} made {list(result.shape)} of two arrays {list(left.shape)}"
            raise UsageError(what, fix="return an array of the arguments' shape")
        return result

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


def custom(function: Callable[[Any, Any], Any], *, commutative: bool, associative: bool) -> Op:
    """Return an operator of your own; with both flags off it is evaluated strictly left to right by rank."""
    name = getattr(function, "__name__", "custom")
    return Op(name, function, commutative, associative)
