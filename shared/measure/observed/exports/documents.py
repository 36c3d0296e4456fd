"""JSON: what the AWS CLI and the console of Logs Insights write, and what CloudWatch sends to subscribers.

A file holds one document or several, one after another. Each is read value by value, so that a document of a gigabyte
takes the memory of its largest event.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.json_stream import BadJsonError, Document
from shared.measure.observed.exports.fields import MESSAGE, NoFiguresError, check_columns, event_of
from shared.measure.observed.exports.opened import LONGEST
from shared.measure.observed.exports.times import NoTimeError, Times
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.measure.observed.exports.line import LogLine, Problems
    from shared.measure.observed.exports.opened import Lines
    from shared.values import Json

_LISTS = {"events", "results", "logEvents"}
"""Where documents have their events: filter-log-events and get-log-events, get-query-results, subscriptions."""
_AROUND = ("logGroup", "logStream")
_FIX = "a document of aws logs filter-log-events, get-log-events or get-query-results, or of Insights, has events"


def is_event(value: Json) -> bool:
    """Say whether *value* is an event of a log, as such documents have it, and not a line that a program logged."""
    keys = set(value) if isinstance(value, dict) else set()
    return "@message" in keys or ("message" in keys and bool({"eventId", "ingestionTime", "logStreamName"} & keys))


def is_document(value: Json) -> bool:
    """Say whether *value*, all of a line, is a document with events."""
    return isinstance(value, list) or (isinstance(value, dict) and bool(_LISTS & value.keys()))


def event_in(value: Mapping[str, Json], times: Times, place: str, number: int) -> LogLine:
    """Return the event of an object whose members are its fields: see :func:`.fields.event_of`."""
    texts = {name: _text(each) for name, each in value.items()}
    check_columns(texts, place)
    return event_of(texts, times, place, number)


def _text(value: Json) -> str:
    """Return a field as text; an exporter may have read a message that is JSON."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


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
    except BadJsonError as error:
        place = f"{name}:{first + document.lines}"
        problems.add(place, f"{error} after {found} events; nothing behind it was read", "Billed Duration")
        return
    if not found:
        problems.add(f"{name}:{first}", f"JSON without events: {_FIX}")


def _values(document: Document) -> Iterator[tuple[Json, dict[str, Json]]]:
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
            around: dict[str, Json] = {key: members[key] for key in _AROUND if key in members}
            yield from ((value, around) for value in _elements(document))
        else:
            members[str(member)] = document.value()
    if any(key in members for key in MESSAGE):
        yield members, {}


def _elements(document: Document) -> Iterator[Json]:
    for _ in document.names():
        yield document.value()


def _fields(value: Json) -> dict[str, Json]:
    """Return an event as an object; get-query-results has a list of its fields, each with a name and a value."""
    if isinstance(value, list):
        pairs = [as_mapping(each) for each in value if isinstance(each, dict)]
        return {str(pair.get("field")): pair.get("value") for pair in pairs}
    return dict(value) if isinstance(value, dict) else {"message": value}
