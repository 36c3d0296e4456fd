"""Requests to DynamoDB and SQS that lack what they must have, which moto 5.2 answers with 500.

A value of two types, which moto takes for one, is refused as well. A member that is null counts as left out, as in
AWS's JSON protocols. So does each value of a state's arguments that a path found nothing for. What an action requires
is what botocore's model of it says. DynamoDB looks at the letters of a table's name as well before it looks for the
table. Sources: DynamoDB API reference, "Common errors" and AttributeValue;
SQS API reference, "Common errors" (read 2026-11-29); answers recorded on AWS.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from moto.core.utils import camelcase_to_underscores, get_service_model
from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.responses import DynamoHandler
from moto.sqs.exceptions import MissingParameter
from moto.sqs.responses import SQSResponse

from shared.local.asl.api.members import missing
from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from botocore.model import Shape
    from moto.core.responses import BaseResponse

    Answer = Callable[[BaseResponse], object]  # answers a request

_EMPTY = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
_SEVERAL = (
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"
)
_TABLE = re.compile(r"[a-zA-Z0-9_.-]+")
_PATTERN = f"failed to satisfy constraint: Member must satisfy regular expression pattern: {_TABLE.pattern}"


@contextlib.contextmanager
def missing_members_refused() -> Iterator[None]:
    """Make moto refuse such requests as AWS does, while the block lasts."""
    seams = (
        Seam(DynamoHandler, "call_action", lambda original: _checking(original, _of_dynamodb)),
        Seam(SQSResponse, "call_action", lambda original: _checking(original, _of_sqs)),
    )
    with plugged(seams):
        yield


def _checking(original: Answer, refusal: Callable[[BaseResponse, Shape], Exception | None]) -> Answer:
    def call_action(self: BaseResponse) -> object:
        action = self._get_action()
        shape = get_service_model(self.service_name).operation_model(action).input_shape
        error = refusal(self, shape) if shape else None
        if error:  # moto makes an answer of what the action's own method raises, and of nothing else
            setattr(self, camelcase_to_underscores(action), _raising(error))
        return original(self)

    return call_action


def _raising(error: Exception) -> Callable[[], object]:
    def method() -> object:
        raise error

    return method


def _of_dynamodb(response: BaseResponse, shape: Shape) -> Exception | None:
    given: dict[str, Any] = response.params
    lacking = [f"{name[0].lower()}{name[1:]}" for name in _lacking(shape, given)]
    table = given.get("TableName")
    if lacking:
        problem = missing(*lacking).message
    elif isinstance(table, str) and not table.startswith("arn:") and not _TABLE.fullmatch(table):
        problem = f"1 validation error detected: Value '{table}' at 'tableName' {_PATTERN}"
    else:
        problem = _wrong_value(shape, given)
    return MockValidationException(problem) if problem else None


def _of_sqs(response: BaseResponse, shape: Shape) -> Exception | None:
    if "json" not in response.headers.get("Content-Type", ""):  # elsewhere, the URL may say which queue
        return None
    lacking = [name for name in shape.required_members if response.params.get(name) in (None, "")]  # no text is none
    lacking = lacking or list(_in_batches(shape, response.params))
    if not lacking:
        return None
    error: Exception = MissingParameter(lacking[0])
    return error


def _in_batches(shape: Any, given: dict[str, Any]) -> Iterator[str]:
    """Yield what entries of a batch lack, as SQS names it: ``SendMessageBatchRequestEntry.1.MessageBody``."""
    lists = {name: member.member for name, member in shape.members.items() if member.type_name == "list"}
    for name, entry in lists.items():
        if entry.type_name == "structure":
            for number, each in enumerate(given.get(name) or [], 1):
                yield from (f"{entry.name}.{number}.{lacking}" for lacking in _lacking(entry, _members(each)))


def _lacking(shape: Any, given: dict[str, Any]) -> list[str]:
    return [name for name in shape.required_members if given.get(name) is None]


def _wrong_value(shape: Any, value: object) -> str:
    """Return what is wrong with the first attribute's value in *value*, which has the form *shape*, of no one type."""
    if shape.name == "AttributeValue":
        types = sum(each is not None for each in _members(value).values())
        if types != 1:
            return _SEVERAL if types else _EMPTY
    inner: Iterable[tuple[Any, object]] = ()
    if shape.type_name == "structure":
        inner = ((shape.members[name], each) for name, each in _members(value).items() if name in shape.members)
        inner = ((part, each) for part, each in inner if each is not None)
    elif shape.type_name == "map":
        inner = ((shape.value, each) for each in _members(value).values())
    elif shape.type_name == "list" and isinstance(value, list):
        inner = ((shape.member, each) for each in value)
    return next(filter(None, (_wrong_value(part, each) for part, each in inner)), "")


def _members(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
