"""A partition on disk, read batch by batch: safetensors can read a slice without the rest.

Format: ``images`` [n, 5, 32, 32], ``magnitudes`` [n, 5] and ``redshifts`` [n], all float32; the five bands are SDSS
u g r i z.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

import numpy as np
from safetensors import SafetensorError, safe_open

from shared.handlers.cosmic.errors import CorruptPartition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

SHAPES: dict[str, tuple[int, ...]] = {"images": (5, 32, 32), "magnitudes": (5,), "redshifts": ()}
RECORD_BYTES = sum(4 * int(np.prod(shape)) for shape in SHAPES.values())  # 20,504
EXPECTED = "images [n,5,32,32], magnitudes [n,5], redshifts [n], all float32"


class Slice(Protocol):
    """A tensor in a file: parts of it are read when they are asked for."""

    def get_shape(self) -> list[int]:
        """Return its shape."""

    def get_dtype(self) -> str:
        """Return its type in safetensors' own word, F32 for float32."""

    def __getitem__(self, part: slice) -> Floats: ...


class File(Protocol):
    """An open safetensors file."""

    def keys(self) -> Iterable[str]:
        """Return the names of its tensors."""

    def get_slice(self, name: str) -> Slice:
        """Return the tensor *name*."""


def count_records(size: int) -> int:
    """Return the records of a partition of *size* bytes: its header is shorter than one record."""
    return size // RECORD_BYTES


@contextlib.contextmanager
def opened(path: Path, key: str) -> Iterator[File]:
    """Open the partition at *path*, which came from *key*. :func:`batches` reads its tensors.

    Raises:
        CorruptPartition: It is no safetensors file, or its tensors are not those of a partition.
    """
    try:
        opening = safe_open(path, framework="numpy")
    except SafetensorError as error:
        raise _corrupt(f"not a safetensors file ({error})", key) from error
    with opening as file:
        _check(file, key)
        yield file


def batches(file: File, key: str, size: int) -> Iterator[tuple[Floats, Floats, Floats]]:
    """Yield images, magnitudes and redshifts of *size* records at a time. The last batch may be smaller.

    Raises:
        CorruptPartition: A value is not a finite number.
    """
    tensors = {name: file.get_slice(name) for name in SHAPES}
    count = tensors["redshifts"].get_shape()[0]
    for start in range(0, count, size):
        batch = {name: tensor[start : min(start + size, count)] for name, tensor in tensors.items()}
        for name, values in batch.items():
            if not np.isfinite(values).all():
                bad = int(np.argwhere(~np.isfinite(values))[0][0]) + start
                raise _corrupt(f"record {bad} has {name} that are not finite numbers", key)
        yield batch["images"], batch["magnitudes"], batch["redshifts"]


def _check(file: File, key: str) -> None:
    missing = sorted(SHAPES.keys() - set(file.keys()))
    if missing:
        raise _corrupt(f"it has no {' and no '.join(missing)}", key)
    shapes = {name: tuple(file.get_slice(name).get_shape()) for name in SHAPES}
    types = {file.get_slice(name).get_dtype() for name in SHAPES}
    counts = {shape[:1] for shape in shapes.values()}
    if types != {"F32"} or len(counts) != 1 or any(shapes[name][1:] != SHAPES[name] for name in SHAPES):
        actual = ", ".join(f"{name} {list(shapes[name])} {file.get_slice(name).get_dtype()}" for name in SHAPES)
        raise _corrupt(f"it holds {actual}", key)


def _corrupt(what: str, key: str) -> CorruptPartition:
    return CorruptPartition(
        f"the partition cannot be read: {what}; expected {EXPECTED}",
        where=key,
        fix="make it again (lanes data import converts .pt files) and upload it",
    )
