"""AWS's answers, any part of which may lack what AWS's own descriptions do not require.

Some missing members have a meaning (no tags, no retention): their reader asks with ``get``. Without another member
nothing can be done, and reading it is an error that names the call and the member. A ``KeyError`` would name neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from botocore.client import BaseClient

from shared.errors import LanesError

if TYPE_CHECKING:
    import boto3


class IncompleteAnswerError(LanesError):
    """An answer lacks what nobody can do without."""


class Answer(dict[str, object]):
    """An answer, or a part of one, that says what it lacks. *of* names the call and the part (``GetRole: Role``)."""

    __slots__ = ("_of",)

    def __init__(self, values: dict[str, object], of: str) -> None:
        super().__init__(values)
        self._of = of

    def __missing__(self, member: str) -> NoReturn:
        raise IncompleteAnswerError(
            f"{self._of}.{member} is not in the answer, and nothing can be done without it",
            fix="check that what answers does as AWS does",
            again=True,
        )


def name_what_is_missing(session: boto3.Session) -> None:
    """Have the clients of *session* give their answers as :class:`Answer`."""
    session.events.register("creating-client-class", _add_answers, unique_id="teamlanes-answers")


def _add_answers(base_classes: list[type], **_: object) -> None:
    base_classes.insert(0, _AnsweringClient)


class _AnsweringClient(BaseClient):
    def _make_api_call(self, operation_name: str, api_params: object) -> object:
        return _named(super()._make_api_call(operation_name, api_params), operation_name)  # type: ignore[misc]  # its stubs hide it


def _named(value: object, of: str) -> object:
    if type(value) is dict:
        return Answer({key: _named(inner, f"{of}.{key}") for key, inner in value.items()}, of)
    if type(value) is list:
        return [_named(inner, of) for inner in value]
    return value
