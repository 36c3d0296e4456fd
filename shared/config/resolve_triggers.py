"""Makes what starts a team's own workflow by itself: schedules, and uploads with the function that answers them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from shared.config.lane import Function
from shared.config.parameters import coerce_all, over_defaults
from shared.config.resolve_workflow import DEAD_LETTERS
from shared.config.resources import NOTHING, Queue
from shared.config.triggers import OBJECT, OBJECTS, STARTER, STARTERS, Schedule, Schedules, Upload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.card_file import CardSchedule
    from shared.config.cards import Card
    from shared.config.document import KeyPath
    from shared.config.lane import Workflow
    from shared.config.names import Names
    from shared.values import Json

HANDLER = "shared.handlers.triggers.start.handler"
STARTER_SECONDS = 60
VISIBILITY_SECONDS = 6 * STARTER_SECONDS
"""How long a batch is kept from others: six times what the function has, and the window. This and the receives are as
AWS asks.

Source: Lambda guide, "Creating and configuring an Amazon SQS event source mapping" (read 2026-11-29).
"""
_RECEIVES = 5
_STARTER_MB = 128
MACHINE_VARIABLE, INPUT_VARIABLE, GIVES_VARIABLE = "STATE_MACHINE", "INPUT", "GIVES"
"""What tells a starter what to start (an ARN), with what input (JSON), and what the objects are called in it."""


def with_triggers(made: Workflow, card: Card, path: KeyPath, names: Names) -> Workflow:
    """Return the workflow *made* of *card* with what starts it; its names are made for *path* in the team's file."""
    on = card.file.on
    return replace(
        made,
        schedules=_schedules(made, card, path, names) if card.file.schedule else None,
        upload=_upload(made, card, path, names) if on and on.bucket else None,
        feeds=on.feeds if on else (),
    )


def _schedules(made: Workflow, card: Card, path: KeyPath, names: Names) -> Schedules:
    return Schedules(
        names.make("scheduleGroup", card.key, path),
        names.make("role", f"{card.key}-scheduler-role", path),
        names.make("queue", f"{card.key}-schedules-{DEAD_LETTERS}", path),
        {key: _schedule(made, each) for key, each in card.file.schedule.items()},
    )


def _schedule(made: Workflow, told: CardSchedule) -> Schedule:
    return Schedule(told.when.strip(), told.timezone, _payload(made, told.payload), told.window)


def _payload(made: Workflow, told: object) -> Json:
    if made.takes_any or not isinstance(told, dict):
        return cast("Json", told)  # which check_triggers has seen to
    return over_defaults(made.specs, made.parameters, coerce_all(made.specs, told))


def _upload(made: Workflow, card: Card, path: KeyPath, names: Names) -> Upload | None:
    told = card.file.on.bucket if card.file.on else None
    if told is None:
        return None
    queue = Queue(
        names.make("queue", f"{made.key}-starts", path),
        names.make("queue", f"{made.key}-starts-{DEAD_LETTERS}", path),
        VISIBILITY_SECONDS + (told.window or 0),
        _RECEIVES,
    )
    return Upload(told.prefix, told.suffix, told.window, queue, card.function_key(STARTER))


def starter(workflow: Workflow, own: Mapping[str, str], runtime: str, path: KeyPath, names: Names) -> Function:
    """Return the function that starts *workflow*, which has an upload, as uploads come.

    Args:
        workflow: Which one. Its parameters are what the starter gives a run, beside the objects.
        own: The variables of every function of the team.
        runtime: What Lambda runs it on.
        path: Where in the team's file its names come from.
        names: What makes them.
    """
    key = f"{workflow.key}-{STARTER}"
    gives = OBJECTS if workflow.upload and workflow.upload.window_seconds else OBJECT
    payload = {name: value for name, value in workflow.parameters.items() if name != gives}
    return Function(
        key=key,
        name=names.make("function", key, path),
        handler=HANDLER,
        role=names.make("role", f"{key}-role", path),
        log_group=names.make("functionLogGroup", key, path),
        memory_mb=_STARTER_MB,
        timeout_seconds=STARTER_SECONDS,
        reserved_concurrency=None,
        environment={
            **own,
            MACHINE_VARIABLE: names.place.arn("states", f"stateMachine:{workflow.name}"),
            INPUT_VARIABLE: json.dumps(payload, separators=(",", ":")),
            GIVES_VARIABLE: gives,
        },
        workflow=STARTERS,
        runtime=runtime,
        uses=NOTHING,
        starts=workflow.key,
    )
