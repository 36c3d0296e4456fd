"""``python -m shared.fmi.rendezvous``: the server where there is Python's own library alone, as in its container."""

from __future__ import annotations

import argparse
import sys

from shared.errors import LanesError
from shared.fmi.rendezvous.keys import TeamKeys, master_of
from shared.fmi.rendezvous.limits import Limits
from shared.fmi.rendezvous.process import run


def main() -> None:
    """Serve until SIGTERM; if FMI_MASTER_KEY is set, signed names only. ``lanes rendezvous serve`` has more options."""
    parser = argparse.ArgumentParser(prog="python -m shared.fmi.rendezvous", description=main.__doc__)
    parser.add_argument("--host", default="0.0.0.0", help="the address to listen on")  # noqa: S104  it is public
    parser.add_argument("--port", type=int, default=10000, help="the rendezvous port")
    parser.add_argument("--http-port", type=int, default=10001, help="/livez /readyz /health /metrics")
    parser.add_argument("--allow-open", action="store_true", help="let names in that are not signed")
    arguments = parser.parse_args()
    at = (arguments.host, arguments.port, arguments.http_port)
    try:
        keys = TeamKeys(master_of(), allow_open=arguments.allow_open)
        run(*at, limits=Limits().within_descriptors(), keys=keys, ready=_tell)
    except LanesError as error:
        sys.exit(f"error: {error}")


def _tell(ports: str) -> None:
    """Print the ports: whoever started the server reads them."""
    sys.stdout.write(f"{ports}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
