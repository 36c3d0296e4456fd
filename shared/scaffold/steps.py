"""The steps of a workflow that was brought in: what calls each, with what, and what it must answer."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.scaffold.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.values import Json

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


@dataclass(slots=True)
class Step:
    """One function.

    Attributes:
        calls: What it is called with, by the state that calls it; None is the state's whole input.
        answer: What its answer must be for a run to get through.
    """

    calls: dict[str, Json] = field(default_factory=dict)
    answer: Shape = field(default_factory=Shape)

    @property
    def event(self) -> dict[str, Json]:
        """An event to try it with: the keys that it is called with, as far as the definition spells them out."""
        event: dict[str, Json] = {}
        for given in self.calls.values():
            if isinstance(given, dict):
                event |= {key.removesuffix(".$"): _made_up(key, value) for key, value in given.items()}
        return event


class Steps:
    """All steps of a definition, by the card's key. ``answer`` is told of each call.

    ``others`` are the results of the states that call something else, or read the items of a Map from S3.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self.by_key = {key: Step() for key in keys}
        self.others: dict[str, Shape] = {}

    def answer(self, name: str, state: Mapping[str, Json], result: Shape) -> None:
        """Note that the state called *name* calls something, whose result must be like *result*."""
        resource = str(state.get("Resource"))
        given = state.get("Arguments", state.get("Parameters"))
        arguments = given if isinstance(given, dict) else {}
        wrapped = "FunctionName" in arguments
        match = _PLACEHOLDER.fullmatch(str(arguments["FunctionName"]) if wrapped else resource)
        if match is None or match[1] not in self.by_key:
            self.others.setdefault(name, Shape()).merge(result)
            return
        step = self.by_key[match[1]]
        if wrapped:
            step.calls[name] = arguments.get("Payload", arguments.get("Payload.$"))
        else:
            step.calls[name] = given
        step.answer.merge(result.keys.get("Payload", Shape()) if wrapped else result)


def told(given: Json) -> str:
    """Say what a step is called with."""
    if isinstance(given, str) and given not in {"$", "{% $states.input %}"}:
        return given
    return "its input" if given is None or isinstance(given, str) else json.dumps(given)


def _made_up(key: str, value: Json) -> Json:
    computed = key.endswith(".$") or (isinstance(value, str) and value.startswith(("{%", "${")))
    return key.removesuffix(".$") if computed else value
