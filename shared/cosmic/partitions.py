"""Survey data on disk: a folder of partitions, each up to a number of megabytes.

A partition is what a rank reads: safetensors with images [n, 5, 32, 32], magnitudes [n, 5] and redshifts [n], float32.
Everything here streams: one partition in memory at a time. A folder of partitions appears whole or not at all.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors.numpy import save_file

from shared.errors import LanesError, UsageError
from shared.handlers.cosmic import partition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    Tensors = dict[str, NDArray[np.float32]]

SUFFIX = ".safetensors"
MEGABYTE = 2**20  # the field's 100 MB partitions are 100 MiB: 5,113 records
_HEADER = 1024  # bytes, more than a partition's header has
_BLOCK = 1024  # records read at a time: our choice, 21 MB


def records_in(megabytes: float) -> int:
    """Return how many records a partition of *megabytes* holds, at least one."""
    return max(1, int(megabytes * MEGABYTE - _HEADER) // partition.RECORD_BYTES)


def find(folder: Path) -> list[Path]:
    """Return the partitions in *folder*, in the order of their names.

    Raises:
        UsageError: There is no such folder, or no partition in it.
    """
    found = sorted(folder.glob(f"*{SUFFIX}"))
    if not found:
        if folder.is_file():
            raise UsageError(
                "this is a file, not a folder", where=str(folder), fix=f"name the folder of {SUFFIX} files"
            )
        what = f"no {SUFFIX} files in this folder" if folder.is_dir() else "there is no such folder"
        raise UsageError(what, where=str(folder), fix="make some: lanes data make, or lanes data import FILE.pt")
    return found


def count(path: Path) -> int:
    """Return the records of the partition at *path*.

    Raises:
        CorruptPartition: It is not a partition.
    """
    with partition.opened(path, str(path)) as file:
        return int(file.get_slice("redshifts").get_shape()[0])


def read(paths: Iterable[Path], size: int = _BLOCK) -> Iterator[Tensors]:
    """Yield the records of partitions, checked, *size* at a time.

    Raises:
        CorruptPartition: One of them is not a partition.
    """
    for path in paths:
        with partition.opened(path, str(path)) as file:
            for batch in partition.batches(file, str(path), size):
                yield dict(zip(partition.SHAPES, batch, strict=True))


def cut(blocks: Iterable[Tensors], records: int) -> Iterator[Tensors]:
    """Yield the same records in the same order, *records* at a time. The last group may be smaller."""
    held: list[Tensors] = []
    count = 0
    for block in blocks:
        start = 0
        while start < len(block["redshifts"]):
            part = {name: values[start : start + records - count] for name, values in block.items()}
            held.append(part)
            count += len(part["redshifts"])
            start += len(part["redshifts"])
            if count == records:
                yield _joined(held)
                held, count = [], 0
    if held:
        yield _joined(held)


def deal(tensors: Tensors, partitions: int) -> Iterator[Tensors]:
    """Yield *tensors* in *partitions* groups as equal as can be, the larger ones first."""
    for part in np.array_split(np.arange(len(tensors["redshifts"])), partitions):
        yield {name: values[part] for name, values in tensors.items()}


def write(folder: Path, groups: Iterable[Tensors], on_group: Callable[[int], object] = lambda _: None) -> list[Path]:
    """Write each group as one partition into the new *folder*; return their paths.

    Args:
        folder: Made here, with its parents; an empty one may be there already.
        groups: One partition's tensors each.
        on_group: Called with the records of each partition written.

    Raises:
        UsageError: *folder* has something in it.
        LanesError: The disk cannot take it; nothing of it is left.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError("it exists and is not an empty folder", where=str(folder), fix="name a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        names = []
        for number, group in enumerate(groups):
            names.append(f"part-{number:05}{SUFFIX}")
            # ascontiguousarray: safetensors writes the memory as it is, so a view of another layout comes out scrambled
            save_file({name: np.ascontiguousarray(values) for name, values in group.items()}, beside / names[-1])
            on_group(len(group["redshifts"]))
        beside.chmod(0o755)
        beside.replace(folder)
    except OSError as error:
        raise LanesError(
            f"cannot write the partitions: {error.strerror or error}", where=str(folder), fix="make room there"
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return [folder / name for name in names]


def _joined(parts: list[Tensors]) -> Tensors:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
