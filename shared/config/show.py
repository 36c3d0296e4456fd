"""Lanes and new team files as text: what ``lanes print`` and ``lanes team new`` write."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING

from shared.config.field_types import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.config.cards import Card
    from shared.config.lane import Function, Lane, Workflow
    from shared.config.resources import Asynchronous, Vpc
    from shared.config.roster import Entry
    from shared.values import Json

_OTHER = {"zip": "image", "image": "zip"}
HEADER = "# yaml-language-server: $schema=../shared/config/team.schema.json\n"


def resolved(lane: Lane) -> dict[str, Json]:
    """Return *lane* in the words of a team's file, with every default, name and variable."""
    rendezvous = lane.rendezvous
    return {
        "team": lane.team,
        "owner": lane.owner,
        "hash": lane.hash,
        "account": lane.place.account,
        "region": lane.place.region,
        "stage": lane.place.stage,
        "bucket": lane.bucket,
        "deployer": lane.deployer,
        "members": list(lane.members),
        "access": {
            "users": list(lane.access.users),
            "permissionSets": list(lane.access.permission_sets),
            "github": [each.subject for each in lane.access.github],
        },
        "tags": dict(lane.tags),
        "logRetentionInDays": lane.log_retention_days,
        "scratchDays": lane.scratch_days,
        "database": {"schema": lane.database.schema, "secret": lane.database.secret} if lane.database else None,
        "functions": {key: _function(function) for key, function in lane.functions.items()},
        "workflows": {key: _workflow(workflow) for key, workflow in lane.workflows.items()},
        "budget": {"monthlyUSD": lane.budget.monthly_usd, "notify": list(lane.budget.notify)} if lane.budget else None,
        "rendezvousKey": lane.rendezvous_key or None,
        "rendezvous": {
            "endpoint": rendezvous.endpoint,
            "timeout": rendezvous.timeout,
            "degradedAfter": rendezvous.degraded_after,
            "failureThreshold": rendezvous.failure_threshold,
            "successThreshold": rendezvous.success_threshold,
            "schedule": rendezvous.schedule,
        },
    }


def _function(function: Function) -> dict[str, Json]:
    return {
        "name": function.name,
        "handler": function.handler,
        "package": "image" if function.image else "zip",
        "role": function.role,
        "logGroup": function.log_group,
        "python": None if function.image else function.runtime.removeprefix("python"),
        "architecture": function.architecture,
        "memorySize": function.memory_mb,
        "timeout": function.timeout_seconds,
        "ephemeralStorage": function.ephemeral_mb,
        "logFormat": function.log_format,
        "reservedConcurrency": function.reserved_concurrency,
        "layers": list(function.layers),
        "vpc": _vpc(function.vpc),
        "async": _asynchronous(function.asynchronous),
        "environment": dict(function.environment),
        "uses": _given(asdict(function.uses)),
    }


def _vpc(vpc: Vpc | None) -> dict[str, Json] | None:
    return {"subnets": list(vpc.subnets), "securityGroups": list(vpc.security_groups)} if vpc else None


def _asynchronous(told: Asynchronous | None) -> dict[str, Json] | None:
    if told is None:
        return None
    return {
        "retries": told.retries,
        "maximumAge": told.max_age_seconds,
        "onSuccess": told.on_success,
        "onFailure": told.on_failure,
    }


def _workflow(workflow: Workflow) -> dict[str, Json]:
    return {
        "name": workflow.name,
        "template": workflow.file,
        "type": workflow.type,
        "role": workflow.role,
        "logGroup": workflow.log_group,
        "functions": dict(workflow.functions),
        "tables": {key: table.name for key, table in workflow.tables.items()},
        **_owned(workflow),
        "uses": _given(asdict(workflow.uses)),
        **_triggers(workflow),
        "parameters": dict(workflow.parameters),
    }


