"""What a workflow may own besides functions, one or two of each kind, for lanes that tests make by hand."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from shared.config.resources import Index, Key, Queue, Setting, Table, Topic

if TYPE_CHECKING:
    from shared.config.lane import Lane, Workflow

BY_DAY = Index("by-day", Key("day", "number"), Key("word"))


def owning(workflow: Workflow, team: str = "team2", suffix: str = "7078ea12") -> Workflow:
    """Return *workflow* with one of each kind, and a second table that has a sort key, an index and ttl."""

    def name(key: str) -> str:
        return f"{team}-{workflow.key}-{key}-{suffix}"

    return dataclasses.replace(
        workflow,
        tables={
            "items": Table(name("items"), Key("id")),
            "totals": Table(name("totals"), Key("word"), Key("day", "number"), (BY_DAY,), "expires"),
        },
        queues={"work": Queue(name("work"), name("work-dead-letters"), 60, 3)},
        topics={"done": Topic(name("done"), ("a@example.edu",))},
        buckets={"raw": name("raw")},
        secrets={"token": f"{team}/{workflow.key}-token-{suffix}"},
        settings={"limit": Setting(f"/{team}/{workflow.key}-limit-{suffix}", "10")},
    )


def owned(lane: Lane, workflow: Workflow) -> Lane:
    """Return *lane* with *workflow* in the place of the one of its key."""
    return dataclasses.replace(lane, workflows={**lane.workflows, workflow.key: workflow})
