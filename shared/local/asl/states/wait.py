"""Wait: for a number of seconds, or until a time. Its strand sleeps in the timer heap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.choice import parse_time
from shared.local.asl.dataflow import states
from shared.local.asl.effects import Sleep
from shared.local.asl.errors import QueryFailure, RuntimeFailure, dumps
from shared.local.asl.languages.jsonata import Expression, is_expression
from shared.local.asl.languages.jsonpath import NoResultError
from shared.local.asl.payload import compile_read
from shared.local.asl.state import State

if TYPE_CHECKING:
    from shared.local.asl.effects import Steps
    from shared.local.asl.reading import Spec
    from shared.local.asl.state import Outcome
    from shared.local.asl.strand import Strand
    from shared.values import Json

MAX_SECONDS = 99_999_999


class Wait(State):
    """Waits, and outputs its input."""

    simple = False

    def __init__(self, name: str, spec: Spec, *, jsonata: bool) -> None:
        super().__init__(name, spec, jsonata=jsonata)
        self.field = next(field for field in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath") if field in spec)
        given = spec[self.field]
        self.given = given
        self.expression = Expression(given, self.field) if jsonata and is_expression(given) else None
        self.path = compile_read(str(given)) if self.field.endswith("Path") else None

    def run(self, strand: Strand, value: Json) -> Steps[Outcome]:
        """Wait, then leave with the input."""
        effective = self.flow.read(strand, value)
        seconds = self._seconds(strand, value, effective)
        if seconds > 0:
            yield Sleep(seconds)
        return self.leave(strand, value, effective)

    def _seconds(self, strand: Strand, raw: Json, effective: Json) -> float:
        given = self.given
        if self.expression is not None:
            given = self.expression.evaluate(strand, states(strand, raw))
        elif self.path is not None:
            try:
                given = self.path(effective, strand)
            except NoResultError:
                where = f"does not reference an input value: {self.given}"
                raise RuntimeFailure(f"The {self.field} parameter {where}") from None
        if self.field.startswith("Seconds"):
            return self._count(given)
        if self.expression is not None and not isinstance(given, str):
            raise self.expression.unexpected("string", given)
        moment = parse_time(given)
        if moment is None:
            raise RuntimeFailure(self._no_time(given))
        return moment - strand.execution.engine.scheduler.now()

    def _no_time(self, given: Json) -> str:
        shown = given if isinstance(given, str) else dumps(given)
        where = shown if self.path is None else f"{self.given} == {shown}"
        return (
            f"The {self.field} parameter does not reference a valid ISO-8601 extended offset date-time format string: "
            f"{where}"
        )

    def _count(self, given: Json) -> float:
        """Return the number of seconds that *given* is; a fraction is none, nor is a text."""
        if self.expression is not None:
            return _evaluated(self.expression, given)
        shown = given if isinstance(given, str) else dumps(given)
        where = f"{self.given} == {shown}" if self.path is not None else shown
        if isinstance(given, bool) or not isinstance(given, int):
            raise RuntimeFailure(f"The {self.field} parameter cannot be parsed as a long value: {where}")
        if given < 0:
            raise RuntimeFailure(f"The {self.field} parameter references a negative value: {where}")
        if given > MAX_SECONDS:
            raise RuntimeFailure(f"The {self.field} parameter references a value over {MAX_SECONDS}: {where}")
        return given


def _evaluated(expression: Expression, given: Json) -> float:
    """Return the number of seconds that *expression* gave."""
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise expression.unexpected("number", given)
    if isinstance(given, float):
        raise QueryFailure(f"The Seconds field cannot be parsed as an integer: {dumps(given)}", expression.field)
    if not 0 <= given <= MAX_SECONDS:
        raise QueryFailure(f"Seconds must be between 0 and {MAX_SECONDS} but was: {given}", expression.field)
    return given
