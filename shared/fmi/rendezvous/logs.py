"""Structured logs: one JSON object a line. A pairing name is logged as a digest only; its team, once it is proved."""

from __future__ import annotations

import hashlib
import json
import logging

logger = logging.getLogger("shared.fmi.rendezvous")


def name_digest(name: bytes) -> str:
    """Return 8 hex digits that are the same in all lines of one pairing, and do not give its name away."""
    return hashlib.sha256(name).hexdigest()[:8]


def log(event: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Write *event* with its *fields*."""
    if logger.isEnabledFor(level):
        logger.log(level, event, extra={"fields": fields})


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object: time (s), level, event and its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = getattr(record, "fields", {})
        line = {
            "time": round(record.created, 3),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **fields,
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
