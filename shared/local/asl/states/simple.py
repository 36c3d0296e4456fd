"""Pass, Succeed, Fail and Choice: the states that only compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Never

from shared.local.asl.choice import compile_rule
from shared.local.asl.dataflow import PathFlow, states
from shared.local.asl.errors import RuntimeFailure, StateFailure, dumps
from shared.local.asl.languages.jsonata import Expression
from shared.local.asl.payload import compile_assign, compile_field, compile_value
from shared.local.asl.reading import parts, text, text_or_none
from shared.local.asl.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.local.asl.evaluation import Evaluate, Surroundings, Test
    from shared.local.asl.reading import Spec
    from shared.local.asl.state import Outcome
    from shared.local.asl.strand import Strand
    from shared.values import Json


class Pass(State):
    """Outputs its input, or a fixed Result, or what Parameters make of the input."""

    def __init__(self, name: str, spec: Spec, *, jsonata: bool) -> None:
        super().__init__(name, spec, jsonata=jsonata)
        self.fixed = "Result" in spec
        self.result = spec.get("Result")

    def step(self, strand: Strand, value: Json) -> Outcome:
        """Output the result."""
        flow = self.flow
        result = flow.arguments(strand, flow.read(strand, value))
        return self.leave(strand, value, self.result if self.fixed else result)


class Succeed(State):
    """Ends its branch with success."""

    def step(self, strand: Strand, value: Json) -> Outcome:
        """End with what the paths leave of the input."""
        return self.leave(strand, value, self.flow.read(strand, value))


class Fail(State):
    """Ends its branch with an error."""

    def __init__(self, name: str, spec: Spec, *, jsonata: bool) -> None:
        super().__init__(name, spec, jsonata=jsonata)
        self.error = self._text("Error")
        self.cause = self._text("Cause")

    def _text(self, field: str) -> Evaluate | None:
        spec = self.spec
        if self.jsonata:
            return compile_field(spec, field, jsonata=True)
        if f"{field}Path" in spec:
            return compile_value(text(spec, f"{field}Path"), f"{field}Path")
        constant = spec.get(field)
        return lambda _value, _around: constant

    def step(self, strand: Strand, value: Json) -> Never:
        """Fail."""
        seen = states(strand, value) if self.jsonata else value
        error, cause = (None if read is None else read(seen, strand) for read in (self.error, self.cause))
        raise StateFailure(_shown(error), _shown(cause))


def _shown(value: Json) -> str | None:
    return value if value is None or isinstance(value, str) else dumps(value)


class Choice(State):
    """Goes to the state that the first rule that holds names."""

    def __init__(self, name: str, spec: Spec, *, jsonata: bool) -> None:
        super().__init__(name, spec, jsonata=jsonata)
        self.default = text_or_none(spec, "Default")
        self.rules = [
            _Rule(rule, f"Choices[{place}]", jsonata=jsonata) for place, rule in enumerate(parts(spec, "Choices"))
        ]

    def step(self, strand: Strand, value: Json) -> Outcome:
        """Return the input, or the rule's Output, and the state that the rule names."""
        flow = self.flow
        effective = flow.read(strand, value)
        seen = states(strand, value) if self.jsonata else effective
        for rule in self.rules:
            if rule.test(seen, strand):
                assigned = rule.assign(seen, strand) if rule.assign else None
                output = effective if rule.output is None else rule.output(seen, strand)
                return self._go(strand, value, output, assigned, rule.next)
        if self.default is None:
            raise RuntimeFailure("Failed to transition out of the state. The state does not point to a next state.")
        finished, defaults = flow.finish(strand, value, effective)
        return self._go(strand, value, finished, defaults, self.default)

    def _go(self, strand: Strand, raw: Json, output: Json, assigned: Mapping[str, Json] | None, target: str) -> Outcome:
        flow = self.flow
        if isinstance(flow, PathFlow):
            output = flow.leave(strand, output)
        strand.leave(self.exited, raw, output, assigned)
        return output, target


class _Rule:
    """One choice rule: its test, and what it does when it holds."""

    __slots__ = ("assign", "next", "output", "test")

    def __init__(self, spec: Spec, field: str, *, jsonata: bool) -> None:
        self.next = text(spec, "Next")
        self.assign = compile_assign(spec, jsonata=jsonata, within=field)
        self.output = compile_field(spec, "Output", jsonata=True, within=field) if jsonata else None
        self.test = _condition(spec["Condition"], f"{field}/Condition") if jsonata else compile_rule(spec)


def _condition(given: Json, field: str) -> Test:
    if isinstance(given, bool):
        return lambda _seen, _around: given
    expression = Expression(str(given), field)

    def test(seen: Json, around: Surroundings) -> bool:
        value = expression.evaluate(around, seen)
        if not isinstance(value, bool):
            raise expression.unexpected("boolean", value)
        return value

    return test
