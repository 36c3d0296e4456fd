"""TestState: one state, run once, with what happened to its data on the way."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from moto.stepfunctions import exceptions as wrong

from shared.local.asl.answers import Raised, Returned
from shared.local.asl.backend import InvalidDefinition, check_definition, parse_input
from shared.local.asl.dataflow import PathFlow
from shared.local.asl.errors import StateFailure, dumps, matches
from shared.local.asl.execution import Execution
from shared.local.asl.identity import Identity
from shared.local.asl.machine import compile_state
from shared.local.asl.retry import RecoveringState, place_failure
from shared.local.asl.states.task import Task

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import MockInputTypeDef, TestStateInputTypeDef

    from shared.local.asl.answers import Answer
    from shared.local.asl.backend import AslBackend
    from shared.local.asl.effects import Steps
    from shared.local.asl.reading import Spec
    from shared.local.asl.state import Outcome, State
    from shared.local.asl.strand import Strand
    from shared.values import Json

_SECONDS = 300


def test_state(backend: AslBackend, params: TestStateInputTypeDef) -> dict[str, object]:
    """TestState."""
    name, spec, jsonata = _one_state(params)
    value = parse_input(params.get("input") or "{}")
    mock = params.get("mock")
    try:
        state = compile_state(name, spec, jsonata=jsonata)
    except ValueError as error:
        raise InvalidDefinition(f"Invalid State Machine Definition: '{error}'") from error
    if mock is None and not params.get("roleArn") and isinstance(state, Task):
        raise wrong.ValidationException("a state that calls a service needs a roleArn, or a mock of its answer")
    if mock is not None and isinstance(state, RecoveringState):
        answer = _answer(mock)
        state.mock(lambda _strand, _given: answer)
    trial = _Trial(state, params)
    prefix = f"arn:aws:states:{backend.region_name}:{backend.account_id}"
    identity = Identity(
        arn=f"{prefix}:execution:TestState:TestState",
        name="TestState",
        machine_arn=f"{prefix}:stateMachine:TestState",
        machine_name="TestState",
        role_arn=params.get("roleArn") or "",
    )
    execution = Execution(backend.engine, trial, identity, dumps(value))
    ended = threading.Event()
    execution.watch(ended.set)
    execution.start(value)
    if not ended.wait(_SECONDS):
        execution.stop("States.Timeout", "the state did not end within five minutes")
    return trial.answer(execution, value)


def _one_state(params: TestStateInputTypeDef) -> tuple[str, Spec, bool]:
    """Return the name, definition and outer query language of the state to test.

    Raises:
        InvalidDefinition: The definition has problems.
        ValidationException: A machine was given, and no name of a state in it.
    """
    text = params["definition"]
    try:
        definition = json.loads(text)
    except ValueError as error:
        raise InvalidDefinition(f"Invalid State Machine Definition: '{error}'") from error
    name = str(params.get("stateName"))
    if "States" in definition:
        check_definition(text, "STANDARD")
        if name not in definition["States"]:
            raise wrong.ValidationException(f"State '{name}' is not in the definition")
        return name, definition["States"][name], definition.get("QueryLanguage") == "JSONata"
    alone = {key: item for key, item in definition.items() if key != "Next"}
    if "Next" in definition:
        alone["End"] = True
    targets = {
        entry["Next"] for field in ("Catch", "Choices") for entry in definition.get(field, []) if "Next" in entry
    }
    targets |= {definition["Default"]} if "Default" in definition else set()
    machine = {
        "StartAt": "TestState",
        "States": {"TestState": alone, **{each: {"Type": "Succeed"} for each in targets}},
    }
    check_definition(json.dumps(machine), "STANDARD")
    return "TestState", definition, False


def _answer(mock: MockInputTypeDef) -> Answer:
    """Return what the caller wants the state's call to have answered."""
    error = mock.get("errorOutput")
    if error is not None:
        return Raised(error.get("error"), error.get("cause"))
    return Returned(json.loads(mock.get("result") or "{}"))


