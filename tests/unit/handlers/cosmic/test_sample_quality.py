"""The packaged model on the sample survey: far better than predicting the mean, and as its card says."""

from __future__ import annotations

import numpy as np
import pytest

from shared.cosmic import sample
from shared.handlers.cosmic import quality
from shared.handlers.cosmic.model import packaged


@pytest.fixture(scope="module")
def judged() -> tuple[dict[str, float | None], float]:
    """The figures of the packaged model on the sample, and the MAE of predicting the mean."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769")
        model = packaged()
    tensors = sample.unpack(sample.PACKED.read_bytes())
    true = tensors["redshifts"]
    predicted = model.predict(tensors["images"], tensors["magnitudes"])
    scaled = quality.scaled_error(true, predicted).astype(np.float32)
    return quality.figures(quality.sums(true, predicted), scaled), float(np.abs(true - true.mean()).mean())


def test_the_error_is_a_fifth_of_predicting_the_mean(judged: tuple[dict[str, float], float]) -> None:
    figures, baseline = judged
    assert figures["mae"] < baseline / 5
    assert figures["r2"] > 0.9


def test_the_bias_is_small_beside_the_error(judged: tuple[dict[str, float], float]) -> None:
    figures, _ = judged
    assert abs(figures["bias"]) < figures["mae"] / 5
