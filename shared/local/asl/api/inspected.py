"""What TestState shows of the data on its way through a state: noted where it passes, never worked out a second time.

Which kinds of states show what: recorded answers of AWS, and the Step Functions Developer Guide, "Testing state
machines with TestState API" (read 2026-11-30).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.dataflow import PathFlow, QueryFlow
from shared.local.asl.errors import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.local.asl.dataflow import Finished, Flow
    from shared.local.asl.reading import Spec
    from shared.local.asl.state import State
    from shared.local.asl.strand import Strand
    from shared.values import Json

_RESULT = frozenset({"afterResultSelector", "afterResultPath"})
_ITEMS = frozenset({"afterItemsPath", "afterItemsPointer", "afterItemSelector", "afterItemBatcher"})
_NUMBERS = frozenset({"maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage"})
_BY_PATHS: Mapping[str, frozenset[str]] = {
    "Pass": frozenset({"afterInputPath", "afterParameters"}) | _RESULT,
    "Task": frozenset({"afterInputPath", "afterParameters", "result"}) | _RESULT,
    "Map": frozenset({"afterInputPath"}) | _ITEMS | _NUMBERS | _RESULT,
    "Parallel": _RESULT,
}
_BY_QUERIES: Mapping[str, frozenset[str]] = {
    "Task": frozenset({"afterArguments", "result"}),
    "Map": (_ITEMS | _NUMBERS) - {"afterItemsPath"},
}


class Inspection:
    """What was seen of one state's data.

    Args:
        state: The state; from now on its data flow is noted.
    """

    def __init__(self, state: State) -> None:
        self._kind = str(state.spec["Type"])
        self._fixed = self._kind == "Pass" and "Result" in state.spec
        self._jsonata = state.jsonata
        self.seen: dict[str, Json] = {}
        state.flow = _seen_flow(state, self.seen)

    def begin(self, value: Json) -> None:
        """Note the raw input *value*."""
        self.seen["input"] = value
        if self._kind == "Fail":  # which has no InputPath; AWS shows it none the less
            self.seen["afterInputPath"] = value

    def shown(self) -> dict[str, object]:
        """Return what AWS shows of it: numbers, and all else as JSON text."""
        wanted = (_BY_QUERIES if self._jsonata else _BY_PATHS).get(self._kind)
        if wanted is None:
            wanted = frozenset() if self._jsonata else frozenset({"afterInputPath"})
        if self._fixed and not self._jsonata:
            wanted = _RESULT | {"result"}
        wanted |= {"input", "variables"}
        return {name: _text(name, value) for name, value in self.seen.items() if name in wanted}


def _text(name: str, value: Json) -> object:
    return value if name in _NUMBERS else dumps(value)


def _seen_flow(state: State, seen: dict[str, Json]) -> Flow:
    return _SeenQueries(state.spec, seen) if state.jsonata else _SeenPaths(state.spec, state.parameters, seen)


class _SeenPaths(PathFlow):
    """The JSONPath way, noted."""

    __slots__ = ("_seen",)

    def __init__(self, spec: Spec, parameters: str, seen: dict[str, Json]) -> None:
        super().__init__(spec, parameters=parameters)
        self._seen = seen

    def read(self, strand: Strand, raw: Json) -> Json:
        self._seen["afterInputPath"] = effective = super().read(strand, raw)
        return effective

    def arguments(self, strand: Strand, effective: Json) -> Json:
        self._seen["afterParameters"] = given = super().arguments(strand, effective)
        return given

    def finish(self, strand: Strand, raw: Json, result: Json) -> Finished:
        self._seen["result"] = result
        return super().finish(strand, raw, result)

    def select(self, strand: Strand, result: Json) -> Json:
        self._seen["afterResultSelector"] = selected = super().select(strand, result)
        return selected

    def put(self, raw: Json, result: Json) -> Json:
        self._seen["afterResultPath"] = combined = super().put(raw, result)
        return combined


class _SeenQueries(QueryFlow):
    """The JSONata way, noted."""

    __slots__ = ("_seen",)

    def __init__(self, spec: Spec, seen: dict[str, Json]) -> None:
        super().__init__(spec)
        self._seen = seen

    def arguments(self, strand: Strand, effective: Json) -> Json:
        self._seen["afterArguments"] = given = super().arguments(strand, effective)
        return given

    def finish(self, strand: Strand, raw: Json, result: Json) -> Finished:
        self._seen["result"] = result
        return super().finish(strand, raw, result)
