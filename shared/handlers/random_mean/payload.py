"""What a run is asked for: the execution's input, checked. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from shared.handlers.payload import Reader

MOST_REPETITIONS = 100_000  # our choice: a list of draws of some megabytes
MOST_AT_ONCE = 10_000  # child executions of one distributed Map (AWS quota)
LONGEST_DELAY = 86_400.0  # seconds: our choice; the list of draws lies under runs/, which S3 clears after some days
STORAGES = ("csv", "database")


@dataclass(frozen=True, slots=True)
class Request:
    """A run that can be made."""

    repetitions: int
    storage: str


def read(payload: object) -> Request:
    """Return what *payload* asks for. Numbers may come as text.

    ``concurrency`` and ``delay_seconds`` are checked here and used by the state machine.

    Raises:
        BadInput: Lists every key that is missing, unknown or out of bounds.
    """
    reader = Reader(payload, ("repetitions", "storage", "delay_seconds", "concurrency"))
    repetitions = reader.whole("repetitions", MOST_REPETITIONS, required=True)
    storage = reader.text("storage", required=True)
    if storage and storage not in STORAGES:
        reader.problems.append(f"storage is {storage!r}, not one of {', '.join(STORAGES)}")
    reader.whole("concurrency", MOST_AT_ONCE, required=True)
    delay = reader.payload.get("delay_seconds")
    if not _is_delay(delay):
        reader.problems.append(f"delay_seconds is {delay!r}, not a number of seconds from 0 to {LONGEST_DELAY:g}")
    reader.finish()
    return Request(repetitions or 0, storage)


def _is_delay(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return False
    return math.isfinite(number) and 0 <= number <= LONGEST_DELAY
