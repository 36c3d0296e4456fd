"""JSON: what the AWS CLI and the console of Logs Insights write, and what CloudWatch sends to subscribers.

A file holds one document or several, one after another. Each is read value by value, so that a document of a gigabyte
takes the memory of its largest event.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import TYPE_CHECKING, TypeAlias

from shared.json_stream import BadJsonError, Document
from shared.measure.observed.exports.fields import MESSAGE, NoFiguresError, check_columns, event_of
from shared.measure.observed.exports.line import tells_of_invocation
from shared.measure.observed.exports.opened import LONGEST
from shared.measure.observed.exports.times import NoTimeError, Times
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.measure.observed.exports.line import LogLine, Problems
    from shared.measure.observed.exports.opened import Lines
    from shared.values import Json

    Around: TypeAlias = dict[str, Json]

_LISTS = {"events", "results", "logEvents"}
"""Where documents have their events: filter-log-events and get-log-events, get-query-results, subscriptions."""
_AROUND = ("logGroup", "logStream")
_PACKED = {"Records", "records", "awslogs"}
"""Where events of Lambda have documents packed: Kinesis's, Firehose's, and those of CloudWatch itself."""
_PLAIN_EVENT = {"timestamp", "message", "id", "ptr", "logStream", "logGroup", "log_stream", "log_group"}
_FIX = "a document of aws logs filter-log-events, get-log-events or get-query-results, or of Insights, has events"


class BadPackError(ValueError):
    """A record does not have what it should have packed."""


def is_event(value: Json) -> bool:
    """Say whether *value* is an event of a log, as such documents have it, and not a line that a program logged."""
    keys = set(value) if isinstance(value, dict) else set()
    if "@message" in keys or {"timestamp", "message"} <= keys <= _PLAIN_EVENT:
        return True
    return "message" in keys and bool({"eventId", "ingestionTime", "logStreamName"} & keys)


def is_document(value: Json) -> bool:
    """Say whether *value*, all of a line, is a document with events."""
    return isinstance(value, list) or (isinstance(value, dict) and bool((_LISTS | _PACKED) & value.keys()))


def event_in(value: Mapping[str, Json], times: Times, place: str, number: int) -> LogLine:
    """Return the event of an object whose members are its fields: see :func:`.fields.event_of`."""
    texts = {name: _text(each) for name, each in value.items()}
    check_columns(texts, place)
    return event_of(texts, times, place, number)


def _text(value: Json) -> str:
    """Return a field as text; an exporter may have read a message that is JSON."""
    if isinstance(value, str):
        return value
    if type(value) is int:  # nearly all others are times, and most of a large file's time goes here
        return str(value)
    return "" if value is None else json.dumps(value)


def read_documents(lines: Lines, name: str, problems: Problems) -> Iterator[LogLine]:
    """Yield the events of all documents of a file."""
    document = Document(lines.chunks(), 4 * LONGEST)
    times, found, first = Times(), 0, lines.number + 1
    try:
        while document.peek():
            for value, around in _values(document):
                found += 1
                number = first + document.lines
                place = f"{name}:{number}"
                try:
                    yield event_in(_fields(value) | around, times, place, number)
                except (NoTimeError, NoFiguresError) as error:
                    problems.add(place, str(error), "Billed Duration")
    except (BadJsonError, BadPackError) as error:
        place = f"{name}:{first + document.lines}"
        problems.add(place, f"{error} after {found} events; nothing behind it was read", "Billed Duration")
        return
    if not found:
        problems.add(f"{name}:{first}", f"JSON without events: {_FIX}")


def _values(document: Document) -> Iterator[tuple[Json, Around]]:
    """Yield the events of the document that begins here, each with what the document says of all of them."""
    if document.peek() == "[":
        yield from ((value, {}) for value in _elements(document))
        return
    if document.peek() != "{":
        document.value()  # says what is wrong, or is passed over
        return
    members: dict[str, Json] = {}
    for member in document.names():
        if member in _LISTS and document.peek() == "[":
            around = _around(members)
            yield from ((value, around) for value in _elements(document))
        elif member in _PACKED:
            for value in _elements(document) if document.peek() == "[" else [document.value()]:
                yield from _unpacked(value)
        else:
            members[str(member)] = document.value()
    if any(key in members for key in MESSAGE) or _is_platform(members):
        yield members, {}
    elif tells_of_invocation(json.dumps(members)):
        raise BadJsonError("an object that tells of an invocation, and is no event of a log")


def _elements(document: Document) -> Iterator[Json]:
    for _ in document.names():
        yield document.value()


def _around(members: Mapping[str, Json]) -> Around:
    return {key: members[key] for key in _AROUND if key in members}


def _unpacked(record: Json) -> Iterator[tuple[Json, Around]]:
    """Yield the events of what a *record* has packed: a subscription's document, gzip'd, in base64.

    Raises:
        BadPackError: It has none.
    """
    told = as_mapping(record) if isinstance(record, dict) else {}
    inside = as_mapping(told["kinesis"]) if isinstance(told.get("kinesis"), dict) else told
    try:
        value = json.loads(gzip.decompress(base64.b64decode(str(inside["data"]), validate=True)))
        events = as_mapping(value)["logEvents"]
    except (KeyError, ValueError, TypeError, EOFError, OSError, zlib.error, RecursionError) as error:
        raise BadPackError("a record whose data is no packed document of CloudWatch") from error
    yield from ((each, _around(value)) for each in (events if isinstance(events, list) else []))


def _fields(value: Json) -> dict[str, Json]:
    """Return an event as an object.

    get-query-results has a list of its fields, each with a name and a value, and ``--query`` makes lists of a time and
    a message. What Lambda wrote as JSON may have been read, and is then the event itself.
    """
    match value:
        case [int() | str() as at, str() as message]:
            return {"timestamp": str(at), "message": message}
        case list():
            pairs = [as_mapping(each) for each in value if isinstance(each, dict)]
            return {str(pair.get("field")): pair.get("value") for pair in pairs}
        case dict() if _is_platform(value) or ("level" in value and not is_event(value)):
            return {"timestamp": value.get("timestamp") or value.get("time"), "message": json.dumps(value)}
        case dict():
            return dict(value)
        case _:
            return {"message": value}


def _is_platform(value: Mapping[str, Json]) -> bool:
    """Say whether *value* is an event of Lambda's own, as Telemetry API's subscribers and JSON logs have it."""
    return str(value.get("type")).startswith("platform.") and "record" in value
