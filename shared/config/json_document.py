"""JSON read with its line numbers, as :mod:`shared.config.document` reads YAML."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import TYPE_CHECKING

from shared.config.document import Document
from shared.config.problems import Problem

if TYPE_CHECKING:
    from shared.config.document import KeyPath
    from shared.config.problems import Problems

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def read_json(text: str, file: str, problems: Problems) -> Document | None:
    """Return the JSON *text* of *file*, or None when it is none; *problems* then says why.

    A key given twice is a problem, and the document holds the second.
    """
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        problems.add(Problem(file, error.lineno, f"this is not JSON: {error.msg}"))
    except RecursionError:
        problems.add(Problem(file, 1, "it is nested too deeply"))
    except ValueError as error:  # of a number that is longer than Python reads
        problems.add(Problem(file, 1, f"it cannot be read: {error}"))
    else:
        return Document(file, data, _lines(text, file, problems), problems)
    return None


def _lines(text: str, file: str, problems: Problems) -> dict[KeyPath, int]:
    """Return the line of every path in *text*, which is JSON: of its key, or of its value in a list."""
    ends = [match.start() for match in re.finditer("\n", text)]
    lines: dict[KeyPath, int] = {(): 1}
    path: list[str | int] = []  # of the value that comes next, or is open
    awaits_key = False
    for match in _TOKEN.finditer(text):
        word, line = match[0], bisect_right(ends, match.start()) + 1
        if awaits_key and word.startswith('"'):
            path[-1] = json.loads(word)
            key = tuple(path)
            if first := lines.get(key):
                problems.add(
                    Problem(file, line, f"the key {path[-1]!r} is given twice, first on line {first}", "keep one")
                )
                lines = {known: at for known, at in lines.items() if known[: len(key)] != key}
            lines[key] = line
            awaits_key = False
            continue
        if word not in {",", ":", "}", "]"}:
            lines.setdefault(tuple(path), line)
        if word in {"{", "["}:
            path.append("" if word == "{" else 0)
            awaits_key = word == "{"
        elif word in {"}", "]"}:
            path.pop()
            awaits_key = False
        elif word == ",":
            place = path[-1]
            awaits_key = isinstance(place, str)
            path[-1] = place if isinstance(place, str) else place + 1
    return lines
