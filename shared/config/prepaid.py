"""What a run of a prepaid lane may cost at the most, read off its definition: or why nobody can tell.

The sum is that of the longest way through the states, with each retry: transitions, requests, and each call of a
function for all of its timeout and a cold start. A Map counts as many items as the run has reserved; the gate
(:mod:`shared.config.prepaid_gate`) holds it to that. Amounts are whole nanodollars.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from shared.handlers.ledger.prices import FEE, SERVICE_CALL, TRANSITION, most_of_a_call, per_ms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.config.document import KeyPath
    from shared.config.lane import Function, Lane, Workflow
    from shared.values import Json

GATE, ITEMS = "Prepaid", "prepaid_items"
"""The state that a prepaid workflow begins with, and the variable with the number of items that it reserved."""
GATE_TRIES = 4
"""How often the gate is tried at the most."""
_SIZE = "world_size"
_FUNCTION = re.compile(r"arn:[a-z-]+:lambda:[^:]*:[^:]*:function:[^:]+")
_CALL = re.compile(r"arn:[a-z-]+:states:::(?:aws-sdk:)?(?P<service>\w+):(?P<action>\w+)(?P<pattern>\..+)?")
_PRICED = ("dynamodb", "s3", "sns", "sqs")
_NESTED = ("states", "sfn")
_DEFAULT_ATTEMPTS = 3  # of a Retry that says no MaxAttempts (Amazon States Language)


class Unheld(NamedTuple):
    """What cannot be held to a sum: the path in the definition, what it is, and the fix."""

    path: KeyPath
    what: str
    fix: str


class Sum(NamedTuple):
    """What something costs at the most: *fixed*, and *item* for each item of a Map."""

    fixed: int = 0
    item: int = 0

    def plus(self, other: Sum) -> Sum:
        """Return both together."""
        return Sum(self.fixed + other.fixed, self.item + other.item)

    def times(self, count: int) -> Sum:
        """Return it so many times."""
        return Sum(self.fixed * count, self.item * count)

    def or_more(self, other: Sum) -> Sum:
        """Return what is enough for either."""
        return Sum(max(self.fixed, other.fixed), max(self.item, other.item))


@dataclass(frozen=True, slots=True)
class Bound:
    """What a run may cost.

    Attributes:
        most: The sum, the gate's own calls with it.
        calls: By the name of each state that calls something: what a millisecond costs, and the whole call at the most.
        asked: The parameters of which the first that a run gives is its number of items; none where it is the same for
            each run.
        default: The number of items where a run gives none.
        unheld: Why there is no such sum; empty where there is one.
    """

    most: Sum
    calls: Mapping[str, tuple[float, int]]
    asked: tuple[str, ...]
    default: int
    unheld: tuple[Unheld, ...]


def bound(lane: Lane, workflow: Workflow, definition: Mapping[str, Json]) -> Bound:
    """Return what a run of *workflow* may cost; *definition* is its rendered ASL."""
    reading = _Reading(lane, {lane.function_arn(key): each for key, each in lane.functions.items()})
    reading.unheld += _of_workflow(lane, workflow, definition)
    most = reading.scope(definition, (), in_map=False).plus(Sum(FEE).times(GATE_TRIES))
    asked, default = _items(workflow)
    if most.item and default is None:
        what = "nothing says how many items its Map may have"
        fix = "write maxItems on the card: a number, or the name of the parameter that is their number"
        reading.unheld.append(Unheld((), what, fix))
    return Bound(most, reading.calls, asked, max(1, default or 1), tuple(reading.unheld))


def _items(workflow: Workflow) -> tuple[tuple[str, ...], int | None]:
    """Return the parameters that say how many items a run's Maps have, and how many there are where none does."""
    told = workflow.max_items or (_SIZE if any(spec.name == _SIZE for spec in workflow.specs) else None)
    if told is None or isinstance(told, int):
        return (), told
    names = (told, *(spec.name for spec in workflow.specs if spec.instead_of == told))
    given = (workflow.parameters.get(name) for name in names)
    return names, next((value for value in given if isinstance(value, int)), 1)


