"""boto3 clients for the embedded endpoint, made once: a new one for each task would cost more than the call."""

from __future__ import annotations

import threading
from typing import Any

_POOL = 64


class Services:
    """Clients by service and region.

    Args:
        endpoint: The URL that stands for all of AWS.
        region: Where a call goes that names no region.
    """

    def __init__(self, endpoint: str, region: str = "us-east-1") -> None:
        self.endpoint = endpoint
        self.region = region
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()
        self._session: Any = None

    def client(self, service: str, region: str) -> Any:
        """Return the client for boto's *service* in *region*, the same one each time."""
        with self._lock:
            client = self._clients.get((service, region))
            if client is None:
                client = self._clients[service, region] = self._make(service, region)
        return client

    def _make(self, service: str, region: str) -> Any:
        from botocore.config import Config  # noqa: PLC0415  a workflow of Lambdas alone never needs it

        from shared.deploy.aws import endpoint_session  # noqa: PLC0415  the same

        if self._session is None:
            self._session = endpoint_session(region)
        return self._session.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
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
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()
