"""The server as a process of its own: logs as JSON lines on stderr, until SIGTERM."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.fmi.rendezvous.logs import JsonFormatter, logger
from shared.fmi.rendezvous.server import RendezvousServer, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.fmi.rendezvous.keys import TeamKeys
    from shared.fmi.rendezvous.limits import Limits


def run(  # noqa: PLR0913  where, how much, for whom
    host: str, port: int, http_port: int, *, limits: Limits, keys: TeamKeys, ready: Callable[[str], None]
) -> None:
    """Serve on *host* until SIGTERM.

    Args:
        host: The IPv4 address to listen on.
        port: The rendezvous port; 0 takes a free one.
        http_port: The port of /livez /readyz /health /metrics; 0 as above.
        limits: The server's bounds.
        keys: What names are checked with. Without a master key, every name is let in.
        ready: Called with ``host:port host:http_port`` when the server listens.

    Raises:
        LanesError: A port is taken.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)

    async def main() -> None:
        server = RendezvousServer(limits, keys)
        await serve(server, host, port, http_port, lambda: ready(f"{host}:{server.port} {host}:{server.http_port}"))

    try:
        asyncio.run(main())
    except OSError as error:
        fix = "free the port, or give another with --port and --http-port"
        raise LanesError(f"cannot listen: {error.strerror}", where=f"{host}:{port}", fix=fix) from error
