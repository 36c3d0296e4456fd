"""The lines that let every AWS client of a shell work against the embedded cloud, and those that undo it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.access_key import AccessKey

_LEADS_ELSEWHERE = (
    "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
)  # fmt: skip
_OF_ONE_SERVICE = "AWS_ENDPOINT_URL_"
_NO_PROXY = ("127.0.0.1", "localhost")


def variables(endpoint: str, region: str, key: AccessKey, now: Mapping[str, str]) -> dict[str, str]:
    """Return the variables to set for the cloud at *endpoint*. *now* is the environment as it is.

    TestState and StartSyncExecution put ``sync-`` before the name of the host, which a loopback address cannot have.
    botocore leaves it out when AWS_DISABLE_HOST_PREFIX_INJECTION is set.
    """
    told = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": key.id,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }
    if key.token:
        told["AWS_SESSION_TOKEN"] = key.token
    return told | {name: _without_proxy(now.get(name, "")) for name in ("NO_PROXY", "no_proxy")}


def entering(told: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return the lines with which a shell in the environment *now* sets what is *told* and unsets what is against it.

    Each line ends with a semicolon, so that they also work without the quotes around ``$(lanes env)``.
    """
    elsewhere = [*_LEADS_ELSEWHERE, *sorted(name for name in now if name.startswith(_OF_ONE_SERVICE))]
    lines = [f"unset {' '.join(name for name in elsewhere if name not in told)};"]
    lines += [f"export {name}={shlex.quote(value)};" for name, value in told.items()]
    return "\n".join([*lines, f'# to leave {told["AWS_ENDPOINT_URL"]} again: eval "$(lanes env --unset)"\n'])


def leaving() -> str:
    """Return the lines that undo this, except for NO_PROXY, which does no harm."""
    names = ["AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
    names += ["AWS_DEFAULT_REGION", "AWS_REGION", "AWS_DISABLE_HOST_PREFIX_INJECTION"]
    return f"unset {' '.join(names)}\n"


def _without_proxy(now: str) -> str:
    hosts = [host for host in now.split(",") if host]
    return ",".join([*hosts, *(host for host in _NO_PROXY if host not in hosts and "*" not in hosts)])
