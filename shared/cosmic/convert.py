"""Reads the field's own .pt files. Needs torch (the extra ``train``).

A file is what ``torch.save`` made of a ``TensorDataset`` (images, magnitudes, redshifts), of a tuple or list of these
three, or of a dict with their names. It is loaded with ``weights_only``: a pickle that would run code is refused.
"""

from __future__ import annotations

import pickle
import warnings
from typing import TYPE_CHECKING

import numpy as np

from shared.cosmic.errors import first_sentence
from shared.errors import LanesError
from shared.handlers.cosmic import partition

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    Tensors = dict[str, NDArray[np.float32]]

BANDS = 5
SIDE = 32
_IMAGES_AXES = 4  # records, bands, height, width; or records, height, width, bands
_REDSHIFTS_AXES = 2  # records, 1
_NAMES = {
    "images": ("images", "image", "x"),
    "magnitudes": ("magnitudes", "magnitude", "mags", "mag"),
    "redshifts": ("redshifts", "redshift", "z", "y"),
}


def load(path: Path) -> Tensors:
    """Return the tensors of the .pt file at *path*, in a partition's form.

    Images may be [n, 5, h, w] or [n, h, w, 5] with h and w at least 32: the middle 32 x 32 are taken. Redshifts may be
    [n] or [n, 1]. Numbers of any type become float32.

    Raises:
        LanesError: The file cannot be read safely, or holds something else.
    """
    import torch
    from torch.utils.data import TensorDataset

    try:
        with torch.serialization.safe_globals([TensorDataset]), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's, about pickles that it then refuses
            content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise LanesError("there is no such file", where=str(path)) from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise LanesError(
            f"it cannot be loaded safely: {first_sentence(error)}",
            where=str(path),
            fix="save plain tensors: torch.save({'images': x, 'magnitudes': m, 'redshifts': z}, FILE) "
            "(of a TensorDict: torch.save(dict(td.items()), FILE))",
        ) from error
    found = _pick(content.tensors if isinstance(content, TensorDataset) else content, path)
    return _shape(found, path)


def _pick(content: object, path: Path) -> Tensors:
    """Return the three tensors by our names, as numpy arrays."""
    import torch

    found: dict[str, Tensor] = {}
    if isinstance(content, dict):
        for name, known in _NAMES.items():
            present = [key for key in known if key in content]
            if present:
                found[name] = content[present[0]]
    elif isinstance(content, tuple | list) and len(content) == len(_NAMES):
        found = dict(zip(_NAMES, content, strict=True))
    if found.keys() != _NAMES.keys() or not all(isinstance(value, torch.Tensor) for value in found.values()):
        held = sorted(map(str, content)) if isinstance(content, dict) else type(content).__name__
        raise LanesError(
            f"it holds {held}, not the tensors images, magnitudes and redshifts",
            where=str(path),
            fix="save a TensorDataset(images, magnitudes, redshifts) or a dict with these names",
        )
    return {name: value.detach().to(torch.float32).numpy() for name, value in found.items()}


def _shape(found: Tensors, path: Path) -> Tensors:
    shapes = ", ".join(f"{name} {list(values.shape)}" for name, values in found.items())
    images = found["images"]
    if images.ndim == _IMAGES_AXES and images.shape[1] != BANDS and images.shape[3] == BANDS:
        images = images.transpose(0, 3, 1, 2)
    if images.ndim == _IMAGES_AXES and min(images.shape[2:]) >= SIDE:
        top, left = ((side - SIDE) // 2 for side in images.shape[2:])
        images = images[:, :, top : top + SIDE, left : left + SIDE]
    redshifts = found["redshifts"]
    if redshifts.ndim == _REDSHIFTS_AXES and redshifts.shape[1] == 1:
        redshifts = redshifts[:, 0]
    tensors = {"images": images, "magnitudes": found["magnitudes"], "redshifts": redshifts}
    right = all(values.shape == (len(redshifts), *partition.SHAPES[name]) for name, values in tensors.items())
    if not right or len(redshifts) == 0:
        raise LanesError(
            f"it holds {shapes}; expected {partition.EXPECTED}, images of 32 x 32 or more", where=str(path)
        )
    bad = [name for name, values in tensors.items() if not np.isfinite(values).all()]
    if bad:
        raise LanesError(f"{' and '.join(bad)} hold values that are not finite numbers", where=str(path))
    return {name: np.ascontiguousarray(values) for name, values in tensors.items()}
