"""The only parser of REPORT, the line that Lambda writes at the end of every invocation: as text, or as JSON.

A function whose log format is JSON has a ``platform.report`` instead (https://docs.aws.amazon.com/lambda/latest/dg/
telemetry-schema-reference.html#platform-report).

The embedded cloud tells there what an invocation asked of it, too, in a second line; AWS's has no such count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping  # noqa: TC003  pydantic reads the fields of Report
from dataclasses import dataclass

_BEGIN = "REPORT RequestId: "
_NUMBER = re.compile(r"((?:[A-Z][a-z]+ )*[A-Z][a-z]+): (\d+(?:\.\d+)?) (?:ms|MB)\b")
_STATUS = re.compile(r"Status: (\w+)")
_REQUESTS = re.compile(r"EMBEDDED Requests: (.*)")
_REQUEST = re.compile(r"([\w-]+:\w+) (\d+)")
_JSON_BEGIN = re.compile(r'\s*\{.*"platform\.report"', re.DOTALL)
_NAMES = {  # in JSON, by what the text has
    "Duration": "durationMs",
    "Billed Duration": "billedDurationMs",
    "Memory Size": "memorySizeMB",
    "Max Memory Used": "maxMemoryUsedMB",
    "Init Duration": "initDurationMs",
}
GOOD = "success"
"""The status of an invocation that ended well."""
_NEEDED = ("Duration", "Billed Duration", "Memory Size", "Max Memory Used")


class BadReport(ValueError):
    """A line that begins as a REPORT but lacks what every REPORT has: it was cut off or damaged."""


@dataclass(frozen=True, slots=True)
class Report:
    """What Lambda says of one invocation.

    Attributes:
        request_id: The invocation's id.
        duration_ms: The handler's own time, without the cold start.
        billed_ms: What is paid for: whole milliseconds, the cold start included.
        memory_mb: The function's memory.
        used_mb: The most memory that it used.
        init_ms: The cold start; None when the execution environment was warm.
        status: ``timeout``, ``error`` or ``failure`` where Lambda writes one; None after a success.
        requests: How many requests it made of AWS's services, by ``service:Operation`` as botocore calls them; None
            where nobody counted them, as on AWS.
    """

    request_id: str
    duration_ms: float
    billed_ms: int
    memory_mb: int
    used_mb: int
    init_ms: float | None = None
    status: str | None = None
    requests: Mapping[str, int] | None = None


def parse_report(text: str) -> Report | None:
    """Return what the log line *text* reports; None when it is another kind of line.

    Fields come in any order, and unknown ones are ignored. Lambda puts tabs between them; other programs turn these
    into spaces.

    Raises:
        BadReport: It is a REPORT that lacks a field. The message says which.
    """
    if text.startswith(_BEGIN):
        if _BEGIN in text[1:]:
            raise BadReport("several REPORT lines in one, so their figures are mixed")
        words = text.removeprefix(_BEGIN).strip().split(maxsplit=1)
        request_id, rest = words[0] if words else "", words[1] if len(words) > 1 else ""
        numbers = {name: float(value) for name, value in _NUMBER.findall(rest)}
        status = found[1] if (found := _STATUS.search(rest)) else None
        asked = _REQUESTS.search(rest)
        requests = {name: int(count) for name, count in _REQUEST.findall(asked[1])} if asked else None
    elif _JSON_BEGIN.match(text):
        told = _told_in(text)
        if told is None:
            return None
        request_id, numbers, status, requests = told
    else:
        return None
    missing = [name for name in _NEEDED if name not in numbers]
    if missing or not request_id:
        raise BadReport(f"a REPORT line without {', '.join(missing or ['its request id'])}")
    return Report(
        request_id=request_id,
        duration_ms=numbers["Duration"],
        billed_ms=int(numbers["Billed Duration"]),
        memory_mb=int(numbers["Memory Size"]),
        used_mb=int(numbers["Max Memory Used"]),
        init_ms=numbers.get("Init Duration"),
        status=status,
        requests=requests,
    )


def _told_in(text: str) -> tuple[str, dict[str, float], str | None, dict[str, int] | None] | None:
    """Return what a ``platform.report`` tells: its request, numbers, status unless that is success, and requests.

    None when it is JSON of another kind, such as a user's that quotes one.

    Raises:
        BadReport: It is no whole JSON.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadReport("a platform.report that is no whole JSON") from error
    match value:
        case {"type": "platform.report", "record": {"requestId": str(request), "metrics": dict(metrics), **record}}:
            numbers = {name: metrics[key] for name, key in _NAMES.items() if _is_number(metrics.get(key))}
            status = record.get("status", GOOD)
            asked = record.get("embeddedRequests")
            requests = {str(name): int(asked[name]) for name in asked} if isinstance(asked, dict) else None
            return request, numbers, None if status == GOOD else str(status), requests
        case {"type": "platform.report"}:
            raise BadReport("a platform.report without its metrics")
        case _:
            return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
