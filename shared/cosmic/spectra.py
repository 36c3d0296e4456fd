"""Why a galaxy's colours tell its redshift: spectra with a 4000 A break, seen through five bands. numpy only.

A spectrum is a mix of an old population (cool, with the 4000 A break and absorption lines) and a young one (hot, with
emission lines), dimmed by dust. Bands are smooth top hats at SDSS's u g r i z. Wavelengths are in Angstrom, fluxes in
nanomaggies (1 = magnitude 22.5), as in SDSS images.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

BANDS = "ugriz"
_CENTRES = np.array([3551.0, 4686.0, 6166.0, 7480.0, 8932.0])
_WIDTHS = np.array([560.0, 1380.0, 1370.0, 1530.0, 1250.0])
_EDGE = 80.0  # over how many Angstrom a band's edge rises
# Softening of SDSS's asinh magnitudes: below it a magnitude turns linear in flux, so a noisy flux below 0 has one.
_SOFTENING = np.array([1.4e-10, 0.9e-10, 1.2e-10, 1.8e-10, 7.4e-10])

_REST = np.arange(1800.0, 11000.0, 10.0)
_SEEN = np.arange(2900.0, 10200.0, 10.0)
_HUBBLE_MPC = 2.998e5 / 70.0  # the Hubble distance c / H0
_MATTER = 0.3
_TEN_PARSEC_MPC = 1e-5

_ABSORPTION = ((3934.0, 20.0, 0.5), (4304.0, 40.0, 0.15), (5175.0, 60.0, 0.15), (5893.0, 30.0, 0.08))
_EMISSION = ((3727.0, 15.0, 1.2), (4861.0, 15.0, 0.5), (5007.0, 15.0, 1.0), (6563.0, 20.0, 2.2))


def fluxes(redshift: float, absolute: float, young: float, dust: float) -> Array:
    """Return the flux [5] in nanomaggies of a galaxy.

    Args:
        redshift: At least 0.001.
        absolute: Absolute r magnitude.
        young: The young population's share of the light at 5500 A, 0 to 1.
        dust: Optical depth at 5500 A.
    """
    old_light, young_light = _populations()
    rest = ((1 - young) * old_light + young * young_light) * np.exp(-dust * (_REST / 5500.0) ** -0.7)
    seen = np.interp(_SEEN / (1 + redshift), _REST, rest) / (1 + redshift)
    reference = _through_bands(np.interp(_SEEN, _REST, rest))[BANDS.index("r")]
    dimming = (_TEN_PARSEC_MPC / luminosity_distance(redshift)) ** 2
    answer: Array = 10 ** (0.4 * (22.5 - absolute)) * dimming * _through_bands(seen) / reference
    return answer


def magnitudes(flux: Array) -> Array:
    """Return SDSS's asinh magnitudes of *flux* [..., 5] in nanomaggies, which may be negative."""
    answer: Array = -2.5 / np.log(10) * (np.arcsinh(flux * 1e-9 / (2 * _SOFTENING)) + np.log(_SOFTENING))
    return answer


def luminosity_distance(redshift: float) -> float:
    """Return the luminosity distance in Mpc: flat universe, H0 = 70, matter 0.3."""
    heights = _expansion(np.linspace(0.0, redshift, 65))
    area = redshift / 64 * (heights.sum() - (heights[0] + heights[-1]) / 2)  # numpy < 2 has no trapezoid
    return float((1 + redshift) * _HUBBLE_MPC * area)


def arcsec(kiloparsec: float, redshift: float) -> float:
    """Return the angle that a length of *kiloparsec* has at *redshift*."""
    angular_distance = luminosity_distance(redshift) / (1 + redshift) ** 2
    return float(np.degrees(kiloparsec / 1000.0 / angular_distance) * 3600)


def _expansion(redshift: Array) -> Array:
    answer: Array = 1 / np.sqrt(_MATTER * (1 + redshift) ** 3 + 1 - _MATTER)
    return answer


@functools.cache
def _populations() -> tuple[Array, Array]:
    """Return the old and the young population's light per Angstrom on _REST, 1 at 5500 A."""
    step = 1 / (1 + np.exp(-(_REST - 4000.0) / 40.0))
    old = _black_body(4700.0) * (0.5 + 0.5 * step) * np.minimum(1.0, _REST / 3800.0) ** 2
    for line, width, depth in _ABSORPTION:
        old = old * (1 - depth * np.exp(-(((_REST - line) / width) ** 2) / 2))
    young = _black_body(11000.0) * (0.8 + 0.2 / (1 + np.exp(-(_REST - 3700.0) / 30.0)))
    for line, width, height in _EMISSION:
        young += young * height * np.exp(-(((_REST - line) / width) ** 2) / 2)
    at = int(np.searchsorted(_REST, 5500.0))
    return old / old[at], young / young[at]


def _black_body(kelvin: float) -> Array:
    answer: Array = _REST**-5.0 / np.expm1(1.4388e8 / (_REST * kelvin)) * 5500.0**5
    return answer


@functools.cache
def _responses() -> Array:
    """Return what weighs light per Angstrom on _SEEN [5, n] into each band's flux, for one AB scale in all bands."""
    rise = (_SEEN - (_CENTRES - _WIDTHS / 2)[:, None]) / _EDGE
    fall = ((_CENTRES + _WIDTHS / 2)[:, None] - _SEEN) / _EDGE
    response = 1 / (1 + np.exp(-4 * rise)) / (1 + np.exp(-4 * fall))
    # A flat spectrum in frequency is the AB system's reference: photons per Angstrom go as 1 / wavelength.
    answer: Array = response * _SEEN / (response / _SEEN).sum(axis=1, keepdims=True)
    return answer


def _through_bands(light: Array) -> Array:
    answer: Array = _responses() @ light
    return answer
