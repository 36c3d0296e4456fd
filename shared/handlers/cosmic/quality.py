"""How good predicted redshifts are: sums that can be merged over ranks, and the figures made of them. Pure.

With e = predicted - true and d = e / (1 + true): MAE = mean |e|, MSE = mean e^2, bias = mean d,
precision = 1.48 x median |d - median d| (sigma_NMAD, the normalised median absolute deviation), R2 = 1 - sum e^2 /
sum (true - mean true)^2: the figures of arXiv 2501.06249. The outlier fraction is the share of records with |d| > 0.15
(Ilbert et al. 2006, A&A 457, 841), and with |d| > 0.05, which bright surveys use (Pasquet et al. 2019, A&A 621, A26).

All are over the records that can be judged: a finite prediction, and a finite true redshift above -1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

OUTLIER, NEAR_OUTLIER = 0.15, 0.05  # |d| beyond which a record is an outlier; the sources are above
NMAD = 1.48  # times the median absolute deviation: a normal distribution's sigma, rounded as arXiv 2501.06249 does
SUMS = ("records", "true", "true_squared", "absolute_error", "squared_error", "scaled_error")


def judged(true: Floats, predicted: Floats) -> NDArray[np.bool_]:
    """Return of each record [n] whether it can be judged: 1 + true is above 0, and both are finite."""
    answer: NDArray[np.bool_] = np.isfinite(true) & np.isfinite(predicted) & (true > -1)
    return answer


def scaled_error(true: Floats, predicted: Floats) -> NDArray[np.float64]:
    """Return (predicted - true) / (1 + true) of each record [n]."""
    return (predicted.astype(np.float64) - true) / (1.0 + true.astype(np.float64))


def sums(true: Floats, predicted: Floats) -> dict[str, float]:
    """Return the sums over those of a rank's records [n] that can be judged."""
    kept = judged(true, predicted)
    true, predicted = true[kept], predicted[kept]
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
    """Return MAE, MSE, bias, precision, R2 and both outlier fractions.

    Args:
        total: The merged sums.
        scaled: The scaled error of each of their records [n], n >= 1.

    Returns:
        The figures by name. R2 is None when all true redshifts are equal.
    """
    count = total["records"]
    spread = variance(total)
    size = np.abs(scaled)
    return {
        "mae": total["absolute_error"] / count,
        "mse": total["squared_error"] / count,
        "bias": total["scaled_error"] / count,
        "precision": sigma_nmad(scaled),
        "r2": 1 - total["squared_error"] / count / spread if spread > 0 else None,
        "outlier_fraction": float(np.mean(size > OUTLIER)),
        "outlier_fraction_005": float(np.mean(size > NEAR_OUTLIER)),
    }


def sigma_nmad(scaled: NDArray[np.floating]) -> float:
    """Return the normalised median absolute deviation of scaled errors [n], n >= 1."""
    return float(NMAD * np.median(np.abs(scaled - np.median(scaled))))


def mean(total: dict[str, float]) -> float:
    """Return the mean true redshift."""
    return total["true"] / total["records"]


def variance(total: dict[str, float]) -> float:
    """Return the variance of the true redshifts: the MSE of predicting their mean."""
    return max(0.0, total["true_squared"] / total["records"] - mean(total) ** 2)
