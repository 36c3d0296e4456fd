"""May this principal do this? ``decide`` is a pure function over frozen values, with its reason in the answer.

The order is IAM's. First comes an explicit deny in any policy. Then comes what the resource's own policy grants to the
caller by name. Then come the caller's policies, within its boundary and its session's policies. A policy that cannot be
read, or a condition that cannot be decided, means no, and the answer says why.

Source: IAM User Guide, "Policy evaluation logic" with its pages on single and cross-account requests (read 2026-11-29).
Service and resource control policies are not here: the account stands in no organization.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.iam.conditions import hold
from shared.iam.operators import UndecidedError
from shared.iam.patterns import fill, fold, matches_action, matches_resource, plain
from shared.iam.principals import Naming, naming

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shared.iam.patterns import Context
    from shared.iam.principals import Principal
    from shared.iam.statements import Policy, Statement


class Layer(StrEnum):
    """A kind of policy, as AWS's messages call it. ROOT is no policy: it decides for an account's root."""

    ROOT = "account root"
    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    TRUST = "role trust policy"


@dataclass(frozen=True, slots=True)
class Request:
    """One action on one resource.

    Args:
        principal: Who calls.
        action: ``s3:GetObject``.
        resource: The ARN, or ``*`` for an action that takes none.
        context: Condition keys to their values; case does not matter. The keys about the principal are added to it.
        owner: The account of the resource, where it is another than the principal's.
    """

    principal: Principal
    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies to decide by.

    Args:
        identity: Those of the user and its groups, or of the role.
        boundary: The permissions boundary, if there is one.
        session: The session's own policies, if it was given any.
        resource: Those of the resource; for an action that takes a role, its trust policy.
    """

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] = ()
    resource: tuple[Policy, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, and why.

    Args:
        allowed: The answer.
        layer: The kind of policy that decided. For a no without a Deny: the kind that allows nothing.
        explicit: Whether a Deny decided.
        policy: The name of the policy that decided, empty where none did.
        statement: The Sid or ``#index`` of its statement, likewise.
        notes: What could not be decided on the way: a policy that cannot be read, an unknown operator.
    """

    allowed: bool
    layer: Layer
    explicit: bool = False
    policy: str = ""
    statement: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A statement that applies, and the policy it stands in."""

    policy: Policy
    statement: Statement
    naming: Naming


# To take a role: its trust policy must let the caller in, whatever the caller's own policies say.
_TRUST_ACTIONS = frozenset(
    {
        "sts:assumerole",
        "sts:assumerolewithsaml",
        "sts:assumerolewithwebidentity",
        "sts:setcontext",
        "sts:setsourceidentity",
        "sts:tagsession",
    }
)


def decide(request: Request, policies: Policies) -> Decision:
    """Return whether *request* is allowed by *policies*, and the reason."""
    return _Case(request, policies).decide()


class _Case:
    """One request, with its context, and the notes that are taken on the way."""

    def __init__(self, request: Request, policies: Policies) -> None:
        self._request = request
        self._policies = policies
        self._principal = request.principal
        self._context: Context = fold({**request.context, **request.principal.context()})
        self._notes: list[str] = []
        taking = request.action.lower() in _TRUST_ACTIONS
        self._on_resource = Layer.TRUST if taking else Layer.RESOURCE
        self._foreign = bool(request.principal.account) and request.owner not in {"", request.principal.account}
        self._required = taking or self._foreign or request.principal.kind != "AWS" or _is_key(request)

    def decide(self) -> Decision:
        return self._unreadable() or self._denied() or self._granted()

    def _unreadable(self) -> Decision | None:
        for layer, policy in self._all():
            if policy.broken:
                self._notes += [f"{layer} {policy.name}: {fault}" for fault in policy.broken]
                return self._no(layer, policy=policy.name)
        return None

    def _denied(self) -> Decision | None:
        for layer, policy in self._all():
            for found in self._applying("Deny", (policy,)):
                return self._no(layer, explicit=True, policy=found.policy.name, statement=found.statement.label)
        return None

    def _granted(self) -> Decision:
        found = max(self._applying("Allow", self._policies.resource), key=lambda one: one.naming, default=None)
        root = self._principal.is_root
        if root and self._on_resource is Layer.TRUST:
            return self._no(Layer.ROOT)
        if found is None and self._required:
            return self._no(self._on_resource)
        if found and found.naming is not Naming.ACCOUNT and not self._foreign:
            return self._within(found, self._on_resource)
        return Decision(allowed=True, layer=Layer.ROOT) if root else self._by_identity()

    def _within(self, found: _Found, layer: Layer) -> Decision:
        """Return whether a grant holds within the boundary and the session; one to the caller itself needs neither."""
        held_by = self._held_by() if found.naming is Naming.ROLE else None
        return self._no(held_by) if held_by else self._yes(layer, found)

    def _by_identity(self) -> Decision:
        found = next(self._applying("Allow", self._policies.identity), None)
        return self._within(found, Layer.IDENTITY) if found else self._no(Layer.IDENTITY)

    def _held_by(self) -> Layer | None:
        """Return which of the two allows nothing here: the boundary, or the session's policies."""
        boundary, session = self._policies.boundary, self._policies.session
        if boundary and not next(self._applying("Allow", (boundary,)), None):
            return Layer.BOUNDARY
        if session and not next(self._applying("Allow", session), None):
            return Layer.SESSION
        return None

    def _all(self) -> Iterator[tuple[Layer, Policy]]:
        yield from ((Layer.IDENTITY, policy) for policy in self._policies.identity)
        yield from ((self._on_resource, policy) for policy in self._policies.resource)
        if self._policies.boundary:
            yield Layer.BOUNDARY, self._policies.boundary
        yield from ((Layer.SESSION, policy) for policy in self._policies.session)

    def _applying(self, effect: str, policies: Iterable[Policy]) -> Iterator[_Found]:
        """Yield the statements of *effect* that are about this request.

        A statement that cannot be decided counts against the request: a Deny applies, an Allow does not.
        """
        for policy in policies:
            for statement in policy.statements:
                if statement.effect != effect or not self._is_about(statement):
                    continue
                try:
                    named = self._named(statement)
                    if (
                        named
                        and self._touches(statement, policy)
                        and hold(statement.conditions, self._context, variables=policy.variables)
                    ):
                        yield _Found(policy, statement, named)
                except UndecidedError as error:
                    self._notes.append(f"statement {statement.label} of {policy.name}: {error}")
                    if effect == "Deny":
                        yield _Found(policy, statement, named)

    def _is_about(self, statement: Statement) -> bool:
        action = self._request.action
        if statement.not_actions:
            return not any(matches_action(action, pattern) for pattern in statement.not_actions)
        return any(matches_action(action, pattern) for pattern in statement.actions)

    def _named(self, statement: Statement) -> Naming:
        """Return how *statement* names the caller. One that names nobody belongs to the caller's own user or role."""
        if not statement.principals and not statement.not_principals:
            return Naming.ROLE
        return naming(statement, self._principal, bounded=self._policies.boundary is not None)

    def _touches(self, statement: Statement, policy: Policy) -> bool:
        """Whether *statement* is about the resource. One without a Resource is about what its policy is attached to."""
        patterns = statement.not_resources or statement.resources
        if not patterns:
            return True
        filled = [fill(text, self._context) if policy.variables else plain(text) for text in patterns]
        if statement.not_resources and None in filled:
            raise UndecidedError("a policy variable in NotResource stands for nothing")
        touched = any(pattern is not None and matches_resource(self._request.resource, pattern) for pattern in filled)
        return touched != bool(statement.not_resources)

    def _yes(self, layer: Layer, found: _Found) -> Decision:
        return Decision(
            allowed=True,
            layer=layer,
            policy=found.policy.name,
            statement=found.statement.label,
            notes=tuple(self._notes),
        )

    def _no(self, layer: Layer, *, explicit: bool = False, policy: str = "", statement: str = "") -> Decision:
        return Decision(
            allowed=False,
            layer=layer,
            explicit=explicit,
            policy=policy,
            statement=statement,
            notes=tuple(dict.fromkeys(self._notes)),
        )


def _is_key(request: Request) -> bool:
    return request.action.lower().startswith("kms:") and ":key/" in request.resource
