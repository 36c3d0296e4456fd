"""The values of a workflow's secrets, which its team sets by hand: no plan has them, and nothing here reads one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.deploy.guard import check_ownership, lane_tags
from shared.deploy.model import Resource
from shared.deploy.resources.secret import KIND
from shared.deploy.secret import described
from shared.errors import LanesError, UsageError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from shared.aws.client import Aws
    from shared.config.lane import Lane

MOST_BYTES = 65_536  # Secrets Manager API reference, PutSecretValue, read 2026-11-29


@dataclass(frozen=True, slots=True)
class SecretState:
    """A secret of a workflow, without its value.

    Attributes:
        workflow: Whose it is.
        key: What the card calls it.
        name: What AWS calls it.
        deployed: Whether it is there.
        has_value: Whether it has a value.
        changed: When it was changed last, in any way; None where it never was.
    """

    workflow: str
    key: str
    name: str
    deployed: bool
    has_value: bool
    changed: datetime | None


def find_secret(lane: Lane, asked: str) -> str:
    """Return the AWS name of the secret that is called *asked*: ``NAME``, or ``WORKFLOW/NAME``.

    Raises:
        UsageError: There is none, or several workflows have one of that name; the message lists those that there are.
    """
    known = {f"{workflow}/{key}": name for workflow, key, name in _declared(lane)}
    found = [full for full in known if asked in (full, full.rpartition("/")[2])]
    if not known:
        raise UsageError(
            f"no workflow of {lane.team} has a secret", fix="declare it under secrets: on the workflow's card"
        )
    if not found:
        raise unknown("secret", asked, list(known), where=f"team {lane.team}")
    if len(found) > 1:
        raise UsageError(f"{asked} is a secret of several workflows", fix=f"say which: {' or '.join(found)}")
    return known[found[0]]


def set_value(aws: Aws, lane: Lane, name: str, value: str) -> None:
    """Give the secret *name* of *lane* its *value*, in place of any that it has.

    Raises:
        LanesError: It is not deployed.
        OwnershipError: It is not the lane's.
        UsageError: The value is empty, or longer than Secrets Manager takes.
    """
    if not value:
        raise UsageError("the value is empty; nothing was changed", fix="type it, or pipe it in")
    if len(value.encode()) > MOST_BYTES:
        raise UsageError(
            f"the value has {len(value.encode()):,} bytes, and a secret takes {MOST_BYTES:,}; nothing was changed",
            fix="put what is longer into the team's bucket",
        )
    have = described(aws, name)
    if have is None:
        raise LanesError(f"secret {name} is not deployed; nothing was changed", fix=f"lanes deploy {lane.team}")
    check_ownership([Resource(KIND, name, have.tags, {})], lane_tags(lane))
    aws.client("secretsmanager").put_secret_value(SecretId=name, SecretString=value)


def list_secrets(aws: Aws, lane: Lane) -> list[SecretState]:
    """Return the secrets of the workflows of *lane*, in the order of the cards."""
    return [_state(aws, *each) for each in _declared(lane)]


def _state(aws: Aws, workflow: str, key: str, name: str) -> SecretState:
    found = described(aws, name)
    if found is None:
        return SecretState(workflow, key, name, deployed=False, has_value=False, changed=None)
    return SecretState(workflow, key, name, deployed=True, has_value=found.has_value, changed=found.changed)


def _declared(lane: Lane) -> Iterator[tuple[str, str, str]]:
    for workflow in lane.workflows.values():
        for key, name in workflow.secrets.items():
            yield workflow.key, key, name
