"""Reads tables: those of arXiv 2501.06249, and executions that were exported as CSV."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from shared.measure.observed.exports.opened import opened
from shared.measure.observed.exports.times import Times
from shared.measure.scaling.evidence.executions import execution
from shared.measure.scaling.evidence.found import Execution, UnreadableError
from shared.measure.scaling.evidence.values import count, positive, seconds_between, shown
from shared.measure.scaling.measured import Evidence, RankMean, TimedRun
from shared.measure.scaling.way import FIELD, RECORDS_A_MB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shared.measure.scaling.evidence.found import Found

FIELD_BATCH, FIELD_MEMORY = 512, 10240
_BATCHES_MB = 25.0  # the partition of the runs over batch sizes
_BILLED = RankMean(_BATCHES_MB * RECORDS_A_MB, FIELD_BATCH, 12.355)
"""Seconds, the mean of ten ranks with partitions of 25 MB in a CloudWatch export of the field; none was slow."""
_SEPARATORS = ",;\t"  # the export's own, and those that spreadsheets write
_NAMES = ("name", "execution name", "executionname")
_STARTS = ("start", "startdate", "start date", "started", "start time")
_STOPS = ("stop", "stopdate", "stop date", "stopped", "end", "end time", "end date")

Row = dict[str, str]


def read_table(path: Path, found: Found) -> bool:
    """Add what the CSV file *path* tells; say whether it is of a kind that is known."""
    with opened(path) as file:
        header = next(file, "")
        separator = max(_SEPARATORS, key=header.count)
        reader = csv.DictReader(
            file, fieldnames=next(csv.reader([header], delimiter=separator), []), delimiter=separator
        )
        names = set(reader.fieldnames or ())
        read = _reader(names)
        if {"total_cpu_time (seconds)", "throughput_bps"} <= names and read is None:
            found.unused(f"{path}: means over ranks, which tell no time of a run")
            return True
        if read is None:
            return False
        before, rows = len(found.problems), 0
        for row in reader:
            if row.get("run") == "mean":
                continue
            number_of = reader.line_num + 1  # the header was read before
            try:
                read(_whole(row), f"{path}:{number_of}", found)
                rows += 1
            except UnreadableError as error:
                found.problem(path, number_of, error)
    if not rows and len(found.problems) == before:
        found.problem(path, 1, "the table has no rows")
    if read is _total:
        found.add(Evidence((f"{rows} runs of {path}",), billed=(_BILLED,)))
    return True


def _whole(row: Row) -> Row:
    """Return *row*, which has as many fields as the table has columns."""
    if None in row or None in row.values():
        raise UnreadableError("the row has not as many fields as the table's first line")
    return row


def _reader(names: set[str]) -> Callable[[Row, str, Found], None] | None:
    """Return what reads a row of a table with columns of these *names*."""
    if {"partition(MB)", "num_worlds", "duration"} <= names:
        return _total
    if {"batch_size", "run", "total_cpu_time (seconds)"} <= names and "total_duration (s)" not in names:
        return _batches
    if {"data (GB)", "total_duration (s)", "inference_duration (s)"} <= names and "throughput_bps" not in names:
        return _field_execution
    if all(_named(names, words) for words in (_NAMES, _STARTS, _STOPS)):
        times = Times()
        return lambda row, where, found: _execution(row, where, found, times)
    return None


def _total(row: Row, _where: str, found: Found) -> None:
    """Read a row of total_execution_time.csv."""
    records, world = positive(row, "partition(MB)") * RECORDS_A_MB, count(row, "num_worlds")
    run = TimedRun(records, world, FIELD_BATCH, _minutes(row["duration"]), FIELD_MEMORY, way=FIELD)
    found.add(Evidence(runs=(run,)))


def _batches(row: Row, _where: str, found: Found) -> None:
    """Read a row of batch_varying_results.csv."""
    mean = RankMean(_BATCHES_MB * RECORDS_A_MB, count(row, "batch_size"), positive(row, "total_cpu_time (seconds)"))
    found.add(Evidence(means=(mean,)))


def _field_execution(row: Row, where: str, found: Found) -> None:
    """Read a row of state_machine_logs.csv. Its label says data, not ranks: the run's results tell its size."""
    name = f"{row['data (GB)']}/{row['run']}"
    folder = f"-{row['partition (MB)'].removesuffix('MB')}MB/"
    found.executions.append(
        Execution(
            name,
            positive(row, "total_duration (s)"),
            None,
            f"/{name}",
            folder,
            FIELD,
            FIELD_MEMORY,
            positive(row, "inference_duration (s)"),
            where,
        )
    )


def _execution(row: Row, where: str, found: Found, times: Times) -> None:
    """Read a row with an execution's name, start and stop."""
    names = set(row)
    name, start, stop = (row[_named(names, words) or ""] for words in (_NAMES, _STARTS, _STOPS))
    status = next((row[each] for each in row if each.strip().lower() == "status"), None)
    found_one = execution(name, seconds_between(start, stop, times), None, None, where)
    if status and status.upper() != "SUCCEEDED":
        found.unused(f"{where}: the execution {shown(name)} did not succeed")
        return
    found.executions.append(found_one)


def _named(names: set[str], words: tuple[str, ...]) -> str | None:
    return next((name for name in sorted(names) if name.strip().lower() in words), None)


def _minutes(text: str) -> float:
    """Return the seconds of ``MM:SS.sss``."""
    found = re.fullmatch(r"(\d+):(\d{1,2}(?:\.\d+)?)", text.strip())
    if not found:
        raise UnreadableError(f"duration is no MM:SS.sss: {shown(text)}")
    seconds = 60 * float(found[1]) + float(found[2])
    if not seconds:
        raise UnreadableError("duration is 0")
    return seconds
