"""Reads what users send, key by key, and collects every problem for one error. Pure.

Numbers and booleans may come as text, as in old payloads. A key that is null or empty counts as not given.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from shared.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


class BadInput(UsageError):
    """The payload asks for something that cannot be. The message lists every problem in it."""


class Reader:
    """Reads one payload.

    Args:
        payload: An execution's input.
        known: The keys that it may have.
        defaults: Values for keys that are not given.

    Raises:
        BadInput: *payload* is no JSON object.
    """

    def __init__(self, payload: object, known: Iterable[str], defaults: Mapping[str, object] | None = None) -> None:
        if not isinstance(payload, dict):
            raise BadInput(
                f"the payload is {type(payload).__name__}, not a JSON object", fix='send {"world_size": 4, ...}'
            )
        missing = {key: value for key, value in (defaults or {}).items() if payload.get(key) in (None, "")}
        self.payload: dict[str, object] = {
            key: value for key, value in {**payload, **missing}.items() if value is not None
        }
        self.problems: list[str] = []
        known = set(known)
        for key in sorted(self.payload.keys() - known):
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}" if near else f"known are {', '.join(sorted(known))}"
            self.problems.append(f"unknown key {key!r} ({hint})")

    def finish(self) -> None:
        """Raise BadInput when anything was wrong."""
        if self.problems:
            raise BadInput(
                "the payload cannot be run: " + "; ".join(self.problems), fix="correct it and start the run again"
            )

    def own_bucket(self, bucket: str, keys: Iterable[str] = ("bucket",), commons: Collection[str] = ()) -> None:
        """Report *keys* that name neither the team's bucket nor one of *commons*, the shared data that it may read."""
        reached = f"reach {bucket!r} only"
        if commons:
            reached = f"reach {bucket!r}, and read {' and '.join(map(repr, sorted(commons)))}"
        for key in keys:
            if self.payload.get(key, "") not in ("", bucket, *commons):
                self.problems.append(
                    f"{key} is {self.payload[key]!r}, but this team's functions {reached} (leave {key} out)"
                )

    def given(self, key: str) -> bool:
        """Say whether *key* has a value."""
        return self.payload.get(key, "") != ""

    def whole(
        self, key: str, most: int, *, least: int = 1, default: int | None = None, required: bool = False
    ) -> int | None:
        """Return a whole number from *least* to *most*, which may come as text; *default* if it is not given.

        A number that is out of bounds, or none, is a problem, and None is returned.
        """
        if not self.given(key):
            if required:
                self.problems.append(f"{key} is missing")
            return default
        value = self.payload[key]
        number = whole(value)
        if number is None or not least <= number <= most:
            self.problems.append(f"{key} is {value!r}, not a whole number from {least} to {most}")
            return None
        return number

    def text(self, key: str, *, required: bool = False) -> str:
        """Return a string."""
        if required and not self.given(key):
            self.problems.append(f"{key} is missing")
        value = self.payload.get(key, "")
        if isinstance(value, str):
            return value
        self.problems.append(f"{key} is {value!r}, not a string")
        return ""

    def truth(self, key: str) -> bool:
        """Return true or false; not given is false."""
        value = self.payload.get(key, False)
        known = {"true": True, "false": False, "": False}
        if isinstance(value, str):
            value = known.get(value.lower(), value)
        if isinstance(value, bool):
            return value
        self.problems.append(f"{key} is {value!r}, not true or false")
        return False

    def endpoint(self, key: str) -> str:
        """Return host:port, or nothing."""
        value = self.text(key)
        host, _, port = value.rpartition(":")
        if value and not (host and (whole(port) or 0) in range(1, 65536)):
            self.problems.append(f"{key} is {value!r}, not host:port")
        return value


def whole(value: object) -> int | None:
    """Return *value* as a whole number, or None: 4, "4" and 4.0 are one, True and "4.5" are none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value) if isinstance(value, float) else int(value)
    except ValueError:
        return None
    return int(number) if number == number // 1 else None
