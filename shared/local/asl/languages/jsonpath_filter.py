"""The filters of a JSONPath, ``[?(@.price < 10 && @.tags)]``, as Jayway's 2.0.0 takes them.

A filter is criteria with ``&&`` and ``||`` between them, of which ``&&`` binds more; parentheses do not group. Each
criterion is a path, ``!`` and a path, or two sides with one of ``== >= <= != < > =~`` between them. A side that is no
path, no text in single quotes and no regular expression is a text as it stands: ``10``, ``true``, ``fiction``.
"""

from __future__ import annotations

import operator
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from shared.local.asl.errors import dumps
from shared.local.asl.languages.jsonpath_steps import NoResultError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.asl.languages.jsonpath_steps import Walk
    from shared.values import Json

    # What a side of a comparison is for an item, and whether an item is kept.
    Side: TypeAlias = "Callable[[Json, Walk], object]"
    Keep: TypeAlias = "Callable[[Json, Walk], bool]"
    Ordered = TypeVar("Ordered", bytes, bool, Decimal)

_SPLIT = re.compile(r"(?<=&&)|(?<=\|\|)|(?=&&)|(?=\|\|)")
_PATTERN = re.compile(r"/(.*)/(i?)", re.DOTALL)
# A number as Java's BigDecimal reads it.
_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,9})?", re.ASCII)
_BLANK = "".join(map(chr, range(33)))
# How long one match of a regular expression may take, in seconds. The figure is ours.
_PATIENCE = 0.25


class CompiledPath(Protocol):
    """A compiled JSONPath."""

    definite: bool

    def read(self, value: Json, spend: Callable[[int], None], root: Json) -> Json:
        """Return what it selects in *value*."""


class FilterSyntaxError(ValueError):
    """A filter that does not parse."""


class _Incomparable(Exception):
    """Two values have no order."""


def compile_filter(text: str, compile_path: Callable[[str], CompiledPath]) -> Keep:
    """Return the test of the filter *text*, with its brackets.

    Raises:
        FilterSyntaxError: *text* is not a filter.
    """
    inner = text.strip(_BLANK)[1:-1].strip(_BLANK)
    expression = inner[1:].strip(_BLANK)
    if inner[:1] != "?" or expression[:1] != "(" or expression[-1:] != ")":
        raise FilterSyntaxError(f"a filter is [?(...)]: {text}")
    pieces = [piece.strip(_BLANK) for piece in _SPLIT.split(expression[1:-1].strip(_BLANK)) if piece]
    alternatives: list[list[Keep]] = [[]]
    for place, piece in enumerate(pieces):
        if place % 2 == 0:
            alternatives[-1].append(_criterion(_bare(piece), compile_path))
        elif piece == "||":
            alternatives.append([])
        elif piece != "&&":
            raise FilterSyntaxError(f"expected && or ||, found {piece}")
    if len(pieces) % 2 == 0:
        raise FilterSyntaxError(f"a filter with nothing after its last operator: {text}")
    # Jayway asks the last criterion first: where one of them fails, that decides.
    asked = [list(reversed(criteria)) for criteria in reversed(alternatives)]
    return lambda item, walk: any(all(keep(item, walk) for keep in criteria) for criteria in asked)


def _bare(piece: str) -> str:
    return piece.lstrip("[?( ").rstrip(") ")


def _criterion(text: str, compile_path: Callable[[str], CompiledPath]) -> Keep:
    sign = next((sign for sign in _COMPARE if sign in text), None)
    if sign is None:
        negated = text.startswith("!@")
        path = _path(text[negated:], compile_path) if negated or text.startswith(("$", "@")) else None
        if path is None:
            raise FilterSyntaxError(f"neither a path nor a comparison: {text}")
        return _existence(path, wanted=not negated)
    left, right = (side.strip(_BLANK) for side in text.split(sign, 1))
    if right.startswith("!@"):
        raise FilterSyntaxError(f"only the existence of a path is negated: {text}")
    return _comparison(_side(left.removeprefix("!") if left.startswith("!@") else left, compile_path),
                       _COMPARE[sign], _side(right, compile_path))  # fmt: skip


