"""Numbers and times by picture: ``$formatNumber $formatInteger $parseInteger $fromMillis $toMillis``.

A picture string is that of XPath 3.1. The library knows those of integers and times; those of numbers are ours, since
the library's are another project's and let through what JSONata refuses.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from shared.local.asl.languages.jsonata_values import UNDEFINED, EvaluationError, normal, number_of, rounded

if TYPE_CHECKING:
    from collections.abc import Callable

_DEFAULTS = {
    "decimal-separator": ".", "grouping-separator": ",", "exponent-separator": "e", "minus-sign": "-", "percent": "%",
    "per-mille": "\u2030", "zero-digit": "0", "digit": "#", "pattern-separator": ";",
}  # fmt: skip
_MOST_PICTURES = 2
_ISO = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>[01]\d))?(?:-(?P<day>[0-3]\d))?"
    r"(?:T(?P<hour>[0-2]\d):(?P<minute>[0-5]\d):(?P<second>[0-5]\d))?(?P<part>\.\d+)?"
    r"(?P<zone>[+-][0-2]\d:?[0-5]\d|Z)?"
)
# The years 1 to 9999, which the library knows; JavaScript's go on to 275760.
_FIRST_MILLIS, _LAST_MILLIS = -62_135_596_800_000, 253_402_300_799_999
# How the library's errors begin, which have no code.
_CODES = {
    "Formatting or parsing an integer as a sequence": "D3130",
    "In a decimal digit pattern": "D3131",
    "Unknown component specifier": "D3132",
    "The 'name' modifier": "D3133",
    "The timezone integer format": "D3134",
    "No matching closing bracket": "D3135",
    "The date/time picture string is missing": "D3136",
}


def format_integer(value: Any, picture: Any) -> Any:
    """Return the integer *value* by a *picture*."""
    if value is UNDEFINED:
        return value
    whole = int(Decimal(repr(number_of(value))))
    return _library(lambda tools: tools.format_integer(whole, picture), picture)


def parse_integer(text: Any, picture: Any) -> Any:
    """Return the integer that *text* is by a *picture*."""
    if text is UNDEFINED:
        return text
    return _library(lambda tools: tools.parse_integer(text, picture), picture)


def from_millis(value: Any, picture: Any, zone: Any) -> Any:
    """Return the time of *value* milliseconds since the epoch by a *picture*, ISO 8601 by default."""
    if value is UNDEFINED:
        return value
    if not _FIRST_MILLIS <= value <= _LAST_MILLIS:
        raise EvaluationError("D1001", value=value)
    given = [None if each is UNDEFINED else each for each in (picture, zone)]
    return _library(lambda tools: tools.format_datetime(int(value), *given), picture)


def to_millis(text: Any, picture: Any) -> Any:
    """Return the milliseconds since the epoch of the time that *text* is by a *picture*, ISO 8601 by default."""
    if text is UNDEFINED:
        return text
    if picture is not UNDEFINED:
        found = _library(lambda tools: tools.parse_datetime(text, picture), picture)
        return found if found is UNDEFINED else normal(found)
    match = _ISO.fullmatch(text)
    if match is None:
        raise EvaluationError("D3110", value=text)
    parts = [int(match[name] or least) for name, least in _LEAST.items()]
    zone = match["zone"] or "Z"
    offset = 0 if zone == "Z" else int(zone[0] + "1") * (int(zone[1:3]) * 60 + int(zone[-2:]))
    try:
        moment = dt.datetime(*parts, tzinfo=dt.UTC) - dt.timedelta(minutes=offset)  # type: ignore[misc,arg-type]
    except (ValueError, OverflowError):
        raise EvaluationError("D3110", value=text) from None
    seconds = (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(seconds=1)
    return seconds * 1000 + int(float(match["part"] or 0) * 1000 + 1e-6)


_LEAST = {"year": 1, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0}


def _library(use: Callable[[Any], Any], picture: Any) -> Any:
    """Return what the library makes of a *picture*, with its errors as JSONata has them."""
    from jsonata.datetimeutils import DateTimeUtils

    try:
        found = use(DateTimeUtils)
    except KeyError as missing:
        raise EvaluationError("D3132", value=str(missing.args[0])) from None
    except (RuntimeError, ValueError, OverflowError, IndexError, TypeError, AttributeError) as error:
        code = next((code for text, code in _CODES.items() if str(error).startswith(text)), None)
        if code is None:
            shown = "" if picture is UNDEFINED else f" '{picture}'"
            raise EvaluationError("D3137", message=f"The picture string{shown} cannot be applied") from None
        raise EvaluationError(code, value=_culprit(code, str(picture))) from None
    return UNDEFINED if found is None else found


def _culprit(code: str, picture: str) -> str:
    """Return the part of a *picture* that an error of this *code* names."""
    if code == "D3133":
        named = re.search(r"\[\s*([A-Za-z])[Nn]", picture)
        return named[1] if named else picture
    return picture.partition(";")[0]


class _Picture(NamedTuple):
    """What a picture of numbers asks for: the widths of its parts, and where separators go."""

    prefix: str
    suffix: str
    text: str
    groups: list[int]
    regular: int
    fraction_groups: list[int]
    least_whole: int
    scale: int
    least_fraction: int
    most_fraction: int
    least_exponent: int


class _Parts(NamedTuple):
    """A picture, taken apart."""

    text: str
    prefix: str
    suffix: str
    active: str
    mantissa: str
    exponent: str | None
    whole: str
    fraction: str


class _Marks:
    """The letters that mean something in a picture.

    Args:
        options: Those that are not the usual ones, by name.
    """

    def __init__(self, options: dict[str, str]) -> None:
        marks = {**_DEFAULTS, **options}
        self.point, self.group = marks["decimal-separator"], marks["grouping-separator"]
        self.exponent, self.minus = marks["exponent-separator"], marks["minus-sign"]
        self.percent, self.mille, self.digit = marks["percent"], marks["per-mille"], marks["digit"]
        self.between = marks["pattern-separator"]
        zero = marks["zero-digit"] or "0"
        self.digits = "".join(chr(ord(zero[0]) + place) for place in range(10))
        self.active = {*self.digits, self.point, self.exponent, self.group, self.digit, self.between}

    def count(self, text: str, *, optional: bool = False) -> int:
        """Return how many digits *text* has, the optional ones too or not."""
        return sum(letter in self.digits or (optional and letter == self.digit) for letter in text)


def format_number(value: Any, picture: Any, options: Any) -> Any:
    """Return the number *value* by a *picture*; *options* change what its letters mean."""
    if value is UNDEFINED:
        return value
    given = {} if options is UNDEFINED else {key: str(item) for key, item in options.items()}
    marks = _Marks(given)
    texts = str(picture).split(marks.between)
    if len(texts) > _MOST_PICTURES:
        raise EvaluationError("D3080")
    pictures = [_analysed(_checked(_taken_apart(text, marks), marks), marks) for text in texts]
    chosen = pictures[0]
    if value < 0:
        chosen = pictures[1] if len(pictures) > 1 else chosen._replace(prefix=marks.minus + chosen.prefix)
    return _written(number_of(value), chosen, marks)


def _taken_apart(text: str, marks: _Marks) -> _Parts:
    ends = marks.active - {marks.exponent}
    places = [place for place, letter in enumerate(text) if letter in ends]
    if not places:
        raise EvaluationError("D3085")
    prefix, suffix = text[: places[0]], text[places[-1] + 1 :]
    active = text[len(prefix) : len(text) - len(suffix)]
    at = text.find(marks.exponent, len(prefix))
    mantissa, exponent = active, None
    if at != -1 and at <= len(text) - len(suffix):
        mantissa, exponent = active[:at], active[at + 1 :]
    whole, point, fraction = mantissa.partition(marks.point)
    return _Parts(text, prefix, suffix, active, mantissa, exponent, whole, fraction if point else suffix)


def _checked(parts: _Parts, marks: _Marks) -> _Parts:
    """Return *parts* unless they break a rule; of several the last one counts, as in the reference."""
    text, point = parts.text, parts.text.find(marks.point)
    optional, last_optional = parts.whole.find(marks.digit), parts.fraction.rfind(marks.digit)
    beside = text[point - 1 : point] + text[point + 1 : point + 2] if point > 0 else text[1:2]
    per = marks.percent in text or marks.mille in text
    rules = {
        "D3081": text.count(marks.point) > 1,
        "D3082": text.count(marks.percent) > 1,
        "D3083": text.count(marks.mille) > 1,
        "D3084": marks.percent in text and marks.mille in text,
        "D3085": not marks.count(parts.mantissa, optional=True),
        "D3086": any(letter not in marks.active for letter in parts.active),
        "D3087": point != -1 and marks.group in beside,
        "D3088": point == -1 and parts.whole.endswith(marks.group),
        "D3089": marks.group * 2 in text,
        "D3090": optional != -1 and marks.count(parts.whole[:optional]) > 0,
        "D3091": last_optional != -1 and marks.count(parts.fraction[last_optional:]) > 0,
        "D3092": bool(parts.exponent) and per,
        "D3093": parts.exponent is not None and (not parts.exponent or not set(parts.exponent) <= set(marks.digits)),
    }
    broken = [code for code, holds in rules.items() if holds]
    if broken:
        raise EvaluationError(broken[-1])
    return parts


def _analysed(parts: _Parts, marks: _Marks) -> _Picture:
    least_whole = scale = marks.count(parts.whole)
    least, most = marks.count(parts.fraction), marks.count(parts.fraction, optional=True)
    exponent = parts.exponent is not None
    if least_whole == 0 and most == 0:
        least_whole, least, most = (0, 1, 1) if exponent else (1, least, most)
    if exponent and least_whole == 0 and marks.digit in parts.whole:
        least_whole = 1
    if least_whole == 0 and least == 0:
        least = 1
    groups = [marks.count(parts.whole[at:], optional=True) for at in _places(parts.whole, marks.group)]
    fractions = [marks.count(parts.fraction[:at], optional=True) for at in _places(parts.fraction, marks.group)]
    return _Picture(
        parts.prefix, parts.suffix, parts.text, groups, _regular(groups), fractions, least_whole, scale, least, most,
        marks.count(parts.exponent or ""),
    )  # fmt: skip


def _places(text: str, letter: str) -> list[int]:
    return [place for place, each in enumerate(text) if each == letter]


def _regular(groups: list[int]) -> int:
    """Return the interval of the *groups* if it is always the same, else 0."""
    factor = functools.reduce(math.gcd, groups, 0)
    return factor if all(factor * (place + 1) in groups for place in range(len(groups))) else 0


def _written(value: float, picture: _Picture, marks: _Marks) -> str:
    value *= 100 if marks.percent in picture.text else 1000 if marks.mille in picture.text else 1
    exponent = None
    if picture.least_exponent:
        value, exponent = _scaled(value, picture.scale)
    text = _digits(rounded(value, picture.most_fraction), picture.most_fraction, marks)
    whole, _, fraction = text.partition(".")
    zero = marks.digits[0]
    whole = whole.lstrip(zero).rjust(picture.least_whole, zero)
    fraction = fraction.rstrip(zero).ljust(picture.least_fraction, zero)
    fraction = _grouped_fraction(fraction, picture.fraction_groups, marks.group)
    result = _grouped(whole, picture, marks.group)
    if fraction and marks.point in picture.text:
        result += marks.point + fraction
    if exponent is not None:
        power = _digits(exponent, 0, marks).rjust(picture.least_exponent, zero)
        result += marks.exponent + (marks.minus if exponent < 0 else "") + power
    return picture.prefix + result + picture.suffix


def _scaled(value: float, scale: int) -> tuple[float, int]:
    """Return the mantissa of *value* with *scale* digits before the point, and the exponent."""
    exponent = 0
    while value and value < 10.0 ** (scale - 1) and exponent > -400:  # noqa: PLR2004  no double is smaller
        value *= 10
        exponent -= 1
    while value > 10.0**scale and math.isfinite(value):
        value /= 10
        exponent += 1
    return value, exponent


def _digits(value: float, places: int, marks: _Marks) -> str:
    text = f"{abs(Decimal(repr(value))):.{places}f}"
    return text.translate({ord("0") + place: digit for place, digit in enumerate(marks.digits)})


def _grouped(whole: str, picture: _Picture, separator: str) -> str:
    if picture.regular:
        cuts = [place * picture.regular for place in range(1, (len(whole) - 1) // picture.regular + 1)]
    else:
        cuts = [place for place in picture.groups if place < len(whole)]
    for cut in sorted(cuts, reverse=True):
        place = len(whole) - cut
        whole = whole[:place] + "\0" + whole[place:]
    return whole.replace("\0", separator)


def _grouped_fraction(fraction: str, groups: list[int], separator: str) -> str:
    for place in sorted(groups, reverse=True):
        if place < len(fraction):
            fraction = fraction[:place] + separator + fraction[place:]
    return fraction
