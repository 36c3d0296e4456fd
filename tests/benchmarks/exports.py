"""A log of so many MB, in each form that people export: how long ``lanes metrics --csv`` takes, and in how much memory.

    .venv/bin/python tests/benchmarks/exports.py [--mb N] [--small N] [--rounds N] [--folder DIR] [--json]

Each form is written at two sizes and read by a process of its own, whose peak is the kernel's figure (ru_maxrss).
Memory is bounded where the ratio of the two peaks stays near one while the sizes' does not. The files are deleted.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MB = 1_000_000
AT = 1_732_638_311_565
STREAM = "2024/11/26/[$LATEST]"
LINES = 9  # that a function prints, before each REPORT
PRINTED = "x" * 400


def events() -> Iterator[tuple[int, str, str]]:
    """Yield the time, the stream and the message of the events of a thousand environments, without an end."""
    number = 0
    while True:
        number += 1
        stream, at = f"{STREAM}{number % 1000:032x}", AT + number
        for line in range(LINES):
            yield at, stream, f"line {line} {PRINTED}\n"
        report = (
            f"REPORT RequestId: 00000000-0000-4000-8000-{number:012d}\tDuration: {number % 900}.25 ms\t"
            f"Billed Duration: {number % 900 + 1} ms\tMemory Size: 1024 MB\tMax Memory Used: 101 MB\t\n"
        )
        yield at, stream, report


def write_documents(file: IO[str], most: int) -> int:
    """Write what filter-log-events prints: one JSON document."""
    written = file.write('{"events": [')
    count = 0
    for at, stream, message in events():
        event = {"logStreamName": stream, "timestamp": at, "message": message, "ingestionTime": at, "eventId": str(at)}
        written += file.write((",\n" if count else "\n") + json.dumps(event, indent=4))
        count += 1
        if written > most and count % (LINES + 1) == 0:
            break
    file.write("]}\n")
    return count // (LINES + 1)


def write_table(file: IO[str], most: int) -> int:
    """Write what Logs Insights exports: CSV."""
    rows = csv.writer(file)
    rows.writerow(("@timestamp", "@message", "@logStream", "@log"))
    written = 0
    for count, (at, stream, message) in enumerate(events(), 1):
        written += len(message) + len(stream) + 60
        rows.writerow((at, message, stream, "123456789012:/aws/lambda/demo"))
        if written > most and count % (LINES + 1) == 0:
            return count // (LINES + 1)
    return 0


def write_text(file: IO[str], most: int) -> int:
    """Write what aws logs tail prints."""
    written = 0
    for count, (_, stream, message) in enumerate(events(), 1):
        written += file.write(f"2024-11-26T16:25:11.565000+00:00 {stream} {message}")
        if written > most and count % (LINES + 1) == 0:
            return count // (LINES + 1)
    return 0


FORMS: dict[str, Callable[[IO[str], int], int]] = {
    "JSON document": write_documents,
    "JSON document, gzip": write_documents,
    "Insights, CSV": write_table,
    "aws logs tail": write_text,
}


def make(path: Path, form: str, most: int) -> int:
    """Write a log in *form* of about *most* bytes; return how many invocations it tells of."""
    if "gzip" in form:
        with gzip.open(path, "wt", compresslevel=1) as packed:
            return FORMS[form](cast("IO[str]", packed), most)
    with path.open("w", encoding="utf-8", newline="") as file:
        return FORMS[form](file, most)


def measure(path: Path, invocations: int) -> tuple[float, float]:
    """Return the seconds that reading the file takes, and the peak of memory in MB. It must find every invocation."""
    words = [sys.executable, "-m", "shared.cli", "metrics", "--csv", str(path), "--limit", "0"]
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as told, subprocess.Popen(words, stdout=told) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begun
        told.seek(0)
        said = told.read()
    if process.returncode or f"invocations   {invocations}" not in said:
        raise SystemExit(f"exit {process.returncode}, and not {invocations} invocations:\n{said}")
    return seconds, used.ru_maxrss / 1000


def compare(folder: Path, form: str, sizes: tuple[int, int], rounds: int) -> dict[str, object]:
    """Return what *form* takes at both *sizes*, in MB."""
    seconds: list[list[float]] = []
    peaks: list[float] = []
    for size in sizes:
        path = folder / "log"
        invocations = make(path, form, size * MB)
        found = [measure(path, invocations) for _ in range(rounds)]
        path.unlink()
        seconds.append([each for each, _ in found])
        peaks.append(max(each for _, each in found))
    return {
        "form": form,
        "mb": sizes[1],
        "invocations": invocations,
        "seconds": [round(each, 2) for each in seconds[1]],
        "mb_a_second": round(sizes[1] / statistics.median(seconds[1]), 1),
        "peak_mb": [round(each, 1) for each in peaks],
        "peak_ratio": round(peaks[1] / peaks[0], 3),
        "size_ratio": round(sizes[1] / sizes[0], 1),
    }


def main() -> None:
    """Measure every form, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=int, default=1000)
    parser.add_argument("--small", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--form", choices=FORMS, action="append")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for form in given.form or FORMS:
            told = compare(Path(folder), form, (given.small, given.mb), given.rounds)
            if given.json:
                print(json.dumps(told), flush=True)
                continue
            print(
                f"{told['form']:<20} {told['mb']:,} MB, {told['invocations']:,} invocations: {told['seconds']} s, "
                f"{told['mb_a_second']} MB/s; peaks {told['peak_mb']} MB, ratio {told['peak_ratio']} "
                f"where the sizes' is {told['size_ratio']}",
                flush=True,
            )


if __name__ == "__main__":
    main()
