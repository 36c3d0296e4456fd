"""A rank's partitions on disk, one after the other: the next one is downloaded while this one is inferred.

Otherwise a rank's processor would wait for the network, and the network for the processor. Disk holds two partitions,
or one where it has no room for two.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shared.handlers.s3 import StorageFull

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shared.handlers.s3 import Source

    Download = Callable[[int], Future[float]]

# Seconds after which the thread that downloads lets the one that infers go on. With Python's own 5 ms a rank reached
# 91 % of what the model does alone, with this 95 % (medians of 9 pairs).
_TURN = 0.0005


@dataclass(frozen=True, slots=True)
class Arrival:
    """A partition's file, which is deleted when the next one is asked for; and the seconds that its download took."""

    path: Path
    seconds: float


@contextlib.contextmanager
def fetching(bucket: Source, keys: Sequence[str]) -> Iterator[Iterator[Arrival]]:
    """Download the partitions at *keys*; the iterator has each when its turn comes. Nothing stays on disk.

    Raises:
        MissingObject: A partition is gone.
        StorageFull: /tmp has no room for a single partition.
    """
    with _short_turns(), tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as pool:

        def download(number: int) -> Future[float]:
            return pool.submit(_timed, bucket, keys[number], path(number))

        def path(number: int) -> Path:
            return Path(folder) / f"{number}.safetensors"

        yield (Arrival(path(number), seconds) for number, seconds in _in_turn(download, path, len(keys)))


@contextlib.contextmanager
def _short_turns() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(_TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _in_turn(download: Download, path: Callable[[int], Path], count: int) -> Iterator[tuple[int, float]]:
    """Yield the number of each partition that is there, with its seconds; delete it when the next is asked for."""
    coming, room_for_two = None, True
    for number in range(count):
        try:
            seconds = (coming or download(number)).result()
        except StorageFull:
            if coming is None:  # it had the disk for itself
                raise
            room_for_two = False
            seconds = download(number).result()
        coming = download(number + 1) if room_for_two and number + 1 < count else None
        yield number, seconds
        path(number).unlink()


def _timed(bucket: Source, key: str, path: Path) -> float:
    """Download the object *key* to *path*; return the seconds that it took."""
    start = time.perf_counter()
    bucket.download(key, path)
    return time.perf_counter() - start
