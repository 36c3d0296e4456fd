"""What an event of a history says, in a few words for a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.run.history import details, parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

_MOST = 300  # characters


def event_text(event: HistoryEventTypeDef) -> str:
    """Return what *event* says: an error with its message, what was called, how many items; empty where no more is."""
    kind, told = event["type"], details(event)
    if error := told.get("error"):
        text = f"{error}: {message}" if (message := _message(told)) else str(error)
    elif kind == "MapStateStarted":
        text = _items(told.get("length"))
    elif kind.startswith("MapIteration"):
        text = f"item {told.get('index')}"
    elif kind.endswith("Scheduled"):
        text = _called(told)
    elif "mapRunArn" in told:
        text = str(told["mapRunArn"]).rpartition(":")[2]
    else:
        text = _data(told)
    return _cut(text)


def _data(told: Mapping[str, object]) -> str:
    sizes = (f"{name} of {_bytes(str(told[name])):,} bytes" for name in ("output", "input") if name in told)
    return next(sizes, _message(told))


def _bytes(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def _message(told: Mapping[str, object]) -> str:
    """Return the message of a failure: the one that a function raised, where it was one."""
    cause = str(told.get("cause") or "")
    return str(parse_object(cause).get("errorMessage", cause))


def _items(length: object) -> str:
    """Return how many items a Map has; one that reads them tells 0 before."""
    return f"{length:,} items" if isinstance(length, int) and length else ""


def _called(told: Mapping[str, object]) -> str:
    if "parameters" not in told:
        return str(told.get("resource", ""))
    function = str(parse_object(str(told["parameters"])).get("FunctionName", ""))
    named = function.rpartition(":function:")[2]
    return " ".join(filter(None, (str(told.get("resourceType", "")), str(told.get("resource", "")), named)))


def _cut(text: str) -> str:
    first = text.strip().partition("\n")[0]
    return first if len(first) <= _MOST else f"{first[:_MOST]}\N{HORIZONTAL ELLIPSIS}"
