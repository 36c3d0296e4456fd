"""What starts a workflow by itself, for lanes that tests make by hand."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from shared.config.resolve_triggers import HANDLER, STARTER_SECONDS
from shared.config.resources import NOTHING, Queue
from shared.config.triggers import STARTERS, Schedule, Schedules, Upload

if TYPE_CHECKING:
    from shared.config.lane import Function, Lane

# None of them comes while a test runs, which may take an hour of any day: the embedded cloud would start it.
NIGHTLY = Schedule("cron(0 2 1 JAN ? 2199)", "Europe/Berlin", {"limit": 3})
OFTEN = Schedule("cron(0/15 * 1 JAN ? 2199)", "UTC", {}, 5)


def triggered(lane: Lane, key: str, **upload: object) -> Lane:
    """Return *lane* with two schedules and an upload that start its workflow *key*; *upload* changes the latter."""

    def name(component: str) -> str:
        return f"{lane.team}-{key}-{component}-{lane.hash}"

    starter = f"{key}-starter"
    queue = Queue(name("starts"), name("starts-dead-letters"), 6 * STARTER_SECONDS, 5)
    told = Upload("incoming/", ".csv", None, queue, starter)
    own = dataclasses.replace(
        lane.workflows[key],
        schedules=Schedules(
            f"{lane.team}-{key}-{lane.hash}",
            name("scheduler-role"),
            name("schedules-dead-letters"),
            {"nightly": NIGHTLY, "often": OFTEN},
        ),
        upload=dataclasses.replace(told, **upload),  # type: ignore[arg-type]  # a test's own changes
    )
    functions = {**lane.functions, starter: _starter(lane, key, starter)}
    return dataclasses.replace(lane, functions=functions, workflows={**lane.workflows, key: own})


def _starter(lane: Lane, key: str, starter: str) -> Function:
    some = next(iter(lane.functions.values()))
    place = lane.place
    own = {"TEAM": lane.team, "STAGE": place.stage, "ACCOUNT": place.account, "BUCKET": lane.bucket}
    told = {"STATE_MACHINE": lane.state_machine_arn(key), "INPUT": json.dumps({"limit": 10}), "GIVES": "object"}
    return dataclasses.replace(
        some,
        key=starter,
        name=f"{lane.team}-{starter}-{lane.hash}",
        handler=HANDLER,
        role=f"{lane.team}-{starter}-role-{lane.hash}",
        log_group=f"/aws/lambda/{lane.team}-{starter}-{lane.hash}",
        reserved_concurrency=None,
        environment={**own, "WORKFLOW": key, **told},
        timeout_seconds=STARTER_SECONDS,
        workflow=STARTERS,
        image=None,
        vpc=None,
        layers=(),
        asynchronous=None,
        uses=NOTHING,
        starts=key,
    )
