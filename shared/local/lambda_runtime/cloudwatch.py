"""Writes the workers' log events into the embedded cloud's CloudWatch Logs, within the process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from moto.logs.models import logs_backends

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.local.lambda_runtime.function import FunctionSpec
    from shared.local.lambda_runtime.log_stream import LogEvent


class MotoLogs:
    """Appends to moto's backend. That is not thread-safe if two write to one group, so only one writes at a time.

    Lambda writes with the function's role. What the role may not write is lost, as on AWS.

    Args:
        may: Says whether a role, in a session of the function's name, may do an action on a resource.
    """

    def __init__(self, may: Callable[[str, str, str, str], bool] = lambda *_: True) -> None:
        self._may = may
        self._turn = threading.RLock()  # a log subscription may log while it is served

    def put(self, spec: FunctionSpec, stream: str, events: Sequence[LogEvent]) -> None:
        """Append *events*. As Lambda does, make the group and the stream if they do not exist."""
        backend = logs_backends[spec.account][spec.region]
        if not self._may_write(spec, stream, new_group=spec.group not in backend.groups):
            return
        with self._turn:
            backend.ensure_log_group(spec.group)
            backend.ensure_log_stream(spec.group, stream)
            backend.put_log_events(spec.group, stream, [event._asdict() for event in events])

    def _may_write(self, spec: FunctionSpec, stream: str, *, new_group: bool) -> bool:
        group = f"arn:aws:logs:{spec.region}:{spec.account}:log-group:{spec.group}"
        needed = [(action, f"{group}:log-stream:{stream}") for action in ("logs:CreateLogStream", "logs:PutLogEvents")]
        if new_group:
            needed.append(("logs:CreateLogGroup", group))
        return all(self._may(spec.role, spec.name, action, resource) for action, resource in needed)
