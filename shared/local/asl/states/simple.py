"""Pass, Succeed, Fail and Choice: the states that only compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Never

from shared.local.asl.choice import compile_rule
from shared.local.asl.dataflow import PathFlow, leave_state, states
from shared.local.asl.errors import RuntimeFailure, StateFailure
from shared.local.asl.languages.jsonata import Expression
from shared.local.asl.payload import compile_jsonata, compile_template, compile_value
from shared.local.asl.state import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.strand import Strand


class Pass(State):
    """Hands its input on, or a fixed Result, or what Parameters make of the input."""

    def __init__(self, name: str, spec: dict[str, Any], *, jsonata: bool) -> None:
        super().__init__(name, spec, jsonata=jsonata)
        self.fixed = "Result" in spec
        self.result = spec.get("Result")

    def step(self, strand: Strand, value: Any) -> tuple[Any, str | None]:
        """Pass the value on."""
        flow = self.flow
        result = flow.arguments(strand, flow.read(strand, value))
        return self.leave(strand, value, self.result if self.fixed else result)


class Succeed(State):
    """Ends its branch well."""

    def step(self, strand: Strand, value: Any) -> tuple[Any, str | None]:
        """End with what the paths leave of the input."""
        return self.leave(strand, value, self.flow.read(strand, value))


class Fail(State):
    """Ends its branch with an error."""

    def __init__(self, name: str, spec: dict[str, Any], *, jsonata: bool) -> None:
        super().__init__(name, spec, jsonata=jsonata)
        self.error = self._text("Error")
        self.cause = self._text("Cause")

    def _text(self, field: str) -> Callable[[Any, Any], Any]:
        spec = self.spec
        if f"{field}Path" in spec and not self.jsonata:
            return compile_value(spec[f"{field}Path"], f"{field}Path")
        constant = spec.get(field)
        if self.jsonata and constant is not None:
            return compile_jsonata(constant, field)
        return lambda _value, _strand: constant

    def step(self, strand: Strand, value: Any) -> Never:
        """Fail."""
        seen = states(strand, value) if self.jsonata else value
        raise StateFailure(self.error(seen, strand), self.cause(seen, strand))


class Choice(State):
    """Goes where the first rule that holds points."""

    def __init__(self, name: str, spec: dict[str, Any], *, jsonata: bool) -> None:
        super().__init__(name, spec, jsonata=jsonata)
        self.default: str | None = spec.get("Default")
        self.rules = [_Rule(rule, f"Choices[{place}]", jsonata=jsonata) for place, rule in enumerate(spec["Choices"])]

    def step(self, strand: Strand, value: Any) -> tuple[Any, str | None]:
        """Return the input, or the rule's Output, and the state the rule names."""
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
        output, assigned = flow.finish(strand, value, effective)
        return self._go(strand, value, output, assigned, self.default)

    def _go(self, strand: Strand, raw: Any, output: Any, assigned: Any, target: str) -> tuple[Any, str]:
        flow = self.flow
        if isinstance(flow, PathFlow) and output is not raw:
            output = flow.leave(strand, output)
        elif isinstance(flow, PathFlow):
            output = flow.leave(strand, raw)
        leave_state(strand, self.exited, raw, output, assigned)
        return output, target


class _Rule:
    """One choice rule: its test, and what it does when it holds."""

    __slots__ = ("assign", "next", "output", "test")

    def __init__(self, spec: dict[str, Any], field: str, *, jsonata: bool) -> None:
        self.next: str = spec["Next"]
        self.assign: Any = None
        self.output: Any = None
        if not jsonata:
            self.test = compile_rule(spec)
            self.assign = compile_template(spec["Assign"]) if "Assign" in spec else None
            return
        self.test = _condition(spec["Condition"], f"{field}/Condition")
        self.assign = compile_jsonata(spec["Assign"], f"{field}/Assign") if "Assign" in spec else None
        self.output = compile_jsonata(spec["Output"], f"{field}/Output") if "Output" in spec else None


def _condition(text: Any, field: str) -> Callable[[Any, Any], bool]:
    if isinstance(text, bool):
        return lambda _seen, _strand: text
    expression = Expression(text, field)

    def test(seen: Any, strand: Any) -> bool:
        value = expression.evaluate(strand, seen)
        expression.expect(value, "boolean")
        return bool(value)

    return test
