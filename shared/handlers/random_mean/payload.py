"""What a run is asked for: the execution's input, checked. Pure."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.handlers.random_mean.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_REPETITIONS = 100_000
MOST_AT_ONCE = 10_000  # child executions of one distributed Map (AWS quota)
LONGEST_DELAY = 86_400.0  # seconds; the list of draws lies under runs/, which S3 clears after some days
STORAGES = ("csv",)


@dataclass(frozen=True, slots=True)
class Request:
    """A run that can be made. ``delay_seconds`` is what each draw takes beside drawing."""

    repetitions: int
    storage: str
    delay_seconds: float
    concurrency: int


def read(payload: Mapping[str, Any]) -> Request:
    """Return what *payload* asks for; numbers may come as text.

    Raises:
        BadInput: Lists every key that is missing, unknown or out of bounds.
    """
    problems: list[str] = []
    known = ("repetitions", "storage", "delay_seconds", "concurrency")
    for key in sorted(payload.keys() - set(known)):
        near = difflib.get_close_matches(key, known, n=1)
        problems.append(f"unknown key {key!r} ({f'did you mean {near[0]}' if near else f'known are {known}'})")
    request = Request(
        repetitions=_whole(payload, "repetitions", MOST_REPETITIONS, problems),
        storage=str(payload.get("storage")),
        delay_seconds=_delay(payload.get("delay_seconds"), problems),
        concurrency=_whole(payload, "concurrency", MOST_AT_ONCE, problems),
    )
    if request.storage not in STORAGES:
        problems.append(f"storage is {payload.get('storage')!r}, not one of {', '.join(STORAGES)}")
    if problems:
        raise BadInput(
            "the payload cannot be run: " + "; ".join(problems), fix="correct it and start the run again"
        )
    return request


def _whole(payload: Mapping[str, Any], key: str, most: int, problems: list[str]) -> int:
    value = payload.get(key)
    number = _number(value)
    if number is not None and number == number // 1 and 1 <= number <= most:
        return int(number)
    problems.append(f"{key} is missing" if value is None else f"{key} is {value!r}, not a whole number from 1 to {most}")
    return 0


def _delay(value: Any, problems: list[str]) -> float:
    number = _number(value)
    if number is not None and 0 <= number <= LONGEST_DELAY:
        return number
    problems.append(f"delay_seconds is {value!r}, not a number of seconds from 0 to {LONGEST_DELAY:g}")
    return 0.0


def _number(value: Any) -> float | None:
    """Return *value* as a number, or None: 4, "4" and 4.0 are one, True and "four" are none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
