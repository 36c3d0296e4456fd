"""Reads that AWS throttles are tried again for a minute at most: whoever follows a run shares its account with others.

botocore itself tries three times, within some three seconds. That is too little where ten people follow one run: their
calls come to more than an account has, and each of them must wait until the others have had theirs. So the waits grow,
and each is drawn by chance, or those who were refused together would come again together (Exponential Backoff And
Jitter, AWS Architecture Blog: "full jitter"). Calls that change something are left to botocore, and to
:mod:`shared.aws.settling` where a plan is carried out. A program that shows what happens all day keeps pace instead
(:mod:`shared.aws.pace`).
"""

from __future__ import annotations

from functools import partial
from random import random
from typing import TYPE_CHECKING, Any

from shared.aws.settling.rules import THROTTLED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import boto3
    from botocore.model import OperationModel

_SERVICES = ("stepfunctions", "logs", "lambda", "cloudtrail")
_READS = ("Describe", "Filter", "Get", "List", "Lookup")
_MOST = 14  # tries
_LONGEST = 8.0  # seconds between two
_TOGETHER = 60.0  # seconds of a call's waits
_WAITED = "throttled_seconds"


def wait_out_throttles(session: boto3.Session, draw: Callable[[], float] = random) -> None:
    """Have the clients that *session* makes from now on try reads that AWS throttles again.

    Args:
        session: Of boto3.
        draw: A number in [0, 1), the part of each wait that is waited.
    """
    wait: Callable[..., Any] = partial(_wait, draw)
    for service in _SERVICES:
        session.events.register(f"needs-retry.{service}", wait)


def _wait(
    draw: Callable[[], float],
    response: tuple[object, Mapping[str, Mapping[str, str]]] | None,
    operation: OperationModel,
    attempts: int,
    request_dict: Mapping[str, dict[str, float]],
    **_: object,
) -> float | None:
    """Return the seconds to wait before a call is tried again; None to leave that to botocore."""
    if response is None or attempts >= _MOST or not operation.name.startswith(_READS):
        return None
    if response[1].get("Error", {}).get("Code") not in THROTTLED.codes:
        return None
    context = request_dict["context"]  # the call's own, as long as it is tried
    left = _TOGETHER - context.get(_WAITED, 0.0)
    if left <= 0:
        return None
    wait = min(left, draw() * min(_LONGEST, 2.0 ** (attempts - 1)))
    context[_WAITED] = _TOGETHER - left + wait
    return wait
