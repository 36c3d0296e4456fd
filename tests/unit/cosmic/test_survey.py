from __future__ import annotations

import numpy as np
import pytest

from shared.cosmic import sample, survey

galsim = pytest.importorskip("galsim", reason="rendering needs the extra: survey")


def test_the_same_seed_gives_the_same_galaxies_wherever_it_starts() -> None:
    whole = survey.make(4, seed=5)
    later = survey.make(2, seed=5, first=2)
    assert all(np.array_equal(whole[name][2:], later[name]) for name in whole)
    assert not np.array_equal(survey.make(1, seed=6)["images"], whole["images"][:1])


def test_the_sample_in_the_repository_is_what_its_seed_renders() -> None:
    made = survey.make(5, sample.SEED)
    kept = sample.unpack(sample.PACKED.read_bytes())
    assert np.array_equal(made["redshifts"], kept["redshifts"][:5])
    np.testing.assert_allclose(kept["magnitudes"][:5], made["magnitudes"], atol=1e-4)
    steps = survey.NOISE[:, None, None] / 4
    assert np.all(np.abs(kept["images"][:5] - made["images"]) <= steps * 0.51)


def test_an_image_holds_the_galaxys_light() -> None:
    galaxy = survey.draw(np.random.default_rng([1, 2]))
    light = survey.render(galaxy).sum(axis=(1, 2))
    assert np.all(light < (galaxy.bulge + galaxy.disk) * 1.02)
    assert np.all(light > (galaxy.bulge + galaxy.disk) * 0.5)
