"""Permissions boundaries of IAM users. moto 5.2 has them only for roles: it drops those of users, and has no calls.

Source: IAM API Reference, CreateUser, PutUserPermissionsBoundary and DeleteUserPermissionsBoundary (read 2026-11-29).
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING

from moto.core.responses import ActionResult, EmptyResult
from moto.iam.exceptions import NoSuchEntity
from moto.iam.models import User
from moto.iam.responses import IamResponse

from shared.local.seams import Seam, parameter, plugged, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Answer = Callable[[IamResponse], ActionResult]  # a method that answers one of IAM's calls

_ARN = "permissions_boundary_arn"  # the attribute that moto's roles have


@contextlib.contextmanager
def user_boundaries_kept() -> Iterator[None]:
    """Have moto keep users' boundaries, while the block lasts."""
    seams = (
        Seam(IamResponse, "create_user", _create_user),
        replacing(IamResponse, "put_user_permissions_boundary", _put),
        replacing(IamResponse, "delete_user_permissions_boundary", _delete),
        replacing(User, _ARN, None),
        replacing(User, "permissions_boundary", property(_told)),
    )
    with plugged(seams):
        yield


def _create_user(original: Answer) -> Answer:
    @functools.wraps(original)
    def create_user(self: IamResponse) -> ActionResult:
        boundary = _asked_for(self)
        answer = original(self)
        setattr(answer.result["User"], _ARN, boundary)
        return answer

    return create_user


def _put(self: IamResponse) -> EmptyResult:
    setattr(_user(self), _ARN, _asked_for(self))
    return EmptyResult()


def _delete(self: IamResponse) -> EmptyResult:
    setattr(_user(self), _ARN, None)
    return EmptyResult()


def _user(response: IamResponse) -> User:
    return response.backend.get_user(parameter(response, "UserName"))


def _asked_for(response: IamResponse) -> str | None:
    """Return the boundary that a request names; None if it names none.

    Raises:
        NoSuchEntity: There is no such policy.
    """
    arn: str | None = parameter(response, "PermissionsBoundary")
    if arn and arn not in response.backend.managed_policies:
        raise NoSuchEntity(f"Scope ARN: {arn} does not exist or is not attachable.")
    return arn


def _told(user: User) -> dict[str, str] | None:
    """Return a user's boundary in the form of GetUser."""
    arn = getattr(user, _ARN)
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn} if arn else None
