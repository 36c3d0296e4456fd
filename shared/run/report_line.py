"""The only parser of REPORT, the line that Lambda writes at the end of every invocation."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BEGIN = "REPORT RequestId: "
_NUMBER = re.compile(r"((?:[A-Z][a-z]+ )*[A-Z][a-z]+): (\d+(?:\.\d+)?) (?:ms|MB)\b")
_STATUS = re.compile(r"Status: (\w+)")
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
        status: ``timeout`` or ``error`` where Lambda writes one; None after a success.
    """

    request_id: str
    duration_ms: float
    billed_ms: int
    memory_mb: int
    used_mb: int
    init_ms: float | None = None
    status: str | None = None


def parse_report(text: str) -> Report | None:
    """Return what the log line *text* reports; None when it is another kind of line.

    Fields come in any order, and unknown ones are ignored. Lambda puts tabs between them; other programs turn these
    into spaces.

    Raises:
        BadReport: It is a REPORT that lacks a field. The message says which.
    """
    if not text.startswith(_BEGIN):
        return None
    words = text.removeprefix(_BEGIN).strip().split(maxsplit=1)
    request_id, rest = words[0] if words else "", words[1] if len(words) > 1 else ""
    numbers = {name: float(value) for name, value in _NUMBER.findall(rest)}
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
        status=found[1] if (found := _STATUS.search(rest)) else None,
    )
