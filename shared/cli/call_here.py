"""Calls a deployed function in this process for a command, and says what is otherwise than in the cloud."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.cli import console

if TYPE_CHECKING:
    from shared.config.lane import Lane
    from shared.run.clouds import Cloud
    from shared.run.debug.again import Ended, Here
    from shared.run.debug.deployed import Deployed
    from shared.values import Json

_MOST = 400  # letters of an event


def bring_here(cloud: Cloud, lane: Lane, deployed: Deployed, event: Json, *, write: bool) -> Here:
    """Return what it takes to call the function *deployed* of *lane* with *event*, and say what is called.

    Raises:
        LanesError: It cannot be called here.
    """
    from shared.run.debug.meeting import check_alone
    from shared.run.debug.told import masked

    check_alone(event, deployed.variables, deployed.function.key)
    here = cloud.bring_here(lane, deployed, write=write)
    told = json.dumps(masked(event))
    shown = told if len(told) <= _MOST else f"{told[:_MOST]}... ({len(told):,} characters)"
    console.note(f"calls {deployed.handler} of {deployed.function.key} with {here.shown.hidden(shown)}")
    if here.libraries:
        console.note("its libraries come from its package, not from this Python")
    if deployed.elsewhere:
        console.note(f"in the cloud it runs on {deployed.elsewhere}")
    if deployed.function.layers:
        console.note("its layers are not here: what it imports of them has to be installed beside lanes")
    if deployed.function.vpc:
        console.note("its network is not here: what only that reaches does not answer")
    if not write:
        console.note("calls that write are refused; --write lets them through")
    return here


def print_refused(here: Here) -> None:
    """Print the calls that were not made."""
    for line in here.guard.refused:
        console.note(f"not done: {line}".replace(f"{here.root}/", ""))


def print_result(here: Here, ended: Ended) -> None:
    """Print what the handler returned, on stdout, without the credentials that its environment has here."""
    from shared.run.debug.verdict import too_large

    console.print_json(here.shown.result(ended.result))
    if told := too_large(ended):
        console.note(told)
