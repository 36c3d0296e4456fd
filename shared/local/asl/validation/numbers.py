"""Checking fields whose value is a number, a path to one, or an expression for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from shared.local.asl.languages.jsonata import is_expression
from shared.local.asl.validation.expressions import check_jsonata, check_number_path

if TYPE_CHECKING:
    from shared.local.asl.reading import Spec
    from shared.local.asl.validation.problems import Problems
    from shared.values import Json

MOST_SECONDS = 99_999_999
# The least value of each field, 0 for those that are not here; with a point where the value need not be an integer.
_LEAST = {
    "TimeoutSeconds": 1,
    "HeartbeatSeconds": 1,
    "IntervalSeconds": 1,
    "BackoffRate": 1.0,
    "MaxDelaySeconds": 1,
    "MaxItemsPerBatch": 1,
    "MaxInputBytesPerBatch": 1,
    "ToleratedFailurePercentage": 0.0,
}
# The greatest value of each field, MOST_SECONDS for those that are not here. AWS was seen to say the first two
# (github.com/floci-io/floci, issue 3733); the others are of its language server and its documentation.
_MOST = {
    "ToleratedFailurePercentage": 100.0,
    "MaxItems": 100_000_000,
    "MaxDelaySeconds": 31_622_400,
    "MaxInputBytesPerBatch": 262_144,
}


def check_number(spec: Spec, name: str, problems: Problems, location: str, *, jsonata: bool) -> None:
    """Check the number *name*, and the field of the same name with Path at its end."""
    where = f"{location}/{name}"
    if f"{name}Path" in spec and not jsonata:
        check_number_path(spec[f"{name}Path"], problems, f"{location}/{name}Path")
        problems.at_most_one(spec, (name, f"{name}Path"), location)
    if name not in spec:
        return
    value, least = spec[name], _LEAST.get(name, 0)
    if jsonata and is_expression(value):
        check_jsonata(value, problems, where)
    elif _is_number(value, problems, where, integer=isinstance(least, int)):
        most = _MOST.get(name, MOST_SECONDS)
        if value < least:
            problems.add(f"Minimum value is {least}", where)
        elif value > most:
            problems.add(f"Maximum value is {most}", where)


def _is_number(value: Json, problems: Problems, location: str, *, integer: bool) -> TypeGuard[float]:
    if integer:
        return problems.is_a(value, int, "Integer", location)
    return problems.is_a(value, (int, float), "Number", location)
