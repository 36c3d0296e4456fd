"""TestState: one state, run once, with what happened to its data on the way."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from moto.stepfunctions import exceptions as wrong

from shared.local.asl.answers import Returned
from shared.local.asl.api.mock_checks import check_unmocked, checked_answer, checked_context
from shared.local.asl.backend import InvalidDefinition, check_definition, parse_input
from shared.local.asl.dataflow import PathFlow
from shared.local.asl.errors import StateFailure, dumps, matches
from shared.local.asl.execution import Execution
from shared.local.asl.identity import Identity
from shared.local.asl.machine import compile_state
from shared.local.asl.reading import members
from shared.local.asl.retry import RecoveringState
from shared.local.asl.states.map import Map
from shared.local.asl.states.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_stepfunctions.type_defs import TestStateInputTypeDef

    from shared.local.asl.answers import Answer
    from shared.local.asl.backend import AslBackend
    from shared.local.asl.effects import Steps
    from shared.local.asl.engine import Engine
    from shared.local.asl.reading import Spec
    from shared.local.asl.state import Outcome, State
    from shared.local.asl.strand import Strand
    from shared.values import Json

_SECONDS = 300


def test_state(backend: AslBackend, params: TestStateInputTypeDef) -> dict[str, object]:
    """TestState."""
    name, spec, jsonata = _one_state(params)
    value = parse_input(params.get("input") or "{}")
    try:
        state = compile_state(name, spec, jsonata=jsonata)
    except ValueError as error:
        raise InvalidDefinition(f"Invalid State Machine Definition: '{error}'") from error
    trial = _Trial(state, params)
    if params.get("mock") is not None:
        trial.mock(checked_answer(state, params))
    else:
        check_unmocked(state, params)
    context = checked_context(state, params.get("context"))
    prefix = f"arn:aws:states:{backend.region_name}:{backend.account_id}"
    identity = Identity(
        arn=f"{prefix}:express:TestState:TestState",
        name="TestState",
        machine_arn=f"{prefix}:stateMachine:TestState",
        machine_name="TestState",
        role_arn=params.get("roleArn") or "",
    )
    execution = _TrialExecution(backend.engine, trial, identity, dumps(value), context)
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
    if "States" in definition:
        check_definition(text, "STANDARD", here=False)
        name = str(params.get("stateName"))
        jsonata = definition.get("QueryLanguage") == "JSONata"
        found = [states[name] for states in _all_states(definition) if name in states]
        if not found:
            raise wrong.ValidationException(f"State '{name}' is not in the definition")
        return name, found[0], jsonata
    _check_alone(definition)
    return "StateName", definition, False


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
    name = "TestState"
    while name in inside:  # its own name is none that its definition could clash with
        name += "_"
    rest = {each: {"Type": "Succeed"} for each in targets}
    check_definition(json.dumps({"StartAt": name, "States": {name: alone, **rest}}), "STANDARD", here=False)


class _TrialExecution(Execution):
    """An execution with the context object of the request, if it has one."""

    def __init__(
        self, engine: Engine, machine: _Trial, identity: Identity, text: str, given: dict[str, Json] | None
    ) -> None:
        super().__init__(engine, machine, identity, text)
        self._given = given

    def context(self, state: str, entered_at: float, retries: int) -> dict[str, Json]:
        """Return a fresh context object."""
        if self._given is not None:
            return {**self._given}
        context = super().context(state, entered_at, retries)
        told = {name: value for name, value in members(context["Execution"]).items() if name != "RedriveCount"}
        return {**context, "Execution": told}  # which nothing redrives


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
        self.mocked: list[Json] = []
        self.results: list[Json] = []

    def mock(self, answer: Answer) -> None:
        """Have the state's call answered."""
        if isinstance(self.state, RecoveringState):
            self.state.mock(lambda _strand, _given: answer)
        self.mocked = [answer.value] if isinstance(answer, Returned) else []

    def run(self, strand: Strand, value: Json, _start: str | None = None) -> Steps[Json]:
        """Run the state as a machine would."""
        state = self.state
        strand.variables.assign(self.variables)
        strand.enter(state.entered, state.name, value, state.waiting)
        try:
            output, self.next = yield from self._once(strand, value)
        except StateFailure as failure:
            self._inspect(strand, value)
            if not isinstance(state, RecoveringState):
                raise
            return self._recovered(state, strand, value, failure)
        self.results = self.mocked or _results(strand)
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
            if matches(retrier.names, failure):
                self.details = {"retryIndex": place}
                if self.retried < retrier.attempts:
                    self.status = "RETRIABLE"
                    self.details["retryBackoffIntervalSeconds"] = int(retrier.delay(self.retried, strand))
                    raise failure
                break
        for place, catcher in enumerate(state.catchers):
            if matches(catcher.names, failure):
                self.status, self.next, self.details = "CAUGHT_ERROR", catcher.next, {"catchIndex": place}
                self.failure = failure
                output, assigned = state.flow.caught(strand, value, catcher.caught, failure.output())
                strand.variables.assign(assigned or {})
                return output
        raise failure

    def _inspect(self, strand: Strand, value: Json) -> None:
        """Work out what the data was on the way, as far as it came. Recorded answers tell which kinds show what."""
        seen, flow = self.seen, self.state.flow
        seen["input"] = value
        if variables := strand.variables.visible():
            seen["variables"] = variables
        try:
            effective = flow.read(strand, value)
            if isinstance(flow, PathFlow):
                self._follow_paths(flow, strand, value, effective)
            elif isinstance(self.state, Task):
                seen["afterArguments"] = flow.arguments(strand, effective)
                seen |= {"result": self.results[-1]} if self.results else {}
            if isinstance(self.state, Map):
                self.state.check_items(strand, effective)
                seen["maxConcurrency"] = int(self.state.concurrency(strand, effective) or 0)
                seen |= self.state.tolerated(strand, effective)
        except StateFailure:
            return

    def _follow_paths(self, flow: PathFlow, strand: Strand, value: Json, effective: Json) -> None:
        seen, kind = self.seen, str(self.state.spec["Type"])
        given = self.state.spec.get("Result", effective)
        if "Result" in self.state.spec:
            seen["result"] = given
        elif kind != "Parallel":
            seen["afterInputPath"] = effective
            if kind in {"Pass", "Task"}:
                seen["afterParameters"] = given = flow.arguments(strand, effective)
        if self.results and kind == "Task":
            seen["result"] = self.results[-1]
        if self.results or kind == "Pass":
            seen["afterResultSelector"] = selected = flow.select(strand, self.results[-1] if self.results else given)
            seen["afterResultPath"] = flow.put(value, selected)

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


def _results(strand: Strand) -> list[Json]:
    """Return what the strand's calls have answered."""
    return [details["output"] for kind, _, _, details in strand.history.events
            if kind.endswith("Succeeded") and details and "output" in details]  # fmt: skip


ACTIONS = {"test_state": test_state}
