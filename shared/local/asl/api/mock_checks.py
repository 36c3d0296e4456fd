"""What TestState refuses of a mock and of a context object, in AWS's words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from moto.stepfunctions import exceptions as wrong

from shared.local.asl.answers import STRICT, Answer, Raised, Returned
from shared.local.asl.errors import EXCEED_TOLERATED
from shared.local.asl.integrations.base import REQUEST
from shared.local.asl.maps.run import TOO_MANY
from shared.local.asl.mocked_results import result_problem
from shared.local.asl.retry import RecoveringState
from shared.local.asl.states.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_stepfunctions.type_defs import MockInputTypeDef, TestStateInputTypeDef

    from shared.local.asl.state import State
    from shared.values import Json

_TEXT, _ANY = "a string", ""
# The members that a context object may have, and what each of their own members must be.
_CONTEXT = {
    "Execution": {"Id": _TEXT, "Input": _ANY, "Name": _TEXT, "RoleArn": _TEXT, "StartTime": _TEXT, "RedriveCount": _ANY,
                  "RedriveTime": _TEXT},
    "State": {"EnteredTime": _TEXT, "Name": _TEXT, "RetryCount": _ANY},
    "StateMachine": {"Id": _TEXT, "Name": _TEXT},
    "Task": {"Token": _TEXT},
}  # fmt: skip


def checked_answer(state: State, params: TestStateInputTypeDef) -> Answer:
    """Return what the mock of the request *params* answers for *state*.

    Raises:
        ValidationException: The state has no mock, or could not answer so.
    """
    mock = params.get("mock") or {}
    if params.get("revealSecrets"):
        raise wrong.ValidationException("TestState does not support RevealSecrets when a mock is specified.")
    if not isinstance(state, RecoveringState):
        kind = str(state.spec["Type"])
        raise wrong.ValidationException(f"State type '{kind}' is not supported when a mock is specified")
    error = mock.get("errorOutput")
    if error is not None and mock.get("result") is not None:
        raise wrong.ValidationException(
            "A test mock should have only one of the following fields: [result, errorOutput]."
        )
    if error is not None:
        return Raised(error.get("error"), error.get("cause"))
    result = _parsed(mock)
    problem = result_problem(state, result, mock.get("fieldValidationMode") or STRICT)
    if problem is not None:
        raise wrong.ValidationException(problem)
    failed = (params.get("stateConfiguration") or {}).get("mapIterationFailureCount")
    tolerated = state.spec.get("ToleratedFailureCount")
    if failed is not None and isinstance(tolerated, int) and failed > tolerated:
        return Raised(EXCEED_TOLERATED, TOO_MANY)
    return Returned(result)


def check_unmocked(state: State, params: TestStateInputTypeDef) -> None:
    """Refuse a test of *state* without a mock where AWS wants one.

    Which states need one: Step Functions API reference, "TestState" (read 2026-11-30), which tells no words for it.

    Raises:
        ValidationException: It needs a mock, or a role.
    """
    waits = isinstance(state, Task) and state.calls.pattern != REQUEST
    if isinstance(state, RecoveringState) and (waits or not isinstance(state, Task)):
        kind = "A task that waits for more than an answer" if waits else f"State type '{state.spec['Type']}'"
        raise wrong.ValidationException(f"{kind} is only supported when a mock is specified")
    if params.get("context") is not None:
        raise wrong.ValidationException("A context may only be specified with a mock")
    if isinstance(state, Task) and not params.get("roleArn"):
        raise wrong.ValidationException("RoleArn must be specified when testing a Task state")


def _parsed(mock: MockInputTypeDef) -> Json:
    try:
        result: Json = json.loads(mock.get("result") or "{}")
    except ValueError:
        raise wrong.ValidationException("Mocked result must be valid JSON") from None
    return result


def checked_context(state: State, text: str | None) -> dict[str, Json] | None:
    """Return the context object that *text* gives for *state*; None where there is no text.

    Raises:
        ValidationException: It is none, or not of this state.
    """
    if text is None:
        return None
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    problem = _context_problem(state, given)
    if problem is not None:
        raise wrong.ValidationException(f"Invalid Context object provided: {problem}")
    return {**given}


def _context_problem(state: State, given: object) -> str | None:
    if not isinstance(given, dict):
        return "it must be an object"
    if "Map" in given:
        return "'Map' field is not supported when mocking a Context object"
    problem = next(_member_problems(given), None)
    if problem is None and "Task" in given and not (isinstance(state, Task) and state.calls.pattern != REQUEST):
        return (
            "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' "
            "service integration pattern"
        )
    return problem


def _member_problems(given: Mapping[str, object]) -> Iterator[str]:
    for name, members in given.items():
        if name not in _CONTEXT:
            yield f"Field '{name}' is not allowed"
        elif not isinstance(members, dict):
            yield f"{name} must be an object"
        else:
            for member, value in members.items():
                kind = _CONTEXT[name].get(member)
                if kind is None:
                    yield f"Field '{name}.{member}' is not allowed"
                elif kind == _TEXT and not isinstance(value, str):
                    yield f"{name}.{member} must be {kind}"
