"""An execution's events in CloudWatch Logs, as the machine's logging configuration asks: ALL, ERROR, FATAL or OFF.

They are written when the execution has ended, on a thread that may block. For an express execution there is no other
record. They are written within the process: AWS delivers them itself, so they are no calls of the account's, and a Map
may have thousands of express children, for which calls over HTTP took longer than the children.
"""

from __future__ import annotations

import datetime as dt
import functools
import logging
from typing import TYPE_CHECKING

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import logs_backends

from shared.disks import DiskError
from shared.local.asl.errors import dumps
from shared.local.asl.history import render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_logs.type_defs import InputLogEventTypeDef
    from mypy_boto3_stepfunctions.type_defs import LoggingConfigurationTypeDef

    from shared.local.asl.execution import Execution

OFF, FATAL, ERROR = "OFF", "FATAL", "ERROR"
_FATAL = frozenset({"ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"})
_DELIVERY = "delivery.logs.amazonaws.com"
_ERROR_ENDINGS = ("Failed", "Aborted", "TimedOut")
_LOG = logging.getLogger(__name__)


def deliver_at_the_end(execution: Execution, configuration: LoggingConfigurationTypeDef) -> None:
    """Write the events of *execution* to the log groups of the logging *configuration* once it has ended.

    After a redrive, those of the attempts before are there already.
    """
    level = configuration.get("level", OFF)
    groups = [
        destination["cloudWatchLogsLogGroup"]["logGroupArn"].removesuffix(":*")
        for destination in configuration.get("destinations", [])
    ]
    if level == OFF or not groups:
        return
    data = bool(configuration.get("includeExecutionData"))
    scheduler = execution.engine.scheduler
    deliver = functools.partial(_deliver, execution, level, groups, data=data)
    execution.watch(lambda: scheduler.block(deliver, execution.lane))


def _deliver(execution: Execution, level: str, groups: list[str], *, data: bool) -> None:
    try:
        _write(execution, level, groups, data=data)
    except DiskError as error:  # the execution has ended, and its end is worth more than its log
        _LOG.error("log lines of executions are lost: %s: %s; fix: %s", error.where, error.what, error.fix)


def _write(execution: Execution, level: str, groups: list[str], *, data: bool) -> None:
    day = dt.datetime.fromtimestamp(execution.started_at, dt.UTC)
    stream = f"states/{execution.identity.machine_name}/{day:%Y-%m-%d-%H-%M}/{execution.identity.name}"
    entries = list(_entries(execution, level, data=data))
    _, _, _, region, account, *_ = execution.arn.split(":")
    backend = logs_backends[account][region]
    for arn in groups:
        name = arn.split(":log-group:")[-1]
        if not entries or not _let_in(execution, arn, stream):
            continue
        try:
            backend.ensure_log_stream(name, stream)  # a redrive goes on in the same one
            backend.groups[name].put_log_events(stream, entries)
        except (KeyError, ResourceNotFoundException):
            continue  # AWS, too, drops the events of a group that is not there


def _let_in(execution: Execution, group: str, stream: str) -> bool:
    """Tell whether CloudWatch Logs lets the log delivery into the *group*. Its resource policies say so, no role does.

    Source: Amazon CloudWatch Logs User Guide, "Enabling logging from AWS services" (read 2026-11-29).
    """
    _, partition, _, region, account, *_ = execution.arn.split(":")
    source = f"arn:{partition}:logs:{region}:{account}:*"
    return all(
        execution.engine.lets_in(_DELIVERY, action, f"{group}:log-stream:{stream}", source)
        for action in ("logs:CreateLogStream", "logs:PutLogEvents")
    )


def _entries(execution: Execution, level: str, *, data: bool) -> Iterator[InputLogEventTypeDef]:
    history = execution.history
    for place, event in enumerate(history.events, history.earlier):
        kind = event[0]
        wanted = kind in _FATAL if level == FATAL else kind.endswith(_ERROR_ENDINGS) if level == ERROR else True
        if not wanted:
            continue
        shown = render(event, place + 1, data=data)
        details = next((item for key, item in shown.items() if key.endswith("EventDetails")), {})
        stamp = int(event[2] * 1000)
        message = {
            "id": str(place + 1),
            "type": kind,
            "details": details,
            "previous_event_id": str(event[1]),
            "event_timestamp": str(stamp),
            "execution_arn": execution.arn,
            "redrive_count": str(execution.redrives),
        }
        yield {"timestamp": stamp, "message": dumps(message)}
