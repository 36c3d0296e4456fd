"""Whether what a card says starts its workflow can. Problems are reported; nothing is raised."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.config.aws_facts import STATE_DATA
from shared.config.lane import INPUTS, SCRATCH
from shared.config.parameters import coerce
from shared.config.problems import nearest
from shared.config.schedule_times import ScheduleError, next_time, parse, time_zone
from shared.config.triggers import OBJECT, OBJECTS, STARTER
from shared.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.config.card_file import CardFile, CardPlace, CardSchedule, CardUpload
    from shared.config.document import Document, KeyPath
    from shared.config.lane import Parameter

SCHEDULE_KEY = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
_LONGEST_KEY = 32
"""Characters of a schedule's key. It stands in an execution's name, which takes 80, beside AWS's id of the start."""
_SHOWN = 60
"""Characters of a payload that stand in a message."""
_WRITTEN = {SCRATCH: "each run and each deployment writes", INPUTS: "lanes run puts what goes by reference"}
"""Folders of the team's bucket that something of ours writes: an upload there would be no upload of anybody's."""
_TYPES = {OBJECT: "object", OBJECTS: "array"}


def check_triggers(place: CardPlace, card: CardFile, specs: Sequence[Parameter], document: Document) -> None:
    """Report what is wrong with the schedules of a *card*, and with the uploads that start its workflow."""
    upload = card.on.bucket if card.on else None
    for key, told in (("schedule", card.schedule), ("on", card.on)):
        if told and not place.owner:
            what = "every team that has a shared workflow would have it started"
            document.problem((key,), what, "start it from a workflow of the team's own: uses: {workflows: [...]}")
    for key, starts in (("schedule", card.schedule), ("on", upload)):
        if starts and card.type == "express":
            what = "an express workflow takes the same name twice, so a start that is delivered twice would run twice"
            document.problem((key,), what, "leave out type: express, or start it from a standard workflow")
    for name, schedule in card.schedule.items():
        _check_schedule(name, schedule, specs, document)
    if upload:
        _check_upload(card, upload, specs, document)


def _check_schedule(name: str, schedule: CardSchedule, specs: Sequence[Parameter], document: Document) -> None:
    path: KeyPath = ("schedule", name)
    if not re.fullmatch(SCHEDULE_KEY, name) or len(name) > _LONGEST_KEY:
        fix = f"write words of a-z and 0-9 with hyphens, {_LONGEST_KEY} characters at most"
        document.problem(path, f"the schedule's key {name!r} does not match {SCHEDULE_KEY}", fix)
    _check_time(schedule, path, document)
    _check_payload(schedule.payload, (*path, "payload"), specs, document)


def _check_payload(payload: object, path: KeyPath, specs: Sequence[Parameter], document: Document) -> None:
    """Report what is wrong with a schedule's *payload*: any JSON of a card without parameters, else these."""
    try:
        size = len(json.dumps(payload, ensure_ascii=False, allow_nan=False).encode())
    except (TypeError, ValueError) as error:
        document.problem(path, f"the payload is no JSON: {error}", "put it in quotes")
        return
    if size > STATE_DATA.value:
        what = f"the payload has {size} bytes, and a run takes {STATE_DATA.value}"
        document.problem(path, what, "put it into the bucket, and its key into the payload")
    if not specs:
        return
    if not isinstance(payload, dict):
        what = f"the payload is no object of the workflow's parameters, but {json.dumps(payload)[:_SHOWN]}"
        document.problem(path, what, f"write {{{specs[0].name}: ...}}")
        return
    by_name = {spec.name: spec for spec in specs}
    for key, value in payload.items():
        if key not in by_name:
            document.problem((*path, key), f"unknown parameter {key!r} in the payload", nearest(key, by_name))
            continue
        try:
            coerce(by_name[key], value)
        except UsageError as error:
            document.problem((*path, key), f"the payload: {error.what}")
    for spec in specs:
        if spec.upload and not payload.get(spec.name):
            what = f"no run of it would have {spec.name}, which lanes run puts into the bucket"
            document.problem(path, what, f"name an object of the bucket: payload: {{{spec.name}: ...}}")


def _check_time(schedule: CardSchedule, path: KeyPath, document: Document) -> None:
    try:
        zone = time_zone(schedule.timezone)
    except ScheduleError as error:
        document.problem((*path, "timezone"), error.what, error.fix)
        zone = UTC
    try:
        never = next_time(parse(schedule.when), datetime.now(UTC), zone=zone) is None
    except ScheduleError as error:
        document.problem((*path, "when"), error.what, error.fix)
        return
    if never:
        document.problem((*path, "when"), f"{schedule.when!r} never comes", "name a day that there is, not in the past")


def _check_upload(card: CardFile, upload: CardUpload, specs: Sequence[Parameter], document: Document) -> None:
    path: KeyPath = ("on", "bucket")
    if STARTER in card.functions:
        what = f"deployment adds a function {STARTER!r} to a workflow that uploads start"
        document.problem(("functions", STARTER), what, "rename the step")
    for ours, who in _WRITTEN.items():
        if upload.prefix.startswith(ours) or ours.startswith(upload.prefix):
            what = f"{upload.prefix} meets {ours}, where {who}"
            document.problem((*path, "prefix"), what, "name another prefix, as incoming/")
    name = OBJECTS if upload.window else OBJECT
    for spec in specs:
        if spec.name == name and spec.type != _TYPES[name]:
            what = f"{name} is what uploads give a run, of type {_TYPES[name]}, and no {spec.type}"
            document.problem(("parameters", name, "type"), what, "rename the parameter, or give it that type")
        folder = f"{spec.upload}/" if spec.upload else ""
        if folder and (folder.startswith(upload.prefix) or upload.prefix.startswith(folder)):
            what = f"lanes run puts {spec.name} into {folder}, and the upload would start a second run"
            document.problem((*path, "prefix"), what, "name another prefix")
        elif spec.upload and not spec.default:
            what = f"a run that an upload starts would have no {spec.name}"
            document.problem((*path, "prefix"), what, f"give {spec.name} a default, the key of an object of the bucket")
