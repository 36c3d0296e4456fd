"""EC2: security groups by their ids, and tags that a thing is born with.

Source: EC2 User Guide, "Grant permission to tag Amazon EC2 resources during creation".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.local.calls.asked import Asked
    from shared.local.calls.rules.types import Exceptions, Resources


def security_group(asked: Asked) -> list[str | None]:
    """Return the security groups, ``*`` for one that is made."""
    ids = [*asked.all("GroupId"), *asked.all("SecurityGroupIds[]"), *asked.all("SecurityGroupId")] or ["*"]
    return [asked.arn("ec2", f"security-group/{each}") for each in ids]


def _tagged(asked: Asked) -> list[str | None]:
    """Return the things that are tagged: ``sg-1`` is a security group; of an id of another kind nobody can tell it."""
    return [
        asked.arn("ec2", f"security-group/{each}") if each.startswith("sg-") else None
        for each in asked.all("Resources[]")
    ]


def born_tags(asked: Asked) -> Iterator[tuple[str, Mapping[str, tuple[str, ...]]]]:
    """Yield where ``ec2:CreateTags`` is needed for what is made with tags, and the condition keys of that."""
    if asked.call.operation == "CreateTags":
        return
    for told in asked.all("TagSpecifications[]"):
        pairs = {str(tag.get("Key", "")): str(tag.get("Value", "")) for tag in told.get("Tags", ())}
        if pairs:
            keys: dict[str, tuple[str, ...]] = {f"aws:RequestTag/{key}": (value,) for key, value in pairs.items()}
            keys |= {"aws:TagKeys": tuple(pairs), "ec2:CreateAction": (asked.call.operation,)}
            yield asked.arn("ec2", f"{told.get('ResourceType')}/*"), keys


EXCEPTIONS: Exceptions = {
    "CreateTags": (("ec2:CreateTags", _tagged),),
    "DeleteTags": (("ec2:DeleteTags", _tagged),),
}
RESOURCES: Resources = {"security-group": security_group}
