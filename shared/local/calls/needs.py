"""What a call needs: actions, resources, and the condition keys that go with them.

An operation's action is the action of the same name in the catalogue, or the only one whose documentation is the
operation's page. If that is not so, or several actions are needed, there is an exception
(:mod:`shared.local.calls.rules`). An operation whose action is not found is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from shared.iam.catalogue import load_catalogue
from shared.local.calls.asked import Asked, NoFacts, is_arn
from shared.local.calls.call import CallNotReadError
from shared.local.calls.conditions import keys_of
from shared.local.calls.models import model_of
from shared.local.calls.passed import passed_roles
from shared.local.calls.resources import resources_of
from shared.local.calls.rules import EITHER, EXCEPTIONS, PREFIXES
from shared.local.calls.rules.ec2 import born_tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.iam.catalogue import Action
    from shared.local.calls.asked import Facts
    from shared.local.calls.call import Call
    from shared.local.calls.rules.types import Found, Where

_NO_FACTS = NoFacts()


@dataclass(frozen=True, slots=True)
class Need:
    """One action that a call needs, on one resource.

    Attributes:
        action: The action.
        resource: An ARN; ``*`` if the action takes no resource; None if the call is about one that nobody can tell.
            Then the call must be refused.
        context: The condition keys of the action that the call gives values to, spelled as in the documentation. Other
            keys count as missing, as on AWS.
    """

    action: str
    resource: str | None
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)


def needs(call: Call, account: str, facts: Facts = _NO_FACTS) -> tuple[Need, ...]:
    """Return everything that *call* needs; nothing for the few operations that anybody may call.

    Args:
        call: The call.
        account: The account in which it is made, twelve digits.
        facts: Looks up what the call only refers to.

    Raises:
        CallNotReadError: No action is known for the operation.
    """
    asked = Asked(call, account, facts)
    found: dict[tuple[str, str | None], Need] = {}
    for action, resource in _asked_for(asked):
        if (action.name, resource) not in found:
            found[action.name, resource] = Need(action.name, resource, keys_of(asked, action, resource))
    for resource, context in passed_roles(asked):
        found["iam:PassRole", resource] = Need("iam:PassRole", resource, context)
    for resource, context in born_tags(asked) if call.service == "ec2" else ():
        found["ec2:CreateTags", resource] = Need("ec2:CreateTags", resource, context)
    return tuple(found.values())


def _asked_for(asked: Asked) -> Iterator[tuple[Action, str | None]]:
    """Yield each action with each resource that it is needed on.

    The resource is None if the call names no resource at all for its actions, or something that is not an ARN.
    """
    call = asked.call
    exceptions = EXCEPTIONS.get(call.service, {})
    if call.operation in exceptions:
        rows = [(_action(name), _found(asked, where)) for name, where in exceptions[call.operation]]
    else:
        action = action_of(call.service, call.operation)
        if action is None:
            raise CallNotReadError(
                f"no IAM action is known for {call}",
                fix="no policy can allow it; call it with the account's own key, or leave it out",
            )
        rows = [(action, _by_types(asked, prefix_of(call.service), action))]
    if rows and not any(resources for _, resources in rows):
        yield rows[0][0], None
    for action, resources in rows:
        for resource in resources:
            yield action, resource if resource == "*" or is_arn(resource) else None


@cache
def prefix_of(service: str) -> str:
    """Return the prefix of a service's actions (``cloudwatch``), by botocore's name of it."""
    signing_name = model_of(service).signing_name
    return PREFIXES.get(signing_name, signing_name)


@cache
def action_of(service: str, operation: str) -> Action | None:
    """Return the action of an operation without an exception: that of its name, or the only one with its page."""
    actions = load_catalogue().service(prefix_of(service))
    same = actions.get(operation.lower())
    documented = [action for action in actions.values() if action.operation == operation]
    return same or (documented[0] if len(documented) == 1 else None)


@cache
def _action(name: str) -> Action:
    return load_catalogue().expand(name)[0]


def _found(asked: Asked, where: Where) -> Found:
    return (asked.fill(where) or [None]) if isinstance(where, str) else where(asked)


def _by_types(asked: Asked, prefix: str, action: Action) -> Found:
    """Return the resources of an action by the kinds of resource that it takes."""
    by_kind = {kind.name: resources_of(asked, prefix, kind) for kind in action.types}
    either = EITHER.get(action.name, ())
    found: list[str | None] = []
    for kind in action.types:
        if by_kind[kind.name] or kind.name in either:
            found += [each for each in by_kind[kind.name] if kind.required or (each and not each.endswith("*"))]
        elif kind.required:
            found.append(None)
    if found:
        return tuple(dict.fromkeys(found))
    return (None,) if either else ("*",) if not action.types or _may_go_without(action) else (None,)


def _may_go_without(action: Action) -> bool:
    """Say whether all kinds of an action are optional, so that a call that names none is about all resources."""
    return action.level == "List" and not any(kind.required for kind in action.types)
