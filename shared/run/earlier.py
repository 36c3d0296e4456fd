"""What an earlier run of a workflow tells of the next one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.run.express import is_express
from shared.run.find import find_run
from shared.run.listing import list_runs

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.run.find import Found
    from shared.values import Json


def last_success(aws: Aws, lane: Lane, workflow: str) -> Found | None:
    """Return the newest run of *workflow* that succeeded; None where there is none, or AWS keeps no list of them."""
    if is_express(lane, workflow):
        return None
    newest = list_runs(aws, lane, 1, [workflow], status="SUCCEEDED")
    return find_run(aws, lane, newest[0].run_id, workflow) if newest else None


def records_of(found: Found) -> int | None:
    """Return how many records the run counts in its output; None where it counts none."""
    output: Json = json.loads(found.output) if found.output else None
    records = output.get("records") if isinstance(output, dict) else None
    return records if isinstance(records, int) and not isinstance(records, bool) and records > 0 else None
