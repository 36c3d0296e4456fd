"""Checking a whole definition: its machines, where their states lead, and what is never reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.json_text import JsonTextError, read_json
from shared.local.asl.validation import fields
from shared.local.asl.validation.maps import DUPLICATE_LABEL
from shared.local.asl.validation.numbers import check_number
from shared.local.asl.validation.problems import DUPLICATE, NOT_EMULATED, NOT_JSON, TARGET, Problem, Problems
from shared.local.asl.validation.states import check_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.local.asl.reading import Spec
    from shared.values import Json

MOST_LETTERS = 80
MOST_DEPTH = 200
_CALLBACKS = (".sync:2", ".sync", ".waitForTaskToken")
_ENDS = ("Succeed", "Fail")


def problems_of(definition: str, kind: str = "STANDARD", *, here: bool = True) -> list[Problem]:
    """Return every problem of *definition*, for a machine of *kind* STANDARD or EXPRESS.

    Args:
        definition: JSON.
        kind: STANDARD or EXPRESS.
        here: Whether it is to run in the embedded cloud, so that what that lacks is a problem as well. It is none on
            AWS, nor in a test, where a mock may stand for it.
    """
    problems = Problems()
    try:
        machine = read_json(definition)
    except JsonTextError as error:
        problems.add(str(error), error.where, NOT_JSON)
        return problems.found
    if problems.is_a(machine, dict, "Object", "/"):
        _Checker(problems, express=kind == "EXPRESS").machine(machine, "", jsonata=False, nested=False)
    return [problem for problem in problems.found if here or problem.code != NOT_EMULATED]


class _Checker:
    """Goes through the machines of a definition."""

    def __init__(self, problems: Problems, *, express: bool) -> None:
        self.problems = problems
        self.express = express
        self.names: set[str] = set()
        self.labels: set[str] = set()

    def machine(self, machine: Json, location: str, *, jsonata: bool, nested: bool) -> None:
        problems = self.problems
        if not problems.is_a(machine, dict, "Object", location):
            return
        for name in machine:
            if name not in (fields.NESTED if nested else fields.TOP):
                problems.add(f"Field '{name}' is not supported", f"{location}/{name}")
        check_number(machine, "TimeoutSeconds", problems, location, jsonata=False)
        missing = [name for name in ("States", "StartAt") if name not in machine]
        if missing:
            problems.add(f"These fields are required: [{', '.join(missing)}]", location)
            return
        language = None if nested else machine.get("QueryLanguage")
        if language not in (None, "JSONPath", "JSONata"):
            problems.add("Value must be one of [JSONPath, JSONata]", f"{location}/QueryLanguage")
        jsonata = jsonata if language is None else language == "JSONata"
        states = machine["States"]
        if not problems.is_a(states, dict, "Object", f"{location}/States"):
            return
        self._states(states, f"{location}/States", jsonata=jsonata)
        self._graph(states, machine["StartAt"], location, nested=nested)

    def _states(self, states: Spec, location: str, *, jsonata: bool) -> None:
        for name, spec in states.items():
            where = f"{location}/{name}"
            if not self.problems.is_a(spec, dict, "Object", where):
                continue
            if len(name) > MOST_LETTERS:
                self.problems.add(f"State name is too long, maximum is {MOST_LETTERS}", where)
            if name in self.names:
                self.problems.add(
                    f"Duplicate State name: {name}. State names must be unique within the whole state machine",
                    where,
                    DUPLICATE,
                )
            self.names.add(name)
            language = spec.get("QueryLanguage")
            if jsonata and language == "JSONPath":
                what = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
                self.problems.add(what, f"{where}/QueryLanguage")
            queries = jsonata if language is None else language == "JSONata"
            check_state(spec, self.problems, where, jsonata=queries)
            self._label(spec.get("Label"), where)
            if self.express:
                self._express(spec, where)
            self._inside(spec, where, jsonata=jsonata)  # what a Map says of its language holds for the Map alone

    def _label(self, label: Json, location: str) -> None:
        if isinstance(label, str) and label in self.labels:
            self.problems.add(f"Duplicate Label name: {label}", f"{location}/Label", DUPLICATE_LABEL)
        elif isinstance(label, str):
            self.labels.add(label)

    def _express(self, spec: Spec, location: str) -> None:
        resource = spec.get("Resource")
        if isinstance(resource, str):
            call = next((f"'{each}' service integration" for each in _CALLBACKS if resource.endswith(each)), None)
            call = f"{call} " if call and resource.endswith(_CALLBACKS[-1]) else call  # a blank of AWS's own
            call = "Activity ARN" if ":activity:" in resource else call
            if call:
                self.problems.add(f"Express state machine does not support {call}", f"{location}/Resource")
        processor = spec.get("ItemProcessor")
        config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
        if isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED":
            where = f"{location}/ItemProcessor/ProcessorConfig/Mode"
            self.problems.add("Express state machine does not support Mode DISTRIBUTED", where)

    def _inside(self, spec: Spec, location: str, *, jsonata: bool) -> None:
        if location.count("/") > MOST_DEPTH:
            self.problems.add("The definition is nested too deeply", location)
            return
        branches = spec.get("Branches")
        if spec.get("Type") == "Parallel" and isinstance(branches, list):
            for place, branch in enumerate(branches):
                self.machine(branch, f"{location}/Branches[{place}]", jsonata=jsonata, nested=True)
        for name in ("ItemProcessor", "Iterator"):
            if spec.get("Type") == "Map" and name in spec:
                self.machine(spec[name], f"{location}/{name}", jsonata=jsonata, nested=True)

    def _graph(self, states: Spec, start: Json, location: str, *, nested: bool) -> None:
        """Check where the *states* lead, that something ends them, and that each is reached from *start*.

        As AWS was seen to answer (github.com/floci-io/floci, pull request 2786): it speaks of Next wherever the target
        stands, asks for an end of the outermost machine alone, and without one does not say what is unreachable.
        """
        if not self.problems.is_a(start, str, "String", f"{location}/StartAt"):
            return
        places = [(start, "StartAt")]
        for name, spec in states.items():
            places += [(target, f"States/{name}/{field}") for target, field in _targets(spec)]
        for target, field in places:
            if target not in states:
                self.problems.add(f"Missing 'Next' target: {target}", f"{location}/{field}", TARGET)
        if not nested and not any(map(_ends, states.values())):
            self.problems.add_endless()
            return
        reached: set[str] = set()
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name in states and name not in reached:
                reached.add(name)
                waiting.extend(target for target, _ in _targets(states[name]))
        for name in states:
            if name not in reached:
                self.problems.add(f'State "{name}" is not reachable.', f"{location}/States/{name}", TARGET)


def _ends(spec: Json) -> bool:
    return isinstance(spec, dict) and (spec.get("End") is True or spec.get("Type") in _ENDS)


def _targets(spec: Json) -> Iterator[tuple[str, str]]:
    """Yield every state that *spec* may go to, and the field that says so."""
    if not isinstance(spec, dict):
        return
    for field in ("Next", "Default"):
        if isinstance(spec.get(field), str):
            yield spec[field], field
    for field in ("Choices", "Catch"):
        entries = spec.get(field)
        for place, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, dict) and isinstance(entry.get("Next"), str):
                yield entry["Next"], f"{field}[{place}]/Next"
