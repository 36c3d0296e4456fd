"""The lines that Lambda itself writes into a function's log, as text or, where its format is JSON, as events."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.values import Json

_START = re.compile(r"START RequestId: (\S+)")
_END = re.compile(r"END RequestId: ")
_TEXT = re.compile(r"(START|END) RequestId: |INIT_START |INIT_REPORT |XRAY TraceId: ")
_EVENT = re.compile(r'\{.*"type": ?"platform\.')


def started(text: str) -> str | None:
    """Return the request whose invocation begins with the line *text*; None of any other line."""
    if found := _START.match(text):
        return found[1]
    event = _event(text)
    return str(as_mapping(event.get("record", {})).get("requestId")) if event.get("type") == "platform.start" else None


def ended(text: str) -> bool:
    """Say whether *text* is the line before the REPORT of an invocation."""
    return bool(_END.match(text)) or _event(text).get("type") == "platform.runtimeDone"


def is_init_start(text: str) -> bool:
    """Say whether *text* is the first line of a cold start."""
    return text.startswith("INIT_START ") or _event(text).get("type") == "platform.initStart"


def is_platform(text: str) -> bool:
    """Say whether Lambda wrote the line *text*. Of a REPORT as text, :func:`.report_line.parse_report` tells."""
    return bool(_TEXT.match(text) or _event(text))


def tells_error(text: str, error: str, message: str = "") -> bool:
    """Say whether *text* is the line in which Lambda's Python runtime tells of *error* with a *message*."""
    if text.startswith("{"):
        said = _parsed(text)
        told = str(said.get("errorMessage", ""))
        return said.get("errorType") == error and told.startswith(message)
    return text.startswith(f"[ERROR] {error}: {message}" if message else f"[ERROR] {error}")


def _event(text: str) -> Mapping[str, Json]:
    """Return Lambda's event in *text*; an empty one if it has none."""
    return _parsed(text) if _EVENT.match(text) else {}


def _parsed(text: str) -> Mapping[str, Json]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
