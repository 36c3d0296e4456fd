"""The gate of a prepaid workflow: what is deployed begins with a state that reserves, and its Maps keep to what it got.

A caller can skip neither: an execution begins where its definition says, and only the platform writes that. The state
passes its input on as it is. How many items were reserved is in a variable, and no Map takes more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.prepaid import GATE, GATE_TRIES, ITEMS, bound
from shared.errors import LanesError
from shared.handlers.ledger.account import LedgerBusy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.lane import Lane, Prepaid, Workflow
    from shared.config.prepaid import Bound
    from shared.values import Json


def gated(lane: Lane, workflow: Workflow, definition: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return *definition* as it is deployed: behind the gate where *lane* is prepaid, else as it is.

    Raises:
        LanesError: Nothing bounds what a run may cost; lists all.
    """
    if lane.prepaid is None:
        return definition
    found = bound(lane, workflow, definition)
    if found.unheld:
        listing = "; ".join(f"{'.'.join(map(str, each.path)) or workflow.key}: {each.what}" for each in found.unheld)
        raise LanesError(listing, where=workflow.file, fix=found.unheld[0].fix)
    body = _held(definition, definition.get("QueryLanguage") == "JSONata")
    states = body["States"]
    gate = _gate(lane, workflow, lane.prepaid, found, str(body["StartAt"]))
    return {**body, "StartAt": GATE, "States": {GATE: gate, **(states if isinstance(states, dict) else {})}}


def _gate(lane: Lane, workflow: Workflow, prepaid: Prepaid, found: Bound, start: str) -> Json:
    calls: dict[str, Json] = {name: [rate, most] for name, (rate, most) in found.calls.items()}
    asked: list[Json] = [
        f"{{% $exists($states.input.`{name}`) ? $states.input.`{name}` : null %}}" for name in found.asked
    ]
    return {
        "Type": "Task",
        "Comment": "Reserves what the run may cost at the most, or refuses it: the lane is prepaid.",
        "QueryLanguage": "JSONata",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {
            "FunctionName": prepaid.function,
            "Payload": {
                "lane": lane.team,
                "workflow": workflow.key,
                "execution": "{% $states.context.Execution.Id %}",
                "started": "{% $states.context.Execution.StartTime %}",
                "fixed": found.most.fixed,
                "item": found.most.item,
                "asked": asked,
                "default": found.default,
                "calls": calls,
            },
        },
        "Assign": {ITEMS: "{% $states.result.Payload.items %}"},
        "Output": "{% $states.input %}",
        "Retry": [
            {
                "ErrorEquals": [
                    "Lambda.ServiceException",
                    "Lambda.AWSLambdaException",
                    "Lambda.SdkClientException",
                    "Lambda.TooManyRequestsException",
                    LedgerBusy.__name__,
                ],
                "IntervalSeconds": 1,
                "MaxAttempts": GATE_TRIES - 1,
                "BackoffRate": 2,
            }
        ],
        "Next": start,
    }


def _held(machine: Mapping[str, Json], jsonata: bool) -> dict[str, Json]:  # noqa: FBT001  it goes down with the states
    """Return *machine* with each of its Maps held to the items that are reserved."""
    states = machine.get("States")
    held = {
        name: _held_state(state, jsonata) if isinstance(state, dict) else state
        for name, state in (states.items() if isinstance(states, dict) else ())
    }
    return {**machine, "States": held}


def _held_state(state: Mapping[str, Json], above: bool) -> Json:  # noqa: FBT001
    jsonata = state.get("QueryLanguage", "JSONata" if above else "JSONPath") == "JSONata"
    if state.get("Type") == "Parallel":
        branches = state.get("Branches")
        return (
            {**state, "Branches": [_held(each, jsonata) if isinstance(each, dict) else each for each in branches]}
            if (isinstance(branches, list))
            else dict(state)
        )
    if state.get("Type") != "Map":
        return dict(state)
    reader = state.get("ItemReader")
    if isinstance(state.get("Items"), list):
        return dict(state)
    if isinstance(reader, dict):
        return {**state, "ItemReader": {**reader, "ReaderConfig": _held_reader(reader.get("ReaderConfig"), jsonata)}}
    return {**state, "Items": _held_items(state.get("Items"))}


def _held_reader(config: Json, jsonata: bool) -> Json:  # noqa: FBT001
    """Return a reader's *config* that takes no more items than are reserved, nor than it says itself."""
    told = config if isinstance(config, dict) else {}
    own = told.get("MaxItems")
    if isinstance(own, int):
        return told
    if jsonata:
        least = (
            f"$min([{str(own).removeprefix('{%').removesuffix('%}')}, ${ITEMS}])" if own is not None else f"${ITEMS}"
        )
        return {**told, "MaxItems": f"{{% {least} %}}"}
    return {**told, "MaxItemsPath": f"${ITEMS}"}


def _held_items(items: Json) -> str:
    """Return an expression that is *items*, or fails where there are more than are reserved."""
    expression = str(items).removeprefix("{%").removesuffix("%}").strip()
    many = f"' items, and the run has reserved ' & $string(${ITEMS})"
    return (
        f"{{% ($prepaid := ({expression}); "
        "$prepaid_count := $type($prepaid) = 'object' ? $count($keys($prepaid)) : $count($prepaid); "
        f"$prepaid_count <= ${ITEMS} ? $prepaid : $error('Prepaid: ' & $string($prepaid_count) & {many})) %}}"
    )
