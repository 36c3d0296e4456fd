"""An execution's events in CloudWatch Logs, as the machine's logging configuration asks: ALL, ERROR, FATAL or OFF.

They are written when the execution has ended, on a thread that may block. For an express execution there is no other
record.
"""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import code_of
from shared.local.asl.errors import dumps
from shared.local.asl.history import render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef
    from mypy_boto3_stepfunctions.type_defs import LoggingConfigurationTypeDef

    from shared.local.asl.execution import Execution

OFF, FATAL, ERROR = "OFF", "FATAL", "ERROR"
_FATAL = frozenset({"ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"})
_DELIVERY = "delivery.logs.amazonaws.com"
_ERROR_ENDINGS = ("Failed", "Aborted", "TimedOut")
# What one PutLogEvents takes.
_BATCH_EVENTS, _BATCH_BYTES, _OVERHEAD = 1000, 1_000_000, 26


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
    from botocore.exceptions import BotoCoreError  # loaded with the client, not with the engine

    try:
        _write(execution, level, groups, data=data)
    except BotoCoreError:
        return  # the cloud is being closed, and CloudWatch with it: nobody can read this any more


def _write(execution: Execution, level: str, groups: list[str], *, data: bool) -> None:
    day = dt.datetime.fromtimestamp(execution.started_at, dt.UTC)
    stream = f"states/{execution.identity.machine_name}/{day:%Y-%m-%d-%H-%M}/{execution.identity.name}"
    entries = list(_entries(execution, level, data=data))
    open_groups = [arn.split(":log-group:")[-1] for arn in groups if entries and _let_in(execution, arn, stream)]
    if not open_groups:
        return
    services = execution.engine.services
    client: CloudWatchLogsClient = services.client("logs", services.region_of(execution.arn))
    for group in open_groups:
        try:
            client.create_log_stream(logGroupName=group, logStreamName=stream)
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                continue  # AWS, too, drops the events of a group that is not there
            if code_of(error) != "ResourceAlreadyExistsException":  # a redrive goes on in the same stream
                raise
        for batch in _batches(entries):
            client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)


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


def _batches(entries: list[InputLogEventTypeDef]) -> Iterator[list[InputLogEventTypeDef]]:
    batch: list[InputLogEventTypeDef] = []
    size = 0
    for entry in entries:
        weight = len(entry["message"].encode(errors="replace")) + _OVERHEAD
        if batch and (len(batch) == _BATCH_EVENTS or size + weight > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += weight
    if batch:
        yield batch
