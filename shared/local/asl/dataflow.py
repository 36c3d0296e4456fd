"""What a state does with its input and result before the next state sees them, in either query language."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from shared.local.asl.errors import RESULT_PATH, RuntimeFailure, dumps
from shared.local.asl.languages.jsonpath import NoResultError, compile_reference
from shared.local.asl.payload import compile_assign, compile_field, compile_read
from shared.local.asl.reading import text
from shared.local.asl.size import check_size

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.local.asl.evaluation import Evaluate, Surroundings
    from shared.local.asl.languages.jsonpath import Path
    from shared.local.asl.reading import Spec
    from shared.local.asl.strand import Strand
    from shared.values import Json

    # A state's output, and the variables that it assigns.
    Finished: TypeAlias = tuple[Json, Mapping[str, Json] | None]


def _reader(spec: Spec, name: str) -> Evaluate | None:
    """Return what the InputPath or OutputPath *name* does: None for ``$``."""
    if spec.get(name, "$") == "$":
        return None
    if spec[name] is None:
        return lambda _value, _around: {}
    path = text(spec, name)
    read = compile_read(path)

    def evaluate(value: Json, around: Surroundings) -> Json:
        try:
            return read(value, around)
        except NoResultError as missing:
            raise RuntimeFailure(f"Invalid path '{path}' : {missing}") from None

    return evaluate


def _place(spec: Spec) -> Path | None:
    """Return where ResultPath puts a result, None for nowhere."""
    return None if spec.get("ResultPath", "$") is None else compile_reference(str(spec.get("ResultPath", "$")))


def _write(place: Path, raw: Json, content: Json) -> Json:
    """Return *raw* with *content* at *place*."""
    if not place.keys:
        return content
    try:
        return place.write(raw, content)
    except NoResultError:
        raise RuntimeFailure(f"Unable to apply ReferencePath {place.text} to input {dumps(raw)}", RESULT_PATH) from None


def _fitting(arguments: Json, strand: Strand) -> Json:
    """Return what Parameters or Arguments made, unless that is too large."""
    check_size(arguments, strand.state)
    return arguments


class PathFlow:
    """The JSONPath way: InputPath, Parameters, ResultSelector, Assign, ResultPath, OutputPath."""

    __slots__ = ("_assign", "_input", "_output", "_parameters", "_place", "_selector")

    def __init__(self, spec: Spec, *, parameters: str = "Parameters") -> None:
        self._input = _reader(spec, "InputPath")
        self._output = _reader(spec, "OutputPath")
        self._parameters = compile_field(spec, parameters, jsonata=False)
        self._selector = compile_field(spec, "ResultSelector", jsonata=False)
        self._assign = compile_assign(spec, jsonata=False)
        self._place = _place(spec)

    def read(self, strand: Strand, raw: Json) -> Json:
        """Return the effective input for the state's *raw* one, before Parameters."""
        return raw if self._input is None else self._input(raw, strand)

    def arguments(self, strand: Strand, effective: Json) -> Json:
        """Return what Parameters make of the *effective* input."""
        return effective if self._parameters is None else _fitting(self._parameters(effective, strand), strand)

    def finish(self, strand: Strand, raw: Json, result: Json) -> Finished:
        """Return the state's output and what it assigns, for its *result*."""
        result = self.select(strand, result)
        assigned = self._assign(result, strand) if self._assign is not None else None
        output = self.put(raw, result)
        return output if self._output is None else self._output(output, strand), assigned

    def select(self, strand: Strand, result: Json) -> Json:
        """Return what ResultSelector makes of *result*."""
        return result if self._selector is None else self._selector(result, strand)

    def put(self, raw: Json, result: Json) -> Json:
        """Return *raw* with *result* where ResultPath says."""
        place = self._place
        if place is None:
            return raw
        return _write(place, raw, result) if place.keys else result

    def leave(self, strand: Strand, value: Json) -> Json:
        """Return what OutputPath selects of *value*."""
        return value if self._output is None else self._output(value, strand)

    def caught(self, strand: Strand, raw: Json, spec: Caught, output: Json) -> Finished:
        """Return the output and assignments of a Catcher *spec* for the error *output*."""
        assigned = spec.assign(output, strand) if spec.assign is not None else None
        return raw if spec.place is None else _write(spec.place, raw, output), assigned


class QueryFlow:
    """The JSONata way: Arguments, Output, Assign."""

    __slots__ = ("_arguments", "_assign", "_output")

    def __init__(self, spec: Spec) -> None:
        self._arguments = compile_field(spec, "Arguments", jsonata=True)
        self._output = compile_field(spec, "Output", jsonata=True)
        self._assign = compile_assign(spec, jsonata=True)

    def read(self, _strand: Strand, raw: Json) -> Json:
        """Return the input as it is: JSONata reaches it through ``$states.input``."""
        return raw

    def arguments(self, strand: Strand, effective: Json) -> Json:
        """Return what Arguments give for the state's input."""
        return (
            effective
            if self._arguments is None
            else _fitting(self._arguments(states(strand, effective), strand), strand)
        )

    def finish(self, strand: Strand, raw: Json, result: Json) -> Finished:
        """Return the state's output and what it assigns, for its *result*."""
        if self._output is None and self._assign is None:
            return result, None
        seen = states(strand, raw, result=result)
        assigned = self._assign(seen, strand) if self._assign is not None else None
        return result if self._output is None else self._output(seen, strand), assigned

    def caught(self, strand: Strand, raw: Json, spec: Caught, output: Json) -> Finished:
        """Return the output and assignments of a Catcher *spec* for the error *output*."""
        seen = states(strand, raw, errorOutput=output)
        assigned = spec.assign(seen, strand) if spec.assign is not None else None
        return output if spec.output is None else spec.output(seen, strand), assigned


Flow = PathFlow | QueryFlow


class Caught:
    """What a Catcher does with the error output: where it goes, and what is assigned."""

    __slots__ = ("assign", "output", "place")

    def __init__(self, spec: Spec, *, jsonata: bool, field: str) -> None:
        self.output = compile_field(spec, "Output", jsonata=True, within=field) if jsonata else None
        self.assign = compile_assign(spec, jsonata=jsonata, within=field)
        self.place = None if jsonata else _place(spec)


def states(strand: Strand, raw: Json, **more: Json) -> dict[str, Json]:
    """Return ``$states`` for a JSONata expression: the *raw* input, the context object, and *more* members."""
    return {"input": raw, "context": strand.context(), **more}
