"""What every type of resource says of itself, and what it is given to work with."""

from __future__ import annotations

import secrets
import string
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from shared.local.stacks.shapes import Property, fitted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.values import Json

Properties = Mapping[str, "Json"]
"""A resource's properties, evaluated."""

_RANDOM = 12  # characters at the end of a generated name
_LETTERS = string.ascii_letters + string.digits


class ResourceFailed(Exception):
    """A resource could not be made, changed or deleted.

    Args:
        reason: Why, as a stack's events tell it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Work:
    """Who makes a resource, where, and for what.

    Attributes:
        client: Returns boto3's client of a service, with the rights of whoever makes the stack.
        account: The account.
        region: The region.
        stack: The stack's name.
        stack_id: Its ARN.
        name: The resource's logical id.
        kind: The resource's type.
        of_function: Returns the maker of clients with the rights of the role of a function, by the role's ARN.
        owner: Whether the account's owner does the work, whom nothing limits.
        told: Attributes that making or changing the resource told; what :meth:`Kind.tell` returns goes before them.
    """

    client: Callable[[str], Any]
    account: str
    region: str
    stack: str
    stack_id: str
    name: str
    kind: str
    of_function: Callable[[str], Callable[[str], Any]]
    owner: bool
    told: dict[str, Json] = field(default_factory=dict)

    @property
    def partition(self) -> str:
        """The partition of the region."""
        return "aws-cn" if self.region.startswith("cn-") else "aws"

    def arn(self, service: str, rest: str) -> str:
        """Return the ARN of *rest* in the account and the region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{rest}"

    def generated(self, most: int, *, with_stack: bool = True) -> str:
        """Return a new name of at most *most* characters: the stack's, the logical id and random letters."""
        end = "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM))
        left = most - _RANDOM - 1
        name = self.name
        if with_stack:
            name = f"{self.stack[: max(left - len(name) - 1, left // 2)]}-{name}"
        return f"{name[:left].strip('-')}-{end}"


class Kind(ABC):
    """One type of resource.

    Attributes:
        type: Its name in templates.
        properties: What it may have.
        required: What it must have.
        attributes: What GetAtt may ask for.
        named_by: The property that names it; empty if none does.
        needs_capability: Whether a caller must acknowledge it: CAPABILITY_IAM, or CAPABILITY_NAMED_IAM where a name
            is given.
        changes: Whether one can be changed at all.
    """

    type: ClassVar[str]
    properties: ClassVar[Mapping[str, Property]]
    required: ClassVar[tuple[str, ...]] = ()
    attributes: ClassVar[tuple[str, ...]] = ()
    named_by: ClassVar[str] = ""
    needs_capability: ClassVar[bool] = False
    changes: ClassVar[bool] = True

    @abstractmethod
    def create(self, work: Work, wanted: Properties) -> str:
        """Make one, and return its physical id."""

    @abstractmethod
    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete *physical*, which may be gone already."""

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> str | None:
        """Change *physical* from *have* to *wanted*, which differ in properties that need no new resource.

        Returns:
            The physical id of another one that is in its place now, if that turned out to be needed.
        """
        raise ResourceFailed(f"{work.kind} is never changed in place: {physical}")

    def tell(self, work: Work, physical: str, have: Properties) -> Properties:
        """Return the attributes of *physical*."""
        del work, physical, have
        return {}

    def check(self, wanted: Properties) -> Iterable[str]:
        """Yield what of *wanted*, which may hold functions still, this cloud does not do."""
        del wanted
        return ()

    def property(self, name: str) -> Property | None:
        """Return the property called *name*; None if there is none."""
        return self.properties.get(name)

    def knows(self, attribute: str) -> bool:
        """Say whether GetAtt may ask for *attribute*."""
        return attribute in self.attributes

    def fit(self, name: str, wanted: Properties) -> dict[str, Json]:
        """Return the evaluated properties *wanted* of the resource *name* in the API's types.

        Raises:
            ResourceFailed: They do not fit.
        """
        problems = [f"#: required key [{each}] not found" for each in self.required if each not in wanted]
        found: dict[str, Json] = {}
        for key, value in wanted.items():
            known = self.property(key)
            if known is None:
                problems.append(f"#: extraneous key [{key}] is not permitted")
                continue
            found[key], wrong = fitted(known, value, f"#/{key}")
            problems += wrong
        if problems:
            raise ResourceFailed(
                f"Properties validation failed for resource {name} with message:\n" + "\n".join(problems)
            )
        return found


def tags_of(properties: Properties) -> dict[str, str]:
    """Return the tags that *properties* list, as a map."""
    listed = properties.get("Tags")
    pairs = listed if isinstance(listed, list) else []
    return {str(each["Key"]): str(each["Value"]) for each in pairs if isinstance(each, Mapping)}


def retag(
    have: Properties, wanted: Properties, untag: Callable[[list[str]], object], tag: Callable[[], object]
) -> None:
    """Call *untag* with the names of tags that go, if any do, and *tag* if any comes or changes."""
    before, after = tags_of(have), tags_of(wanted)
    if gone := sorted(before.keys() - after.keys()):
        untag(gone)
    if after.items() - before.items():
        tag()


def only(properties: Properties, *names: str) -> dict[str, Json]:
    """Return those of *properties* that are called one of *names*."""
    return {name: properties[name] for name in names if name in properties}
