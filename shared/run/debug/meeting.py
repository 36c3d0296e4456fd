"""Refuses a rank that would meet others: they are not there, and it would wait for them until its timeout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.values import Json

_VARIABLE = "RENDEZVOUS_ENDPOINT"  # of functions whose card says rendezvous
_SIZES = ("world_size", "size")
_SWITCH = "fmi_enabled"  # in the events of workflows that meet only when they are told to


def check_alone(event: Json, variables: Mapping[str, str], key: str) -> None:
    """Refuse *event* for the function called *key* if its code would meet the other ranks of its world.

    A card that says ``rendezvous`` shows in *variables*. An event that turns FMI off, or whose world has one rank,
    meets nobody.

    Raises:
        LanesError: It would.
    """
    told = event if isinstance(event, dict) else {}
    sizes = [told[name] for name in _SIZES if name in told]
    if _VARIABLE not in variables or told.get(_SWITCH) is False or any(size in {1, "1"} for size in sizes):
        return
    raise LanesError(
        f"{key} meets the other ranks of its run, or their rendezvous, over FMI: here it would wait for them alone",
        fix="run it with a world of one rank (or fmi_enabled false, where the workflow has that), and debug that run; "
        "or try its part between two meetings in a test of its own",
    )
