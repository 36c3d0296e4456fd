"""What a state does with its input and result before the next state sees them, in either query language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.config.aws_facts import STATE_DATA
from shared.local.asl.errors import DATA_LIMIT, RESULT_PATH, RuntimeFailure, StateFailure, dumps
from shared.local.asl.languages.jsonpath import NoResultError, compile_reference
from shared.local.asl.payload import compile_jsonata, compile_read, compile_template

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.strand import Strand

    Evaluate = Callable[[Any, Any], Any]

MAX_BYTES = STATE_DATA.value
_ABSENT = object()


def check_size(value: Any, state: str) -> None:
    """Fail as AWS does when *value*, the outcome of *state*, is larger than 256 KB as JSON."""
    if isinstance(value, (dict, list, str)):
        text = dumps(value)
        # A character is at most four bytes: only what could be too large is encoded to count.
        if len(text) * 4 > MAX_BYTES and len(text.encode()) > MAX_BYTES:
            raise StateFailure(
                DATA_LIMIT,
                f"The state/task '{state}' returned a result with a size exceeding the maximum number of bytes service "
                "limit.",
            )


def _reader(spec: Any) -> Evaluate | None:
    """Return what InputPath or OutputPath *spec* does: None for ``$``."""
    if spec == "$":
        return None
    if spec is None:
        return lambda _value, _strand: {}
    read = compile_read(spec)

    def evaluate(value: Any, strand: Any) -> Any:
        try:
            return read(value, strand)
        except NoResultError as missing:
            raise RuntimeFailure(f"Invalid path '{spec}' : {missing}") from None

    return evaluate


class PathFlow:
    """The JSONPath way: InputPath, Parameters, ResultSelector, Assign, ResultPath, OutputPath."""

    __slots__ = ("_assign", "_input", "_output", "_parameters", "_place", "_selector", "name")

    def __init__(self, name: str, spec: dict[str, Any], *, parameters: str = "Parameters") -> None:
        self.name = name
        self._input = _reader(spec.get("InputPath", "$"))
        self._output = _reader(spec.get("OutputPath", "$"))
        self._parameters = compile_template(spec[parameters]) if parameters in spec else None
        self._selector = compile_template(spec["ResultSelector"]) if "ResultSelector" in spec else None
        self._assign = compile_template(spec["Assign"]) if "Assign" in spec else None
        place = spec.get("ResultPath", "$")
        self._place = place if place is None else compile_reference(place)

    def read(self, strand: Strand, raw: Any) -> Any:
        """Return the effective input for the state's *raw* one, before Parameters."""
        return raw if self._input is None else self._input(raw, strand)

    def arguments(self, strand: Strand, effective: Any) -> Any:
        """Return what Parameters make of the *effective* input."""
        return effective if self._parameters is None else self._parameters(effective, strand)

    def finish(self, strand: Strand, raw: Any, result: Any) -> tuple[Any, dict[str, Any] | None]:
        """Return the state's output and what it assigns, for its *result*."""
        result = self.select(strand, result)
        assigned = self._assign(result, strand) if self._assign is not None else None
        return self.leave(strand, self.put(raw, result)), assigned

    def select(self, strand: Strand, result: Any) -> Any:
        """Return what ResultSelector makes of *result*."""
        return result if self._selector is None else self._selector(result, strand)

    def put(self, raw: Any, result: Any) -> Any:
        """Return *raw* with *result* where ResultPath says."""
        if self._place is None:
            return raw
        if not self._place.keys:
            return result
        try:
            return self._place.write(raw, result)
        except NoResultError:
            raise RuntimeFailure(
                f"Unable to apply ReferencePath {self._place.text} to input {dumps(raw)}", RESULT_PATH
            ) from None

    def leave(self, strand: Strand, value: Any) -> Any:
        """Return what OutputPath selects of *value*."""
        return value if self._output is None else self._output(value, strand)

    def caught(self, strand: Strand, raw: Any, spec: Caught, output: Any) -> tuple[Any, dict[str, Any] | None]:
        """Return the output and assignments of a Catcher *spec* for the error *output*."""
        assigned = spec.assign(output, strand) if spec.assign is not None else None
        if spec.place is None:
            return raw, assigned
        try:
            return spec.place.write(raw, output), assigned
        except NoResultError:
            raise RuntimeFailure(
                f"Unable to apply ReferencePath {spec.place.text} to input {dumps(raw)}", RESULT_PATH
            ) from None


class QueryFlow:
    """The JSONata way: Arguments, Output, Assign."""

    __slots__ = ("_arguments", "_assign", "_output", "name")

    def __init__(self, name: str, spec: dict[str, Any]) -> None:
        self.name = name
        self._arguments = compile_jsonata(spec["Arguments"], "Arguments") if "Arguments" in spec else None
        self._output = compile_jsonata(spec["Output"], "Output") if "Output" in spec else None
        self._assign = compile_jsonata(spec["Assign"], "Assign") if "Assign" in spec else None

    def read(self, _strand: Strand, raw: Any) -> Any:
        """Return the input as it is: JSONata reaches it through ``$states.input``."""
        return raw

    def arguments(self, strand: Strand, effective: Any) -> Any:
        """Return what Arguments give for the state's input."""
        return effective if self._arguments is None else self._arguments(states(strand, effective), strand)

    def finish(self, strand: Strand, raw: Any, result: Any) -> tuple[Any, dict[str, Any] | None]:
        """Return the state's output and what it assigns, for its *result*."""
        if self._output is None and self._assign is None:
            return result, None
        seen = states(strand, raw, result=result)
        assigned = self._assign(seen, strand) if self._assign is not None else None
        return result if self._output is None else self._output(seen, strand), assigned

    def caught(self, strand: Strand, raw: Any, spec: Caught, output: Any) -> tuple[Any, dict[str, Any] | None]:
        """Return the output and assignments of a Catcher *spec* for the error *output*."""
        seen = states(strand, raw, error=output)
        assigned = spec.assign(seen, strand) if spec.assign is not None else None
        return output if spec.output is None else spec.output(seen, strand), assigned


Flow = PathFlow | QueryFlow


class Caught:
    """Where the error output of a Catcher goes."""

    __slots__ = ("assign", "output", "place")

    def __init__(self, spec: dict[str, Any], *, jsonata: bool, field: str) -> None:
        self.output: Evaluate | None = None
        self.assign: Evaluate | None = None
        self.place: Any = None
        if jsonata:
            self.output = compile_jsonata(spec["Output"], f"{field}/Output") if "Output" in spec else None
            self.assign = compile_jsonata(spec["Assign"], f"{field}/Assign") if "Assign" in spec else None
        else:
            place = spec.get("ResultPath", "$")
            self.place = None if place is None else compile_reference(place)
            self.assign = compile_template(spec["Assign"]) if "Assign" in spec else None


def states(strand: Strand, raw: Any, *, result: Any = _ABSENT, error: Any = _ABSENT) -> dict[str, Any]:
    """Return ``$states`` for a JSONata expression."""
    seen = {"input": raw, "context": strand.context()}
    if result is not _ABSENT:
        seen["result"] = result
    if error is not _ABSENT:
        seen["errorOutput"] = error
    return seen


def leave_state(strand: Strand, kind: str, raw: Any, output: Any, assigned: dict[str, Any] | None) -> None:
    """Record that the strand's state is done, and make its assignments."""
    if output is not raw:
        check_size(output, strand.state)
    details: dict[str, Any] = {"name": strand.state, "output": output}
    if assigned:
        details["assignedVariables"] = assigned
        strand.variables.assign(assigned)
    strand.record(kind, details)
