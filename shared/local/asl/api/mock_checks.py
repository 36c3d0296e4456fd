"""What TestState refuses of a mock and of what goes with it.

Words: recorded answers of AWS where one is known, else made after those. What needs what: Step Functions Developer
Guide, "Testing state machines with TestState API", and API reference, "TestState" (both read 2026-11-30).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Never

from shared.local.asl.answers import STRICT, Answer, Raised, Returned
from shared.local.asl.backend import InvalidDefinition
from shared.local.asl.integrations.base import REQUEST
from shared.local.asl.mocked_results import result_problem
from shared.local.asl.refusals import invalid_request
from shared.local.asl.retry import RecoveringState
from shared.local.asl.states.map import Map
from shared.local.asl.states.parallel import Parallel
from shared.local.asl.states.task import Task
from shared.local.strict_json import read_strict

if TYPE_CHECKING:
    from collections.abc import Collection

    from mypy_boto3_stepfunctions.type_defs import (
        MockInputTypeDef,
        TestStateConfigurationTypeDef,
        TestStateInputTypeDef,
    )

    from shared.local.asl.state import State
    from shared.values import Json

_UNMOCKED = (
    "TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, "
    "Succeed, Fail, Choice]"
)


def parsed(text: str, otherwise: str) -> Json:
    """Return the JSON *text* as a value.

    Raises:
        Refused: ValidationException: it is not JSON, said by *otherwise*.
    """
    try:
        return read_strict(text)
    except ValueError:
        raise invalid_request(otherwise) from None


def checked_answer(state: State, params: TestStateInputTypeDef, inside: Collection[str]) -> Answer | None:
    """Return what answers for *state*, None where the request has no mock.

    Args:
        state: The state under test.
        params: The request.
        inside: The names of the states inside of it.

    Raises:
        Refused: ValidationException: the state needs a mock or a role, may have none, or could not be answered so.
        InvalidDefinition: It is a Map or a Parallel without a mock.
    """
    mock, config = params.get("mock"), params.get("stateConfiguration") or {}
    if mock is None:
        _check_unmocked(state, params, config)
        return None
    if not isinstance(state, RecoveringState):
        kind = str(state.spec["Type"])
        raise invalid_request(f"State type '{kind}' is not supported when a mock is specified")
    if params.get("revealSecrets"):
        raise invalid_request("TestState does not support RevealSecrets when a mock is specified.")
    answer = _answer(state, mock)
    _check_configuration(state, config, inside)
    return answer


def _answer(state: RecoveringState, mock: MockInputTypeDef) -> Answer:
    error, result = mock.get("errorOutput"), mock.get("result")
    if error is not None and result is not None:
        raise invalid_request("A test mock should have only one of the following fields: [result, errorOutput].")
    if error is not None:
        if error.get("error") is None:
            raise invalid_request("A mocked errorOutput must have the field 'error'.")
        return Raised(error.get("error"), error.get("cause"))
    if result is None:
        raise invalid_request("A test mock should have one of the following fields: [result, errorOutput].")
    value = parsed(result, "Mocked result must be valid JSON")
    problem = result_problem(state, value, mock.get("fieldValidationMode") or STRICT)
    if problem is not None:
        raise invalid_request(problem)
    return Returned(value)


def _check_configuration(
    state: RecoveringState, config: TestStateConfigurationTypeDef, inside: Collection[str]
) -> None:
    """Refuse a configuration that is of no use for *state*."""
    source = config.get("errorCausedByState")
    if source is not None and not isinstance(state, Map | Parallel):
        raise invalid_request("ErrorCausedByState is only supported for Map and Parallel states.")
    if source is not None and source not in inside:
        raise invalid_request(f"ErrorCausedByState '{source}' is not a state inside of the tested state.")
    if config.get("mapItemReaderData") is not None:
        distributed = state.distributed if isinstance(state, Map) else None
        if distributed is None or distributed.reader is None:
            raise invalid_request("MapItemReaderData is only supported for Map states with an ItemReader.")


def _check_unmocked(state: State, params: TestStateInputTypeDef, config: TestStateConfigurationTypeDef) -> None:
    """Refuse a test without a mock where AWS wants one."""
    if isinstance(state, Map | Parallel):
        raise InvalidDefinition(_UNMOCKED)
    for name in ("mapIterationFailureCount", "mapItemReaderData", "errorCausedByState"):
        if config.get(name) is not None:
            _refuse_without_mock(name)
    if params.get("context") is not None:
        _refuse_without_mock("context")
    if not isinstance(state, Task):
        return
    if state.calls.pattern != REQUEST:
        raise invalid_request(
            "TestState supports Activity tasks, .sync and .waitForTaskToken only when a mock is specified."
        )
    if not params.get("roleArn"):
        raise invalid_request("RoleArn must be specified when testing a Task state")


def _refuse_without_mock(name: str) -> Never:
    title = name[:1].upper() + name[1:]
    raise invalid_request(f"TestState does not support {title} when a mock is not specified.")
