"""One call as the rules look at it: its parameters by path, and ARNs filled in from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.local.calls.call import Call

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))


class Facts(Protocol):
    """What a request does not say and its needs depend on; the cloud that holds the resources knows."""

    def secret_arn(self, region: str, name: str, /) -> str | None:
        """Return the ARN of the secret *name*, with its six random characters; None when there is none."""

    def iam_path(self, kind: str, name: str, /) -> str:
        """Return the path (``/`` or ``/teams/``) of the *kind* (role, user, group, instance-profile) *name*."""

    def mapping_function(self, region: str, uuid: str, /) -> str | None:
        """Return the ARN of the function that an event source mapping feeds; None when there is no such mapping."""

    def task_definition(self, region: str, name: str, /) -> tuple[str, tuple[str, ...]] | None:
        """Return the ARN of a task definition (``family``, ``family:3``, or its ARN) and its roles' ARNs, if any."""

    def hash_key(self, region: str, table: str, /) -> str | None:
        """Return the name of a table's partition key; None when there is no such table."""

    def boundary(self, kind: str, name: str, /) -> str | None:
        """Return the ARN of the permissions boundary of the role or user *name*, if it has one."""

    def tags(self, arn: str, /) -> Mapping[str, str]:
        """Return the tags of the resource *arn*; none where they cannot be told cheaply."""


class NoFacts:
    """Knows of nothing: what a call needs by its parameters alone."""

    def secret_arn(self, *_: str) -> str | None:
        """Return None."""
        return None

    def iam_path(self, *_: str) -> str:
        """Return the usual path."""
        return "/"

    def mapping_function(self, *_: str) -> str | None:
        """Return None."""
        return None

    def task_definition(self, *_: str) -> tuple[str, tuple[str, ...]] | None:
        """Return None."""
        return None

    def hash_key(self, *_: str) -> str | None:
        """Return None."""
        return None

    def boundary(self, *_: str) -> str | None:
        """Return None."""
        return None

    def tags(self, *_: str) -> Mapping[str, str]:
        """Return no tag."""
        return {}


@dataclass(frozen=True, slots=True)
class Asked:
    """A call in an account."""

    call: Call
    account: str
    facts: Facts

    @property
    def partition(self) -> str:
        """``aws``, or that of China's or the government's regions."""
        region = self.call.region
        return next((name for start, name in _PARTITIONS if region.startswith(start)), "aws")

    def all(self, path: str) -> list[Any]:
        """Return the values at *path*: ``Delete.Objects[].Key`` goes into each member of a list or a map's values."""
        found: list[Any] = [self.call.parameters]
        for step in path.split("."):
            name, many = step.removesuffix("[]"), step.endswith("[]")
            found = [each[name] for each in found if hasattr(each, "keys") and name in each]
            if many:
                found = [one for each in found for one in (each.values() if isinstance(each, dict) else each)]
        return found

    def text(self, path: str) -> str | None:
        """Return the first value at *path*, if it is there, as text."""
        found = self.all(path)
        return str(found[0]) if found else None

    def arn(self, service: str, rest: str) -> str:
        """Return an ARN of this account and region."""
        return f"arn:{self.partition}:{service}:{self.call.region}:{self.account}:{rest}"

    def fill(self, template: str, values: Mapping[str, str] | None = None) -> list[str]:
        """Return the ARNs that *template* stands for: ``${Name}`` is a parameter's path, or one of *values*.

        A path into a list gives one ARN for each member; none is given when a parameter is not there.
        """
        known = {
            "Partition": self.partition,
            "Region": self.call.region,
            "Account": self.account,
            **(values or {}),
        }
        made = [""]
        end = 0
        for match in _VARIABLE.finditer(template):
            between, name = template[end : match.start()], match[1]
            options = [known[name]] if name in known else [str(each) for each in self.all(name)]
            made = [f"{start}{between}{option}" for start in made for option in options]
            end = match.end()
        return [f"{start}{template[end:]}" for start in made]


def is_arn(value: object) -> bool:
    """Whether *value* is an ARN."""
    return isinstance(value, str) and value.startswith("arn:")
