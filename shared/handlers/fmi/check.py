"""The first state of a workflow with FMI: can the rendezvous pair ranks now? If not, the run ends here."""

from __future__ import annotations

from typing import TypedDict

from shared.fmi import check
from shared.handlers.fmi.key import own_namespace
from shared.handlers.fmi.meeting import meeting


class Start(TypedDict):
    """The event. ``payload`` is the execution's input: whatever a user sent."""

    payload: object


def handler(event: Start, _context: object) -> dict[str, object]:
    """Return the verdict on the rendezvous of the run.

    Args:
        event: The ``rendezvous_endpoint`` of its payload goes before the lane's own.

    Raises:
        RendezvousUnavailable: It is hung, refuses, or its name does not resolve.
        BadEndpoint: The payload names something else.
        NoTeamKey: The team has no key to sign with.
    """
    payload = event["payload"]
    named = payload.get("rendezvous_endpoint") if isinstance(payload, dict) else None
    at = meeting(named)
    verdict = check(at.host, at.port, at.timeout, at.degraded_after, namespace=own_namespace())
    print(f"rendezvous {at.endpoint} is {verdict.status.value}: {verdict.reason}")
    verdict.raise_if_down()
    return verdict.as_json()
