"""Activities: a Task waits until a worker has asked for it and has answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.errors import StateFailure, dumps
from shared.local.asl.integrations.base import TOKEN, Integration, wait_for_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.local.asl.effects import Steps
    from shared.local.asl.integrations.base import Deadline
    from shared.local.asl.strand import Strand
    from shared.values import Json


class ActivityTask(Integration):
    """An activity's ARN as resource."""

    family = "Activity"
    takes_any = True

    def __init__(self, arn: str) -> None:
        super().__init__("activity", arn, TOKEN)
        self.arn = arn

    def where(self) -> Mapping[str, Json]:
        """Return nothing: these events carry only input, output or error."""
        return {}

    def scheduled(self, _strand: Strand, arguments: Json) -> dict[str, Json]:
        """Return the activity and its input."""
        return {"resource": self.arn, "input": arguments}

    def run(self, strand: Strand, arguments: Json, deadline: Deadline) -> Steps[Json]:
        """Queue the task for a worker and wait for the answer."""
        activities = strand.execution.engine.activities
        if not activities.exists(self.arn):
            raise StateFailure("States.Runtime", f"The activity {self.arn} does not exist.")
        token = str(strand.token)

        def taken(worker: str | None) -> bool:
            with strand.execution.lock:
                if strand.token != token:
                    return False
                strand.record("ActivityStarted", {"workerName": worker})
                return True

        activities.put(self.arn, token, dumps(arguments), taken)
        try:
            return (yield from wait_for_token(strand, deadline))
        finally:
            activities.withdraw(self.arn, token)
