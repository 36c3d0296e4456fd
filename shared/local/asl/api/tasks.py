"""SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat and GetActivityTask."""

from __future__ import annotations

import json
from typing import Any

from moto.core.exceptions import AWSError
from moto.stepfunctions import exceptions as wrong

from shared.local.asl.errors import StateFailure
from shared.local.asl.tokens import Answer, LateTokenError, UnknownTokenError


class TaskTimedOut(AWSError):
    """The task a token stands for has ended."""

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


def _answer(backend: Any, params: dict[str, Any], answer: Answer) -> None:
    try:
        backend.engine.tokens.answer(params.get("taskToken"), answer)
    except UnknownTokenError:
        raise wrong.InvalidToken("'Invalid token'") from None
    except LateTokenError:
        raise TaskTimedOut("Task Timed Out: 'Provided task does not exist anymore'") from None


def send_task_success(backend: Any, params: dict[str, Any]) -> None:
    """SendTaskSuccess."""
    text = str(params.get("output"))
    try:
        output = json.loads(text)
    except ValueError as error:
        raise InvalidOutput(f"Invalid Output: '{error}'") from error
    _answer(backend, params, Answer(output))


def send_task_failure(backend: Any, params: dict[str, Any]) -> None:
    """SendTaskFailure."""
    _answer(backend, params, Answer(failure=StateFailure(params.get("error"), params.get("cause"))))


def send_task_heartbeat(backend: Any, params: dict[str, Any]) -> None:
    """SendTaskHeartbeat."""
    _answer(backend, params, Answer(alive=True))


def get_activity_task(backend: Any, params: dict[str, Any]) -> dict[str, Any]:
    """GetActivityTask: waits up to a minute for a task."""
    arn = params.get("activityArn")
    backend.describe_activity(arn)
    task = backend.engine.activities.poll(arn, params.get("workerName"))
    return {} if task is None else {"taskToken": task[0], "input": task[1]}


ACTIONS = {
    action.__name__: action for action in (send_task_success, send_task_failure, send_task_heartbeat, get_activity_task)
}
