"""Carries out a plan: the one module that changes AWS. Steps run in order; the first failure stops it.

Nothing is rolled back. What was done stays, is found by the next plan, and is not done again: so running the command
once more finishes the job. What passes by itself is waited out (``settling``).
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from shared.aws.settling.answers import is_made
from shared.aws.settling.patience import Patience, PatientAws, Wait
from shared.aws.settling.rules import LEAVING
from shared.deploy.caller import WHO_MAY, is_denial
from shared.deploy.guard import check_ownership
from shared.deploy.model import Call
from shared.deploy.resources import KINDS
from shared.deploy.routines import ROUTINES
from shared.errors import INTERRUPTED, LanesError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.aws.client import Aws
    from shared.deploy.model import Plan, Step
    from shared.deploy.resources import Kind

    Sleep = Callable[[float], None]
    Look = Callable[[], bool]
    OnStep = Callable[[Step], None]
    OnWait = Callable[[str], None]
    Deployer = Callable[[Aws, Mapping[str, Any], Sleep], None]

# AWS refuses; or it did not answer (boto3's transfers and plain sockets raise trees of their own for that).
_REFUSED = (LanesError, ClientError)
_LOST = (BotoCoreError, Boto3Error, OSError)
_AGAIN = "run the command again: it goes on from here"


class ApplyError(LanesError):
    """A plan stopped midway; the message says what was done and what is left."""


class InterruptedApplyError(ApplyError):
    """Ctrl-C stopped a plan midway."""

    exit_code = INTERRUPTED


def apply(  # noqa: PLR0913  the plan, where, and five ways to carry it out
    plan: Plan,
    aws: Aws,
    *,
    deployer: Deployer | None = None,
    routines: Mapping[str, Deployer] | None = None,
    kinds: Mapping[str, Kind] = KINDS,
    on_step: OnStep | None = None,
    on_wait: OnWait | None = None,
    sleep: Sleep = time.sleep,
) -> None:
    """Carry out *plan*.

    Args:
        plan: The steps.
        aws: Where.
        deployer: What runs Chalice for one function; a plan with functions to make needs it.
        routines: Those that stand in for the usual ones of their names.
        kinds: What reads a name back, by its kind.
        on_step: Told of each step when it is done.
        on_wait: Told, a line each, what AWS keeps it waiting for.
        sleep: Waits, in seconds.

    Raises:
        ApplyError: A step failed, or the connection was lost; earlier steps are done, later ones are not begun.
        InterruptedApplyError: As that, by Ctrl-C.
    """
    known = {**ROUTINES, **(routines or {}), **({"chalice deploy": deployer} if deployer else {})}
    patient = PatientAws(aws, Patience(sleep, on_wait))
    changes = plan.changes
    done = 0
    try:
        for step in changes:
            try:
                look = partial(_still_ours, plan, step, patient, kinds)
                look()
                for call in step.calls:
                    if isinstance(call, Call):
                        _call(call, patient, look)
                    else:
                        known[call.name](patient, call.params, sleep)
            except (*_REFUSED, *_LOST) as error:
                raise _stopped(changes, done, error) from error
            done += 1
            if on_step is not None:
                on_step(step)
    except KeyboardInterrupt as error:
        raise _interrupted(changes, done) from error


def _still_ours(plan: Plan, step: Step, aws: Aws, kinds: Mapping[str, Kind]) -> bool:
    """Read the name back once more: it may have been taken since the plan was made and somebody said yes to it.

    Returns:
        Whether there is one of that name.
    """
    found = kinds[step.kind].current(aws, step.name) if step.kind in kinds else None
    if found is not None:
        check_ownership([found], plan.tags)
    return found is not None


def _call(call: Call, aws: PatientAws, look: Look) -> None:
    name = f"{call.service}.{call.method}"
    method = getattr(aws.client(call.service), call.method)
    wait = Wait(aws.patience, name, call.params)
    while True:
        try:
            method(**call.params)
        except ClientError as error:
            if not is_made(name, error):
                raise
            if look():
                return  # somebody was quicker, or an earlier try of ours, whose answer was lost
            wait.once_more(LEAVING, error)
        else:
            return


def _stopped(changes: tuple[Step, ...], done: int, error: Exception) -> ApplyError:
    what = f"could not {changes[done]}: {error.what if isinstance(error, LanesError) else error}"
    fix = getattr(error, "fix", None) or (WHO_MAY if is_denial(error) else "mend the cause")
    return ApplyError(_told(what, changes, done), fix=fix if "again" in fix else f"{fix}, then {_AGAIN}")


def _interrupted(changes: tuple[Step, ...], done: int) -> InterruptedApplyError:
    what = f"interrupted in the midst of {changes[done]}" if done < len(changes) else "interrupted when all was done"
    return InterruptedApplyError(_told(what, changes, done), fix=_AGAIN)


def _told(what: str, changes: tuple[Step, ...], done: int) -> str:
    """Return *what* stopped the step at *done*, with a line for each that is done and each that is left."""
    lines = [f"  done: {step}" for step in changes[:done]] or ["  done: nothing"]
    return "\n".join([what, *lines, *(f"  left: {step}" for step in changes[done + 1 :])])
