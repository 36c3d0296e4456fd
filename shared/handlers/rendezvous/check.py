"""The scheduled health check: point the record at the task, then pair two sockets through the name that ranks use."""

from __future__ import annotations

from shared.fmi import check
from shared.handlers.fmi.key import own_namespace
from shared.handlers.fmi.meeting import meeting
from shared.handlers.rendezvous.restart import clients, own_service
from shared.handlers.rendezvous.service import follow


def handler(_event: object, _context: object) -> dict[str, object]:
    """Return the verdict on the rendezvous. A failed invocation sets the alarm off; its log says why.

    Raises:
        RendezvousUnavailable: It is hung, refuses, or its name does not resolve.
    """
    at, service = meeting(), own_service()
    state = follow(clients(), service)
    verdict = check(at.host, at.port, at.timeout, at.degraded_after, namespace=own_namespace())
    print(
        f"{at.endpoint} is {verdict.status.value}: {verdict.reason}; "
        f"task at {state.address or 'no address'} is {state.health or 'not there'}"
    )
    verdict.raise_if_down()
    return verdict.as_json()
