"""Checking a whole definition: its machines, where their states lead, and what is never reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.json_text import JsonTextError, read_json
from shared.local.asl.validation import fields
from shared.local.asl.validation.expressions import MOST_LETTERS
from shared.local.asl.validation.maps import DUPLICATE_LABEL
from shared.local.asl.validation.numbers import check_number
from shared.local.asl.validation.problems import (
    DUPLICATE,
    EMPTY,
    NAME,
    NESTED,
    NOT_EMULATED,
    NOT_JSON,
    TARGET,
    Problem,
    Problems,
)
from shared.local.asl.validation.states import check_state

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from shared.local.asl.reading import Spec
    from shared.values import Json

MOST_DEPTH = 200
_CALLBACK = ".waitForTaskToken"
_SERVICES = (".sync:2", ".sync", _CALLBACK)
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
        machine = read_json(definition, unique=True)
    except JsonTextError as error:
        problems.add(str(error), error.where, NOT_JSON)
        return problems.found
    if machine is None:
        problems.add("Received a null or empty workflow input.", "/", EMPTY)
    elif problems.is_a(machine, dict, "Object", "/"):
        _Checker(problems, express=kind == "EXPRESS").machine(machine, "", fields.TOP, jsonata=False)
    return [problem for problem in problems.found if here or problem.code != NOT_EMULATED]


class _Checker:
    """Goes through the machines of a definition."""

    def __init__(self, problems: Problems, *, express: bool) -> None:
        self.problems = problems
        self.express = express
        self.names: set[str] = set()
        self.labels: set[str] = set()

    def machine(self, machine: Json, location: str, known: Collection[str], *, jsonata: bool) -> None:
        """Check a *machine* that may have the fields *known*."""
        problems = self.problems
        if not problems.is_a(machine, dict, "Object", location):
            return
        problems.only(machine, known, location)
        if "Comment" in machine:
            problems.is_a(machine["Comment"], str, "String", f"{location}/Comment")
        nested = "Version" not in known
        if not nested:
            check_number(machine, "TimeoutSeconds", problems, location, jsonata=False)
            problems.is_one_of(machine, "Version", ("1.0",), location)
            problems.is_one_of(machine, "QueryLanguage", fields.LANGUAGES, location)
            # AWS takes whatever is not exactly JSONPath for JSONata (github.com/floci-io/floci, issue 2968).
            jsonata = machine.get("QueryLanguage", "JSONPath") != "JSONPath"
        if not problems.require(machine, ("States", "StartAt"), location):
            return
        states = machine["States"]
        if not problems.is_a(states, dict, "Object", f"{location}/States"):
            return
        if not states:
            problems.add("Value cannot be empty", f"{location}/States")
        self._states(states, f"{location}/States", jsonata=jsonata)
        self._graph(states, machine["StartAt"], location, nested=nested)

    def _states(self, states: Spec, location: str, *, jsonata: bool) -> None:
        for name, spec in states.items():
            where = f"{location}/{name}"
            if not self.problems.is_a(spec, dict, "Object", where):
                continue
            if not 0 < len(name) <= MOST_LETTERS:
                self.problems.add(f"The name of a state has 1 to {MOST_LETTERS} characters", where, NAME)
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
                self.problems.add(what, where, field="QueryLanguage")
            queries = jsonata if "QueryLanguage" not in spec else language != "JSONPath"
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
            call = next((f"'{each}' service integration" for each in _SERVICES if resource.endswith(each)), None)
            call = f"{call} " if call and _CALLBACK in call else call  # the blank is AWS's
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
            self.problems.add("The states are too deeply nested.", location, NESTED)
            return
        branches = spec.get("Branches")
        if spec.get("Type") == "Parallel" and isinstance(branches, list):
            for place, branch in enumerate(branches):
                self.machine(branch, f"{location}/Branches[{place}]", fields.BRANCH, jsonata=jsonata)
        for name in ("ItemProcessor", "Iterator"):
            if spec.get("Type") == "Map" and name in spec:
                around = self.express
                self.express = around or _has_express_children(spec[name])
                self.machine(spec[name], f"{location}/{name}", fields.PROCESSOR, jsonata=jsonata)
                self.express = around

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


def _has_express_children(processor: Json) -> bool:
    """Say whether a Map runs *processor* in express executions, which have no more than express machines have.

    Source: Step Functions developer guide, "Map state in Distributed mode", ExecutionType; "Choosing workflow type".
    """
    config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
    return isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED" and config.get("ExecutionType") == "EXPRESS"


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
