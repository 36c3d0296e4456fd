"""One module for each kind of resource: what a lane wants of it, how it is, and the calls between the two.

Every module offers what :class:`LaneKind` says. It reads AWS and never changes it. A new kind is a new module, and its
name in :data:`KINDS`. ``log_delivery`` stands apart: it is the account's, no team's, and is never removed. The kinds
that the rendezvous service owns and no lane does are listed by the service
(:func:`shared.deploy.rendezvous.desired.kinds`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.deploy.resources import (
    alarm,
    bucket,
    budget,
    cluster,
    database,
    event_source,
    function,
    log_group,
    notification,
    policy,
    queue,
    rendezvous_key,
    repository,
    role,
    rule,
    schedules,
    secret,
    security_group,
    service,
    setting,
    state_machine,
    table,
    task_definition,
    topic,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.aws.client import Aws
    from shared.deploy.model import Resource, Step
    from shared.deploy.sources import Sources


class Kind(Protocol):
    """What each kind offers. It is a module, or an object where reading takes more than a name."""

    @property
    def KIND(self) -> str:  # noqa: N802  a module's constant
        """Its name, as plans show it."""

    def current(self, aws: Aws, name: str) -> Resource | None:
        """Return the resource as it is, or None."""

    def steps(self, want: Resource, have: Resource | None) -> Step:
        """Return what makes *have* into *want*."""

    def remove(self, have: Resource) -> Step:
        """Return what removes *have*."""


class LaneKind(Kind, Protocol):
    """A kind that lanes own."""

    SERVICE: str
    """What boto3 calls its service."""
    ARN: tuple[str, str]
    """What its ARNs call its service, and what stands before the name in them."""

    def wanted(self, sources: Sources) -> Iterable[Resource]:
        """Return what a lane wants of this kind."""

    def names(self, aws: Aws, team: str) -> Iterable[str]:
        """Return the names of this kind that begin as *team*'s do, whoever owns them; for "", all of them."""


KINDS: dict[str, LaneKind] = {
    module.KIND: module
    for module in (
        *(log_group, policy, role, bucket, table, queue, topic, secret, setting, budget, database, rendezvous_key),
        *(repository, function, state_machine, event_source, schedules, notification),
    )
}
"""The kinds that lanes own, in the order in which they are made."""
DATA_REMOVED_BY: Mapping[str, str] = {
    bucket.KIND: "aws s3 rb s3://{name} --force",
    table.KIND: "aws dynamodb delete-table --table-name {name}",
    queue.KIND: "aws sqs delete-queue --queue-url $(aws sqs get-queue-url --queue-name {name} --output text)",
    secret.KIND: "aws secretsmanager delete-secret --secret-id {name}",
    database.KIND: "drop its schema, then aws secretsmanager delete-secret --secret-id {name}",
    repository.KIND: "aws ecr delete-repository --force --repository-name {name}",
}
"""The kinds that hold data, each with the command that removes one by hand.

A deploy keeps them, even when no file names them any more. So it does with queues: work that nobody has done yet, and
dead letters, are nowhere else, and SQS tells only about how many there are. A topic holds nothing, and a setting's
value stands on its card.
"""
ARNS: Mapping[str, tuple[str, str]] = {
    **{key: kind.ARN for key, kind in KINDS.items()},
    **{module.KIND: module.ARN for module in (rule, alarm, cluster, service, task_definition, security_group)},
}
"""How the ARNs of each kind that carries tags begin: their service, and what stands before the name."""


def wanted_resources(sources: Sources) -> tuple[Resource, ...]:
    """Return all that a lane should own, in the order in which it is made.

    Without a package among the *sources*, it is what stands before there is code.

    Raises:
        UngrantedError: A workflow calls something that a team may not call.
    """
    return tuple(resource for kind in KINDS.values() for resource in kind.wanted(sources))
