"""From the place that a problem of a definition names, ``/States/A/Choices[0]/Next``, to the path in its data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.config.document import KeyPath
    from shared.values import Json

_INDEX = re.compile(r"\[(\d+)\]")
_IN_ENTRY = 3  # Choices, its place, Next


def place_of(location: str, definition: Json) -> KeyPath:
    """Return the path of *location* in *definition*, as far as it is there.

    A state's name may hold what separates names, so names are looked for in the data, the longest first.
    """
    path: list[str | int] = []
    rest, value = location, definition
    while rest:
        if isinstance(value, dict) and rest.startswith("/"):
            names = sorted((name for name in value if _begins(rest[1:], name)), key=len)
            if not names:
                break
            path.append(names[-1])
            rest, value = rest[1 + len(names[-1]) :], value[names[-1]]
        elif isinstance(value, list) and (match := _INDEX.match(rest)) and int(match[1]) < len(value):
            path.append(int(match[1]))
            rest, value = rest[match.end() :], value[int(match[1])]
        else:
            break
    return tuple(path)


def machine_of(path: KeyPath, definition: Json) -> tuple[list[str], Json]:
    """Return the names of the states among which the value at *path* of *definition* names one, and that value.

    *path* leads to a StartAt, or to what says where a state goes.
    """
    levels = [definition]
    for part in path:
        levels.append(levels[-1][part])  # type: ignore[index]  # the path was found in the data
    if path[-1] == "StartAt":
        machine = levels[-2]
        states = machine.get("States") if isinstance(machine, dict) else None
    else:
        entry = _IN_ENTRY if isinstance(path[-2], int) else 1
        states = levels[-2 - entry]
    return list(states) if isinstance(states, dict) else [], levels[-1]


def _begins(text: str, name: str) -> bool:
    return text.startswith(name) and text[len(name) : len(name) + 1] in {"", "/", "["}
