"""Reads what a user gives as JSON: a file, stdin, or the JSON itself."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config.exact_json import InexactJsonError, read_exact
from shared.errors import UsageError

if TYPE_CHECKING:
    from shared.values import Json

_NUMBER = r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"
_PLAIN = re.compile(rf"({_NUMBER}|true|false|null|-?Infinity|NaN)")
_BEGINS = ("{", "[", '"', "\ufeff")
STDIN = "-"


def read_given(given: str, where: str = "--input") -> Json:
    """Return the JSON that *given* is, or that lies in the file that it names; ``-`` is stdin.

    It is the JSON itself if it begins as an object, an array or a text does, or if it is a number, true, false or null.
    A file of such a name is ``./5``.

    Raises:
        UsageError: There is no such file, or it is no JSON that has one meaning.
    """
    content: str | bytes = given
    if not (given.lstrip().startswith(_BEGINS) or _PLAIN.fullmatch(given.strip())):
        where, content = "stdin" if given == STDIN else given, _content(given)
    try:
        return read_exact(content)
    except InexactJsonError as error:
        raise UsageError(str(error), where=where) from error


def _content(given: str) -> bytes:
    if given == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(given).read_bytes()
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(what, where=given, fix="give a file, - for stdin, or the JSON itself") from error
