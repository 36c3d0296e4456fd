"""Writes the workers' log events into the embedded cloud's CloudWatch Logs, within the process."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import logs_backends

from shared.disks import DiskError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from moto.logs.models import LogsBackend

    from shared.local.lambda_runtime.function import FunctionSpec
    from shared.local.lambda_runtime.log_stream import LogEvent

_LOG = logging.getLogger(__name__)


class MotoLogs:
    """Appends to a function's log group. Returns when the events are where every reader finds them.

    Lambda writes with the function's role. What the role may not write is lost, as on AWS. So is what the disk does not
    take: the function's answer is worth more than its log, and the cloud's log says so.

    Args:
        may: Says whether a role, in a session of the function's name, may do an action on a resource.
    """

    def __init__(self, may: Callable[[str, str, str, str], bool] = lambda *_: True) -> None:
        self._may = may
        self._making = threading.Lock()  # moto would make a group twice

    def put(self, spec: FunctionSpec, stream: str, events: Sequence[LogEvent]) -> None:
        """Append *events*. As Lambda does, make the group and the stream if they do not exist."""
        backend = logs_backends[spec.account][spec.region]
        if not self._may_write(spec, stream, new_group=spec.group not in backend.groups):
            return
        told = [event._asdict() for event in events]
        try:
            self._write(backend, spec.group, stream, told)
        except DiskError as error:
            _LOG.error("log lines of functions are lost: %s: %s; fix: %s", error.where, error.what, error.fix)

    def _write(self, backend: LogsBackend, group: str, stream: str, events: list[dict[str, Any]]) -> None:
        try:
            backend.groups[group].put_log_events(stream, events)
        except (KeyError, ResourceNotFoundException):
            with self._making:
                backend.ensure_log_group(group)
                backend.ensure_log_stream(group, stream)
            backend.groups[group].put_log_events(stream, events)

    def _may_write(self, spec: FunctionSpec, stream: str, *, new_group: bool) -> bool:
        group = f"arn:aws:logs:{spec.region}:{spec.account}:log-group:{spec.group}"
        needed = [(action, f"{group}:log-stream:{stream}") for action in ("logs:CreateLogStream", "logs:PutLogEvents")]
        if new_group:
            needed.append(("logs:CreateLogGroup", group))
        return all(self._may(spec.role, spec.name, action, resource) for action, resource in needed)