def _of_workflow(lane: Lane, workflow: Workflow, definition: Mapping[str, Json]) -> Iterator[Unheld]:
    """Yield what no reservation holds, of what a workflow is, uses, and is started by."""
    if workflow.type == "express":
        yield Unheld((), "it is an express workflow, and no history tells what one used", "leave type: out")
    if workflow.upload:
        what = "uploads start it by a function, and nothing reserves what that costs"
        yield Unheld((), what, "take on: away, and start it by a schedule or by hand")
    if workflow.uses.functions:
        yield Unheld((), "it may call functions by names that are computed", "write ${STEP} as FunctionName")
    if workflow.uses.services:
        yield Unheld((), f"it uses {workflow.uses.services[0]}, whose price is not held", "take it out of uses")
    for key in workflow.functions.values():
        yield from _of_function(lane.functions[key])
    if re.search(rf'\b{ITEMS}\b|"{GATE}"', json.dumps(definition)):
        what = f"it has a state or a variable called {GATE} or {ITEMS}, which are the ledger's"
        yield Unheld((), what, "call it otherwise")


def _of_function(function: Function) -> Iterator[Unheld]:
    if function.uses.functions:
        what = f"{function.key} calls functions, and nothing reserves what they cost"
        yield Unheld((), what, "call them by states of the workflow")
    if function.uses.services:
        what = f"{function.key} uses {function.uses.services[0]}, whose price is not held"
        yield Unheld((), what, "take it out of uses")
    if function.asynchronous:
        what = f"{function.key} gets events that nobody waits for (async), and nothing reserves what they cost"
        yield Unheld((), what, "take async away")


@dataclass(slots=True)
class _Reading:
    """Reads a definition of *lane*, whose functions are *functions* by their ARNs."""

    lane: Lane
    functions: Mapping[str, Function]
    unheld: list[Unheld] = field(default_factory=list)
    calls: dict[str, tuple[float, int]] = field(default_factory=dict)

    def scope(self, machine: Mapping[str, Json], path: KeyPath, *, in_map: bool) -> Sum:
        """Return the sum of the longest way through *machine*: a definition, a branch or a Map's processor."""
        states = {name: state for name, state in _mapping(machine.get("States")).items() if isinstance(state, dict)}
        own = {name: self._state(name, state, (*path, "States", name), in_map=in_map) for name, state in states.items()}
        known: dict[str, Sum] = {}
        for name in _last_first(states, str(machine.get("StartAt"))):
            if name is None:
                what = "it goes in a circle, and nothing says how often"
                self.unheld.append(Unheld(path, what, "let a Map do what is done again, or a Retry"))
                return Sum()
            rest = Sum()
            for follows in _following(states[name]):
                rest = rest.or_more(known.get(follows, Sum()))
            known[name] = own[name].plus(rest)
        return known.get(str(machine.get("StartAt")), Sum())

    def _state(self, name: str, state: Mapping[str, Json], path: KeyPath, *, in_map: bool) -> Sum:
        kind, inside = state.get("Type"), Sum()
        if kind == "Task":
            inside = self._task(name, state, path)
        elif kind == "Parallel":
            branches = state.get("Branches")
            for place, branch in enumerate(branches if isinstance(branches, list) else ()):
                inside = inside.plus(self.scope(_mapping(branch), (*path, "Branches", place), in_map=in_map))
        elif kind == "Map":
            inside = self._map(state, path, in_map=in_map)
        return inside.plus(Sum(TRANSITION)).times(_attempts(state))

    def _map(self, state: Mapping[str, Json], path: KeyPath, *, in_map: bool) -> Sum:
        key = "ItemProcessor" if "ItemProcessor" in state else "Iterator"
        processor = _mapping(state.get(key))
        each = self.scope(processor, (*path, key), in_map=True)
        if in_map:
            what = "it is a Map in a Map, so its items are not as many as the run asks for"
            self.unheld.append(Unheld(path, what, "make one list of the items, and one Map"))
        config = _mapping(processor.get("ProcessorConfig"))
        if config.get("ExecutionType") == "EXPRESS":
            what = "its children are express executions, and no history tells what one used"
            self.unheld.append(Unheld(path, what, "let them be STANDARD (children: standard)"))
        items, most = (
            state.get("Items"),
            _mapping(_mapping(state.get("ItemReader")).get("ReaderConfig")).get("MaxItems"),
        )
        if isinstance(items, list) or (isinstance(most, int) and most > 0):
            return Sum(each.fixed * (len(items) if isinstance(items, list) else int(str(most))))
        if not _can_be_held(state):
            what = "it reads its items by a path, and no path can be held to a number"
            fix = 'give the state "QueryLanguage": "JSONata" and Items, or read the items from an object (ItemReader)'
            self.unheld.append(Unheld(path, what, fix))
        return Sum(0, each.fixed)

    def _task(self, name: str, state: Mapping[str, Json], path: KeyPath) -> Sum:
        resource = str(state.get("Resource"))
        arguments = _mapping(state.get("Arguments") or state.get("Parameters"))
        call = _CALL.fullmatch(resource)
        if _FUNCTION.fullmatch(resource):
            return self._call(name, resource, path)
        if call and (call["service"], call["action"]) == ("lambda", "invoke"):
            waits = arguments.get("InvocationType", "RequestResponse") == "RequestResponse"
            if not waits or "InvocationType.$" in arguments:
                what = "it does not wait for its function, so the run is over while that goes on"
                self.unheld.append(Unheld(path, what, "take InvocationType away"))
            return self._call(name, arguments.get("FunctionName"), path)
        if call and call["service"] in _PRICED and not call["pattern"]:
            self.calls[name] = (0.0, SERVICE_CALL)
            return Sum(SERVICE_CALL)
        if call and call["service"] in _NESTED and call["action"] == "startExecution":
            return Sum()  # that run has a gate of its own
        what = f"what {resource.removeprefix('arn:aws:states:::')} costs is not held"
        self.unheld.append(
            Unheld(path, what, "call functions, S3, DynamoDB, SQS, SNS, or another workflow of the lane")
        )
        return Sum()

    def _call(self, name: str, arn: Json, path: KeyPath) -> Sum:
        function = self.functions.get(arn) if isinstance(arn, str) else None
        if function is None:
            what = "it calls a function that is computed, or a version of one"
            self.unheld.append(Unheld(path, what, "write ${STEP} as FunctionName, alone"))
            return Sum()
        most = most_of_a_call(function.memory_mb, function.ephemeral_mb, function.timeout_seconds)
        self.calls[name] = (per_ms(function.memory_mb, function.ephemeral_mb), most)
        return Sum(most)


