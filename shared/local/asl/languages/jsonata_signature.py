"""Signatures of JSONata functions, such as ``<s-nn?:s>``: what a function takes, and what it makes of its arguments."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from shared.local.asl.languages.jsonata_values import UNDEFINED, EvaluationError, Function

_PLURALS = {"a": "arrays", "b": "booleans", "f": "functions", "n": "numbers", "o": "objects", "s": "strings"}


def symbol(value: object) -> str:
    """Return the letter that signatures have for the type of *value*, ``m`` for undefined."""
    if value is None:
        return "l"
    if isinstance(value, bool):
        return "b"
    if isinstance(value, (int, float)):
        return "n"
    kinds = ((str, "s"), (list, "a"), (dict, "o"), (Function, "f"))
    return next((letter for kind, letter in kinds if isinstance(value, kind)), "m")


class _Param:
    """One parameter of a signature."""

    __slots__ = ("context", "kind", "letters", "suffix", "within")

    def __init__(self, kind: str, letters: str) -> None:
        self.kind = kind
        self.letters = letters
        self.suffix = ""
        # Whether the context value stands in for a missing argument.
        self.context = False
        # What an array must hold, if anything.
        self.within = ""

    @property
    def pattern(self) -> str:
        return self.letters + self.suffix


class Signature:
    """What a function takes.

    Args:
        params: Its parameters.
    """

    def __init__(self, params: list[_Param]) -> None:
        self.params = params
        self._whole = re.compile("".join(f"({param.pattern})" for param in params))

    @classmethod
    def of(cls, parsed: Any) -> Signature:
        """Return the signature that the library has *parsed*."""
        params = []
        for each in parsed._params:  # noqa: SLF001  the only place where the library keeps them
            suffix = each.regex[-1] if each.regex[-1] in "?+" else ""
            param = _Param(each.type, each.regex.removesuffix(suffix))
            param.suffix, param.context = suffix, each.context
            param.within = each.subtype or "" if each.type == "a" else ""
            params.append(param)
        return cls(params)

    def fit(self, given: list[Any], context: Any) -> list[Any]:
        """Return the arguments that the function is called with when it is *given* these.

        Raises:
            EvaluationError: They do not fit.
        """
        letters = "".join(map(symbol, given))
        found = self._whole.fullmatch(letters)
        if found is None:
            raise self._misfit(letters)
        fitted: list[Any] = []
        place = 0
        for param, matched in zip(self.params, found.groups(), strict=True):
            if not matched and param.context:
                if not re.fullmatch(param.letters, symbol(context)):
                    raise EvaluationError("T0411", index=place + 1)
                fitted.append(context)
                continue
            for letter in matched or "?":
                value = given[place] if place < len(given) else UNDEFINED
                fitted.append(_array(param, letter, matched, value, place) if param.kind == "a" else value)
                place += 1
        return fitted

    def _misfit(self, letters: str) -> EvaluationError:
        pattern, good = "", 0
        for param in self.params:
            pattern += param.pattern
            found = re.match(pattern, letters)
            if found is None:
                break
            good = found.end()
        return EvaluationError("T0410", index=good + 1)


def _array(param: _Param, letter: str, matched: str, value: Any, place: int) -> Any:
    """Return *value* as the array that the parameter wants."""
    if letter in "m?":
        return UNDEFINED
    if param.within:
        kinds = set(map(symbol, value)) if letter == "a" else {matched}
        if kinds - {param.within[0]}:
            raise EvaluationError("T0412", index=place + 1, type=_PLURALS.get(param.within, UNDEFINED))
    return value if letter == "a" else [value]


@cache
def parsed(text: str) -> Signature:
    """Return the signature of one of our functions, written as *text*."""
    from jsonata.signature import Signature as Library

    return Signature.of(Library(text, ""))
