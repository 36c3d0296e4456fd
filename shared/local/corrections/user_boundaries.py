"""Permissions boundaries of IAM users, which moto 5.2 has for roles alone: it forgets a new user's, and takes no other.

Source: IAM API Reference, CreateUser, PutUserPermissionsBoundary and DeleteUserPermissionsBoundary (read 2026-11-29).
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

from moto.core.responses import EmptyResult
from moto.iam.exceptions import NoSuchEntity
from moto.iam.models import User
from moto.iam.responses import IamResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ARN = "permissions_boundary_arn"  # as moto calls a role's


@contextlib.contextmanager
def user_boundaries_kept() -> Iterator[None]:
    """Have moto keep users' boundaries, for as long as the block lasts."""
    with contextlib.ExitStack() as undo:
        undo.callback(setattr, IamResponse, "create_user", IamResponse.create_user)
        IamResponse.create_user = _create_user(IamResponse.create_user)
        for owner, name, new in (
            (IamResponse, "put_user_permissions_boundary", _put),
            (IamResponse, "delete_user_permissions_boundary", _delete),
            (User, _ARN, None),
            (User, "permissions_boundary", property(_told)),
        ):
            setattr(owner, name, new)
            undo.callback(delattr, owner, name)
        yield


def _create_user(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @functools.wraps(original)
    def create_user(self: Any) -> Any:
        boundary = _asked_for(self)
        answer = original(self)
        setattr(answer.result["User"], _ARN, boundary)
        return answer

    return create_user


def _put(self: Any) -> Any:
    setattr(_user(self), _ARN, _asked_for(self))
    return EmptyResult()


def _delete(self: Any) -> Any:
    setattr(_user(self), _ARN, None)
    return EmptyResult()


def _user(response: Any) -> Any:
    return response.backend.get_user(response._get_param("UserName"))  # noqa: SLF001  moto's own way


def _asked_for(response: Any) -> str | None:
    """Return the boundary that a request names, None for none.

    Raises:
        NoSuchEntity: There is no such policy.
    """
    arn: str | None = response._get_param("PermissionsBoundary")  # noqa: SLF001  as above
    if arn and arn not in response.backend.managed_policies:
        raise NoSuchEntity(f"Scope ARN: {arn} does not exist or is not attachable.")
    return arn


def _told(user: Any) -> dict[str, str] | None:
    """Return a user's boundary as GetUser tells it."""
    arn = getattr(user, _ARN)
    return {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn} if arn else None
