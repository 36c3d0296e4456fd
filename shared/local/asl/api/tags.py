"""Tags of machines and activities."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.local.asl.arns import read_arn
from shared.local.asl.refusals import invalid_request, no_resource, too_many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_stepfunctions.type_defs import (
        ListTagsForResourceInputTypeDef,
        TagResourceInputTypeDef,
        TagTypeDef,
        UntagResourceInputTypeDef,
    )

    from shared.local.asl.backend import AslBackend

_MOST = 50  # Developer Guide, "Restrictions related to tagging" (read 2026-11-30)
_RESERVED = "aws:"
_TEXT = re.compile(r"[\w\s.:/=+\-@]*")  # API reference, TagResource (read 2026-11-30)


def check_tags(tags: Sequence[TagTypeDef], before: dict[str, str] | None = None) -> None:
    """Check *tags* for a resource that has those of *before*.

    Raises:
        Refused: TooManyTags; ValidationException: a tag lacks a part, or has other characters or a key of AWS's own.
    """
    for tag in tags:
        if "key" not in tag or "value" not in tag:
            raise invalid_request("A tag must have a key and a value", "MISSING_REQUIRED_PARAMETER")
        if not (_TEXT.fullmatch(tag["key"]) and _TEXT.fullmatch(tag["value"])):
            raise invalid_request("Tags may only have letters, digits, white space and the symbols _ . : / = + - @")
        if tag["key"].lower().startswith(_RESERVED):
            raise invalid_request("aws: prefixed tag key names are not allowed for external use.")
    if len({*(before or ()), *(tag["key"] for tag in tags)}) > _MOST:
        raise too_many("TooManyTags", "tags of a resource", _MOST)


def tag_resource(backend: AslBackend, params: TagResourceInputTypeDef) -> None:
    """TagResource."""
    arn = _tagged(params["resourceArn"])
    with backend.changing:
        check_tags(params["tags"], backend.tags_of(arn))
        backend.tag_resource(arn, {tag["key"]: tag["value"] for tag in params["tags"]})


def untag_resource(backend: AslBackend, params: UntagResourceInputTypeDef) -> None:
    """UntagResource."""
    with backend.changing:
        backend.untag_resource(_tagged(params["resourceArn"]), list(params["tagKeys"]))


def list_tags_for_resource(backend: AslBackend, params: ListTagsForResourceInputTypeDef) -> dict[str, object]:
    """ListTagsForResource."""
    found = backend.tags_of(_tagged(params["resourceArn"]))
    return {"tags": [{"key": key, "value": value} for key, value in list(found.items())]}


def _tagged(arn: str) -> str:
    """Return *arn*, which must be a machine's or an activity's own: versions and aliases have no tags."""
    if read_arn(arn, "stateMachine", "activity").qualifier:
        raise no_resource(arn)
    return arn


ACTIONS = {action.__name__: action for action in (tag_resource, untag_resource, list_tags_for_resource)}
