"""JSON as one text means it to every reader: what two programs would read differently is refused by name."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Never

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.values import Json

_MARK = b"\xef\xbb\xbf"
_NOT_ZERO = re.compile(r"[-0.]*[1-9]")  # before the exponent


class InexactJsonError(ValueError):
    """The text is no JSON, or not JSON that has one meaning. The message says what is wrong with it."""


def read_exact(text: str | bytes) -> Json:
    r"""Return the value of the JSON *text*; bytes must be UTF-8.

    Raises:
        InexactJsonError: It is no JSON; it gives a key twice; it holds NaN, Infinity, or a number that no double holds;
            it begins with a byte order mark; it is not UTF-8, or holds half of a character (``\ud800``).
    """
    if isinstance(text, bytes):
        if text.startswith(_MARK):
            raise InexactJsonError("it begins with a byte order mark (EF BB BF), which JSON has not: save it without")
        try:
            text = text.decode()
        except UnicodeDecodeError as error:
            raise InexactJsonError(f"it is not UTF-8: byte {error.start} is {text[error.start]:#04x}") from error
    if text.startswith("\ufeff"):
        raise InexactJsonError("it begins with a byte order mark (U+FEFF), which JSON has not: save it without")
    try:
        value: Json = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_number)
    except InexactJsonError:
        raise
    except RecursionError as error:
        raise InexactJsonError("it is nested too deeply") from error
    except ValueError as error:  # also of a number that is longer than Python reads
        raise InexactJsonError(f"it is not JSON: {error}") from error
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise InexactJsonError(f"it holds {half!a}, which is half of a character and no UTF-8") from error
    except RecursionError as error:
        raise InexactJsonError("it is nested too deeply") from error
    return value


def _object(pairs: Sequence[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) < len(pairs):
        (twice, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise InexactJsonError(f"the key {twice!r} is given twice")
    return value


def _no_constant(name: str) -> Never:
    raise InexactJsonError(f"{name} is not JSON")


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise InexactJsonError(f"{text} is larger than any number that JSON's readers hold (1.8e308)")
    if number == 0 and _NOT_ZERO.match(text):
        raise InexactJsonError(f"{text} is smaller than any number that JSON's readers hold, and not 0")
    return number
