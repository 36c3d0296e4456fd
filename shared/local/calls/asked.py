"""A call in the form that the rules use: its parameters by path, and ARNs that are filled in from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.local.calls.call import Call, Value

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))


class Facts(Protocol):
    """What a call's needs depend on and its request does not say. The cloud that has the resources knows it."""

    def secret_arn(self, region: str, name: str, /) -> str | None:
        """Return the ARN of the secret *name*, with its six random characters; None if there is none."""

    def iam_path(self, kind: str, name: str, /) -> str:
        """Return the path (``/`` or ``/teams/``) of the *kind* (role, user, group, instance-profile) *name*."""

    def mapping_function(self, region: str, uuid: str, /) -> str | None:
        """Return the ARN of the function of an event source mapping; None if there is no such mapping."""

    def task_definition(self, region: str, name: str, /) -> tuple[str, tuple[str, ...]] | None:
        """Return the ARN of a task definition (``family``, ``family:3``, or its ARN) and its roles' ARNs, if any."""

    def hash_key(self, region: str, table: str, /) -> str | None:
        """Return the name of a table's partition key; None if there is no such table."""

    def boundary(self, kind: str, name: str, /) -> str | None:
        """Return the ARN of the permissions boundary of the role or user *name*, if it has one."""

    def tags(self, arn: str, /) -> Mapping[str, str]:
        """Return the tags of the resource *arn*; none where it would take too long to find them."""


class NoFacts:
    """Knows nothing: a call's needs then depend only on its parameters."""

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

    def all(self, path: str) -> list[Value]:
        """Return the values at *path*: ``Delete.Objects[].Key`` goes into each member of a list or a map."""
        found: list[Value] = []
        within: Iterable[Mapping[str, Value]] = (self.call.parameters,)
        for name, many in _steps(path):
            found = [each[name] for each in within if name in each]
            if many:
                found = [one for each in found for one in _members(each)]
            within = [each for each in found if isinstance(each, dict)]
        return found

    def texts(self, path: str) -> list[str]:
        """Return the values at *path*, as texts."""
        return [str(each) for each in self.all(path)]

    def records(self, path: str) -> list[dict[str, Value]]:
        """Return the structures at *path*."""
        return [each for each in self.all(path) if isinstance(each, dict)]

    def text(self, path: str) -> str | None:
        """Return the first value at *path* as text; None if there is none."""
        found = self.all(path)
        return str(found[0]) if found else None

    def arn(self, service: str, rest: str) -> str:
        """Return an ARN of this account and region."""
        return f"arn:{self.partition}:{service}:{self.call.region}:{self.account}:{rest}"

    def fill(self, template: str, values: Mapping[str, str] | None = None) -> list[str]:
        """Return the ARNs of *template*, in which ``${Name}`` is a parameter's path or the name of one of *values*.

        A path into a list gives one ARN for each member. If a parameter is missing, there are no ARNs.
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
            options = [known[name]] if name in known else self.texts(name)
            made = [f"{start}{between}{option}" for start in made for option in options]
            end = match.end()
        return [f"{start}{template[end:]}" for start in made]


@cache
def _steps(path: str) -> tuple[tuple[str, bool], ...]:
    """Return the names in *path*, each with whether it goes into the members."""
    return tuple((step.removesuffix("[]"), step.endswith("[]")) for step in path.split("."))


def records_in(value: Value) -> list[dict[str, Value]]:
    """Return the structures in a list; none if *value* is not a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _members(value: Value) -> Iterable[Value]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def is_arn(value: object) -> bool:
    """Say whether *value* is an ARN."""
    return isinstance(value, str) and value.startswith("arn:")
