"""Takes values out of JSON and tables, and says what is wrong with those that are no numbers or times."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from shared.measure.observed.exports.times import NoTimeError
from shared.measure.scaling.evidence.found import UnreadableError

if TYPE_CHECKING:
    from shared.measure.observed.exports.times import Times
    from shared.values import Json


def number(given: Mapping[str, Json], name: str) -> float:
    """Return the number under *name*, which is finite and not negative.

    Raises:
        UnreadableError: There is none.
    """
    value = given.get(name)
    try:
        found = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except ValueError:
        found = math.nan
    if not 0 <= found < math.inf:
        raise UnreadableError(f"{name} is no number: {shown(value)}" if name in given else f"there is no {name}")
    return found


def positive(given: Mapping[str, Json], name: str) -> float:
    """Return the number under *name*, which is more than 0.

    Raises:
        UnreadableError: There is none.
    """
    found = number(given, name)
    if not found:
        raise UnreadableError(f"{name} is 0")
    return found


def count(given: Mapping[str, Json], name: str) -> int:
    """Return the whole number under *name*, which is 1 or more.

    Raises:
        UnreadableError: There is none.
    """
    found = number(given, name)
    if found < 1 or found != int(found):
        raise UnreadableError(f"{name} is no number of 1 or more: {shown(given[name])}")
    return int(found)


def seconds_between(start: Json, stop: Json, times: Times) -> float:
    """Return the seconds from *start* to *stop*: texts as *times* reads them, or seconds since 1970.

    Raises:
        UnreadableError: One is no time, or the second is before the first.
    """
    took = (_milliseconds(stop, times) - _milliseconds(start, times)) / 1000
    if took <= 0:
        raise UnreadableError(f"it stops before it starts: {shown(start)} to {shown(stop)}")
    return took


def _milliseconds(value: Json, times: Times) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 1000 * value
    try:
        return times.milliseconds(value if isinstance(value, str) else "")
    except NoTimeError as error:
        raise UnreadableError(str(error)) from None


def shown(value: object) -> str:
    """Return *value* as a message shows it."""
    return repr(value)[:80]


def mapping(value: Json, what: str) -> Mapping[str, Json]:
    """Return *value*, which must be an object.

    Raises:
        UnreadableError: It is none; the message calls it *what*.
    """
    if not isinstance(value, Mapping):
        raise UnreadableError(f"{what} is no object: {shown(value)}")
    return value