def _triggers(workflow: Workflow) -> dict[str, Json]:
    """Return what starts *workflow* by itself, as far as anything does."""
    told: dict[str, Json] = {}
    if schedules := workflow.schedules:
        told["schedule"] = {
            key: _given({
                "when": each.expression,
                "timezone": each.timezone,
                "window": each.window_minutes,
                "payload": each.payload,
            })
            for key, each in schedules.by_key.items()
        }  # fmt: skip
        told["scheduleGroup"] = schedules.group
    if upload := workflow.upload:
        on = {"prefix": upload.prefix, "suffix": upload.suffix, "window": upload.window_seconds}
        told["on"] = {"bucket": {key: value for key, value in on.items() if value}, "feeds": list(workflow.feeds)}
        told["startsQueue"] = upload.queue.name
    return told


def _owned(workflow: Workflow) -> dict[str, Json]:
    """Return the AWS names of what *workflow* owns besides tables, by the card's keys, of those kinds that it has."""
    kinds: dict[str, dict[str, Json]] = {
        "queues": {key: each.name for key, each in workflow.queues.items()},
        "topics": {key: each.name for key, each in workflow.topics.items()},
        "buckets": dict(workflow.buckets),
        "secrets": dict(workflow.secrets),
        "settings": {key: each.name for key, each in workflow.settings.items()},
    }
    return {kind: names for kind, names in kinds.items() if names}


def _given(parts: Mapping[str, Json]) -> dict[str, Json]:
    """Return those of *parts* that hold anything, with plain lists."""
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in parts.items()}
    return {key: value for key, value in plain.items() if value}


def starter(entry: Entry, cards: Iterable[Card]) -> str:
    """Return the file of a new team: a few lines that work, and comments on what else there is.

    It runs no shared workflow but those of *entry*: a workflow's libraries are fetched at a lane's first deploy, wanted
    or not.
    """
    listed = list(cards)
    slug = entry.slug
    first = next(iter(listed), None)
    lines = [
        f"# What {slug} owns and runs. lanes validate checks it, lanes print {slug} shows it with everything resolved.",
        f"team: {slug}",
        f"owner: {_text(entry.owner)}  # whom to ask",
        *([f"members: [{', '.join(map(_quoted, entry.members))}]"] if entry.members else []),
        *([] if entry.monthly_usd is None else [f"budget: {{monthlyUSD: {entry.monthly_usd:.15g}}}"]),
        "",
        f"# Its own workflows are folders in teams/{slug}/ (lanes workflow new {slug} NAME) and need no line here.",
        "workflows:  # take out the # before a shared one to run it too",
    ]
    for card in listed:
        mark = "" if card.key in entry.workflows else "# "
        lines += [f"  # {card.file.description}", f"  {mark}{card.key}:"]
        lines += [f"    # {spec.name}: {_plain(spec.default)}  # {spec.description}" for spec in card.specs]
        if card.file.children:
            lines += [f"    # children: {card.file.children}  # or express: they cost less, and last five minutes"]
        if card.file.image:
            lines += [
                f"    # package: {card.file.package}  # or {_OTHER[card.file.package]}: how the functions reach Lambda"
            ]
    lines += [
        "",
        "# When the defaults do not fit:",
        "# provider: {memorySize: 512, timeout: 60, logRetentionInDays: 30, tags: {course: ds5110}}",
    ]
    if first:
        step = next(iter(first.file.functions))
        lines += [f"# functions: {{{first.function_key(step)}: {{memorySize: 1024, reservedConcurrency: 4}}}}"]
    if entry.monthly_usd is None:
        lines += ["# budget: {monthlyUSD: 50}  # AWS tells you at 80 and 100 percent of it"]
    lines += [
        "# names: {bucket: archive}  # only for a name that others already use",
        "# rendezvous: {timeout: 5}  # what differs from shared/settings.yaml",
    ]
    return HEADER + "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _text(text: str) -> str:
    """Return *text* as YAML reads it back: as it is where that can only be a text, else in quotes."""
    return text if re.fullmatch(ADDRESS, text) and text[0].isalnum() and "#" not in text else _quoted(text)


def _plain(value: Json) -> str:
    """Return a scalar default as YAML writes it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if value != "" else '""'
