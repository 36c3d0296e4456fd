"""Carries out a plan: the one module that changes AWS. Steps run in order; the first failure stops it.

Nothing is rolled back beyond the step that failed. What was done stays, is found by the next plan, and is not
done again: so running the command once more finishes the job.
"""

from __future__ import annotations

import contextlib
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from shared.deploy.caller import WHO_MAY, is_denial
from shared.deploy.guard import check_ownership
from shared.deploy.model import Call
from shared.deploy.resources import KINDS
from shared.deploy.resources.bucket import BUCKET_CALLS
from shared.deploy.routines import ROUTINES
from shared.errors import INTERRUPTED, LanesError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.deploy.aws import Aws
    from shared.deploy.model import Plan, Routine, Step
    from shared.deploy.resources import Kind

    Sleep = Callable[[float], None]
    OnStep = Callable[[Step], None]
    Deployer = Callable[[Aws, Mapping[str, Any], Sleep], None]

_SETTLING = {
    # A boundary that was made a moment ago.
    "create_role": {"NoSuchEntity"},
    # A role or its policy that was made a moment ago is not known everywhere yet.
    "create_state_machine": {"AccessDeniedException", "StateMachineDeleting"},
    "update_state_machine": {"AccessDeniedException", "ConflictException"},
    # Another change of the same bucket is still on its way through S3.
    **{method: {"OperationAborted"} for method in BUCKET_CALLS},
    # A role, or a repository's policy, that was made a moment ago is not known everywhere yet; nor that a name is free.
    "create_function": {"InvalidParameterValueException", "AccessDeniedException", "ResourceConflictException"},
    # A function that was updated a moment ago takes no second update yet.
    "update_function_code": {"ResourceConflictException"},
    "update_function_configuration": {"ResourceConflictException"},
    # The interface of a task that has just stopped is still in it.
    "delete_security_group": {"DependencyViolation"},
}
_GONE = {
    "add_permission": "ResourceConflictException",
    "delete_policy": "NoSuchEntity",
    "delete_policy_version": "NoSuchEntity",
    "delete_role": "NoSuchEntity",
    "delete_role_policy": "NoSuchEntity",
    "detach_role_policy": "NoSuchEntity",
    "delete_log_group": "ResourceNotFoundException",
    "delete_function": "ResourceNotFoundException",
    "delete_bucket": "NoSuchBucket",
    "delete_alarms": "ResourceNotFound",
    "delete_budget": "NotFoundException",
    "delete_table": "ResourceNotFoundException",
    "delete_cluster": "ClusterNotFoundException",
    "delete_rule": "ResourceNotFoundException",
    "delete_security_group": "InvalidGroup.NotFound",
    "delete_service": "ServiceNotFoundException",
    "remove_targets": "ResourceNotFoundException",
    "delete_secret": "ResourceNotFoundException",
}
# What somebody made since the plan: the images that were pushed just now, or another team.
_MADE = {"create_repository": "RepositoryAlreadyExistsException"}
# AWS refuses; or it did not answer (boto3's transfers and plain sockets raise trees of their own for that).
_REFUSED = (LanesError, ClientError)
_LOST = (BotoCoreError, Boto3Error, OSError)
_AGAIN = "run the command again: it goes on from here"
_ATTEMPTS = 10
_SETTLE_SECONDS = 3.0


class ApplyError(LanesError):
    """A plan stopped midway; the message says what was done and what is left."""


class InterruptedApplyError(ApplyError):
    """Ctrl-C stopped a plan midway."""

    exit_code = INTERRUPTED


def apply(  # noqa: PLR0913  the plan, where, and four ways to carry it out
    plan: Plan,
    aws: Aws,
    *,
    deployer: Deployer | None = None,
    kinds: Mapping[str, Kind] = KINDS,
    on_step: OnStep | None = None,
    sleep: Sleep = time.sleep,
) -> None:
    """Carry out *plan*.

    Args:
        plan: The steps.
        aws: Where.
        deployer: What runs Chalice for one function; a plan with functions to make needs it.
        kinds: What reads a name back, by its kind.
        on_step: Told of each step when it is done.
        sleep: Waits, in seconds.

    Raises:
        ApplyError: A step failed, or the connection was lost; earlier steps are done, later ones are not begun.
        InterruptedApplyError: As that, by Ctrl-C.
    """
    routines = {**ROUTINES, **({"chalice deploy": deployer} if deployer else {})}
    changes = plan.changes
    done = 0
    try:
        for step in changes:
            try:
                look = partial(_still_ours, plan, step, aws, kinds)
                look()
                _run(step, aws, routines, sleep, look)
            except (*_REFUSED, *_LOST) as error:
                raise _stopped(changes, done, error) from error
            done += 1
            if on_step is not None:
                on_step(step)
    except KeyboardInterrupt as error:
        raise _interrupted(changes, done) from error


def _still_ours(plan: Plan, step: Step, aws: Aws, kinds: Mapping[str, Kind]) -> None:
    """Read the name back once more: it may have been taken since the plan was made and somebody said yes to it."""
    if step.kind in kinds:
        found = kinds[step.kind].current(aws, step.name)
        if found is not None:
            check_ownership([found], plan.tags)


def _run(step: Step, aws: Aws, routines: Mapping[str, Deployer], sleep: Sleep, look: Callable[[], None]) -> None:
    begun = False
    try:
        for call in step.calls:
            if isinstance(call, Call):
                _call(call, aws, sleep, look)
            else:
                _routine(call, aws, routines, sleep)
            begun = True
    except (*_REFUSED, *_LOST, KeyboardInterrupt) as error:
        # A first call that was refused did nothing; one without an answer may have been carried out.
        if begun or not isinstance(error, _REFUSED):
            for call in step.undo:
                with contextlib.suppress(ClientError, *_LOST):  # the first error is the one to tell
                    _call(call, aws, sleep, look)
        raise


def _routine(routine: Routine, aws: Aws, routines: Mapping[str, Deployer], sleep: Sleep) -> None:
    routines[routine.name](aws, routine.params, sleep)


def _call(call: Call, aws: Aws, sleep: Sleep, look: Callable[[], None]) -> None:
    method = getattr(aws.client(call.service), call.method)
    settling = _SETTLING.get(call.method, set())
    for attempt in range(_ATTEMPTS):
        try:
            method(**call.params)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == _GONE.get(call.method):
                return  # somebody was quicker, or an earlier try got this far
            if code == _MADE.get(call.method):
                look()
                return
            if code not in settling or not _passes(error) or attempt == _ATTEMPTS - 1:
                raise
            sleep(_SETTLE_SECONDS)
        else:
            return


def _passes(error: ClientError) -> bool:
    """Tell a role that IAM has not spread yet from a value that is wrong for good: Lambda has one code for both."""
    told = error.response["Error"]
    return told["Code"] != "InvalidParameterValueException" or "role" in told.get("Message", "").lower()


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
