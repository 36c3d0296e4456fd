"""Condition, filter and key condition expressions of DynamoDB that do not parse, which moto 5.2 answers with 500.

Source: DynamoDB Developer Guide, "Error handling" and the words of its ValidationException (read 2026-11-30).
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING

from moto.core.utils import camelcase_to_underscores
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.responses import DynamoHandler

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Parse = Callable[[ConditionExpressionParser], object]
    Answer = Callable[[DynamoHandler], object]

_MEMBERS = ("ConditionExpression", "FilterExpression", "KeyConditionExpression")


class _ExpressionError(Exception):
    """An expression does not parse."""


@contextlib.contextmanager
def bad_expressions_refused() -> Iterator[None]:
    """Make moto refuse such requests as AWS does, while the block lasts."""
    with plugged((Seam(ConditionExpressionParser, "parse", _parsing), Seam(DynamoHandler, "call_action", _refusing))):
        yield


def _parsing(original: Parse) -> Parse:
    @functools.wraps(original)
    def parse(self: ConditionExpressionParser) -> object:
        try:
            return original(self)
        except (ValueError, IndexError, AttributeError) as error:
            raise _ExpressionError from error

    return parse


def _refusing(original: Answer) -> Answer:
    @functools.wraps(original)
    def call_action(self: DynamoHandler) -> object:
        try:
            return original(self)
        except _ExpressionError:
            # moto makes an answer of what the action's own method raises, and of nothing else
            setattr(self, camelcase_to_underscores(self._get_action()), functools.partial(_refuse, self.params))
            return original(self)

    return call_action


def _refuse(given: dict[str, object]) -> None:
    member = next((name for name in _MEMBERS if name in given), _MEMBERS[0])
    raise MockValidationException(f'Invalid {member}: Syntax error; near: "{given.get(member)}"')
