"""SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat and GetActivityTask."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from moto.core.exceptions import AWSError
from moto.stepfunctions import exceptions as wrong

from shared.local.asl.errors import AnsweredFailure
from shared.local.asl.tokens import Answer, LateTokenError, UnknownTokenError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import (
        GetActivityTaskInputTypeDef,
        SendTaskFailureInputTypeDef,
        SendTaskHeartbeatInputTypeDef,
        SendTaskSuccessInputTypeDef,
    )

    from shared.local.asl.backend import AslBackend


class TaskTimedOut(AWSError):
    """The task that the token stands for has ended."""

    TYPE = "TaskTimedOut"
    STATUS = 400


class TaskDoesNotExist(AWSError):
    """No task has the token."""

    TYPE = "TaskDoesNotExist"
    STATUS = 400


class InvalidOutput(AWSError):
    """The output is not JSON."""

    TYPE = "InvalidOutput"
    STATUS = 400


def _answer(backend: AslBackend, token: str, answer: Answer) -> None:
    try:
        backend.engine.tokens.answer(token, answer)
    except UnknownTokenError:
        raise wrong.InvalidToken("'Invalid token'") from None
    except LateTokenError:
        raise TaskTimedOut("Task Timed Out: 'Provided task does not exist anymore'") from None


def send_task_success(backend: AslBackend, params: SendTaskSuccessInputTypeDef) -> None:
    """SendTaskSuccess."""
    try:
        output = json.loads(str(params["output"]))
    except ValueError as error:
        raise InvalidOutput(f"Invalid Output: '{error}'") from error
    _answer(backend, params["taskToken"], Answer(output))


def send_task_failure(backend: AslBackend, params: SendTaskFailureInputTypeDef) -> None:
    """SendTaskFailure."""
    _answer(backend, params["taskToken"], Answer(failure=AnsweredFailure(params.get("error"), params.get("cause"))))


def send_task_heartbeat(backend: AslBackend, params: SendTaskHeartbeatInputTypeDef) -> None:
    """SendTaskHeartbeat."""
    _answer(backend, params["taskToken"], Answer(alive=True))


def get_activity_task(backend: AslBackend, params: GetActivityTaskInputTypeDef) -> dict[str, object]:
    """GetActivityTask: waits up to a minute for a task."""
    arn = params["activityArn"]
    backend.describe_activity(arn)
    task = backend.engine.activities.poll(arn, params.get("workerName"))
    return {} if task is None else {"taskToken": task[0], "input": task[1]}


ACTIONS = {
    action.__name__: action for action in (send_task_success, send_task_failure, send_task_heartbeat, get_activity_task)
}
