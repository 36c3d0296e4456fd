"""TestState: one state, run once, with what happened to its data on the way."""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING

from shared.local.asl.api.context_object import checked_context
from shared.local.asl.api.mock_checks import checked_answer, parsed
from shared.local.asl.api.trial import Asked, Trial, TrialExecution
from shared.local.asl.backend import InvalidDefinition, parse_input
from shared.local.asl.errors import dumps
from shared.local.asl.identity import Identity
from shared.local.asl.json_text import JsonTextError, read_json
from shared.local.asl.machine import Machine, compile_state
from shared.local.asl.reading import members
from shared.local.asl.refusals import Refused, invalid_request
from shared.local.asl.retry import RecoveringState
from shared.local.asl.states.map import Map
from shared.local.asl.states.parallel import Parallel
from shared.local.asl.validation import problems_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_stepfunctions.type_defs import TestStateInputTypeDef

    from shared.local.asl.backend import AslBackend
    from shared.local.asl.reading import Spec
    from shared.local.asl.state import State
    from shared.values import Json

_SECONDS = 300
_ALONE = "StateName"  # what AWS calls a state that is tested by itself
_ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/.+")


def test_state(backend: AslBackend, params: TestStateInputTypeDef) -> dict[str, object]:
    """TestState."""
    role = params.get("roleArn")
    if role is not None and not _ROLE.fullmatch(role):
        raise Refused("InvalidArn", f"Invalid Role Arn: '{role}'")
    *outer, state = _state_and_around(params)
    value = parse_input(params.get("input", "{}"))
    trial = Trial(state, [each for each in reversed(outer) if isinstance(each, RecoveringState)], _asked(state, params))
    prefix = f"arn:aws:states:{backend.region_name}:{backend.account_id}"
    identity = Identity(
        arn=f"{prefix}:express:TestState:TestState",
        name="TestState",
        machine_arn=f"{prefix}:stateMachine:TestState",
        machine_name="TestState",
        role_arn=role or "",
    )
    execution = TrialExecution(backend.engine, trial, identity, dumps(value))
    ended = threading.Event()
    execution.watch(ended.set)
    execution.start(value)
    if not ended.wait(_SECONDS):
        execution.stop("States.Timeout", "the state did not end within five minutes")
    if trial.refused is not None:
        raise invalid_request(trial.refused)
    return trial.told(execution)


def _asked(state: State, params: TestStateInputTypeDef) -> Asked:
    """Return what the request *params* asks for of *state*.

    Raises:
        Refused: ValidationException: it asks for what cannot be.
    """
    config = params.get("stateConfiguration") or {}
    answer = checked_answer(state, params, [each.name for each in _inside(state)])
    context = params.get("context")
    return Asked(
        answer=answer,
        variables=_variables(params.get("variables", "{}")),
        context=None if context is None else checked_context(state, _context(context)),
        level=params.get("inspectionLevel") or "INFO",
        retried=config.get("retrierRetryCount") or 0,
        failed=config.get("mapIterationFailureCount"),
        data=config.get("mapItemReaderData"),
        reveal=bool(params.get("revealSecrets")),
    )


def _context(text: str) -> Json:
    return parsed(text, "Invalid Context object provided: it must be valid JSON")


def _variables(text: str) -> dict[str, Json]:
    given = parsed(text, "Variables must be valid JSON")
    if not isinstance(given, dict):
        raise invalid_request("Variables must be a JSON object")
    return given


# Finding the state.


def _state_and_around(params: TestStateInputTypeDef) -> list[State]:
    """Return the state to test, compiled, behind the Maps and Parallels that it is in, the outermost first.

    Raises:
        InvalidDefinition: The definition has problems.
        Refused: ValidationException: no state in it has the name.
    """
    text, name = params["definition"], params.get("stateName")
    try:
        definition = read_json(text, unique=True)
    except JsonTextError:
        _check(text)
        raise
    if name is None and isinstance(definition, dict):
        _check_alone(definition)
        return [_compiled(definition)]
    _check(text)
    found = _found(Machine(members(definition)), name or "")
    if found is None:
        raise invalid_request("State not found in definition")
    return found


def _compiled(definition: Spec) -> State:
    try:
        return compile_state(_ALONE, definition, jsonata=False)
    except ValueError as error:
        raise InvalidDefinition(f"Invalid State Machine Definition: '{error}'") from error


def _found(machine: Machine, name: str) -> list[State] | None:
    """Return the state called *name* in *machine* or a machine inside, behind the states that it is in."""
    if name in machine.states:
        return [machine.states[name]]
    for state in machine.states.values():
        for inner in _machines(state):
            found = _found(inner, name)
            if found is not None:
                return [state, *found]
    return None


def _machines(state: State) -> Iterator[Machine]:
    """Yield the machines that *state* runs."""
    inner = (state.fields.processor,) if isinstance(state, Map) else ()
    for each in state.branches if isinstance(state, Parallel) else inner:
        if isinstance(each, Machine):
            yield each


def _inside(state: State) -> Iterator[State]:
    """Yield the states inside of *state*, at any depth."""
    for machine in _machines(state):
        for inner in machine.states.values():
            yield inner
            yield from _inside(inner)


def _check_alone(state: dict[str, Json]) -> None:
    """Check a *state* by itself, whatever it leads to.

    Raises:
        InvalidDefinition: It has problems.
    """
    alone = {key: item for key, item in state.items() if key != "Next"}
    if "Next" in state:
        alone["End"] = True
    leading = [*_listed(state, "Catch"), *_listed(state, "Choices")]
    targets = {str(each["Next"]) for each in leading if isinstance(each, dict) and "Next" in each}
    targets |= {str(state["Default"])} if "Default" in state else set()
    inside = {name for states in _all_states({"States": {"": alone}}) for name in states} | targets
    name = _ALONE
    while name in inside:  # its own name is none that its definition could clash with
        name += "_"
    rest = {each: {"Type": "Succeed"} for each in targets}
    _check(json.dumps({"StartAt": name, "States": {name: alone, **rest}}))


def _check(definition: str) -> None:
    """Raise InvalidDefinition unless AWS takes the *definition*: what only AWS does may stay, since a mock does it."""
    errors = [str(problem) for problem in problems_of(definition, here=False)]
    if errors:
        raise InvalidDefinition(f"Invalid State Machine Definition: '{', '.join(errors)}'")


def _all_states(machine: object) -> Iterator[dict[str, Spec]]:
    """Yield the States of *machine*, which need not be valid, and those of all machines in it."""
    states = machine.get("States") if isinstance(machine, dict) else None
    if isinstance(states, dict):
        yield states
        for state in states.values():
            for inner in (*_listed(state, "ItemProcessor"), *_listed(state, "Iterator"), *_listed(state, "Branches")):
                yield from _all_states(inner)


def _listed(spec: object, name: str) -> list[object]:
    """Return what the field *name* of *spec* holds, as a list: one thing, several, or nothing."""
    found = spec.get(name, []) if isinstance(spec, dict) else []
    return found if isinstance(found, list) else [found]


ACTIONS = {"test_state": test_state}
