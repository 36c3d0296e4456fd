"""A synthetic survey in the manner of SDSS. Needs GalSim (the extra ``survey``).

Each galaxy is drawn from its own random stream, keyed by seed and number. So a larger survey begins with the same
galaxies. A galaxy is a bulge (Sersic n 2 to 4, old light) and a disk (exponential, younger light). Its luminosity and
redshift say how bright and how large it is. Each band's seeing blurs it; sky and photons add noise. Randomness is
numpy's: the same seed gives the same survey, except for the last bits, which another machine's FFT may round otherwise.

The distributions in :func:`draw` (luminosities, shares, sizes, dust) are our choice, made so that colours and sizes
look like SDSS's main galaxies; no catalogue was fitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shared.cosmic import spectra

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Floats = NDArray[np.float32]

SIDE = 32  # pixels: what the field's model reads (arXiv 2501.06249)
PIXEL = 0.396  # arcsec; SDSS's own 0.39598: http://cas.sdss.org/dr2/en/help/browser/constants.asp?n=SDSSConstants
# Of the sky, nanomaggies per pixel. From the softening b (see ``spectra``), which is the sky's noise at 1 sigma under a
# point source in seeing of 1 arcsec: over the root of such a source's area, this gives b to 7 % in g r i z, 1.4 b in u.
NOISE = np.array([0.052, 0.022, 0.031, 0.050, 0.198])
# Photo-electrons per nanomaggy: the camera's gain (electrons per count, the table in
# https://dr16.sdss.org/datamodel/files/BOSS_PHOTOOBJ/frames/RERUN/RUN/CAMCOL/frame.html) over a calibration of 0.010,
# 0.0033, 0.0052, 0.0069 and 0.031 nanomaggies per count, which is our choice of a typical one.
GAIN = np.array([160.0, 1000.0, 900.0, 750.0, 155.0])
# Full width at half maximum, arcsec. Our choice of typical ones: SDSS's r-band quartiles are 1.30 and 1.58
# (https://sdss3.org/dr9/imaging/other_info.php), and seeing is wider in bluer light.
SEEING = np.array([1.53, 1.44, 1.32, 1.26, 1.29])
MOFFAT = 3.5  # the seeing's profile, between Kolmogorov's 4.765 and the wider wings of real images: our choice
ZERO_POINT = 0.01  # relative error of the catalogue's fluxes beyond noise: our choice, as SDSS's calibration is good to
REDSHIFTS = (0.01, 0.4)  # about where SDSS's galaxies with spectra lie; the model's card gives this range
FAINTEST = 19.5  # r magnitude of the faintest galaxy taken: our choice, so that all have some signal
BRIGHTEST = 14.5  # our choice: brighter ones fill more than the image


@dataclass(frozen=True, slots=True)
class Galaxy:
    """What a galaxy is before anything looks at it. Fluxes [5] in nanomaggies, radii in arcsec, angles in degrees."""

    redshift: float
    bulge: Array
    disk: Array
    bulge_radius: float
    disk_radius: float
    bulge_index: float
    bulge_ratio: float
    disk_ratio: float
    angle: float
    offset: tuple[float, float]
    seeing: Array


def draw(random: np.random.Generator) -> Galaxy:
    """Return the next galaxy bright enough for the survey."""
    while True:
        redshift = random.uniform(*REDSHIFTS)
        # SDSS's spectra were chosen so: at higher redshift, the luminous galaxies.
        absolute = random.normal(-21.3 - 5.0 * (redshift - 0.1), 1.0)
        early = random.random() < 0.35 + 0.15 * np.clip(-21.0 - absolute, -1, 2)
        share = random.uniform(0.6, 1.0) if early else random.uniform(0.0, 0.4)  # of the bulge, in the light
        young = abs(random.normal(0.0, 0.04)) if early else random.beta(2.0, 4.0)
        dust = random.exponential(0.05 if early else 0.1)
        bulge = share * spectra.fluxes(redshift, absolute, young * 0.2, dust)
        disk = (1 - share) * spectra.fluxes(redshift, absolute, young, dust)
        brightness = spectra.magnitudes(bulge + disk)[2]
        radius = spectra.arcsec(5.0 * 10 ** (-0.14 * (absolute + 21.3) + random.normal(0, 0.12)), redshift)
        if BRIGHTEST < brightness < FAINTEST:
            break
    return Galaxy(
        redshift=redshift,
        bulge=bulge,
        disk=disk,
        bulge_radius=float(np.clip(radius * (0.8 if early else 0.35), 0.15, 6.0)),
        disk_radius=float(np.clip(radius, 0.3, 6.0)),
        bulge_index=float(random.integers(2, 5)),
        bulge_ratio=random.uniform(0.6, 1.0),
        disk_ratio=random.uniform(0.25, 1.0),
        angle=random.uniform(0.0, 180.0),
        offset=(random.uniform(-0.5, 0.5) * PIXEL, random.uniform(-0.5, 0.5) * PIXEL),
        seeing=SEEING * np.exp(random.normal(0.0, 0.07)) * np.exp(random.normal(0.0, 0.02, 5)),
    )


def render(galaxy: Galaxy) -> Array:
    """Return the galaxy's image [5, 32, 32] in nanomaggies, without noise."""
    import galsim

    # 2 % of light folded back is far below the noise; GalSim's own 0.5 % makes each image four times as large.
    loose = galsim.GSParams(folding_threshold=0.02, maxk_threshold=0.01, maximum_fft_size=16384)
    angle = galaxy.angle * galsim.degrees
    bulge = galsim.Sersic(galaxy.bulge_index, half_light_radius=galaxy.bulge_radius, gsparams=loose)
    disk = galsim.Exponential(half_light_radius=galaxy.disk_radius, gsparams=loose)
    bulge = bulge.shear(q=galaxy.bulge_ratio, beta=angle)
    disk = disk.shear(q=galaxy.disk_ratio, beta=angle)
    image = np.empty((len(spectra.BANDS), SIDE, SIDE))
    for band, width in enumerate(galaxy.seeing):
        blur = galsim.Moffat(beta=MOFFAT, fwhm=width, gsparams=loose)
        light = bulge.withFlux(galaxy.bulge[band]) + disk.withFlux(galaxy.disk[band])
        seen = galsim.Convolve(light, blur, gsparams=loose).shift(*galaxy.offset)
        image[band] = seen.drawImage(nx=SIDE, ny=SIDE, scale=PIXEL, dtype=np.float64).array
    return image