def _path(text: str, compile_path: Callable[[str], CompiledPath]) -> CompiledPath:
    path = compile_path("$" + text[1:])
    if not path.definite:
        raise FilterSyntaxError(f"a path in a filter names one place: {text}")
    return path


def _existence(path: CompiledPath, *, wanted: bool) -> Keep:
    def keep(item: Json, walk: Walk) -> bool:
        try:
            return (path.read(item, walk.spend, walk.root) is not None) is wanted
        except NotFoundError:
            return not wanted

    return keep


def _comparison(left: Side, compare: Callable[[object, object], bool], right: Side) -> Keep:
    def keep(item: Json, walk: Walk) -> bool:
        try:
            return compare(left(item, walk), right(item, walk))
        except (NotFoundError, _Incomparable):
            return False

    return keep


def _side(text: str, compile_path: Callable[[str], CompiledPath]) -> Side:
    if text.startswith(("$", "@")):
        path = _path(text, compile_path)
        if text[0] == "@":
            return lambda item, walk: path.read(item, walk.spend, walk.root)
        return lambda _item, walk: path.read(walk.root, walk.spend, walk.root)
    constant: object = text
    if text[:1] == text[-1:] == "'":
        constant = text[1:-1]
    elif match := _PATTERN.fullmatch(text):
        import regex  # 15 ms that all paths without an expression save

        try:
            constant = regex.compile(match[1], regex.IGNORECASE if match[2] else 0)
        except regex.error as error:
            raise FilterSyntaxError(f"not a regular expression: {text} ({error})") from None
    return lambda _item, _walk: constant


def _null(value: object) -> bool:
    return value is None or value == "null"


def _order(given: object, model: object) -> int:
    """Return whether *given*, the right side, is below (-1), like (0) or above (1) *model*, the left side.

    Raises:
        _Incomparable: They have no order.
        NoResultError: A text that is no number stands against a number.
    """
    if given is model:
        return 0
    if _null(given) or _null(model):
        return _null(model) - _null(given)
    if isinstance(given, str) and isinstance(model, str):
        return _sign(given.replace("\\'", "'").encode("utf-16-be", "surrogatepass"),
                     model.encode("utf-16-be", "surrogatepass"))  # fmt: skip
    if isinstance(model, bool):
        if isinstance(given, (str, bool)):
            return _sign(given.lower() == "true" if isinstance(given, str) else given, model)
    elif isinstance(model, (int, float)) and isinstance(given, (str, int, float)) and not isinstance(given, bool):
        return _sign(_decimal(given), _decimal(model))
    raise _Incomparable


def _sign(left: Ordered, right: Ordered) -> int:
    return (left > right) - (left < right)


def _decimal(value: str | float) -> Decimal:
    text = str(value)
    if not _DECIMAL.fullmatch(text):
        raise NoResultError(f"{text} is compared with a number and is none")
    return Decimal(text)


def _matched(given: object, model: object) -> bool:
    import regex

    pattern, target = (model, given) if isinstance(model, regex.Pattern) else (given, model)
    if not isinstance(pattern, regex.Pattern):
        raise NoResultError("=~ takes a regular expression")
    if target is None:
        return False
    if isinstance(target, regex.Pattern):
        target = target.pattern
    text = target if isinstance(target, str) else dumps(target)
    try:
        return pattern.fullmatch(text, timeout=_PATIENCE, concurrent=True) is not None
    except TimeoutError:
        raise NoResultError(
            f"the embedded cloud gives up on the regular expression /{pattern.pattern}/ after {_PATIENCE:g} s"
        ) from None


def _ordered(test: Callable[[int, int], bool]) -> Callable[[object, object], bool]:
    return lambda left, right: (left is None) == (right is None) and test(0, _order(right, left))


# In the order in which Jayway looks for them anywhere in a criterion.
_COMPARE: dict[str, Callable[[object, object], bool]] = {
    "==": lambda left, right: _order(right, left) == 0,
    ">=": _ordered(operator.ge),
    "<=": _ordered(operator.le),
    "!=": lambda left, right: _order(right, left) != 0,
    "<": _ordered(operator.lt),
    ">": _ordered(operator.gt),
    "=~": lambda left, right: _matched(right, left),
}
