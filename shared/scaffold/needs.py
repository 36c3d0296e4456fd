"""What each function of a state machine must answer, and what its input must hold, for a run to get through.

A machine is read from its end. What a state needs of its input is what it reads itself, and of what the states after
it need, all that it does not put there itself. What it puts there is its function's answer. Of a Choice, the way is
taken that gets furthest without coming back; the functions answer so that it is taken. Good enough for a first run
with made-up values: what an expression computes is not followed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.scaffold.choices import fit, unfit
from shared.scaffold.references import in_fields, in_value, steps
from shared.scaffold.shape import Shape
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.values import Json

_NUMBERS = ("SecondsPath", "MaxConcurrencyPath", "ToleratedFailureCountPath", "TimeoutSecondsPath")
_OTHER = ("TimestampPath", "Seconds", "Timestamp", "MaxConcurrency", "Assign", "Cause", "Error", "Items")


class Needs:
    """Reads one machine: a definition, a branch or an item processor.

    Args:
        machine: It.
        answer: Gets the name of a Task, or of a Map with an ItemReader, the state, and the shape that its result must
            have.
        jsonata: Whether the machine around it is in JSONata.
    """

    def __init__(
        self, machine: Mapping[str, Json], answer: Callable[[str, Mapping[str, Json], Shape], None], *, jsonata: bool
    ) -> None:
        self._states = {name: as_mapping(state) for name, state in as_mapping(machine.get("States") or {}).items()}
        self._start = machine.get("StartAt")
        self._answer = answer
        self._jsonata = machine.get("QueryLanguage", "JSONata" if jsonata else "JSONPath") == "JSONata"
        self._open: list[str] = []
        self._done: dict[str, Shape] = {}

    def input(self) -> Shape:
        """Return what the machine's input must hold; all of its tasks are told what to answer."""
        found = self._of(self._start)
        for name in self._states:  # what only a Catch leads to
            self._of(name)
        return found

    def _of(self, name: Json) -> Shape:
        if not isinstance(name, str) or name not in self._states or name in self._open:
            return Shape()
        if name not in self._done:
            self._open.append(name)
            self._done[name] = self._state(name, self._states[name])
            self._open.pop()
        found = Shape()
        found.merge(self._done[name])
        return found

    def _state(self, name: str, state: Mapping[str, Json]) -> Shape:
        jsonata = state.get("QueryLanguage", "JSONata" if self._jsonata else "JSONPath") == "JSONata"
        if state.get("Type") == "Choice":
            return self._choice(state, jsonata=jsonata)
        after = self._of(state.get("Next"))
        raw, own = Shape(), Shape()  # the input, and what of it InputPath leaves
        result = (_through_output if jsonata else _through_paths)(state, after, raw)
        self._inside(name, state, result, own, jsonata=jsonata)
        _read(state, own, result, jsonata=jsonata)
        path = state.get("InputPath", "$")
        if isinstance(path, str) and not path.startswith("$$"):
            raw.at(steps(path)).merge(own)
        return raw

    def _inside(self, name: str, state: Mapping[str, Json], result: Shape, own: Shape, *, jsonata: bool) -> None:
        """Follow what a state does with its input: a call, a machine of its own, or just passing it on."""
        given = state.get("ItemSelector", state.get("Arguments" if jsonata else "Parameters"))
        match state.get("Type"):
            case "Task":
                self._answer(name, state, result)
                _fill(own, Shape(), given, jsonata=jsonata)
            case "Pass" if "Result" not in state and not jsonata:
                _pass_on(own, Shape(), given, result, jsonata=jsonata)
            case "Parallel":
                for branch in state.get("Branches") or ():  # type: ignore[union-attr]  # a list, or it is refused
                    _pass_on(own, Shape(), given, self._within(branch, jsonata=jsonata), jsonata=jsonata)
            case "Map":
                inner = self._within(state.get("ItemProcessor") or state.get("Iterator"), jsonata=jsonata)
                if "ItemBatcher" in state:
                    inner = inner.at(("Items", None))
                item = Shape()
                _pass_on(own, item, given, inner, jsonata=jsonata)
                if given is None:
                    item = inner
                if "ItemReader" in state:
                    self._answer(name, state, result)
                else:
                    _items(state, own, item)
            case "Wait" | "Succeed":
                own.merge(result)

    def _within(self, machine: Json, *, jsonata: bool) -> Shape:
        return Needs(as_mapping(machine or {}), self._answer, jsonata=jsonata).input()

    def _choice(self, state: Mapping[str, Json], *, jsonata: bool) -> Shape:
        rules = [as_mapping(rule) for rule in state.get("Choices") or ()]  # type: ignore[union-attr]
        ways = [rule.get("Next") for rule in rules] + [state.get("Default")]
        best = max(range(len(ways)), key=lambda place: self._reach(ways[place]))
        shape = self._of(ways[best])
        chosen = rules[best] if best < len(rules) else None
        for rule in rules[:best]:
            unfit(rule, shape, jsonata=jsonata)
        if chosen is not None:
            fit(chosen, shape, jsonata=jsonata)
        for way in ways:
            shape.merge(self._of(way))
        return shape

    def _reach(self, name: Json) -> int:
        """Return how many states a run can still see from *name* on; -1 when it must loop to succeed."""
        seen: set[str] = set()
        todo, succeeds = [name], False
        while todo:
            here = todo.pop()
            if not isinstance(here, str) or here in seen or here in self._open or here not in self._states:
                continue
            seen.add(here)
            state = self._states[here]
            succeeds = succeeds or state.get("Type") == "Succeed" or state.get("End") is True
            todo += [state.get("Next"), state.get("Default")]
            todo += [as_mapping(rule).get("Next") for rule in state.get("Choices") or ()]  # type: ignore[union-attr]
        return len(seen) if succeeds else -1