def observe(galaxy: Galaxy, random: np.random.Generator) -> tuple[Array, Array]:
    """Return what the survey records of *galaxy*: its noisy image [5, 32, 32] and its catalogue magnitudes [5]."""
    clean = render(galaxy)
    variance = NOISE[:, None, None] ** 2 + np.maximum(clean, 0) / GAIN[:, None, None]
    image = clean + random.normal(size=clean.shape) * np.sqrt(variance)
    flux = galaxy.bulge + galaxy.disk
    aperture = np.pi * (galaxy.disk_radius**2 + galaxy.seeing**2) / PIXEL**2  # pixels
    error = np.sqrt(aperture * NOISE**2 + flux / GAIN + (ZERO_POINT * flux) ** 2)
    return image, spectra.magnitudes(flux + random.normal(size=5) * error)


def make(
    galaxies: int, seed: int, *, first: int = 0, on_galaxy: Callable[[], object] = lambda: None
) -> dict[str, Floats]:
    """Return the tensors of a survey: images [n, 5, 32, 32], magnitudes [n, 5], redshifts [n].

    Args:
        galaxies: How many, n.
        seed: Which survey; 0 or more.
        first: Number of the first galaxy in it.
        on_galaxy: Called after each galaxy.
    """
    images = np.empty((galaxies, 5, SIDE, SIDE), np.float32)
    catalogue = np.empty((galaxies, 5), np.float32)
    redshifts = np.empty(galaxies, np.float32)
    for number in range(galaxies):
        random = np.random.default_rng([seed, first + number])
        galaxy = draw(random)
        images[number], catalogue[number] = observe(galaxy, random)
        redshifts[number] = galaxy.redshift
        on_galaxy()
    return {"images": images, "magnitudes": catalogue, "redshifts": redshifts}
