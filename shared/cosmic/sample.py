"""The small survey that the repository carries, so that a first run needs neither GalSim nor a download.

``sample/survey.xz`` holds 1,250 galaxies that ``shared.cosmic.survey`` rendered with seed ``SEED``. The packaged model
never saw them. Packing rounds pixels to a quarter of their band's sky noise, which adds 0.3 % to that noise. Magnitudes
and redshifts are kept exactly.
"""

from __future__ import annotations

import io
import lzma
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shared.cosmic import partitions
from shared.cosmic.survey import NOISE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Tensors = dict[str, NDArray[np.float32]]

PACKED = Path(__file__).parent / "sample" / "survey.xz"
SEED = 7
PARTITIONS = 4
_STEPS = (NOISE / 4).astype(np.float32)[:, None, None]
# Pixels are 16-bit numbers: first bytes resemble first bytes, second bytes resemble second bytes (lp=1, pb=1).
_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 0, "lp": 1, "pb": 1}]


def pack(tensors: Tensors) -> bytes:
    """Return *tensors* in the sample's packed form."""
    file = io.BytesIO()
    pixels = np.round(tensors["images"] / _STEPS)
    bounds = np.iinfo(np.int16)
    if pixels.min() < bounds.min or pixels.max() > bounds.max:
        raise ValueError("a pixel is beyond 8,191 times the sky noise")
    np.savez(file, pixels=pixels.astype("<i2"), magnitudes=tensors["magnitudes"], redshifts=tensors["redshifts"])
    return lzma.compress(file.getvalue(), filters=_FILTERS)


def unpack(packed: bytes) -> Tensors:
    """Return the tensors in *packed*: images [n, 5, 32, 32], magnitudes [n, 5], redshifts [n]."""
    with np.load(io.BytesIO(lzma.decompress(packed)), allow_pickle=False) as file:
        return {
            "images": file["pixels"].astype(np.float32) * _STEPS,
            "magnitudes": file["magnitudes"],
            "redshifts": file["redshifts"],
        }


def write(folder: Path) -> list[Path]:
    """Write the sample survey as partitions into the new *folder*; return their paths.

    Raises:
        LanesError: The folder is not empty, or the disk cannot take it.
    """
    return partitions.write(folder, partitions.deal(unpack(PACKED.read_bytes()), PARTITIONS))
