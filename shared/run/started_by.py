"""What started a run: somebody, a schedule, an upload, or another state machine. Its name tells, or its input.

``lanes run`` names runs by the time, schedules and uploads by themselves (``deploy/resources/schedules.py``,
``handlers/triggers/notices.py``). The ARN of the execution that starts another one by ``startExecution`` stands in the
input, where the definition puts it there (developer guide, "Start workflow executions from a task state", read
2026-11-29).
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shared.config.triggers import OBJECT, OBJECTS
from shared.run.history import parse_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mypy_boto3_stepfunctions import SFNClient

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.run.listing import Execution
    from shared.values import Json

By = Literal["hand", "schedule", "upload", "workflow", "unknown"]
_BY_HAND = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")
_BY_SCHEDULE = re.compile(r"schedule-(.+)-[^-]+")
_BY_UPLOAD = re.compile(r"uploads?-.*[0-9a-f]{24}")
_PARENT = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
_READERS = 8  # reads at once; each waits for AWS most of its time


@dataclass(frozen=True, slots=True)
class Start:
    """What started a run.

    Attributes:
        by: Which kind.
        what: A schedule's key, an object's key or how many objects, another run as ``workflow/run``; else empty.
    """

    by: By
    what: str = ""

    def __str__(self) -> str:
        return f"by {self.by} {self.what}".strip() if self.by != "unknown" else ""


def starts_of(aws: Aws, lane: Lane, runs: Sequence[Execution]) -> list[Start]:
    """Return what started each of *runs*, in their order. Their inputs are read where their names do not tell."""
    states = aws.states  # boto3 clients may be shared by threads, making them may not
    with ThreadPoolExecutor(_READERS) as pool:
        return list(pool.map(lambda run: _start(states, lane, run), runs))


def _start(states: SFNClient, lane: Lane, run: Execution) -> Start:
    told = start_by_name(lane, run)
    if told.by in ("hand", "schedule"):
        return told
    name = lane.workflows[run.workflow].name
    arn = lane.place.arn("states", f"execution:{name}:{run.run_id}")
    return by_input(told, parse_object(states.describe_execution(executionArn=arn).get("input")), lane)


def start_by_name(lane: Lane, run: Execution) -> Start:
    """Return what the name of *run* tells."""
    schedules = lane.workflows[run.workflow].schedules
    return by_name(run.run_id, schedules.by_key if schedules else ())


def by_name(run_id: str, schedules: Iterable[str] = ()) -> Start:
    """Return what the name of a run tells; *schedules* are the keys of its workflow's, which tell more surely."""
    if _BY_HAND.fullmatch(run_id):
        return Start("hand")
    known = [key for key in schedules if run_id.startswith(f"schedule-{key}-")]
    if known:
        return Start("schedule", max(known, key=len))
    if match := _BY_SCHEDULE.fullmatch(run_id):
        return Start("schedule", match[1])
    return Start("upload") if _BY_UPLOAD.fullmatch(run_id) else Start("unknown")


def by_input(told: Start, given: Mapping[str, Json], lane: Lane) -> Start:
    """Return what the input of a run tells, of which the name *told* so much."""
    if told.by == "upload":
        return Start("upload", _uploaded(given))
    parent = given.get(_PARENT)
    if not isinstance(parent, str):
        return told
    machine, _, run = parent.partition(":execution:")[2].partition(":")
    key = next((key for key, each in lane.workflows.items() if each.name == machine), machine)
    return Start("workflow", f"{key}/{run}")


def _uploaded(given: Mapping[str, Json]) -> str:
    one, several = given.get(OBJECT), given.get(OBJECTS)
    if isinstance(one, dict):
        return str(one.get("key", ""))
    if isinstance(several, list) and len(several) == 1 and isinstance(several[0], dict):
        return str(several[0].get("key", ""))
    return f"of {len(several)} objects" if isinstance(several, list) else ""
