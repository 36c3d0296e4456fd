"""boto3 clients for the embedded endpoint, made once: to make a client takes longer than most calls with it."""

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

    import boto3
    from botocore.client import BaseClient

_POOL = 64
_CLIENTS = 64  # so many are kept: enough for the roles of a few lanes
_RENEWED = 3600  # seconds before a role's credentials end: a task that has begun may go on for that long
_REGION = "us-east-1"  # where a call goes whose ARN names no region


class Services:
    """Clients by service, region and role.

    Args:
        endpoint: The URL that stands for all of AWS.
        issuer: Makes the credentials of roles, and has the owner's.
        since: Tells when the role of an ARN was made: a new role must not get the credentials of a deleted namesake.
        clock: Gives the time in seconds since the epoch.
    """

    def __init__(
        self,
        endpoint: str,
        issuer: Issuer | None = None,
        *,
        since: Callable[[str], float | None] = lambda _role: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.endpoint = endpoint
        self._issuer = issuer or Issuer(new_owner_key())
        self._clock = clock
        self._since = since
        self._clients: OrderedDict[tuple[str, str, str, float | None], tuple[BaseClient, float]] = OrderedDict()
        self._lock = threading.Lock()
        self._session: boto3.Session | None = None

    def client(self, service: str, region: str, role: str = "") -> Any:
        """Return the client for boto's *service* in *region*, the same one each time until its credentials are old.

        Args:
            service: Its name.
            region: Where.
            role: The ARN of the role that calls; empty for Step Functions itself, which has the owner's key.
        """
        place = service, region, role, self._since(role) if role else None
        with self._lock:
            client, until = self._clients.get(place, (None, 0.0))
            if client is None or until <= self._clock():
                client, until = self._make(service, region, role), self._clock() + LONGEST - _RENEWED
                self._clients[place] = client, until
            self._clients.move_to_end(place)
            while len(self._clients) > _CLIENTS:
                self._clients.popitem(last=False)  # it is closed when the last task that uses it has ended
        return client

    def _make(self, service: str, region: str, role: str) -> BaseClient:
        from botocore.config import Config  # a workflow of Lambdas alone never needs it

        from shared.aws.client import endpoint_session

        if self._session is None:
            self._session = endpoint_session(region, self._issuer.owner)
        key = self._issuer.of_role(role, _session_name()) if role else self._issuer.owner
        make: Any = self._session.client  # typed for each service by its name, which is not known here
        client: BaseClient = make(
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
                response_checksum_validation="when_required",  # an answer shows a checksum only where it was asked for
                proxies={},  # a proxy of the environment cannot reach our loopback
            ),
        )
        return client

    def region_of(self, arn: str) -> str:
        """Return the region that *arn* names."""
        return arn.split(":")[3] or _REGION

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            clients, self._clients = list(self._clients.values()), OrderedDict()
        for client, _ in clients:
            client.close()


def _session_name() -> str:
    """Return a session's name as Step Functions makes them: 32 random letters."""
    return "".join(secrets.choice(string.ascii_letters) for _ in range(32))
