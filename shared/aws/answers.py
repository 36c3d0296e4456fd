"""AWS's answers, any part of which may lack what AWS's own descriptions do not require.

Where a missing member has a meaning (no tags, no retention), the reader says so with ``get``. Everywhere else it is an
error with a name: which call was answered without what, in place of a ``KeyError`` that says neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.client import BaseClient

from shared.errors import LanesError

if TYPE_CHECKING:
    import boto3


class IncompleteAnswerError(LanesError):
    """An answer lacks what nobody can do without."""


class Answer(dict[str, Any]):
    """An answer, or a part of one, that says what it lacks. *of* names the call and the part (``GetRole: Role``)."""

    __slots__ = ("_of",)

    def __init__(self, values: dict[str, Any], of: str) -> None:
        super().__init__(values)
        self._of = of

    def __missing__(self, member: str) -> Any:
        raise IncompleteAnswerError(
            f"{self._of}.{member} is not in the answer, and there is no going on without it",
            fix="run the command again; where it stays so, what answers is not as AWS is",
        )


def name_what_is_missing(session: boto3.Session) -> None:
    """Have the clients of *session* give their answers as :class:`Answer`."""
    session.events.register("creating-client-class", _add_answers, unique_id="teamlanes-answers")


def _add_answers(base_classes: list[type], **_: object) -> None:
    base_classes.insert(0, _AnsweringClient)


class _AnsweringClient(BaseClient):
    def _make_api_call(self, operation_name: str, api_params: Any) -> Any:
        return _named(super()._make_api_call(operation_name, api_params), operation_name)  # type: ignore[misc]  # its stubs hide it


def _named(value: Any, of: str) -> Any:
    if type(value) is dict:
        return Answer({key: _named(inner, f"{of}.{key}") for key, inner in value.items()}, of)
    if type(value) is list:
        return [_named(inner, of) for inner in value]
    return value
