"""Compares what came of a call here with what came of it in the run: did it fail again, and if not, what differs?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.config.aws_facts import STATE_DATA, SYNC_PAYLOAD
from shared.run.debug.calls import WriteRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from shared.run.debug.again import Ended, Here
    from shared.run.debug.choice import Recorded

_AGAIN = "again as in the run"
_NO_LIMITS = ("timed out", "Timeout", "OutOfMemory", "MemorySize", "Runtime.ExitError")
_NOT_LOADED = ("Runtime.ImportModuleError", "ModuleNotFoundError", "ImportError")
_MOMENT = 60  # seconds after which the data may be others


def verdict(recorded: Recorded, ended: Ended) -> str:
    """Return how the call here ended, in view of how the recorded one did; it was not left before its end."""
    attempt, now = recorded.attempt, type(ended.error).__name__
    if isinstance(ended.error, WriteRefusedError):
        return "it came to a call that writes, which --write lets through"
    if attempt.status == "RUNNING":
        return (
            "in the run it had not ended"
            if ended.error is None
            else f"in the run it had not ended, here it fails: {now}"
        )
    if attempt.status == "SUCCEEDED":
        return f"it succeeded {_AGAIN}" if ended.error is None else f"it succeeded in the run, and fails here: {now}"
    if ended.error is None:
        return f"it did not fail here; in the run it did: {attempt.error or attempt.status}"
    return (
        f"it failed {_AGAIN}: {now}"
        if now == attempt.error
        else f"it failed otherwise: {attempt.error}, and here {now}"
    )


def differences(recorded: Recorded, here: Here, ended: Ended, *, differs: bool | None, now: datetime) -> Iterator[str]:
    """Yield what may be the reason that a call ended here in another way than in the run; nothing where it did not.

    Args:
        recorded: The call of the run.
        here: What was called in this process.
        ended: What came of that.
        differs: Whether the code on disk is another than the deployed one; None if nobody can tell.
        now: The time.
    """
    attempt, deployed = recorded.attempt, here.deployed
    if (
        isinstance(ended.error, WriteRefusedError)
        or recorded.attempt.status == "RUNNING"
        or _AGAIN in verdict(recorded, ended)
    ):
        return
    said = f"{attempt.error} {attempt.cause}"
    if differs:
        yield "the code on disk is not what is deployed"
    elif differs is None:
        yield "whether the code on disk is what is deployed, nobody can tell"
    if any(word in said for word in _NO_LIMITS):
        yield f"no limit holds here: Lambda gives it {deployed.timeout} s and {deployed.memory_mb} MB"
    if (attempt.error or "") in _NOT_LOADED:
        yield "this Python has more libraries installed than the function's package"
    if deployed.elsewhere:
        yield f"in the cloud it runs on {deployed.elsewhere}"
    age = (now - attempt.began).total_seconds()
    if age > _MOMENT:
        yield f"the run was {_ago(age)} ago: what it read may have changed since, and so may the time of day matter"


def too_large(ended: Ended) -> str:
    """Return what a result meets in the cloud that it does not meet here; empty if nothing."""
    size = len(json.dumps(ended.result).encode())
    if size > SYNC_PAYLOAD.value:
        return f"its result has {size:,} bytes, and Lambda takes {SYNC_PAYLOAD.value:,}"
    if size > STATE_DATA.value:
        return f"its result has {size:,} bytes, and a state takes {STATE_DATA.value:,}: put it into the bucket"
    return ""


def _ago(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return "a minute"
