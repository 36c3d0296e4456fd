"""The field's runs that no fit of this package has seen, and what a fit says of them.

``held_out.csv`` has the executions of ``aws/results/state_machine_logs.csv`` in the repository UVA-MLSys/
AI-for-Astronomy (Apache License 2.0, commit ba033be, read on 2026-11-30): total seconds and those in the Map, with the
ranks that each had. The labels there say data, and not always truly, so ``known_from`` says what the ranks are from:

results  the results of all ranks are there (``983GB`` has 983 of 100 MB, which are 98.3 GB)
listing  the order of the 1,000 results that the summarizer read is that of a listing's first page. Ranks take the 130
         files in turn, so the order tells how many ranks there were: 10,485 and no other number fits ``1TB``
label    the label's MB over 100 MB, rounded down, as for ``1TB``; the listings allow 1,899 to 10,000
joining  the last step took 7 to 10 s, which is the time to read some 130 results: the whole survey of 12.6 GB
table    total_execution_time.csv has the same size
assumed  ``test`` was run with ``timing``, and took as long
"""

from __future__ import annotations

import csv
import math
import statistics
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from shared.config.aws_facts import MAP_CHILDREN
from shared.measure.scaling.time_model import Size, parts, predict
from shared.measure.scaling.way import FIELD, RECORDS_A_MB

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.measure.scaling.measured import TimedRun
    from shared.measure.scaling.time_model import Fit, Prediction
    from shared.values import Json

_BATCH, _MEMORY = 512, 10240


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Runs of one label.

    Attributes:
        label: What the field calls them.
        partition_mb: MB of the partition of each rank.
        ranks: How many there were, and ``known_from`` what that is known from.
        seconds: Of each run, from its start to its end.
        map_seconds: Of each run, in the Map.
    """

    label: str
    partition_mb: float
    ranks: int
    known_from: str
    seconds: tuple[float, ...]
    map_seconds: tuple[float, ...]

    @property
    def records(self) -> int:
        """Records of one rank."""
        return math.ceil(self.partition_mb * RECORDS_A_MB)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a fit says of runs: their prediction, what it is made of, and how many of them were fitted after all."""

    runs: HeldOut
    prediction: Prediction
    parts: dict[str, float]
    fitted: int

    @property
    def median(self) -> float:
        """The median of the seconds that the runs took."""
        return statistics.median(self.runs.seconds)

    @property
    def error(self) -> float:
        """The prediction's relative error, against the median: below 0 where it is too short."""
        return self.prediction.seconds / self.median - 1

    @property
    def inside(self) -> int:
        """How many of the runs the prediction's interval covers."""
        return sum(self.prediction.low <= each <= self.prediction.high for each in self.runs.seconds)

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        judged = {"median": self.median, "error": self.error, "inside": self.inside, "fitted": self.fitted}
        return {**asdict(self.runs), **judged, "prediction": self.prediction.as_record(), "parts": self.parts}


def held_out_runs() -> list[HeldOut]:
    """Return the held-out runs, by label."""
    text = files("shared.measure.scaling").joinpath("held_out.csv").read_text(encoding="utf-8")
    found: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(text.splitlines()):
        found.setdefault(row["label"], []).append(row)
    return [
        HeldOut(
            label,
            float(rows[0]["partition_mb"]),
            int(rows[0]["ranks"]),
            rows[0]["known_from"],
            tuple(float(row["seconds"]) for row in rows),
            tuple(float(row["map_seconds"]) for row in rows),
        )
        for label, rows in found.items()
    ]


def judge(fit: Fit, fitted: Sequence[TimedRun] = ()) -> list[Judged]:
    """Return what *fit* says of the held-out runs; *fitted* are those that it knows.

    Nobody recorded how many ranks the field's account ran at once. It is taken to have been enough: with the default
    of 1,000, the ranks of ``1TB`` alone would have taken longer than its Map did.
    """
    known = {(run.world_size, round(run.seconds, 2)) for run in fitted}
    most = MAP_CHILDREN.value
    judged = []
    for runs in held_out_runs():
        size = Size(runs.records * runs.ranks, runs.ranks, _BATCH, _MEMORY)
        seen = sum((runs.ranks, round(each, 2)) in known for each in runs.seconds)
        made_of = parts(fit, size, concurrency=most, way=FIELD)
        judged.append(Judged(runs, predict(fit, size, concurrency=most, way=FIELD), made_of, seen))
    return judged
