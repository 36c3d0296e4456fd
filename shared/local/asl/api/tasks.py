"""SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.errors import AnsweredFailure
from shared.local.asl.json_text import JsonTextError, read_json
from shared.local.asl.refusals import Refused, invalid_token
from shared.local.asl.tokens import Answer, LateTokenError, UnknownTokenError, is_token

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import (
        SendTaskFailureInputTypeDef,
        SendTaskHeartbeatInputTypeDef,
        SendTaskSuccessInputTypeDef,
    )

    from shared.local.asl.backend import AslBackend


def _answer(backend: AslBackend, token: str, answer: Answer) -> None:
    try:
        backend.engine.tokens.answer(token, answer)
    except UnknownTokenError:
        if not is_token(token):
            raise invalid_token() from None
        raise Refused("TaskDoesNotExist", "Task Does Not Exist: 'Provided task does not exist'") from None
    except LateTokenError:
        raise Refused("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'") from None


def send_task_success(backend: AslBackend, params: SendTaskSuccessInputTypeDef) -> None:
    """SendTaskSuccess."""
    try:
        output = read_json(params["output"])
    except JsonTextError as error:
        raise Refused("InvalidOutput", f"Invalid Output: '{error}'") from error
    _answer(backend, params["taskToken"], Answer(output))


def send_task_failure(backend: AslBackend, params: SendTaskFailureInputTypeDef) -> None:
    """SendTaskFailure."""
    _answer(backend, params["taskToken"], Answer(failure=AnsweredFailure(params.get("error"), params.get("cause"))))


def send_task_heartbeat(backend: AslBackend, params: SendTaskHeartbeatInputTypeDef) -> None:
    """SendTaskHeartbeat."""
    _answer(backend, params["taskToken"], Answer(alive=True))


ACTIONS = {action.__name__: action for action in (send_task_success, send_task_failure, send_task_heartbeat)}
