"""The worker's log events, into CloudWatch Logs of the embedded cloud, in process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from moto.logs.models import logs_backends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.local.lambda_runtime.function import FunctionSpec
    from shared.local.lambda_runtime.log_stream import LogEvent


class MotoLogs:
    """Appends to moto's backend. moto's own is not thread-safe where two write to one group, so we take turns."""

    def __init__(self) -> None:
        self._turn = threading.RLock()  # a log subscription may log while it is served

    def put(self, spec: FunctionSpec, stream: str, events: Sequence[LogEvent]) -> None:
        """Append *events*; the group and the stream are made if they are not there, as Lambda does."""
        backend = logs_backends[spec.account][spec.region]
        with self._turn:
            backend.ensure_log_group(spec.group)
            backend.ensure_log_stream(spec.group, stream)
            backend.put_log_events(spec.group, stream, [event._asdict() for event in events])
