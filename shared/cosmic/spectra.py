"""Why a galaxy's colours tell its redshift: spectra with a 4000 A break, seen through five bands. numpy only.

A spectrum is a mix of an old population (cool, with the 4000 A break and absorption lines) and a young one (hot, with
emission lines), dimmed by dust. Bands are smooth top hats at SDSS's u g r i z. Wavelengths are in Angstrom, fluxes in
nanomaggies (1 = magnitude 22.5), as in SDSS images.

Each number says where it is from. "Our choice" means that no measurement stands behind it: these spectra are drawn so
that colours depend on redshift as they do in the sky, not so that they could be fitted to a real galaxy.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

BANDS = "ugriz"
# SDSS's effective wavelengths of its filters: https://www.sdss.org/instruments/camera/#Filters
_CENTRES = np.array([3551.0, 4686.0, 6166.0, 7480.0, 8932.0])
# Full widths. Our choice: round numbers near the full widths at half maximum that Fukugita et al. 1996 (AJ 111, 1748)
# give for this system, with a narrower u and z, since a top hat has none of their long wings.
_WIDTHS = np.array([560.0, 1380.0, 1370.0, 1530.0, 1250.0])
_EDGE = 80.0  # over how many Angstrom a band's edge rises: our choice
# Softening b of SDSS's asinh magnitudes, in maggies: table 21 of Stoughton et al. 2002 (AJ 123, 485),
# http://classic.sdss.org/dr4/algorithms/edr.tb21.html. Below b a magnitude turns linear in flux, so a noisy flux below
# 0 has one; the formula is that of Lupton, Gunn and Szalay 1999 (AJ 118, 1406).
_SOFTENING = np.array([1.4e-10, 0.9e-10, 1.2e-10, 1.8e-10, 7.4e-10])
_NANOMAGGY_MAGNITUDE = 22.5  # by definition: a maggy is magnitude 0, and 2.5 log10 of 1e9 is 22.5

# Where spectra are sampled. Our choice: _SEEN covers all bands with their edges, and _REST what of a galaxy falls there
# at redshifts from 0 to 0.6.
_REST = np.arange(1800.0, 11000.0, 10.0)
_SEEN = np.arange(2900.0, 10200.0, 10.0)

# A flat universe with the round numbers that survey papers commonly take: H0 = 70 km/s/Mpc, matter 0.3.
_LIGHT_KM_S = 2.998e5  # the speed of light, 299,792.458 km/s by definition of the metre
_HUBBLE_MPC = _LIGHT_KM_S / 70.0  # the Hubble distance c / H0
_MATTER = 0.3
_TEN_PARSEC_MPC = 1e-5  # by definition: an absolute magnitude is that at 10 pc

_VISUAL = 5500.0  # where light, dust and the two populations are normalised: about the middle of V
_DUST_SLOPE = -0.7  # optical depth over wavelength: Charlot and Fall 2000 (ApJ 539, 718)
_RADIATION = 1.4388e8  # the second radiation constant hc/k, 1.438777 cm K (CODATA 2018), in Angstrom Kelvin

# Lines: wavelength at rest, width (sigma) and depth or height over the continuum. The wavelengths are those in air, to
# an Angstrom: Ca K, the G band, Mg b, Na D; [O II], H beta, [O III], H alpha. SDSS's table has them in vacuum, 1 to 3 A
# longer: https://classic.sdss.org/dr7/algorithms/linestable.php. Widths, depths and heights are our choice.
_ABSORPTION = ((3934.0, 20.0, 0.5), (4304.0, 40.0, 0.15), (5175.0, 60.0, 0.15), (5893.0, 30.0, 0.08))
_EMISSION = ((3727.0, 15.0, 1.2), (4861.0, 15.0, 0.5), (5007.0, 15.0, 1.0), (6563.0, 20.0, 2.2))
# The populations' continua: black bodies of these Kelvin. Our choice, between those of G and K giants and of B and A
# stars, which dominate the light of old and young populations.
_OLD_KELVIN, _YOUNG_KELVIN = 4700.0, 11000.0
# Where each continuum steps up, and over how many Angstrom (our choice): the break at 4000 A of old stars, and the
# Balmer break of young ones, whose series ends at 3646 A.
_OLD_BREAK, _OLD_BREAK_WIDTH = 4000.0, 40.0
_YOUNG_BREAK, _YOUNG_BREAK_WIDTH = 3700.0, 30.0
_OLD_FADES = 3800.0  # below this the old light falls off, for the many metal lines of cool stars there: our choice


def fluxes(redshift: float, absolute: float, young: float, dust: float) -> Array:
    """Return the flux [5] in nanomaggies of a galaxy.

    Args:
        redshift: At least 0.001.
        absolute: Absolute r magnitude.
        young: The young population's share of the light at 5500 A, 0 to 1.
        dust: Optical depth at 5500 A.
    """
    old_light, young_light = _populations()
    rest = ((1 - young) * old_light + young * young_light) * np.exp(-dust * (_REST / _VISUAL) ** _DUST_SLOPE)
    seen = np.interp(_SEEN / (1 + redshift), _REST, rest) / (1 + redshift)
    reference = _through_bands(np.interp(_SEEN, _REST, rest))[BANDS.index("r")]
    dimming = (_TEN_PARSEC_MPC / luminosity_distance(redshift)) ** 2
    bright = 10 ** (0.4 * (_NANOMAGGY_MAGNITUDE - absolute))
    answer: Array = bright * dimming * _through_bands(seen) / reference
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
    step = 1 / (1 + np.exp(-(_REST - _OLD_BREAK) / _OLD_BREAK_WIDTH))
    old = _black_body(_OLD_KELVIN) * (0.5 + 0.5 * step) * np.minimum(1.0, _REST / _OLD_FADES) ** 2
    for line, width, depth in _ABSORPTION:
        old = old * (1 - depth * np.exp(-(((_REST - line) / width) ** 2) / 2))
    young = _black_body(_YOUNG_KELVIN) * (0.8 + 0.2 / (1 + np.exp(-(_REST - _YOUNG_BREAK) / _YOUNG_BREAK_WIDTH)))
    for line, width, height in _EMISSION:
        young += young * height * np.exp(-(((_REST - line) / width) ** 2) / 2)
    at = int(np.searchsorted(_REST, _VISUAL))
    return old / old[at], young / young[at]


def _black_body(kelvin: float) -> Array:
    answer: Array = _REST**-5.0 / np.expm1(_RADIATION / (_REST * kelvin)) * _VISUAL**5
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