def _through_paths(state: Mapping[str, Json], after: Shape, raw: Shape) -> Shape:
    """Return what the result must be for *after* to follow, and note what of it the input must hold: in JSONPath."""
    output = state.get("OutputPath", "$")
    whole = Shape()
    if isinstance(output, str):
        whole.at(steps(output)).merge(after)
    place = state.get("ResultPath", "$")
    if not isinstance(place, str):
        raw.merge(whole)
        return Shape()
    path = steps(place)
    if path:
        result = whole.take(path)
        raw.merge(whole)
    else:
        result = whole
    if "ResultSelector" not in state:
        return result
    selected = Shape()
    _pass_on(selected, Shape(), state["ResultSelector"], result, jsonata=False)
    return selected


def _through_output(state: Mapping[str, Json], after: Shape, raw: Shape) -> Shape:
    """Do the same in JSONata. Without an Output the state's result is its output, or else its input."""
    result = Shape()
    if "Output" not in state:
        (raw if state.get("Type") in {"Pass", "Wait", "Succeed"} else result).merge(after)
        return result
    for place, reference in in_fields(state["Output"], jsonata=True):
        target = result if reference.source == "result" else raw
        target.at(reference.path).merge(after.at(place) if reference.whole else Shape())
    return result


def _read(state: Mapping[str, Json], own: Shape, result: Shape, *, jsonata: bool) -> None:
    """Note what the other fields of a state read."""
    for key in _NUMBERS:
        if isinstance(path := state.get(key), str):
            own.at(steps(path)).merge(Shape(example=1))
    fields: dict[str, Json] = {key: state[key] for key in _OTHER if key in state}
    for key in ("ItemReader", "ResultWriter", "ItemBatcher"):
        fields[key] = state.get(key)
    if isinstance(path := state.get("TimestampPath"), str):
        own.at(steps(path)).merge(Shape(example="2030-01-01T00:00:00Z"))
    for reference in in_value(fields, jsonata=jsonata):
        (result if reference.source == "result" else own).at(reference.path).merge(Shape(example=reference.example))


def _items(state: Mapping[str, Json], own: Shape, item: Shape) -> None:
    """Note the list that a Map goes through."""
    path = state.get("ItemsPath", None if "Items" in state else "$")
    if isinstance(path, str):
        own.at((*steps(path), None)).merge(item)
    for reference in in_value(state.get("Items"), jsonata=True):
        if reference.whole:
            own.at((*reference.path, None)).merge(item)


def _fill(own: Shape, item: Shape, given: Json, *, jsonata: bool) -> None:
    for place, reference in in_fields(given, jsonata=jsonata):
        number = reference.whole and place[-1:] == ("N",)  # DynamoDB has a number as text
        (item if reference.source == "item" else own).at(reference.path).merge(
            Shape(example="1" if number else reference.example)
        )


def _pass_on(own: Shape, item: Shape, given: Json, needed: Shape, *, jsonata: bool) -> None:
    """Note what *own* must hold for *given*, a template of what is handed on, to make what is *needed*."""
    if given is None:
        own.merge(needed)
        return
    for place, reference in in_fields(given, jsonata=jsonata):
        target = (item if reference.source == "item" else own).at(reference.path)
        target.merge(needed.at(place) if reference.whole else Shape(example=reference.example))
