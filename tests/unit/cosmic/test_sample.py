from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shared.cosmic import partitions, sample
from shared.cosmic.survey import NOISE

if TYPE_CHECKING:
    from pathlib import Path


def test_the_sample_is_four_partitions_of_1250_galaxies(tmp_path: Path) -> None:
    paths = sample.write(tmp_path)
    assert [path.name for path in paths] == [f"part-0000{number}.safetensors" for number in range(4)]
    assert [partitions.count(path) for path in paths] == [313, 313, 312, 312]
    redshifts = np.concatenate([block["redshifts"] for block in partitions.read(paths)])
    assert 0.01 < redshifts.min() < redshifts.max() < 0.4
    assert sample.PACKED.stat().st_size < 6 * 2**20


def test_packing_loses_less_than_an_eighth_of_the_noise(galaxies: Any) -> None:
    made = galaxies(20)
    kept = sample.unpack(sample.pack(made))
    assert np.array_equal(kept["magnitudes"], made["magnitudes"])
    assert np.array_equal(kept["redshifts"], made["redshifts"])
    assert np.all(np.abs(kept["images"] - made["images"]) <= NOISE[:, None, None] / 8 * 1.001)
    assert kept["images"].dtype == np.float32
