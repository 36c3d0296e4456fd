"""Carries out a plan: the one module that changes AWS. Steps run in order, and the first failure stops it.

Steps of one kind that need nothing of each other may run at once (``together.py``). Then those that are begun come to
their end, and no other begins.

Nothing is rolled back. What was done stays. The next plan finds it and leaves it alone, so running the command once
more finishes the job. Refusals that pass by themselves are waited out (``shared/aws/settling``).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

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
from shared.deploy.together import Together
from shared.deploy.watch import UNWATCHED
from shared.errors import INTERRUPTED, LanesError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from shared.aws.client import Aws
    from shared.deploy.model import Plan, Step
    from shared.deploy.resources import Kind
    from shared.deploy.watch import RunRoutine, Watch

# AWS refuses; or it did not answer, for which boto3's transfers and plain sockets have error trees of their own.
_REFUSED = (LanesError, ClientError)
_LOST = (BotoCoreError, Boto3Error, OSError)


class ApplyError(LanesError):
    """A plan stopped midway; the message says what was done and what is left."""


class InterruptedApplyError(ApplyError):
    """Ctrl-C stopped a plan midway."""

    exit_code = INTERRUPTED


def apply(
    plan: Plan,
    aws: Aws,
    watch: Watch = UNWATCHED,
    *,
    routines: Mapping[str, RunRoutine] = ROUTINES,
    kinds: Mapping[str, Kind] = KINDS,
) -> None:
    """Carry out *plan*.

    Args:
        plan: The steps.
        aws: Where.
        watch: Who is told, and what waits.
        routines: What runs each routine, by its name. A plan that makes functions needs Chalice among them.
        kinds: What reads a resource back, by its kind.

    Raises:
        ApplyError: A step failed, or the connection was lost; earlier steps are done, later ones are not begun.
        InterruptedApplyError: As that, by Ctrl-C.
    """
    changes = plan.changes
    with Together(watch) as together:
        patient = PatientAws(aws, Patience(together.watch.sleep, watch.on_wait))

        def carry_out(step: Step) -> None:
            look = partial(_still_ours, plan, step, patient, kinds)
            look()
            for call in step.calls:
                if isinstance(call, Call):
                    _call(call, patient, look)
                else:
                    routines[call.name](patient, call.params, together.watch)

        try:
            for step, error in together.run(changes, carry_out, (*_REFUSED, *_LOST)):
                if error:
                    raise _stopped(changes, together.done, step, error) from error
                watch.on_step(step)
        except KeyboardInterrupt as error:
            together.end()
            raise _interrupted(changes, together.done, together.begun) from error


def _still_ours(plan: Plan, step: Step, aws: Aws, kinds: Mapping[str, Kind]) -> bool:
    """Read the name back once more: somebody may have taken it since the plan was made.

    Returns:
        Whether there is one of that name.
    """
    found = kinds[step.kind].current(aws, step.name) if step.kind in kinds else None
    if found is not None:
        check_ownership([found], plan.tags)
    return found is not None


def _call(call: Call, aws: PatientAws, look: Callable[[], bool]) -> None:
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
                return  # somebody made it first, or an earlier try of ours did, and its answer was lost
            wait.once_more(LEAVING, error)
        else:
            return


def _stopped(changes: tuple[Step, ...], done: Collection[Step], step: Step, error: Exception) -> ApplyError:
    what = f"could not {step}: {error.what if isinstance(error, LanesError) else error}"
    mended = isinstance(error, LanesError) and error.again  # its fix ends in the same words
    fix = getattr(error, "fix", None) or (WHO_MAY if is_denial(error) else "mend the cause")
    return ApplyError(_told(what, changes, done, (step,)), fix=fix, again=not mended)


def _interrupted(changes: tuple[Step, ...], done: Collection[Step], begun: Collection[Step]) -> InterruptedApplyError:
    midst = [step for step in changes if step in begun and step not in done]
    if midst:
        what = f"interrupted in the midst of {', '.join(map(str, midst))}"
    else:
        what = "interrupted when all was done" if len(done) == len(changes) else "interrupted between two steps"
    return InterruptedApplyError(_told(what, changes, done, midst), again=True)


def _told(what: str, changes: tuple[Step, ...], done: Collection[Step], midst: Collection[Step]) -> str:
    """Return *what* stopped the steps in the *midst*, with a line for each that is done and each that is left."""
    lines = [f"  done: {step}" for step in changes if step in done] or ["  done: nothing"]
    left = (step for step in changes if step not in done and step not in midst)
    return "\n".join([what, *lines, *(f"  left: {step}" for step in left)])
