"""Which host a URL names, and whether it is this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def host_of(url: str) -> str | None:
    """Return the host that *url* names, in lower case; None where it names none."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def is_this_machine(host: str | None) -> bool:
    """Tell whether *host* is a loopback address, or localhost."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
