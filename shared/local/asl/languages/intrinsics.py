"""The intrinsic functions of the JSONPath language: ``States.Format('{} of {}', $.rank, $.size)``.

A call is compiled once, into a function that evaluates its arguments. Its failures are
``States.IntrinsicFailure``, with AWS's words as cause.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from shared.local.asl.errors import INTRINSIC, RuntimeFailure
from shared.local.asl.languages.intrinsic_functions import ARGUMENTS, CLOSE, FUNCTIONS, OPEN, WrongArgument

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.evaluation import Evaluate, Surroundings
    from shared.values import Json

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$")


# So deep AWS lets calls be nested (its developer guide, Intrinsic functions).
MOST_NESTED = 10


class CallSyntaxError(ValueError):
    """An intrinsic call that does not parse."""


def is_call(text: str) -> bool:
    """Tell whether *text* is an intrinsic call rather than a path."""
    return text.startswith("States.")


def compile_call(text: str, compile_path: Callable[[str], Evaluate]) -> Evaluate:
    """Return a function ``(value, strand) -> result`` for the call *text*.

    Raises:
        CallSyntaxError: It does not parse, names no function AWS has, has another number of arguments than that
            function, or calls within calls more than ten deep.
    """
    evaluate, at = _call(text, 0, compile_path, 1)
    if text[at:].strip():
        raise CallSyntaxError(f"the call has something left over: {text[at:]!r}")
    return evaluate


def _call(text: str, at: int, compile_path: Callable[[str], Evaluate], depth: int) -> tuple[Evaluate, int]:
    if depth > MOST_NESTED:
        raise CallSyntaxError(f"calls are nested more than {MOST_NESTED} deep")
    opening = text.find("(", at)
    name = text[at:opening].strip() if opening > 0 else text[at:]
    function = FUNCTIONS.get(name.removeprefix("States."))
    if function is None or opening < 0 or not name.startswith("States."):
        raise CallSyntaxError(f"no intrinsic function {name!r}")
    start = at
    arguments: list[Evaluate] = []
    at = _blank(text, opening + 1)
    while not text.startswith(")", at):
        argument, at = _argument(text, at, compile_path, depth)
        arguments.append(argument)
        at = _blank(text, at)
        if text.startswith(",", at):
            at = _blank(text, at + 1)
            if text.startswith(")", at):
                raise CallSyntaxError("there is no argument after the last comma")
        elif not text.startswith(")", at):
            raise CallSyntaxError(f"expected , or ) at {text[at:]!r}")
    least, most = ARGUMENTS.get(name.removeprefix("States."), (0, len(arguments)))
    if not least <= len(arguments) <= most:
        raise CallSyntaxError(f"{name} has {least} to {most} arguments, not {len(arguments)}")
    source = text[start : at + 1]

    def evaluate(value: Json, around: Surroundings) -> Json:
        given = [argument(value, around) for argument in arguments]
        try:
            return function(around.random, *given)
        except WrongArgument as wrong:
            raise RuntimeFailure(f"The function '{source}' had the following error: {wrong}", INTRINSIC) from None

    return evaluate, at + 1


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _argument(text: str, at: int, compile_path: Callable[[str], Evaluate], depth: int) -> tuple[Evaluate, int]:
    if text.startswith("States.", at):
        return _call(text, at, compile_path, depth + 1)
    if text.startswith("'", at):
        literal, at = _literal(text, at + 1)
        return _constant(literal), at
    end = _end_of_argument(text, at)
    word = text[at:end].strip()
    if word.startswith("$"):
        return compile_path(word), end
    if word in {"true", "false", "null"} or _NUMBER.match(word):
        return _constant(json.loads(word)), end
    raise CallSyntaxError(f"cannot read the argument {word!r}")


def _constant(value: Json) -> Evaluate:
    return lambda _value, _around: value


def _literal(text: str, at: int) -> tuple[str, int]:
    letters: list[str] = []
    escaped = {"{": OPEN, "}": CLOSE, "'": "'", "\\": "\\"}
    while at < len(text):
        letter = text[at]
        if letter == "'":
            return "".join(letters), at + 1
        if letter == "\\" and at + 1 < len(text):
            following = text[at + 1]
            if following not in escaped:
                raise CallSyntaxError(f"a string has no \\{following}: only ' {{ }} and the backslash are escaped")
            letters.append(escaped[following])
            at += 2
            continue
        letters.append(letter)
        at += 1
    raise CallSyntaxError("a string is not closed")


def _end_of_argument(text: str, at: int) -> int:
    depth, quote = 0, ""
    while at < len(text):
        letter = text[at]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "[(":
            depth += 1
        elif letter in "])" and depth:
            depth -= 1
        elif letter in ",)" and not depth:
            return at
        at += 1
    raise CallSyntaxError("a parenthesis is not closed")
