"""SQS queues: encrypted by SQS's own key, each with a queue for the messages that nobody could handle.

A queue that a bucket tells of uploads lets in S3, for that bucket alone. All others let in nobody.

A changed attribute takes up to a minute to reach all of SQS, so a plan within that minute may still show it (SQS API
reference, SetQueueAttributes, read 2026-11-29).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.config.naming import name_prefix
from shared.deploy.model import Call, Resource, Step
from shared.deploy.reading import if_there
from shared.deploy.steps import compare, created, removed, updated
from shared.values import as_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.resources import Queue
    from shared.deploy.sources import Sources
    from shared.values import Json

KIND = "queue"
SERVICE = "sqs"
ARN = ("sqs", "")
_NO_QUEUE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")  # one code, as two protocols spell it
_DAY = 86_400  # seconds
_KEPT, _DEAD_LETTERS_KEPT = 4 * _DAY, 14 * _DAY  # SQS's own default, and its longest
_VISIBILITY = 30  # seconds: SQS's own default
_PAGE = 1000  # SQS's most; a listing that asks for no pages ends after as many, without a word (API, ListQueues)


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the queues of the lane's workflows, each after the one for its dead letters, which it names."""
    lane, tags = sources.lane, sources.tags
    for queue in lane.queues:
        yield from _with_dead_letters(lane, queue, tags, None)
    for workflow in lane.workflows.values():
        if workflow.upload:
            starts = workflow.upload.queue
            yield from _with_dead_letters(lane, starts, tags, _lets_in_bucket(lane, starts.name))
        if workflow.schedules:
            yield _dead_letters(lane, workflow.schedules.dead_letters, tags)


def _with_dead_letters(lane: Lane, queue: Queue, tags: Mapping[str, str], policy: Json) -> Iterator[Resource]:
    yield _dead_letters(lane, queue.dead_letters, tags)
    own: dict[str, Json] = {
        "visibility_seconds": queue.visibility_seconds,
        "kept_seconds": _KEPT,
        "redrive": {
            "deadLetterTargetArn": lane.queue_arn(queue.dead_letters),
            "maxReceiveCount": queue.max_receives,
        },
        "policy": policy,
    }
    yield _desired(lane, queue.name, tags, own)


def _dead_letters(lane: Lane, name: str, tags: Mapping[str, str]) -> Resource:
    own: dict[str, Json] = {"visibility_seconds": _VISIBILITY, "kept_seconds": _DEAD_LETTERS_KEPT, "redrive": None}
    return _desired(lane, name, tags, {**own, "policy": None})


def _lets_in_bucket(lane: Lane, name: str) -> dict[str, Json]:
    """Return the policy of a queue that the lane's bucket tells of uploads.

    Source: S3 user guide, "Granting permissions to publish event notification messages" (read 2026-11-29).
    """
    statement: dict[str, Json] = {
        "Sid": "Uploads",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": lane.queue_arn(name),
        "Condition": {
            "ArnLike": {"aws:SourceArn": lane.bucket_arn},
            "StringEquals": {"aws:SourceAccount": lane.place.account},
        },
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _desired(lane: Lane, name: str, tags: Mapping[str, str], own: Mapping[str, Json]) -> Resource:
    """Return the queue called *name*. Without a policy, it lets in nobody but its own account's roles."""
    return Resource(KIND, name, tags, {"url": lane.queue_url(name), **own, "encrypted_by_sqs": True})


def current(aws: Aws, name: str) -> Resource | None:
    """Return the queue as it is, or None."""
    sqs, on = aws.client(SERVICE), {"QueueUrl": aws.place.queue_url(name)}
    answer = if_there(lambda: sqs.get_queue_attributes(**on, AttributeNames=["All"]), *_NO_QUEUE)
    tags = if_there(lambda: sqs.list_queue_tags(**on), *_NO_QUEUE)
    if answer is None or tags is None:
        return None
    told = answer["Attributes"]
    redrive, policy = told.get("RedrivePolicy"), told.get("Policy")
    return Resource(
        KIND,
        name,
        tags.get("Tags", {}),
        {
            "url": on["QueueUrl"],
            "visibility_seconds": int(told["VisibilityTimeout"]),
            "kept_seconds": int(told["MessageRetentionPeriod"]),
            "redrive": _redrive(json.loads(redrive)) if redrive else None,
            "encrypted_by_sqs": told.get("SqsManagedSseEnabled") == "true",
            "policy": json.loads(policy) if policy else None,
        },
    )


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the queues that are named like *team*'s."""
    prefix = name_prefix(team)
    pages = aws.client(SERVICE).get_paginator("list_queues")
    for page in pages.paginate(QueueNamePrefix=prefix, PaginationConfig={"PageSize": _PAGE}):
        yield from (url.rpartition("/")[2] for url in page.get("QueueUrls", ()))  # left out when there are none


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*."""
    if have is None:
        told: dict[str, Json] = {"QueueName": want.name, "Attributes": _attributes(want), "tags": dict(want.tags)}
        return created(want, Call(SERVICE, "create_queue", told))
    changed, tags = compare(want, have)
    on = {"QueueUrl": want.properties["url"]}
    told = {"Policy": want.properties["policy"], "RedrivePolicy": want.properties["redrive"]}
    unset = {key: "" for key, value in told.items() if not value}
    if not have.properties["encrypted_by_sqs"]:  # SQS takes its own keys only with the KMS key taken off
        unset["KmsMasterKeyId"] = ""
    put = Call(SERVICE, "set_queue_attributes", {**on, "Attributes": {**_attributes(want), **unset}})
    tag = Call(SERVICE, "tag_queue", {**on, "Tags": dict(want.tags)})
    return updated(want, (*changed, *tags), *([put] if changed else ()), *([tag] if tags else ()))


def remove(have: Resource) -> Step:
    """Return what removes *have* with the messages in it."""
    return removed(have, Call(SERVICE, "delete_queue", {"QueueUrl": have.properties["url"]}))


def _attributes(want: Resource) -> dict[str, Json]:
    """Return the attributes of a queue as SQS takes them, which is as texts."""
    redrive, policy = want.properties["redrive"], want.properties["policy"]
    return {
        "VisibilityTimeout": str(want.properties["visibility_seconds"]),
        "MessageRetentionPeriod": str(want.properties["kept_seconds"]),
        "SqsManagedSseEnabled": "true",
        **({"RedrivePolicy": json.dumps(redrive)} if redrive else {}),
        **({"Policy": json.dumps(policy)} if policy else {}),
    }


def _redrive(told: Json) -> dict[str, Json]:
    """Return a redrive policy as it compares: SQS also takes the count as a text."""
    policy = as_mapping(told)
    return {**policy, "maxReceiveCount": int(str(policy["maxReceiveCount"]))}