class _Trial:
    """A machine of one state, which is run once, without retries.

    Args:
        state: The state.
        params: The request.
    """

    def __init__(self, state: State, params: TestStateInputTypeDef) -> None:
        self.timeout: float | None = None
        self.failure: StateFailure | None = None
        self.state = state
        self.level = params.get("inspectionLevel") or "INFO"
        self.variables: dict[str, Json] = json.loads(params.get("variables") or "{}")
        self.retried = (params.get("stateConfiguration") or {}).get("retrierRetryCount") or 0
        self.seen: dict[str, Json] = {}
        self.next: str | None = None
        self.status = "SUCCEEDED"
        self.details: dict[str, object] = {}

    def run(self, strand: Strand, value: Json, _start: str | None = None) -> Steps[Json]:
        """Run the state as a machine would."""
        state = self.state
        strand.variables.assign(self.variables)
        strand.enter(state.entered, state.name, value, state.waiting)
        try:
            output, self.next = yield from self._once(strand, value)
        except StateFailure as failure:
            place_failure(strand, failure)
            if not isinstance(state, RecoveringState):
                raise
            output = self._recovered(state, strand, value, failure)
        self._inspect(strand, value)
        return output

    def _once(self, strand: Strand, value: Json) -> Steps[Outcome]:
        """Run the state without its Retry and Catch."""
        state = self.state
        if state.simple:
            return state.step(strand, value)
        if isinstance(state, RecoveringState):
            strand.count_retries(self.retried)
            return (yield from state.attempt(strand, value))
        return (yield from state.run(strand, value))

    def _recovered(self, state: RecoveringState, strand: Strand, value: Json, failure: StateFailure) -> Json:
        """Note what Retry or Catch would make of *failure*; return the Catcher's output.

        Raises:
            StateFailure: It would be retried, or nothing deals with it.
        """
        for place, retrier in enumerate(state.retriers):
            if matches(retrier.names, failure) and self.retried < retrier.attempts:
                self.status = "RETRIABLE"
                delay = int(retrier.delay(self.retried, strand))
                self.details = {"retryIndex": place, "retryBackoffIntervalSeconds": delay}
                raise failure
        for place, catcher in enumerate(state.catchers):
            if matches(catcher.names, failure):
                self.status, self.next, self.details = "CAUGHT_ERROR", catcher.next, {"catchIndex": place}
                self.failure = failure
                output, assigned = state.flow.caught(strand, value, catcher.caught, failure.output())
                strand.variables.assign(assigned or {})
                return output
        raise failure

    def _inspect(self, strand: Strand, value: Json) -> None:
        """Work out what the data was on the way."""
        flow, seen = self.state.flow, self.seen
        seen["input"] = value
        seen["variables"] = strand.variables.visible()
        results = [details["output"] for kind, _, _, details in strand.history.events
                   if kind.endswith("Succeeded") and details and "output" in details]  # fmt: skip
        try:
            effective = flow.read(strand, value)
            given = flow.arguments(strand, effective)
            if isinstance(flow, PathFlow):
                seen |= {"afterInputPath": effective, "afterParameters": given}
            else:
                seen["afterArguments"] = given
            if results:
                seen["result"] = results[-1]
                if isinstance(flow, PathFlow):
                    seen["afterResultSelector"] = selected = flow.select(strand, results[-1])
                    seen["afterResultPath"] = flow.put(value, selected)
        except StateFailure:
            return

    def answer(self, execution: Execution, value: Json) -> dict[str, object]:
        """Return what TestState answers."""
        failed = execution.status != "SUCCEEDED"
        shown: dict[str, object] = {"status": "FAILED" if failed and self.status == "SUCCEEDED" else self.status}
        failure = self.failure or execution
        for name in ("error", "cause"):
            if (failed or self.status != "SUCCEEDED") and getattr(failure, name) is not None:
                shown[name] = getattr(failure, name)
        if not failed:
            shown["output"] = dumps(execution.output)
            if self.next is not None:
                shown["nextState"] = self.next
        if self.level != "INFO":
            seen = self.seen or {"input": value}
            inspected: dict[str, object] = {key: dumps(item) for key, item in seen.items()}
            shown["inspectionData"] = {**inspected, "errorDetails": self.details} if self.details else inspected
        return shown


ACTIONS = {"test_state": test_state}
