"""Policies taken apart: statements whose scalars are lists, and what of a document could not be read.

Reading fails closed. An element, effect or shape that is not understood is named in :attr:`Policy.broken`, and the
decision on a request that meets such a policy is no.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

VARIABLES_SINCE = "2012-10-17"
"""The version that knows policy variables; to the older one ``${`` is text. Source: IAM's reference of Version."""

_VERSIONS = frozenset({VARIABLES_SINCE, "2008-10-17"})
_FRAME = frozenset({"Version", "Id", "Statement"})
_ELEMENTS = frozenset(
    {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"}
)
_PRINCIPALS = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})

Named = tuple[str, str]
"""One principal of a statement, its kind first: ``("Service", "states.amazonaws.com")``."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a condition block: all of its lines must hold, one of its values (sorted) is enough."""

    operator: str
    key: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.operator} {self.key}"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, its scalars made lists; what it does not say is empty.

    ``label`` is its Sid or ``#index``. Everybody is ``("AWS", "*")``, however it was written.
    """

    label: str
    effect: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    principals: tuple[Named, ...]
    not_principals: tuple[Named, ...]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy as a decision takes it.

    Args:
        name: What a reader finds it by: a managed policy's ARN, an inline policy's name, a bucket's.
        statements: What could be read of it.
        variables: Whether its version knows policy variables.
        broken: What could not be read, one sentence each; then it allows nothing, and nothing is allowed beside it.
    """

    name: str
    statements: tuple[Statement, ...]
    variables: bool = True
    broken: tuple[str, ...] = ()


def read_identity_policy(name: str, document: Mapping[str, object] | str) -> Policy:
    """Return a policy that hangs on a user, group, role or session, or is a boundary; *document* is IAM's JSON."""
    return _read(name, document, _identity_faults)


def read_resource_policy(name: str, document: Mapping[str, object] | str) -> Policy:
    """Return a policy that hangs on what it opens: a bucket's, a function's, a role's trust policy."""
    return _read(name, document, _resource_faults)


def read_statement(label: str, raw: object) -> Statement:
    """Take one statement apart, whatever it means.

    Raises:
        TypeError: A value is no string, list of strings or object where IAM has one.
        ValueError: A principal is of no kind that IAM knows.
    """
    raw = _object(raw)
    return Statement(
        label=label,
        effect=str(raw.get("Effect")),
        actions=_texts(raw.get("Action", [])),
        not_actions=_texts(raw.get("NotAction", [])),
        resources=_texts(raw.get("Resource", [])),
        not_resources=_texts(raw.get("NotResource", [])),
        principals=_principals(raw.get("Principal", {})),
        not_principals=_principals(raw.get("NotPrincipal", {})),
        conditions=tuple(
            Condition(operator, key, tuple(sorted(_texts(values))))
            for operator, lines in _object(raw.get("Condition", {})).items()
            for key, values in _object(lines).items()
        ),
    )


def label_of(index: int, raw: object) -> str:
    """Return how a reader finds the statement *raw*: by its Sid, else by where it stands."""
    return str(raw.get("Sid") or f"#{index}") if isinstance(raw, Mapping) else f"#{index}"


def listed(raw: object) -> list[object]:
    """Return the statements of a document, which may be one alone, as a list."""
    return list(raw) if isinstance(raw, list | tuple) else [raw]


def elements(raw: object) -> list[str]:
    """Return the names of the elements of one statement."""
    return list(raw) if isinstance(raw, Mapping) else []


def unknown_elements(raw: object) -> list[str]:
    """Return those elements of one statement that IAM does not have."""
    return [element for element in elements(raw) if element not in _ELEMENTS]


def _read(name: str, document: Mapping[str, object] | str, faults: Callable[[Statement], list[str]]) -> Policy:
    body = _body(document)
    if isinstance(body, str):
        return Policy(name, (), broken=(body,))
    broken = [f"the element {key!r} is not known" for key in body if key not in _FRAME]
    version = body.get("Version", "2008-10-17")
    if version not in _VERSIONS:
        broken.append(f"the version {version!r} is not known")
    statements = []
    for index, raw in enumerate(listed(body.get("Statement", []))):
        label = label_of(index, raw)
        try:
            statement = read_statement(label, raw)
        except (TypeError, ValueError) as error:
            broken.append(f"statement {label} cannot be read: {error}")
            continue
        found = [*(f"the element {element!r} is not known" for element in unknown_elements(raw)), *faults(statement)]
        broken.extend(f"statement {label}: {fault}" for fault in found)
        statements.append(statement)
    if not statements and not broken:
        broken.append("it has no statement")
    return Policy(name, tuple(statements), version == VARIABLES_SINCE, tuple(broken))


def _body(document: Mapping[str, object] | str) -> Mapping[str, object] | str:
    """Return the document's object, or what is wrong with it."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError as error:
            return f"it is not JSON: {error}"
    return document if isinstance(document, Mapping) else "it is not an object"


def _faults(statement: Statement) -> list[str]:
    faults = []
    if statement.effect not in {"Allow", "Deny"}:
        faults.append(f"Effect is {statement.effect!r}")
    if bool(statement.actions) == bool(statement.not_actions):
        faults.append("it needs either Action or NotAction")
    if statement.resources and statement.not_resources:
        faults.append("it has both Resource and NotResource")
    return faults


def _identity_faults(statement: Statement) -> list[str]:
    faults = _faults(statement)
    if not statement.resources and not statement.not_resources:
        faults.append("it names no Resource")
    if statement.principals or statement.not_principals:
        faults.append("an identity's policy has no Principal")
    return faults


def _resource_faults(statement: Statement) -> list[str]:
    faults = _faults(statement)
    if bool(statement.principals) == bool(statement.not_principals):
        faults.append("it needs either Principal or NotPrincipal")
    return faults


def _principals(raw: object) -> tuple[Named, ...]:
    if isinstance(raw, str):
        if raw != "*":
            raise ValueError(f"{raw!r} is no principal")
        return (("AWS", raw),)
    named = _object(raw)
    for kind in named:
        if kind not in _PRINCIPALS:
            raise ValueError(f"{kind!r} is no kind of principal")
    return tuple((kind, value) for kind, values in named.items() for value in _texts(values))


def _object(raw: object) -> Mapping[str, object]:
    if not isinstance(raw, Mapping):
        raise TypeError(f"{raw!r} is not an object")
    return raw


def _texts(raw: object) -> tuple[str, ...]:
    """Return the strings of a scalar or a list; JSON's booleans and numbers are spelt as IAM spells them."""
    values = raw if isinstance(raw, list | tuple) else [raw]
    texts = []
    for value in values:
        if not isinstance(value, str | bool | int | float):
            raise TypeError(f"{value!r} is not a string")
        texts.append(str(value).lower() if isinstance(value, bool) else str(value))
    return tuple(texts)
