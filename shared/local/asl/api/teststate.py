"""TestState: one state, run once, with what happened to its data on the way."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from moto.stepfunctions import exceptions as wrong

from shared.local.asl.backend import InvalidDefinition, check_definition, parse_input
from shared.local.asl.dataflow import PathFlow
from shared.local.asl.errors import StateFailure, dumps, matches
from shared.local.asl.execution import Execution
from shared.local.asl.identity import Identity
from shared.local.asl.integrations.base import Integration
from shared.local.asl.machine import compile_state
from shared.local.asl.retry import Recovery, place_failure

if TYPE_CHECKING:
    from collections.abc import Generator

    from shared.local.asl.state import State
    from shared.local.asl.strand import Effect, Strand

_SECONDS = 300


def test_state(backend: Any, params: dict[str, Any]) -> dict[str, Any]:
    """TestState."""
    name, spec, jsonata = _one_state(params)
    value = parse_input(params.get("input") or "{}")
    mock = params.get("mock")
    try:
        state = compile_state(name, spec, jsonata=jsonata)
    except ValueError as error:
        raise InvalidDefinition(f"Invalid State Machine Definition: '{error}'") from error
    if mock is None and not params.get("roleArn") and hasattr(state, "integration"):
        raise wrong.ValidationException("a state that calls a service needs a roleArn, or a mock of its answer")
    trial = _Trial(state, params, mock)
    prefix = f"arn:aws:states:{backend.region_name}:{backend.account_id}"
    identity = Identity("TestState", f"{prefix}:stateMachine:TestState", "TestState", params.get("roleArn") or "")
    execution = Execution(backend.engine, trial, f"{prefix}:execution:TestState:TestState", dumps(value), identity)
    ended = threading.Event()
    execution.watch(ended.set)
    execution.start(value)
    if not ended.wait(_SECONDS):
        execution.stop("States.Timeout", "the state did not end within five minutes")
    return trial.answer(execution, value)


def _one_state(params: dict[str, Any]) -> tuple[str, dict[str, Any], bool]:
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


class _Mocked(Integration):
    """Answers with what the caller wants the task to have answered."""

    def __init__(self, real: Integration, mock: dict[str, Any]) -> None:
        super().__init__(real.kind, real.action)
        self.family = real.family
        self._mock = mock

    def call(self, _strand: Strand, _arguments: Any) -> Any:
        """Return the result, or raise the error, that was asked for."""
        error = self._mock.get("errorOutput")
        if error is not None:
            raise StateFailure(error.get("error"), error.get("cause"))
        return json.loads(self._mock.get("result") or "{}")


class _Trial:
    """A machine of one state, which is run once, without retries.

    Args:
        state: The state.
        params: The request.
        mock: What stands in for the task's answer, or None.
    """

    def __init__(self, state: State, params: dict[str, Any], mock: dict[str, Any] | None) -> None:
        self.timeout: float | None = None
        self.failure: StateFailure | None = None
        self.state = state
        self.level = params.get("inspectionLevel") or "INFO"
        self.variables: dict[str, Any] = json.loads(params.get("variables") or "{}")
        self.retried = (params.get("stateConfiguration") or {}).get("retrierRetryCount") or 0
        self.seen: dict[str, Any] = {}
        self.next: str | None = None
        self.status = "SUCCEEDED"
        self.details: dict[str, Any] = {}
        integration = getattr(state, "integration", None)
        if mock is not None and integration is not None:
            state.integration = _Mocked(integration, mock)  # type: ignore[attr-defined]  # it has one

    def run(self, strand: Strand, value: Any, _start: str | None = None) -> Generator[Effect | None, Any, Any]:
        """Run the state as a machine would."""
        state, history = self.state, strand.execution.history
        strand.variables.assign(self.variables)
        strand.entered_at = history.clock()
        strand.entered = strand.previous = history.add(
            state.entered, strand.previous, {"input": value, "name": state.name}
        )
        strand.state = state.name
        recovery: Recovery | None = getattr(state, "recovery", None)
        try:
            if state.simple:
                output, self.next = state.step(strand, value)
            elif recovery is not None:
                strand.retries = self.retried
                output, self.next = yield from state._attempt(strand, value)  # type: ignore[attr-defined]  # noqa: SLF001  it has
            else:
                output, self.next = yield from state.run(strand, value)
        except StateFailure as failure:
            place_failure(strand, failure)
            if recovery is None:
                raise
            output = self._recovered(recovery, strand, value, failure)
        self._inspect(strand, value)
        return output

    def _recovered(self, recovery: Recovery, strand: Strand, value: Any, failure: StateFailure) -> Any:
        """Say what Retry or Catch would make of *failure*; return the Catcher's output.

        Raises:
            StateFailure: It would be retried, or nothing deals with it.
        """
        for place, retrier in enumerate(recovery.retriers):
            if matches(retrier.names, failure) and self.retried < retrier.attempts:
                self.status = "RETRIABLE"
                delay = int(retrier.delay(self.retried, strand))
                self.details = {"retryIndex": place, "retryBackoffIntervalSeconds": delay}
                raise failure
        for place, catcher in enumerate(recovery.catchers):
            if matches(catcher.names, failure):
                self.status, self.next, self.details = "CAUGHT_ERROR", catcher.next, {"catchIndex": place}
                self.failure = failure
                output, assigned = self.state.flow.caught(strand, value, catcher.caught, failure.output())
                strand.variables.assign(assigned or {})
                return output
        raise failure

    def _inspect(self, strand: Strand, value: Any) -> None:
        """Work out what the data looked like on the way."""
        flow, seen = self.state.flow, self.seen
        seen["input"] = value
        seen["variables"] = strand.variables.visible()
        results = [details["output"] for kind, _, _, details in strand.execution.history.events
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

    def answer(self, execution: Execution, value: Any) -> dict[str, Any]:
        """Return what TestState answers."""
        failed = execution.status != "SUCCEEDED"
        shown: dict[str, Any] = {"status": "FAILED" if failed and self.status == "SUCCEEDED" else self.status}
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
            shown["inspectionData"] = {key: dumps(item) for key, item in seen.items()}
            if self.details:
                shown["inspectionData"]["errorDetails"] = self.details
        return shown


ACTIONS = {"test_state": test_state}
