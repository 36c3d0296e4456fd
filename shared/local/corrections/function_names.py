"""Functions by name, where moto 5.2 finds none, and dead-letter queues of functions, which it drops.

A partial ARN (``account:function:name``) is a name with two colons to moto, and an error. A function's DeadLetterConfig
is refused by name, since nothing is written to it here.

Source: Lambda API reference, Invoke and CreateFunction (read 2026-11-30).
"""

from __future__ import annotations

import contextlib
import functools
import re
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaFunction, LambdaStorage

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_PARTIAL = re.compile(r"\d{12}:function:")
_FINDERS = ("get_function_by_name_or_arn_with_qualifier", "get_function_by_name_or_arn_forbid_qualifier")


class NoDeadLetters(LambdaClientError):
    """AWS does this, and the embedded cloud does not."""

    code = 501

    def __init__(self) -> None:
        super().__init__(
            "NotImplementedException",
            "the embedded cloud has no DeadLetterConfig of functions; use an OnFailure destination, which is here",
        )


@contextlib.contextmanager
def functions_found_by_partial_arns() -> Iterator[None]:
    """Have moto find functions as Lambda does, while the block lasts."""
    seams = (
        *(Seam(LambdaStorage, name, _finding) for name in _FINDERS),
        Seam(LambdaFunction, "__init__", _made),
        Seam(LambdaFunction, "update_configuration", _changed),
    )
    with plugged(seams):
        yield


def _finding(original: Callable[..., LambdaFunction]) -> Callable[..., LambdaFunction]:
    @functools.wraps(original)
    def find(self: LambdaStorage, name_or_arn: str, *args: object, **named: object) -> LambdaFunction:
        return original(self, name_or_arn[_prefix(name_or_arn) :], *args, **named)

    return find


def _prefix(name: str) -> int:
    """Return how long the account of a partial ARN is, with what follows it; 0 for a name or a whole ARN."""
    found = _PARTIAL.match(name)
    return found.end() if found else 0


def _made(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def make(self: LambdaFunction, account_id: str, spec: Mapping[str, Any], *args: object, **named: object) -> None:
        _refuse_dead_letters(spec)
        original(self, account_id, spec, *args, **named)

    return make


def _changed(original: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(original)
    def update(self: LambdaFunction, config_updates: Mapping[str, Any]) -> object:
        _refuse_dead_letters(config_updates)
        return original(self, config_updates)

    return update


def _refuse_dead_letters(spec: Mapping[str, Any]) -> None:
    if (spec.get("DeadLetterConfig") or {}).get("TargetArn"):
        raise NoDeadLetters
