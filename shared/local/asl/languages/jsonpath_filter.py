"""The filter expressions of a JSONPath, ``[?(@.price < 10 && @.tags)]``."""

from __future__ import annotations

import json
import operator
import re
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.values import Json

    # From an item and the whole value: what one side of a comparison is, or whether the item is kept.
    Operand: TypeAlias = Callable[[Json, Json], object]
    Keep: TypeAlias = Callable[[Json, Json], bool]


class CompiledPath(Protocol):
    """A compiled JSONPath."""

    def read(self, value: Json, /) -> Json:
        """Return what it selects in *value*; raise LookupError when there is nothing."""


_TOKEN = re.compile(
    r"""\s*(?:(?P<op>&&|\|\||==|!=|<=|>=|=~|<|>|!|\(|\)|\bin\b|\bnin\b)
    |(?P<path>[@$](?:\.\.?[\w*-]+|\.?\[(?:'[^']*'|"[^"]*"|[^\]'"]*)\])*)
    |(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<regex>/(?:[^/\\]|\\.)*/[a-z]*)
    |(?P<list>\[[^\]]*\])
    |(?P<word>(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<bare>[A-Za-z_]\w*))""",  # a text without quotes, which AWS takes
    re.VERBOSE,
)
_MISSING = object()


class FilterSyntaxError(ValueError):
    """A filter that does not parse."""


def compile_filter(text: str, compile_path: Callable[[str], CompiledPath]) -> Keep:
    """Return a test ``(item, root) -> bool`` for the filter *text*, with or without its parentheses.

    Raises:
        FilterSyntaxError: *text* is not a filter.
    """
    tokens, at = [], 0
    source = text.strip()
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise FilterSyntaxError(f"cannot read the filter at {source[at:]!r}")
        tokens.append((str(match.lastgroup), match.group(str(match.lastgroup))))
        at = match.end()
    parser = _Parser(tokens, compile_path)
    test = parser.disjunction()
    if parser.at != len(tokens):
        raise FilterSyntaxError(f"the filter {text!r} has something left over")
    return test


class _Parser:
    """Recursive descent: || binds least, then &&, then ! and comparisons."""

    def __init__(self, tokens: list[tuple[str, str]], compile_path: Callable[[str], CompiledPath]) -> None:
        self.tokens = tokens
        self.compile_path = compile_path
        self.at = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, text: str) -> bool:
        if self.peek() == ("op", text):
            self.at += 1
            return True
        return False

    def disjunction(self) -> Keep:
        tests = [self.conjunction()]
        while self.take("||"):
            tests.append(self.conjunction())
        return tests[0] if len(tests) == 1 else lambda item, root: any(test(item, root) for test in tests)

    def conjunction(self) -> Keep:
        tests = [self.negation()]
        while self.take("&&"):
            tests.append(self.negation())
        return tests[0] if len(tests) == 1 else lambda item, root: all(test(item, root) for test in tests)

    def negation(self) -> Keep:
        if self.take("!"):
            test = self.negation()
            return lambda item, root: not test(item, root)
        if self.take("("):
            test = self.disjunction()
            if not self.take(")"):
                raise FilterSyntaxError("a parenthesis is not closed")
            return test
        return self.comparison()

    def comparison(self) -> Keep:
        left = self.operand()
        kind, sign = self.peek()
        if kind != "op" or sign not in _COMPARE:
            return lambda item, root: left(item, root) is not _MISSING
        self.at += 1
        right, compare = self.operand(), _COMPARE[sign]
        return lambda item, root: compare(left(item, root), right(item, root))

    def operand(self) -> Operand:
        kind, text = self.peek()
        self.at += 1
        if kind == "path":
            path = self.compile_path("$" + text[1:])
            from_item = text[0] == "@"

            def read(item: Json, root: Json) -> object:
                try:
                    return path.read(item if from_item else root)
                except LookupError:
                    return _MISSING

            return read
        if kind == "string":
            constant: object = re.sub(r"\\(.)", r"\1", text[1:-1])
        elif kind == "regex":
            body, _, flags = text[1:].rpartition("/")
            constant = re.compile(body, re.IGNORECASE if "i" in flags else 0)
        elif kind == "bare":
            constant = text
        elif kind in {"word", "list"}:
            constant = json.loads(text.replace("'", '"'))
        else:
            raise FilterSyntaxError(f"expected a value, found {text or 'the end'!r}")
        return lambda _item, _root: constant


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[object, object], bool]:
    def test(left: object, right: object) -> bool:
        numbers = all(isinstance(side, (int, float)) and not isinstance(side, bool) for side in (left, right))
        strings = isinstance(left, str) and isinstance(right, str)
        return (numbers or strings) and compare(left, right)

    return test


def _equal(left: object, right: object) -> bool:
    return left is not _MISSING and isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _matched(text: object, pattern: object) -> bool:
    return isinstance(text, str) and isinstance(pattern, re.Pattern) and pattern.fullmatch(text) is not None


def _among(value: object, items: object) -> bool:
    return isinstance(items, list) and any(_equal(value, item) for item in items)


_COMPARE: dict[str, Callable[[object, object], bool]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "=~": _matched,
    "in": _among,
    "nin": lambda value, items: not _among(value, items),
}
