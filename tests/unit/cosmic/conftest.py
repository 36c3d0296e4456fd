from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def galaxies() -> Callable[[int], dict[str, Any]]:
    """Make tensors of *n* records, each unlike the others."""

    def make(n: int) -> dict[str, Any]:
        random = np.random.default_rng(n)
        return {
            "images": random.normal(0, 1, (n, 5, 32, 32)).astype(np.float32),
            "magnitudes": random.uniform(16, 21, (n, 5)).astype(np.float32),
            "redshifts": (np.arange(n) / 1000).astype(np.float32),
        }

    return make
