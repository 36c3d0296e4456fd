"""The draws of a run: their numbers and their names. Pure.

The name of a draw is a pair ``{"name<n>": "<batch>+<n-1>"}``. Step 1 returns such pairs, and step 2 is given one.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from shared.handlers.payload import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST = 1000  # a draw is a whole number from 0 to this
RESPONSE_BYTES = 200 * 1024  # our choice, with room below the 256 KB that Step Functions passes on (AWS quota)
_SHOWN = 20  # numbers in a message: our choice
_NAME = re.compile(r"name[0-9]+")
_VALUE = re.compile(r"(?P<batch>.+)\+(?P<iteration>[0-9]+)")


def manifest(run_id: str) -> str:
    """Return the key of the run's list of draws, which the Map reads."""
    return f"runs/{run_id}/draws.json"


def pairs(batch: str, repetitions: int) -> list[dict[str, str]]:
    """Return the name-value pair of each draw of *batch*."""
    return [{f"name{number + 1}": f"{batch}+{number}"} for number in range(repetitions)]


def split(event: Mapping[str, object]) -> tuple[str, int]:
    """Return the batch and the iteration that the name-value pair in *event* names.

    Raises:
        BadInput: There is none, or more than one.
    """
    names = [value for key, value in event.items() if _NAME.fullmatch(key)]
    found = _VALUE.fullmatch(names[0]) if len(names) == 1 and isinstance(names[0], str) else None
    if found is None:
        raise BadInput(
            f"{json.dumps(event)[:200]} does not name a draw", fix='give one pair such as {"name1": "<batch>+0"}'
        )
    return found["batch"], int(found["iteration"])


def response(named: Sequence[Mapping[str, str]], key: str) -> dict[str, object]:
    """Return step 1's answer: the pairs; or the key where they lie, if they are more than a state may pass on."""
    whole: dict[str, object] = {"statusCode": 200, "body": {"csv_name": named}}
    if len(json.dumps(whole)) <= RESPONSE_BYTES:
        return whole
    return {"statusCode": 200, "body": {"csv_name": [], "csv_name_key": key}}


def listing(iterations: Sequence[int]) -> str:
    """Return *iterations* as text; if they are many, only the first of them."""
    more = f" and {len(iterations) - _SHOWN} more" if len(iterations) > _SHOWN else ""
    return ", ".join(map(str, iterations[:_SHOWN])) + more
