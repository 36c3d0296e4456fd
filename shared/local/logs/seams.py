"""moto's API of CloudWatch Logs over ``logs.db``: moto keeps groups and their filters, the store keeps what grows.

Whoever writes goes through moto's groups: clients, the Lambda runtime, deliveries of state machines, rules.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from typing import TYPE_CHECKING, Any

import moto.logs.models
from moto.core.exceptions import JsonRESTError
from moto.logs.exceptions import (
    InvalidParameterException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
)
from moto.logs.models import LogGroup, LogsBackend, LogStream, logs_backends
from moto.logs.responses import LogsResponse

from shared.config.field_types import RETENTION_DAYS
from shared.local.logs import pages, queries
from shared.local.logs.patterns import BadPatternError, Pattern, compiled
from shared.local.logs.puts import BadBatchError, taken
from shared.local.logs.store import GroupKey
from shared.local.seams import Seam, replacing
from shared.local.storage import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.local.logs.puts import Event as Given
    from shared.local.logs.store import Event, Group, LogStore, Stream

_QUERIES = 100  # whose results are kept
_NO_STREAM = "The specified log stream does not exist."
_NO_TAIL = "the embedded cloud does not stream a live tail: ask FilterLogEvents again (aws logs tail --follow)"


def seams(store: LogStore) -> list[Seam]:
    """Return what stands in the place of moto's own."""
    groups, answers = _Groups(store), _Answers(store)
    return [
        Seam(LogsBackend, "create_log_group", groups.created),
        Seam(LogsBackend, "ensure_log_group", groups.ensured),
        Seam(LogsBackend, "delete_log_group", groups.deleted),
        replacing(LogsBackend, "put_log_events", method(groups.put_checked)),
        Seam(LogsBackend, "put_metric_filter", _pattern_checked),
        Seam(LogsBackend, "start_query", _few_queries),
        Seam(LogsBackend, "get_query_results", _known_query),
        replacing(LogsBackend, "ensure_log_stream", method(groups.ensure_stream)),
        replacing(LogsBackend, "start_live_tail", _no_live_tail),
        replacing(moto.logs.models, "execute_query", groups.query),
        Seam(LogGroup, "put_subscription_filter", _pattern_checked),
        replacing(LogGroup, "streams", property(groups.names_of_streams, _unkept)),
        replacing(LogGroup, "create_log_stream", method(groups.create_stream)),
        replacing(LogGroup, "delete_log_stream", method(groups.delete_stream)),
        replacing(LogGroup, "describe_log_streams", method(groups.describe_streams)),
        replacing(LogGroup, "put_log_events", method(groups.put)),
        replacing(LogGroup, "filter_log_events", method(groups.all_of)),
        replacing(LogGroup, "set_retention_policy", method(groups.keep_for)),
        replacing(LogGroup, "to_describe_dict", method(groups.describe)),
        Seam(LogsResponse, "_get_param", _nulls_left_out),
        replacing(LogsResponse, "get_log_events", method(answers.get)),
        replacing(LogsResponse, "filter_log_events", method(answers.filter)),
    ]


def method(bound: Callable[..., object]) -> Callable[..., object]:
    """Return a method of another object as one of moto's classes: it is given moto's object too."""

    def called(self: object, *args: object, **named: object) -> object:
        return bound(self, *args, **named)

    return called


def settle(store: LogStore) -> None:
    """Give moto the groups that the store has, and no others: an earlier cloud may have ended between the two."""
    there = {group.key: group for group in store.groups()}
    for account, region, backend in list(logs_backends.iter_backends()):
        for name in [name for name in backend.groups if GroupKey(account, region, name) not in there]:
            del backend.groups[name]
    for key, group in there.items():
        groups = logs_backends[key.account][key.region].groups
        made = groups.setdefault(key.name, LogGroup(*key))
        made.creation_time = dt.datetime.fromtimestamp(group.created / 1000, dt.UTC).replace(tzinfo=None)
        made.retention_in_days = group.retention


