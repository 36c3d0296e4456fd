"""How good predicted redshifts are: sums that can be merged over ranks, and the figures made of them. Pure.

With e = predicted - true and d = e / (1 + true): MAE = mean |e|, MSE = mean e^2, bias = mean d,
precision = 1.48 x median |d - median d| (the normalised median absolute deviation), R2 = 1 - sum e^2 / sum (true -
mean true)^2: the figures of arXiv 2501.06249.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

SUMS = ("records", "true", "true_squared", "absolute_error", "squared_error", "scaled_error")


def scaled_error(true: Floats, predicted: Floats) -> NDArray[np.float64]:
    """Return (predicted - true) / (1 + true) of each record [n]."""
    return (predicted.astype(np.float64) - true) / (1.0 + true.astype(np.float64))


def sums(true: Floats, predicted: Floats) -> dict[str, float]:
    """Return a rank's sums, from its true and predicted redshifts [n]."""
    exact = true.astype(np.float64)
    error = predicted.astype(np.float64) - exact
    values = (
        len(true),
        exact.sum(),
        (exact**2).sum(),
        np.abs(error).sum(),
        (error**2).sum(),
        scaled_error(true, predicted).sum(),
    )
    return {name: float(value) for name, value in zip(SUMS, values, strict=True)}


def merge(parts: Iterable[dict[str, float]]) -> dict[str, float]:
    """Return the sums over all *parts*."""
    total = dict.fromkeys(SUMS, 0.0)
    for part in parts:
        for name in SUMS:
            total[name] += part[name]
    return total


def figures(total: dict[str, float], scaled: NDArray[np.float32]) -> dict[str, float | None]:
    """Return MAE, MSE, bias, precision and R2 from merged sums and every record's scaled error [n], n >= 1.

    R2 is None when all true redshifts are equal.
    """
    count = total["records"]
    spread = variance(total)
    return {
        "mae": total["absolute_error"] / count,
        "mse": total["squared_error"] / count,
        "bias": total["scaled_error"] / count,
        "precision": float(1.48 * np.median(np.abs(scaled - np.median(scaled)))),
        "r2": 1 - total["squared_error"] / count / spread if spread > 0 else None,
    }


def mean(total: dict[str, float]) -> float:
    """Return the mean true redshift."""
    return total["true"] / total["records"]


def variance(total: dict[str, float]) -> float:
    """Return the variance of the true redshifts: the MSE of predicting their mean."""
    return max(0.0, total["true_squared"] / total["records"] - mean(total) ** 2)
