from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.handlers.cosmic import quality


def test_the_figures_are_those_of_the_field() -> None:
    true = np.array([0.0, 1.0, 3.0], np.float32)
    predicted = np.array([0.1, 1.2, 2.6], np.float32)
    scaled = quality.scaled_error(true, predicted)
    np.testing.assert_allclose(scaled, [0.1, 0.1, -0.1], rtol=1e-6)
    found = quality.figures(quality.sums(true, predicted), scaled.astype(np.float32))
    assert found["mae"] == pytest.approx(0.7 / 3)
    assert found["mse"] == pytest.approx(0.21 / 3)
    assert found["bias"] == pytest.approx(0.1 / 3)
    assert found["precision"] == pytest.approx(0.0, abs=1e-6)
    assert found["r2"] == pytest.approx(1 - 0.21 / (10 - 16 / 3))


def test_precision_is_the_scaled_median_absolute_deviation() -> None:
    scaled = np.array([-0.2, 0.0, 0.1, 0.4, 9.0], np.float32)
    total = quality.sums(np.ones(5, np.float32), np.ones(5, np.float32))
    assert quality.figures(total, scaled)["precision"] == pytest.approx(1.48 * 0.3)
    assert quality.figures(total, scaled)["r2"] is None


@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), st.integers(0, 2**32))
def test_sums_of_ranks_merge_into_the_sums_of_all(sizes: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    parts = [random.uniform(0, 0.4, (2, size)).astype(np.float32) for size in sizes]
    merged = quality.merge(quality.sums(*part) for part in parts)
    assert merged == pytest.approx(quality.sums(*np.concatenate(parts, axis=1)))


def test_the_mean_and_variance_of_the_truth() -> None:
    true = np.array([0.1, 0.2, 0.4], np.float32)
    total = quality.sums(true, true)
    assert quality.mean(total) == pytest.approx(true.mean())
    assert quality.variance(total) == pytest.approx(true.var())


def test_outliers_are_beyond_both_thresholds_of_the_field() -> None:
    true = np.array([0.0, 1.0, 0.0, 1.0], np.float32)
    predicted = np.array([0.2, 1.2, 0.01, 0.6], np.float32)  # scaled errors 0.2, 0.1, 0.01, -0.2
    scaled = quality.scaled_error(true, predicted).astype(np.float32)
    found = quality.figures(quality.sums(true, predicted), scaled)
    assert (found["outlier_fraction"], found["outlier_fraction_005"]) == (0.5, 0.75)


def test_what_cannot_be_judged_is_in_no_sum() -> None:
    true = np.array([0.1, 0.2, -1.0, np.nan, -0.001], np.float32)
    predicted = np.array([np.nan, np.inf, 0.1, 0.1, 0.0], np.float32)
    assert list(quality.judged(true, predicted)) == [False, False, False, False, True]
    assert quality.sums(true, predicted) == pytest.approx(quality.sums(true[4:], predicted[4:]))