class _Groups:
    """What moto's groups do, over the store."""

    def __init__(self, store: LogStore) -> None:
        self._store = store

    def created(self, original: Callable[..., LogGroup]) -> Callable[..., LogGroup]:
        @functools.wraps(original)
        def create_log_group(backend: LogsBackend, log_group_name: str, *args: Any, **named: Any) -> LogGroup:
            made = original(backend, log_group_name, *args, **named)
            self._store.make_group(_key(made), made.retention_in_days)
            return made

        return create_log_group

    def ensured(self, original: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(original)
        def ensure_log_group(backend: LogsBackend, log_group_name: str) -> None:
            if log_group_name not in backend.groups:
                original(backend, log_group_name)
                self._store.make_group(_key(backend.groups[log_group_name]))

        return ensure_log_group

    def deleted(self, original: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(original)
        def delete_log_group(backend: LogsBackend, log_group_name: str) -> None:
            original(backend, log_group_name)
            self._store.delete_group(GroupKey(backend.account_id, backend.region_name, log_group_name))

        return delete_log_group

    def ensure_stream(self, backend: LogsBackend, log_group_name: str, log_stream_name: str) -> None:
        group = backend.groups.get(log_group_name)
        if group is None:
            raise ResourceNotFoundException
        self._make_stream(group, log_stream_name)

    def create_stream(self, group: LogGroup, log_stream_name: str) -> None:
        if not self._make_stream(group, log_stream_name):
            raise ResourceAlreadyExistsException

    def _make_stream(self, group: LogGroup, name: str) -> bool:
        try:
            return self._store.make_stream(_key(group), name)
        except RefusedError:
            raise ResourceNotFoundException from None  # the group was just deleted

    def delete_stream(self, group: LogGroup, log_stream_name: str) -> None:
        try:
            if self._store.delete_stream(_key(group), log_stream_name):
                return
        except RefusedError:
            raise ResourceNotFoundException from None
        raise ResourceNotFoundException(_NO_STREAM)

    def describe_streams(  # noqa: PLR0913, PLR0917  moto's own parameters
        self,
        group: LogGroup,
        descending: bool,  # noqa: FBT001
        log_group_name: str,
        log_stream_name_prefix: str,
        order_by: str,
        limit: int,
        next_token: str | None = None,
    ) -> tuple[list[dict[str, Any]], str | None]:
        del log_group_name
        try:
            found = self._store.streams(
                self._stored(group),
                prefix=log_stream_name_prefix or "",
                by_time=order_by == "LastEventTime",
                descending=bool(descending),
                after=next_token or "",
                limit=limit + 1,
            )
        except RefusedError:
            raise InvalidParameterException("The specified nextToken is invalid.") from None
        page = found[:limit]
        return [_of_stream(group, stream) for stream in page], page[-1].name if len(found) > limit else None

    def put_checked(
        self, backend: LogsBackend, log_group_name: str, log_stream_name: str, log_events: Sequence[Given]
    ) -> tuple[str, dict[str, int]]:
        group = backend.groups.get(log_group_name)
        if group is None:
            raise ResourceNotFoundException
        try:
            events, rejected = taken(log_events or (), self._store.now(), group.retention_in_days)
        except BadBatchError as error:
            raise InvalidParameterException(str(error)) from None
        return self.put(group, log_stream_name, events), rejected

    def put(self, group: LogGroup, log_stream_name: str, log_events: Sequence[Given]) -> str:
        try:
            stored = self._store.put(_key(group), log_stream_name, log_events)
        except RefusedError:
            raise ResourceNotFoundException(_NO_STREAM) from None
        for subscription in list(group.subscription_filters.values()):
            matches = compiled(subscription.filter_pattern or "").matches
            _send(group, log_stream_name, subscription, [event for event in stored if matches(event.message)])
        return f"{stored[-1].id if stored else 0:056d}"

    def all_of(
        self, group: LogGroup, _name: str, log_stream_names: Sequence[str], start_time: int, end_time: int, *_: object
    ) -> tuple[list[dict[str, object]], None, list[object]]:
        """Return all events of streams in a time, for an export to S3: the API's own answers are pages."""
        stored = self._stored(group)
        streams = [found for name in log_stream_names if (found := self._store.stream(stored, name))]
        with self._store.events(stored, streams, begin=start_time, end=end_time + 1) as events:
            return [_of_event(event) for event in events], None, []

    def keep_for(self, group: LogGroup, retention_in_days: int | None) -> None:
        if retention_in_days is not None and retention_in_days not in RETENTION_DAYS:
            raise InvalidParameterException(
                constraint=f"Member must satisfy enum value set: {sorted(RETENTION_DAYS)}",
                parameter="retentionInDays",
                value=retention_in_days,
            )
        group.retention_in_days = retention_in_days
        self._store.keep_for(_key(group), retention_in_days)

    def describe(self, group: LogGroup) -> dict[str, Any]:
        stored = self._stored(group)
        filters = logs_backends[group.account_id][group.region].filters.get_matching_filters(log_group_name=group.name)
        told = {
            "arn": f"{group.arn}:*",
            "logGroupArn": group.arn,
            "creationTime": stored.created,
            "logGroupName": group.name,
            "metricFilterCount": len(filters),
            "storedBytes": stored.bytes,
        }
        more = {"retentionInDays": group.retention_in_days, "kmsKeyId": group.kms_key_id}
        return told | {name: value for name, value in more.items() if value}

    def names_of_streams(self, group: LogGroup) -> dict[str, LogStream]:
        """Return what moto finds at ``streams``: streams without their events, for who asks which there are."""
        stored = self._store.group(_key(group))
        streams = self._store.streams(stored) if stored else ()
        return {stream.name: _named(group, stream.name) for stream in streams}

    def query(self, log_groups: Sequence[LogGroup], query: str, start_time: int, end_time: int) -> Any:
        try:
            asked = queries.parsed(query)
        except queries.BadQueryError as error:
            raise JsonRESTError("MalformedQueryException", str(error)) from None
        stored = [self._stored(group) for group in log_groups]
        return queries.answered(self._store, stored, asked, start_time, end_time)

    def _stored(self, group: LogGroup) -> Group:
        return stored_group(self._store, group)


class _Answers:
    """Answers of the API that moto does not give: pages, and what to leave out of them."""

    def __init__(self, store: LogStore) -> None:
        self._store = store

    def filter(self, response: LogsResponse) -> str:
        asked = response._get_param  # noqa: SLF001  moto has no public way
        group = stored_group(self._store, _group_asked_for(response))
        end = asked("endTime")
        try:
            found = pages.filtered(
                self._store,
                group,
                self._streams(group, asked("logStreamNames"), asked("logStreamNamePrefix")),
                _read_pattern(asked("filterPattern", "")),
                begin=asked("startTime", 0),
                end=None if end is None else end + 1,
                limit=_limit(asked("limit")),
                token=asked("nextToken", ""),
            )
        except pages.BadTokenError:
            raise InvalidParameterException("The specified nextToken is invalid.") from None
        events = [_of_event(event) for event in found.events]
        return json.dumps({"events": events, "searchedLogStreams": []} | _unless_empty("nextToken", found.token))

    def get(self, response: LogsResponse) -> str:
        asked = response._get_param  # noqa: SLF001
        group = stored_group(self._store, _group_asked_for(response))
        stream = self._store.stream(group, asked("logStreamName", ""))
        if stream is None:
            raise ResourceNotFoundException(_NO_STREAM)
        try:
            found = pages.read(
                self._store,
                group,
                stream,
                begin=asked("startTime", 0),
                end=asked("endTime"),
                limit=_limit(asked("limit")),
                token=asked("nextToken", ""),
                from_head=bool(asked("startFromHead")),
            )
        except pages.BadTokenError:
            raise InvalidParameterException("The specified nextToken is invalid.") from None
        events = [
            {"timestamp": event.at, "message": event.message, "ingestionTime": event.ingested} for event in found.events
        ]
        tokens = {"nextForwardToken": found.forward, "nextBackwardToken": found.backward}
        return json.dumps({"events": events} | tokens)

    def _streams(self, group: Group, names: Sequence[str] | None, prefix: str | None) -> list[Stream] | None:
        if names and prefix:
            raise InvalidParameterException("logStreamNames and logStreamNamePrefix cannot both be given.")
        if prefix:
            return self._store.streams(group, prefix=prefix)
        if not names:
            return None
        found = [self._store.stream(group, name) for name in names]
        if None in found:
            raise ResourceNotFoundException(_NO_STREAM)
        return [stream for stream in found if stream]


def stored_group(store: LogStore, group: LogGroup) -> Group:
    """Return the store's group of moto's *group*.

    Raises:
        ResourceNotFoundException: It was just deleted.
    """
    stored = store.group(_key(group))
    if stored is None:
        raise ResourceNotFoundException
    return stored


def _key(group: LogGroup) -> GroupKey:
    return GroupKey(group.account_id, group.region, group.name)


def _group_asked_for(response: LogsResponse) -> LogGroup:
    """Return the group that a request names, or gives the ARN of."""
    asked = response._get_param  # noqa: SLF001
    name, told = asked("logGroupName"), asked("logGroupIdentifier")
    if bool(name) == bool(told):
        raise InvalidParameterException("Exactly one of logGroupName and logGroupIdentifier must be given.")
    name = name or told.removesuffix(":*").rpartition(":log-group:")[2]
    group = response.logs_backend.groups.get(name)
    if group is None:
        raise ResourceNotFoundException
    return group


def _limit(asked: int | None) -> int:
    if asked is None:
        return pages.MOST
    if not 0 < asked <= pages.MOST:
        bound = f"greater than or equal to 1 and less than or equal to {pages.MOST}"
        raise InvalidParameterException(constraint=f"Member must have value {bound}", parameter="limit", value=asked)
    return asked


def _read_pattern(pattern: str) -> Pattern:
    try:
        return compiled(pattern)
    except BadPatternError as error:
        raise InvalidParameterException(str(error)) from None


def _of_event(event: Event) -> dict[str, object]:
    return {
        "logStreamName": event.stream,
        "timestamp": event.at,
        "message": event.message,
        "ingestionTime": event.ingested,
        "eventId": f"{event.id:056d}",
    }


def _of_stream(group: LogGroup, stream: Stream) -> dict[str, object]:
    told: dict[str, object] = {
        "logStreamName": stream.name,
        "creationTime": stream.created,
        "arn": f"{group.arn}:log-stream:{stream.name}",
        "storedBytes": 0,  # AWS says so of each stream since 2019
    }
    times = {
        "firstEventTimestamp": stream.first,
        "lastEventTimestamp": stream.last,
        "lastIngestionTime": stream.ingested,
    }
    return told | {name: at for name, at in times.items() if at}


def _unless_empty(name: str, value: str) -> dict[str, str]:
    return {name: value} if value else {}


def _named(group: LogGroup, name: str) -> LogStream:
    """Return one of moto's streams, without what the store keeps."""
    stream = object.__new__(LogStream)
    stream.account_id, stream.region = group.account_id, group.region
    stream.log_group, stream.log_stream_name = group, name
    return stream


def _send(group: LogGroup, stream: str, subscription: Any, events: Sequence[Event]) -> None:
    if events:
        _named(group, stream)._send_log_events(  # noqa: SLF001  moto delivers to each kind of destination
            service=subscription.destination_arn.split(":")[2],
            destination_arn=subscription.destination_arn,
            filter_name=subscription.name,
            log_events=[{"id": f"{each.id:056d}", "timestamp": each.at, "message": each.message} for each in events],
        )


def _unkept(_group: LogGroup, _streams: object) -> None:
    """Take moto's own dictionary of a new group, which stays empty."""


def _pattern_checked(original: Callable[..., None]) -> Callable[..., None]:
    """Refuse a pattern that would not be read when an event comes."""

    @functools.wraps(original)
    def put(self: object, filter_name: str, filter_pattern: str, *args: Any, **named: Any) -> None:
        _read_pattern(filter_pattern or "")
        original(self, filter_name, filter_pattern, *args, **named)

    return put


def _few_queries(original: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(original)
    def start_query(backend: LogsBackend, *args: Any, **named: Any) -> str:
        told = original(backend, *args, **named)
        for query in list(backend.queries)[:-_QUERIES]:
            backend.queries.pop(query, None)
        return told

    return start_query


def _known_query(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def get_query_results(backend: LogsBackend, query_id: str) -> Any:
        if query_id not in backend.queries:
            raise ResourceNotFoundException(f"Query {query_id} does not exist")
        return original(backend, query_id)

    return get_query_results


def _no_live_tail(_backend: LogsBackend, **_asked: object) -> None:
    raise InvalidParameterException(_NO_TAIL)


def _nulls_left_out(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def asked(response: LogsResponse, name: str, if_none: object = None) -> Any:
        told = original(response, name, if_none)
        return if_none if told is None else told

    return asked
