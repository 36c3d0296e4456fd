"""boto3 clients for the embedded endpoint, made once: a new one for each task would cost more than the call."""

from __future__ import annotations

import secrets
import string
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from shared.local.door.sessions import LONGEST, Issuer, new_owner_key

if TYPE_CHECKING:
    from collections.abc import Callable

_POOL = 64
_CLIENTS = 64
"""How many are kept: those of a few lanes' roles."""
_RENEWED = 3600  # seconds before a role's credentials end: a task that began may go on for that long


class Services:
    """Clients by service, region and role.

    Args:
        endpoint: The URL that stands for all of AWS.
        issuer: Makes the credentials of roles, and has the owner's.
        region: Where a call goes that names no region.
        clock: Seconds since the epoch.

    Attributes:
        since: Returns when a role was made: credentials of one that was deleted are none of its namesake's.
    """

    def __init__(
        self,
        endpoint: str,
        issuer: Issuer | None = None,
        region: str = "us-east-1",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.endpoint = endpoint
        self.region = region
        self._issuer = issuer or Issuer(new_owner_key())
        self._clock = clock
        self.since: Callable[[str], float | None] = lambda _: None
        self._clients: OrderedDict[tuple[str, str, str, float | None], tuple[Any, float]] = OrderedDict()
        self._lock = threading.Lock()
        self._session: Any = None

    def client(self, service: str, region: str, role: str = "") -> Any:
        """Return the client for boto's *service* in *region*, the same one each time until its credentials are old.

        Args:
            service: Its name.
            region: Where.
            role: The ARN of the role that calls; none is Step Functions itself, with the owner's key.
        """
        place = service, region, role, self.since(role) if role else None
        with self._lock:
            client, until = self._clients.get(place, (None, 0.0))
            if client is None or until <= self._clock():
                client, until = self._make(service, region, role), self._clock() + LONGEST - _RENEWED
                self._clients[place] = client, until
            self._clients.move_to_end(place)
            while len(self._clients) > _CLIENTS:
                self._clients.popitem(last=False)  # closed when the last task that holds it lets go
        return client

    def _make(self, service: str, region: str, role: str) -> Any:
        from botocore.config import Config  # a workflow of Lambdas alone never needs it

        from shared.aws.client import endpoint_session

        if self._session is None:
            self._session = endpoint_session(region, self._issuer.owner)
        key = self._issuer.of_role(role, _session_name()) if role else self._issuer.owner
        return self._session.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=key.id,
            aws_secret_access_key=key.secret,
            aws_session_token=key.token or None,
            config=Config(
                retries={"total_max_attempts": 1},
                max_pool_connections=_POOL,
                parameter_validation=False,
                inject_host_prefix=False,
                s3={"addressing_style": "path"},
                proxies={},  # a proxy of the environment cannot reach our loopback
            ),
        )

    def region_of(self, arn: str) -> str:
        """Return the region that *arn* names."""
        return arn.split(":")[3] or self.region

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            clients, self._clients = list(self._clients.values()), OrderedDict()
        for client, _ in clients:
            client.close()


def _session_name() -> str:
    """Return a name as Step Functions gives its sessions: 32 letters that mean nothing."""
    return "".join(secrets.choice(string.ascii_letters) for _ in range(32))
