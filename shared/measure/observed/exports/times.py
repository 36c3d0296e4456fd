"""Times in the forms that exports, programs and spreadsheets write."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_SPREADSHEET = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d\d),? +"
    r"(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,6}))?)?(?: ?([AaPp])\.?[Mm]\.?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_OTHER_ORDERS = (  # of a day, whose parts are then written in one order
    re.compile(r"(?:[A-Z][a-z]{2}, )?(?P<day>\d{1,2})[-. ]+(?P<name>[A-Za-z]{3})[a-z]*\.?[-, ]+(?P<year>\d{4}|\d\d)\b"),
    re.compile(r"(?P<name>[A-Za-z]{3})[a-z]*\.? (?P<day>\d{1,2}),? (?P<year>\d{4})\b"),
    re.compile(r"(?P<year>\d{4})/(?P<month>\d{1,2})/(?P<day>\d{1,2})\b"),
)
_ZONE = re.compile(r" (?:GMT|UTC|[+-]0000)$")
_SERIAL = re.compile(r"([345]\d{4})[.,](\d+)")  # days, of the years 1982 to 2064
_FIRST_DAY = datetime(1899, 12, 30, tzinfo=UTC)  # day 0 of spreadsheets
_UNITS = {10: 1000, 13: 1, 16: 0.001, 19: 0.000001}  # digits of a number since 1970: seconds, ms, us, ns
_NOON = 12
_SHORT_YEAR = 2  # digits


class NoTimeError(ValueError):
    """This is no time, or it is not clear which."""


class Times:
    """Reads the times of one file. A time without a zone is UTC.

    Spreadsheets write 11/26/2024 or 26/11/2024. Which of them a file means is known from the first day after the
    twelfth; a time before that which may be either is refused.
    """

    def __init__(self) -> None:
        self._day_first: bool | None = None

    def milliseconds(self, text: str) -> int:
        """Return the Unix milliseconds of *text*.

        Raises:
            NoTimeError: It is no time that we know, or may be two.
        """
        text = text.strip()
        if text.isdigit() and len(text) in _UNITS:
            return int(int(text) * _UNITS[len(text)])
        if serial := _SERIAL.fullmatch(text):
            return _of(_FIRST_DAY + timedelta(days=float(f"{serial[1]}.{serial[2]}")))
        try:
            if written := _SPREADSHEET.fullmatch(_in_one_order(text)):
                return _of(self._written(written))
            return _of(datetime.fromisoformat(text.replace(",", ".")))
        except NoTimeError:
            raise
        except ValueError:
            raise NoTimeError(f"this is no time: {text[:80]!r}") from None

    def _written(self, found: re.Match[str]) -> datetime:
        one, sign, other, year, hour, minute, second, fraction, half = found.groups()
        first, last = int(one), int(other)
        if sign == "." or first > _NOON:
            self._day_first = True if sign != "." else self._day_first
            day, month = first, last
        elif last > _NOON:
            self._day_first = False
            day, month = last, first
        elif first == last or self._day_first is not None:
            day, month = (first, last) if self._day_first else (last, first)
        else:
            raise NoTimeError(f"{found[0]!r} may be of two days: write times as 2026-01-31 16:25:11.565")
        hours = int(hour) % _NOON + _NOON * (half in "Pp") if half else int(hour)
        micros = int((fraction or "0").ljust(6, "0"))
        full = int(year) if len(year) > _SHORT_YEAR else 2000 + int(year)
        return datetime(full, month, day, hours, int(minute), int(second or 0), micros, UTC)


def _in_one_order(text: str) -> str:
    """Return *text* with its day as 26.11.2024 where it was Nov 26, 2024, or 26-Nov-24, or 2024/11/26."""
    for order in _OTHER_ORDERS:
        if found := order.match(text):
            told = found.groupdict()
            name = told.get("name")
            if name and name.lower() not in _MONTHS:
                break
            month = 1 + _MONTHS.index(name.lower()) if name else told["month"]
            return f"{told['day']}.{month}.{told['year']}{_ZONE.sub('', text[found.end() :])}"
    return text


def _of(when: datetime) -> int:
    return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
