"""What TestState refuses of a context object that a request gives, in AWS's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.integrations.base import REQUEST
from shared.local.asl.refusals import invalid_request
from shared.local.asl.states.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.local.asl.state import State
    from shared.values import Json

_TEXT, _NUMBER, _ANY = "a string", "a number", ""
# The members that a context object may have, and what each of their own members must be.
_CONTEXT = {
    "Execution": {"Id": _TEXT, "Input": _ANY, "Name": _TEXT, "RoleArn": _TEXT, "StartTime": _TEXT,
                  "RedriveCount": _NUMBER, "RedriveTime": _TEXT},
    "State": {"EnteredTime": _TEXT, "Name": _TEXT, "RetryCount": _NUMBER},
    "StateMachine": {"Id": _TEXT, "Name": _TEXT},
    "Task": {"Token": _TEXT},
}  # fmt: skip


def checked_context(state: State, given: Json) -> dict[str, Json]:
    """Return the context object *given* for *state*.

    Raises:
        Refused: ValidationException: it is none, or not of this state.
    """
    problem = _problem(state, given)
    if problem is not None or not isinstance(given, dict):
        raise invalid_request(f"Invalid Context object provided: {problem}")
    return given


def _problem(state: State, given: Json) -> str | None:
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


def _member_problems(given: Mapping[str, Json]) -> Iterator[str]:
    for name, members in given.items():
        if name not in _CONTEXT:
            yield f"Field '{name}' is not allowed"
        elif not isinstance(members, dict):
            yield f"{name} must be an object"
        else:
            for member, value in members.items():
                kind = _CONTEXT[name].get(member)
                if kind is None:
                    yield f"Field '{member}' is not allowed"
                elif not _is(kind, value):
                    yield f"{name}.{member} must be {kind}"


def _is(kind: str, value: Json) -> bool:
    if kind == _NUMBER:
        return isinstance(value, int) and not isinstance(value, bool)
    return kind == _ANY or isinstance(value, str)
