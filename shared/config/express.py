"""What express workflows do not have on AWS. A definition that uses any of it is refused, with the state by name.

Source: AWS Step Functions developer guide, "Choosing workflow type in Step Functions" and "Service integration
patterns" (read 2026-11-29).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.config.document import KeyPath
    from shared.values import Json

_ACTIVITY = re.compile(r"arn:[^:]*:states:[^:]*:[^:]*:activity:")
_PATTERNS = {
    ".sync": "waits for the job that it starts",
    ".sync:2": "waits for the job that it starts",
    ".waitForTaskToken": "waits for a task token",
}
EXPRESS_SECONDS = 300
"""How long an express execution lasts, at the most."""
CHILDREN_FIX = "have standard children (children: standard, or ExecutionType STANDARD in the template)"
FIX = "leave out type: express on the card, or take the state away"


class Lacking(NamedTuple):
    """A state that an express workflow cannot have, by its path in the definition, and why."""

    path: KeyPath
    why: str


def lacking_in_express(definition: Mapping[str, Json]) -> list[Lacking]:
    """Return the states of *definition*, at any depth, that no express workflow can have."""
    return list(_lacking(definition, ()))


def lacking_in_children(
    definition: Mapping[str, Json], unfit: Mapping[str, str], *, offered: bool = False
) -> list[Lacking]:
    """Return the states of express children of distributed Maps in *definition* that these cannot have.

    Args:
        definition: The machine.
        unfit: Why a function cannot be called, by its ARN.
        offered: Whether to take standard children for express ones.
    """
    return list(_in_children(definition, (), unfit, offered=offered))


def states_of_express_children(definition: Mapping[str, Json]) -> Iterator[str]:
    """Yield the names of the states of *definition* that are in express children of distributed Maps."""
    for _, state in _states(definition, ()):
        for inner, _ in _machines(state):
            yield from _names(inner) if _is_child(inner, ("EXPRESS",)) else states_of_express_children(inner)


def _names(machine: Mapping[str, Json]) -> Iterator[str]:
    for path, state in _states(machine, ()):
        yield str(path[-1])
        for inner, _ in _machines(state):
            yield from _names(inner)


def _is_child(machine: Mapping[str, Json], kinds: Sequence[str]) -> bool:
    config = machine.get("ProcessorConfig")
    if not isinstance(config, dict) or config.get("Mode") != "DISTRIBUTED":
        return False
    return config.get("ExecutionType") in kinds


def _in_children(
    machine: Mapping[str, Json], path: KeyPath, unfit: Mapping[str, str], *, offered: bool
) -> Iterator[Lacking]:
    kinds = ("STANDARD", "EXPRESS") if offered else ("EXPRESS",)
    for here, state in _states(machine, path):
        for inner, part in _machines(state):
            if _is_child(inner, kinds):
                yield from _lacking(inner, (*here, *part))
                yield from _too_long(inner, (*here, *part), unfit)
            else:
                yield from _in_children(inner, (*here, *part), unfit, offered=offered)


def _too_long(machine: Mapping[str, Json], path: KeyPath, unfit: Mapping[str, str]) -> Iterator[Lacking]:
    for here, state in _states(machine, path):
        seconds = state.get("Seconds")
        if isinstance(seconds, int | float) and seconds > EXPRESS_SECONDS:
            yield Lacking(here, f"waits {seconds:g} s, and an express execution lasts {EXPRESS_SECONDS}")
        yield from (Lacking(here, why) for function, why in unfit.items() if function in _called(state))
        for inner, part in _machines(state):
            yield from _too_long(inner, (*here, *part), unfit)


def _called(state: Mapping[str, Json]) -> set[Json]:
    """Return what may be the function that *state* calls."""
    given = [state.get(key) for key in ("Arguments", "Parameters")]
    named = [each.get("FunctionName") for each in given if isinstance(each, dict)]
    return {each for each in (state.get("Resource"), *named) if isinstance(each, str)}


def _states(machine: Mapping[str, Json], path: KeyPath) -> Iterator[tuple[KeyPath, Mapping[str, Json]]]:
    states = machine.get("States")
    for name, state in states.items() if isinstance(states, dict) else ():
        if isinstance(state, dict):
            yield (*path, "States", name), state


def _lacking(machine: Mapping[str, Json], path: KeyPath) -> Iterator[Lacking]:
    for here, state in _states(machine, path):
        yield from (Lacking(here, why) for why in _reasons(state))
        for inner, part in _machines(state):
            yield from _lacking(inner, (*here, *part))


def _reasons(state: Mapping[str, Json]) -> Iterator[str]:
    resource = state.get("Resource")
    if isinstance(resource, str):
        if _ACTIVITY.match(resource):
            yield "is an activity, and express workflows have none"
        for end, why in _PATTERNS.items():
            if resource.endswith(end):
                yield f"{why} ({end}), and an express workflow waits for none"
    processor = state.get("ItemProcessor")
    config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
    if isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED":
        yield "is a distributed Map, and express workflows have inline ones alone"


def _machines(state: Mapping[str, Json]) -> Iterator[tuple[Mapping[str, Json], KeyPath]]:
    """Yield the machines inside a Map or Parallel state, each with its path from the state on."""
    branches = state.get("Branches")
    for place, branch in enumerate(branches if isinstance(branches, list) else ()):
        if isinstance(branch, dict):
            yield branch, ("Branches", place)
    for key in ("ItemProcessor", "Iterator"):
        inside = state.get(key)
        if isinstance(inside, dict):
            yield inside, (key,)
