from __future__ import annotations

import numpy as np
import pytest

from shared.cosmic import spectra


def colours(redshift: float, young: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    magnitudes = spectra.magnitudes(spectra.fluxes(redshift, -22.0, young, 0.1))
    return magnitudes[:-1] - magnitudes[1:]


@pytest.mark.parametrize("young", [0.0, 0.3])
def test_the_break_moves_through_the_bands(young: float) -> None:
    # 4000 A is in g up to redshift 0.35: until then g - r reddens with redshift.
    reds = [colours(redshift, young)[1] for redshift in (0.02, 0.1, 0.2, 0.3, 0.38)]
    assert reds == sorted(reds)
    assert reds[-1] - reds[0] > 0.3


def test_young_galaxies_are_bluer() -> None:
    for redshift in (0.05, 0.2, 0.4):
        assert np.all(colours(redshift, 0.6)[:2] < colours(redshift, 0.0)[:2])


def test_distance_is_that_of_the_standard_cosmology() -> None:
    # Flat, H0 = 70, matter 0.3: 460.3 Mpc at 0.1, 2172 Mpc at 0.4 (the usual calculators agree).
    assert spectra.luminosity_distance(0.1) == pytest.approx(460.3, rel=1e-3)
    assert spectra.luminosity_distance(0.4) == pytest.approx(2172.1, rel=1e-3)
    assert spectra.arcsec(10.0, 0.1) == pytest.approx(5.42, rel=1e-2)


def test_a_galaxy_ten_times_as_bright_has_ten_times_the_flux() -> None:
    faint, bright = (spectra.fluxes(0.1, absolute, 0.2, 0.1) for absolute in (-20.0, -22.5))
    np.testing.assert_allclose(bright, 10 * faint)


def test_magnitudes_are_the_usual_ones_when_bright_and_finite_when_not() -> None:
    flux = np.array([[1000.0] * 5, [0.0] * 5, [-0.5] * 5])
    bright, dark, negative = spectra.magnitudes(flux)
    np.testing.assert_allclose(bright, 22.5 - 2.5 * 3, atol=1e-3)
    assert np.all(np.isfinite(negative))
    assert np.all(negative > dark)
