"""Checking fields whose value is a number, a path to one, or an expression for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.languages.jsonata import is_expression
from shared.local.asl.validation.expressions import check_jsonata, check_path

if TYPE_CHECKING:
    from shared.local.asl.reading import Spec
    from shared.local.asl.validation.problems import Problems

MOST_SECONDS = 99_999_999
# The least value of each field, 0 for those that are not here.
_LEAST = {
    "TimeoutSeconds": 1,
    "HeartbeatSeconds": 1,
    "IntervalSeconds": 1,
    "BackoffRate": 1.0,
    "MaxDelaySeconds": 1,
}
# The greatest value of each field, MOST_SECONDS for those that are not here. AWS was seen to say these two
# (github.com/floci-io/floci, issue 3733).
_MOST = {"ToleratedFailurePercentage": 100.0, "MaxItems": 100_000_000}


def check_number(spec: Spec, name: str, problems: Problems, location: str, *, jsonata: bool) -> None:
    """Check the number *name*, and the field of the same name with Path at its end."""
    value, where = spec.get(name), f"{location}/{name}"
    if f"{name}Path" in spec and not jsonata:
        check_path(spec[f"{name}Path"], problems, f"{location}/{name}Path")
        if value is not None:
            problems.add(f"Only one of the fields [{name}, {name}Path] is allowed", location)
    if value is None:
        return
    if jsonata and is_expression(value):
        check_jsonata(value, problems, where)
    elif problems.is_a(value, (int, float), "Number", where):
        least, most = _LEAST.get(name, 0), _MOST.get(name, MOST_SECONDS)
        if value < least:
            problems.add(f"Value is too low, minimum is {least}", where)
        elif value > most:
            problems.add(f"Value is too high, maximum is {most}", where)
