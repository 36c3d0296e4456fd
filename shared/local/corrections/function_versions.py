"""Versions and aliases of functions, held to what Lambda does.

In moto 5.2 the number of a deleted version is given again, a version shares parts with the function it was published
of, an alias may lead to any share of any version, and deleting by an alias deletes its version. While switched on,
numbers are never given again, a version stays as it was published, and what Lambda refuses is refused.

Source: Lambda API reference, PublishVersion, DeleteFunction, CreateAlias and UpdateAlias; Developer Guide, "Manage
Lambda function versions" and "Implement Lambda canary deployments using a weighted alias" (in mind, not read again).
The words of refusals are those that LocalStack recorded on AWS, from memory.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import (
    InvalidParameterValueException,
    LambdaClientError,
    PreconditionFailedException,
)
from moto.awslambda.models import LambdaBackend, LambdaStorage
from moto.awslambda.responses import LambdaResponse

from shared.local.seams import Seam, parameter, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from moto.awslambda.models import LambdaAlias, LambdaFunction

    Answer = tuple[int, dict[str, Any], str]

_LATEST = "$LATEST"
_ALIAS = re.compile(r"(?!\d+$)[\w-]{1,128}")


class ResourceConflict(LambdaClientError):
    """Something else still needs it."""

    code = 409

    def __init__(self, message: str) -> None:
        super().__init__("ResourceConflictException", message)


@contextlib.contextmanager
def versions_kept() -> Iterator[None]:
    """Have moto keep versions and aliases as Lambda does, while the block lasts."""
    seams = (
        Seam(LambdaStorage, "publish_version", _publishing),
        Seam(LambdaBackend, "delete_function", _deleting),
        Seam(LambdaBackend, "create_alias", _aliasing),
        Seam(LambdaBackend, "update_alias", _aliasing),
        Seam(LambdaResponse, "publish_version", _publishing_as_asked),
        Seam(LambdaResponse, "update_alias", _updating_as_asked),
    )
    with plugged(seams):
        yield


def _publishing(original: Callable[..., LambdaFunction | None]) -> Callable[..., LambdaFunction | None]:
    """Wrap the publishing of a version, which moto numbers by how many there are."""

    @functools.wraps(original)
    def publish(self: LambdaStorage, name_or_arn: str, description: str = "") -> LambdaFunction | None:
        latest = self.get_function_by_name_or_arn_forbid_qualifier(name_or_arn)
        held = self._functions[latest.function_name]["versions"]
        before = {id(each) for each in held}
        made = original(self, name_or_arn, description)
        if made is None or id(made) in before:
            return made
        number = getattr(latest, "published", 0) + 1
        latest.published = number
        self._arns.pop(made.function_arn, None)
        made.set_version(number)
        self._arns[made.function_arn] = made
        for part in ("code", "environment_vars", "layers", "event_invoke_config"):
            setattr(made, part, copy.copy(getattr(made, part)))
        return made

    return publish


def _publishing_as_asked(original: Callable[[LambdaResponse], Answer]) -> Callable[[LambdaResponse], Answer]:
    @functools.wraps(original)
    def publish_version(self: LambdaResponse) -> Answer:
        wanted = parameter(self, "CodeSha256")
        name = self.path.rstrip("/").split("/")[-2]
        held = self.backend.get_function(name).code_sha_256
        if wanted and wanted != held:
            raise InvalidParameterValueException(
                f"CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST ({held}). Please try again "
                "with the CodeSHA256 in $LATEST."
            )
        return original(self)

    return publish_version


def _deleting(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def delete(self: LambdaBackend, function_name: str, qualifier: str | None = None) -> None:
        qualifier = qualifier or function_name.rpartition(":function:")[2].partition(":")[2]
        if qualifier == _LATEST:
            raise InvalidParameterValueException("$LATEST version cannot be deleted without deleting the function.")
        if qualifier and not qualifier.isdigit():
            raise InvalidParameterValueException(f"Deletion of aliases is not currently supported: {qualifier}")
        if qualifier:
            name = self.get_function(function_name).function_name
            leading = [each.name for each in self.list_aliases(name) if qualifier in _versions_of(each)]
            if leading:
                raise ResourceConflict(
                    f"Unable to delete version because the following aliases reference it: [{', '.join(leading)}]"
                )
        original(self, function_name, qualifier or None)

    return delete


def _versions_of(alias: LambdaAlias) -> set[str]:
    routing: Mapping[str, Any] = alias.routing_config or {}
    return {alias.function_version, *(routing.get("AdditionalVersionWeights") or {})}


def _aliasing(original: Callable[..., LambdaAlias]) -> Callable[..., LambdaAlias]:
    """Wrap the making or the change of an alias."""
    makes = original.__name__ == "create_alias"

    @functools.wraps(original)
    def put(self: LambdaBackend, *, name: str, function_name: str, **given: Any) -> LambdaAlias:
        if makes and not _ALIAS.fullmatch(name):
            raise InvalidParameterValueException(
                f"1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: Member must "
                "satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"
            )
        before = None if makes else self.get_alias(name, function_name)
        version = given.get("function_version") or (before.function_version if before else "")
        shares = (given.get("routing_config") or {}).get("AdditionalVersionWeights") or {}
        _check_shares(self, function_name, version, shares)
        alias = original(self, name=name, function_name=function_name, **given)
        alias.revision_id = str(uuid.uuid4())
        return alias

    return put


def _check_shares(backend: LambdaBackend, name: str, version: str, shares: Mapping[str, float]) -> None:
    if not shares:
        return
    if len(shares) > 1:
        raise InvalidParameterValueException("Number of items in AdditionalVersionWeights cannot be greater than 1")
    ((other, share),) = shares.items()
    if _LATEST in {version, other}:
        raise InvalidParameterValueException("$LATEST is not supported for an alias pointing to more than 1 version")
    if other == version:
        raise InvalidParameterValueException(
            f"Invalid function version {version}. Function version {version} is already included in routing "
            "configuration."
        )
    if not 0 <= share <= 1:
        raise InvalidParameterValueException(
            f"1 validation error detected: Value '{{{other}={share}}}' at 'routingConfig.additionalVersionWeights' "
            "failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or "
            "equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]"
        )
    backend.get_function(name, other)  # which raises if there is none


def _updating_as_asked(original: Callable[[LambdaResponse], Answer]) -> Callable[[LambdaResponse], Answer]:
    @functools.wraps(original)
    def update_alias(self: LambdaResponse) -> Answer:
        wanted = json.loads(self.body).get("RevisionId")
        *_, name, _aliases, alias = self.path.split("/")
        if wanted and wanted != self.backend.get_alias(alias, name).revision_id:
            raise PreconditionFailedException(
                "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to "
                "retrieve the latest Revision Id"
            )
        return original(self)

    return update_alias
