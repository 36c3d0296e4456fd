"""A run that is filled in and not started yet: its input, and all that speaks against it at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.errors import LanesError
from shared.run.launch import Asked, check_cloud
from shared.run.payload import MissingFilesError, build_payload, refusals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.run.clouds import Cloud
    from shared.run.form import Filled
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Planned:
    """What was filled in, checked.

    Attributes:
        filled: What was filled in.
        payload: The run's input, where the card allows it; else None.
        allowed: Whether it does.
        wrong: What is wrong with single parameters, by name; "" for JSON as a whole.
        refused: Why the card, the lane or the cloud does not take the input.
        told: What to know beside that; "" for nothing.
    """

    filled: Filled
    payload: Json = None
    allowed: bool = False
    wrong: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refused: tuple[LanesError, ...] = ()
    told: str = ""

    @property
    def startable(self) -> bool:
        """Whether nothing speaks against it."""
        return not (self.wrong or self.refused)


def plan_run(aws: Aws, here: Cloud, lane: Lane, workflow: str, filled: Filled) -> Planned:
    """Check what was *filled* in as ``lanes run`` does, but tell all that it would refuse. It changes nothing.

    Args:
        aws: Where it would run.
        here: The same as a run works against it.
        lane: Whose it is.
        workflow: Its key.
        filled: What was filled in.
    """
    if filled.problems:
        return Planned(filled, wrong=filled.problems)
    try:
        payload = build_payload(lane.workflows[workflow], filled.given, filled.options)
    except LanesError as error:
        return Planned(filled, refused=(error,))
    found = refusals(lane, workflow, payload)
    lacking = [name for error in found if isinstance(error, MissingFilesError) for name in error.parameters]
    found = [error for error in found if not isinstance(error, MissingFilesError)]
    told = ""
    try:
        told = check_cloud(aws, here, Asked(lane, workflow, payload, filled.options))
    except LanesError as error:
        found.append(error)
    wrong = {name: (f"{name} is missing: it is what runs",) for name in lacking}
    return Planned(filled, payload, allowed=True, wrong=wrong, refused=tuple(found), told=told)
