"""Reads the redshifts that the ranks of a run stored, in bounded memory: all are counted, a million at most are kept.

Sums and counts are over all records. What needs each record (densities, medians) is of a random sample without
replacement: each record draws a number, and those with the least ones stay. The draws are seeded by the place of the
rank's file among its neighbours, so the same run always gives the same sample.
"""

from __future__ import annotations

import io
import itertools
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shared.errors import LanesError
from shared.handlers.cosmic import quality

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from shared.aws.client import Aws
    from shared.config.lane import Lane

    Floats = NDArray[np.float32]

MOST = 1_000_000
"""Records that are kept: our choice, 12 MB; a figure of more of them looks the same."""
MAGNITUDES = "r_magnitude"
_SEED = 20250106
_AT_ONCE = 8  # files that are fetched together, and held: our choice
_BRIGHTEST, _FAINTEST = 0.0, 40.0  # mag: beyond are marks for "none", as SDSS's -9999


@dataclass(frozen=True, slots=True)
class Redshifts:
    """What a run's ranks stored.

    Attributes:
        true: The true redshifts of the sample [n], all above -1.
        predicted: The predicted ones [n], all finite.
        magnitudes: The r magnitudes [n], in mag; not-a-number where there is none.
        records: How many records there are.
        sums: As :func:`shared.handlers.cosmic.quality.sums` has them, over all records that can be judged.
        outliers: How many of those are off by more than 0.15 (1 + true), and by more than 0.05 (1 + true).
        unpredicted: How many records have a prediction that is no finite number.
        untrue: How many of the others have no usable true redshift: it is -1 or less, or no finite number.
    """

    true: Floats
    predicted: Floats
    magnitudes: Floats
    records: int
    sums: dict[str, float]
    outliers: tuple[int, int]
    unpredicted: int
    untrue: int

    @property
    def judged(self) -> int:
        """How many records can be judged."""
        return int(self.sums["records"])


def read_redshifts(aws: Aws, lane: Lane, prefix: str) -> Redshifts:
    """Return the redshifts in the files below *prefix* of the lane's bucket.

    Raises:
        LanesError: A file is not what a rank writes.
    """
    return gather(_arrays(body, f"s3://{lane.bucket}/{key}") for key, body in _files(aws, lane, prefix))


def gather(files: Iterable[tuple[Floats, Floats, Floats]], most: int = MOST) -> Redshifts:
    """Return what is in *files*: true and predicted redshifts and magnitudes [n] of each; keep *most* records."""
    sample = _Sample(most)
    sums = quality.merge([])
    records = far = near = unpredicted = untrue = 0
    for number, arrays in enumerate(files):
        true, predicted, _ = arrays
        finite, good = np.isfinite(predicted), quality.judged(true, predicted)
        records += len(true)
        unpredicted += int((~finite).sum())
        untrue += int((finite & ~good).sum())
        sums = quality.merge([sums, quality.sums(true, predicted)])
        chosen = np.stack(arrays)[:, good]
        size = np.abs(quality.scaled_error(chosen[0], chosen[1]))
        far, near = far + int((size > quality.OUTLIER).sum()), near + int((size > quality.NEAR_OUTLIER).sum())
        sample.add(chosen, np.random.default_rng([_SEED, number]).random(chosen.shape[1:]))
    true, predicted, magnitudes = sample.kept()
    return Redshifts(true, predicted, magnitudes, records, sums, (far, near), unpredicted, untrue)


class _Sample:
    """The records with the least *lots*, *most* of them; up to twice as many are held in between."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bound = np.inf  # a lot that is not below it has no chance any more
        self._records = [np.empty((3, 0), np.float32)]
        self._lots = [np.empty(0, np.float64)]

    def add(self, records: Floats, lots: NDArray[np.float64]) -> None:
        """Take *records* [3, n] with their *lots* [n]."""
        chance = lots < self._bound
        self._records.append(records[:, chance])
        self._lots.append(lots[chance])
        if sum(map(len, self._lots)) > 2 * self._most:
            self._thin()

    def kept(self) -> Floats:
        """Return the sample [3, n], in the order of its records."""
        self._thin()
        return self._records[0]

    def _thin(self) -> None:
        records, lots = np.concatenate(self._records, axis=1), np.concatenate(self._lots)
        if len(lots) > self._most:
            stay = np.sort(np.argpartition(lots, self._most)[: self._most])
            records, lots = records[:, stay], lots[stay]
            self._bound = float(lots.max())
        self._records, self._lots = [records], [lots]


def _files(aws: Aws, lane: Lane, prefix: str) -> Iterator[tuple[str, bytes]]:
    """Yield the key and the content of each file below *prefix*, a few of them in memory at a time."""

    def fetch(key: str) -> bytes:
        found = aws.s3.get_object(Bucket=lane.bucket, Key=key, ExpectedBucketOwner=owner)
        with found["Body"] as body:
            return body.read()

    owner = lane.place.account
    pages = aws.s3.get_paginator("list_objects_v2").paginate(
        Bucket=lane.bucket, Prefix=prefix, ExpectedBucketOwner=owner
    )
    keys = (entry["Key"] for page in pages for entry in page.get("Contents", []))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while some := list(itertools.islice(keys, _AT_ONCE)):
            yield from zip(some, pool.map(fetch, some), strict=True)


def _arrays(body: bytes, where: str) -> tuple[Floats, Floats, Floats]:
    """Return true and predicted redshifts and r magnitudes [n] of a rank's file."""
    try:
        with np.load(io.BytesIO(body), allow_pickle=False) as file:
            true, predicted = file["redshift"], file["predicted"]
            magnitudes = file[MAGNITUDES] if MAGNITUDES in file.files else np.full(len(true), np.nan, np.float32)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise _no_predictions(where) from error
    arrays = (true, predicted, magnitudes)
    if any(each.dtype != np.float32 or each.ndim != 1 or len(each) != len(true) for each in arrays):
        raise _no_predictions(where)
    shown = (magnitudes > _BRIGHTEST) & (magnitudes < _FAINTEST)
    return true, predicted, np.where(shown, magnitudes, np.float32(np.nan))


def _no_predictions(where: str) -> LanesError:
    return LanesError(
        "this is no file of predictions as a rank writes it",
        where=where,
        fix="run the workflow again; the bucket's versioning keeps what lay there before",
    )
