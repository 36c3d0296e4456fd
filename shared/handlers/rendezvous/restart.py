"""The weekly restart: start a new task beside the old one, point the record at it, and prove it by a pairing."""

from __future__ import annotations

import os
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from shared.fmi import check
from shared.handlers.env import require
from shared.handlers.fmi.key import own_namespace
from shared.handlers.fmi.meeting import meeting
from shared.handlers.rendezvous.operated import Service
from shared.handlers.rendezvous.record import own_mark, point
from shared.handlers.rendezvous.service import await_ready, observe, renew

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.fmi import Namespace, Verdict
    from shared.handlers.fmi.meeting import Meeting
    from shared.handlers.rendezvous.operated import Clients, Sleep, Tell


def handler(_event: object, _context: object) -> dict[str, object]:
    """Restart the rendezvous and return the verdict on the new task.

    Raises:
        ServiceError: There is no healthy new task. The old one goes on, and the record still points at it.
        RendezvousUnavailable: The new task pairs nobody.
    """
    verdict = restart(clients(), own_service(), meeting(), own_namespace(), tell=print)
    verdict.raise_if_down()
    return verdict.as_json()


def restart(  # noqa: PLR0913  what, how to judge it, and two ways to watch it
    clients: Clients,
    service: Service,
    at: Meeting,
    signer: Namespace | None,
    *,
    tell: Tell,
    sleep: Sleep = time.sleep,
) -> Verdict:
    """Replace the service's task, point the record at the new one, and return the verdict on it.

    The check goes to the new task's address, since resolvers may still remember the old one.

    Args:
        clients: Give AWS's clients.
        service: The service to restart.
        at: Has the times by which it is judged.
        signer: Signs the check's name; None for a server that was made before there were keys.
        tell: Called with a line for each thing done.
        sleep: Waits, in seconds.

    Raises:
        ServiceError: ECS has no healthy task. To run it again goes on from there.
    """
    text = own_mark(clients, service)
    before = observe(clients, service)
    renew(clients, service)
    tell(f"{service.service}: a new task beside the one at {before.address or 'no address'}")
    after = await_ready(clients, service, sleep, tell)
    tell(f"the new task is healthy at {after.address}")
    point(clients, service, after.address, text, sleep)
    tell(f"{service.host} points at {after.address}")
    verdict = check(after.address, service.port, at.timeout, at.degraded_after, namespace=signer)
    tell(f"{after.address}:{service.port} is {verdict.status.value}: {verdict.reason}")
    return verdict


def own_service(environ: Mapping[str, str] = os.environ) -> Service:
    """Return the service that this function looks after.

    Raises:
        MissingEnvironment: It was not deployed by ``lanes rendezvous deploy``.
    """
    stage, cluster, name, zone, host, port = (
        value for _, value in require(environ, "STAGE CLUSTER SERVICE ZONE RECORD PORT")
    )
    return Service(stage, cluster, name, zone, host, int(port))


def clients() -> Clients:
    """Return a maker of boto3 clients that makes each one once."""
    import boto3  # the command line brings its own

    make: Any = cache(boto3.client)  # boto3 types a client by the name of its service; a cache cannot
    typed: Clients = make
    return typed
