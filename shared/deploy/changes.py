"""Who changed what in an account, by CloudTrail's event history: ninety days of management events that write.

CloudTrail answers two of these requests a second, and they count for the whole account. Not every service fills in the
resources of an event, so a change is found by a name anywhere in it. A region tells its own events; those of IAM, of
budgets and of DNS, which have no region, lie in one. Lambda's are called by the operation and its API's date. Source:
AWS CloudTrail API reference, LookupEvents; user guide, "Viewing event history" and "Global service events"; Lambda
Developer Guide, "Logging AWS Lambda API calls using AWS CloudTrail" (read 2026-12-01).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.config.naming import name_prefix, path_prefix, record_folder
from shared.deploy.caller import is_denial
from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.values import Json

DAYS = 90
"""What the event history holds."""
_MOST = 5000  # events of a region that are read at most: a hundred pages, which take nearly a minute on AWS
_GLOBAL = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""By partition: the region that tells the events of services which have none."""
_API_DATE = re.compile(r"\d{8}(v\d+)?$")
_WRITING = [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}]


@dataclass(frozen=True, slots=True)
class Change:
    """One call that changed something, or was to.

    Attributes:
        when: When it was made.
        who: The caller's ARN; a service's name where that is all there is.
        what: The service and the operation: ``lambda:UpdateFunctionCode``.
        names: Those of the names that were looked for that it is about.
        error: AWS's code where it failed, else "".
        id: The event's.
    """

    when: datetime
    who: str
    what: str
    names: tuple[str, ...]
    error: str
    id: str

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        told: dict[str, Json] = {"when": self.when.isoformat(), "who": self.who, "what": self.what}
        return {**told, "names": list(self.names), "error": self.error, "event": self.id}


@dataclass(frozen=True, slots=True)
class Changes:
    """What was found, newest first, and how far back it was looked: None is as far as was asked for."""

    found: tuple[Change, ...]
    back_to: datetime | None


def read_changes(aws: Aws, names: Collection[str], since: datetime) -> Changes:
    """Return the changes of what is called one of *names*, by anybody, *since* then.

    Raises:
        ClientError: The caller may not read them.
    """
    return _read_all(aws, _pattern(names), since)


def _read_all(aws: Aws, wanted: re.Pattern[str], since: datetime) -> Changes:
    place = aws.place
    regions = dict.fromkeys((place.region, _GLOBAL.get(place.partition, place.region)))
    read = [_read_region(aws, region, wanted, since) for region in regions]
    found = sorted((change for each in read for change in each.found), key=lambda change: change.when, reverse=True)
    return Changes(tuple(found), max((each.back_to for each in read if each.back_to), default=None))


def _read_region(aws: Aws, region: str, wanted: re.Pattern[str], since: datetime) -> Changes:
    pages = aws.client("cloudtrail", region).get_paginator("lookup_events")
    asked = pages.paginate(LookupAttributes=_WRITING, StartTime=since, PaginationConfig={"MaxItems": _MOST})
    found: list[Change] = []
    count, last = 0, None
    for event in (event for page in asked for event in page["Events"]):
        count, last = count + 1, event["EventTime"]
        found += _read(event, wanted)
    return Changes(tuple(found), last if count >= _MOST else None)


def of_lane(aws: Aws, lane: Lane, since: datetime) -> Changes:
    """Return the changes *since* then of all whose name begins as *lane*'s names do.

    Raises:
        LanesError: The caller may not read them.
    """
    prefixes = (name_prefix(lane.team), path_prefix(lane.team), record_folder(lane.place.stage, lane.team))
    try:
        return _read_all(aws, re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, prefixes))})[\w./@+=-]*"), since)
    except ClientError as error:
        if not is_denial(error):
            raise
        what = f"AWS refused cloudtrail:LookupEvents to {aws.caller}"
        raise LanesError(what, fix="ask with the platform's role (--as platform here): it may read it") from error


def last_of(changes: Iterable[Change]) -> dict[str, Change]:
    """Return the last change of each name that did not fail; *changes* are newest first."""
    last: dict[str, Change] = {}
    for change in changes:
        if not change.error:
            for name in change.names:
                last.setdefault(name, change)
    return last


def _pattern(names: Collection[str]) -> re.Pattern[str]:
    """Return what finds *names* that stand alone, the longest first: one may begin another."""
    longest = sorted(names, key=len, reverse=True)
    return re.compile(r"(?<![\w-])(?:" + "|".join(map(re.escape, longest)) + r")(?![\w-])")


def _read(event: Mapping[str, object], wanted: re.Pattern[str]) -> Iterator[Change]:
    """Yield the change that *event* is, if it is about one of the names that are *wanted*."""
    told = json.loads(str(event.get("CloudTrailEvent") or "{}"))
    identity = told.get("userIdentity") or {}
    who = identity.get("arn") or identity.get("invokedBy") or event.get("Username") or "unknown"
    about = json.dumps([told.get("requestParameters"), told.get("resources"), event.get("Resources")])
    names = tuple(dict.fromkeys(wanted.findall(about)))
    when = event["EventTime"]
    if names and isinstance(when, datetime):
        what = f"{str(event['EventSource']).partition('.')[0]}:{_API_DATE.sub('', str(event['EventName']))}"
        yield Change(when, str(who), what, names, str(told.get("errorCode") or ""), str(event["EventId"]))
