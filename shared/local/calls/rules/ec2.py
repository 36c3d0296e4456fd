"""EC2: security groups by their ids, and tags that are given when a thing is made.

Source: EC2 User Guide, "Grant permission to tag Amazon EC2 resources during creation".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.calls.asked import records_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.local.calls.asked import Asked
    from shared.local.calls.rules.types import Exceptions, Resources


def security_group(asked: Asked) -> list[str | None]:
    """Return the security groups; ``*`` for one that the call makes."""
    ids = [each for path in ("GroupId", "SecurityGroupIds[]", "SecurityGroupId") for each in asked.texts(path)] or ["*"]
    return [asked.arn("ec2", f"security-group/{each}") for each in ids]


def _tagged(asked: Asked) -> list[str | None]:
    """Return the things that are tagged: ``sg-1`` is a security group. Other ids do not tell what they are."""
    return [
        asked.arn("ec2", f"security-group/{each}") if each.startswith("sg-") else None
        for each in asked.texts("Resources[]")
    ]


def born_tags(asked: Asked) -> Iterator[tuple[str, Mapping[str, tuple[str, ...]]]]:
    """Yield each resource that is made with tags, on which ``ec2:CreateTags`` is needed, and its condition keys."""
    if asked.call.operation == "CreateTags":
        return
    for told in asked.records("TagSpecifications[]"):
        pairs = {str(tag.get("Key", "")): str(tag.get("Value", "")) for tag in records_in(told.get("Tags"))}
        if pairs:
            keys: dict[str, tuple[str, ...]] = {f"aws:RequestTag/{key}": (value,) for key, value in pairs.items()}
            keys |= {"aws:TagKeys": tuple(pairs), "ec2:CreateAction": (asked.call.operation,)}
            yield asked.arn("ec2", f"{told.get('ResourceType')!s}/*"), keys


EXCEPTIONS: Exceptions = {
    "CreateTags": (("ec2:CreateTags", _tagged),),
    "DeleteTags": (("ec2:DeleteTags", _tagged),),
}
RESOURCES: Resources = {"security-group": security_group}