def _can_be_held(state: Mapping[str, Json]) -> bool:
    """Whether the gate can hold a Map to a number of items: it reads an object, or its language is JSONata."""
    reader = state.get("ItemReader")
    if isinstance(reader, dict):
        return "MaxItemsPath" not in _mapping(reader.get("ReaderConfig"))
    return isinstance(state.get("Items"), str)


def _attempts(state: Mapping[str, Json]) -> int:
    """Return how often *state* may be tried: each of its retriers counts by itself."""
    retriers = state.get("Retry")
    counts = (
        [each.get("MaxAttempts", _DEFAULT_ATTEMPTS) for each in retriers if isinstance(each, dict)]
        if isinstance(retriers, list)
        else []
    )
    return 1 + sum(math.ceil(each) for each in counts if isinstance(each, int | float))


def _following(state: Mapping[str, Json]) -> set[str]:
    """Return the names of the states that may come after *state*."""
    found = {state.get("Next"), state.get("Default")}
    for key in ("Choices", "Catch"):
        rules = state.get(key)
        found |= {each.get("Next") for each in rules if isinstance(each, dict)} if isinstance(rules, list) else set()
    return {each for each in found if isinstance(each, str)}


def _last_first(states: Mapping[str, Mapping[str, Json]], start: str) -> Iterator[str | None]:
    """Yield the states that *start* leads to, each after all that follow it; None where they go in a circle."""
    done: set[str] = set()
    entered: set[str] = set()
    stack = [start] if start in states else []
    while stack:
        name = stack[-1]
        entered.add(name)
        rest = [each for each in _following(states[name]) if each in states and each not in done]
        if any(each in entered for each in rest):
            yield None
            return
        if rest:
            stack.append(rest[0])
        else:
            stack.pop()
            if name not in done:
                done.add(name)
                yield name


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}
