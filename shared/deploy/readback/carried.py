"""Policies that queues, topics, secrets and versions of layers carry themselves, of all that is named like a team's."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from shared.config.naming import name_prefix, path_prefix
from shared.deploy.reading import if_there
from shared.isolation.proof.documents.document import Document, DocumentKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.deploy.readback.sight import Sight

_GONE = ("ResourceNotFoundException", "NotFound", "NotFoundException")
_NO_QUEUE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")


def carried_policies(lane: Lane, aws: Aws, sight: Sight) -> Iterator[Document]:
    """Yield the policies. Where the caller may not list, *sight* notes it, and what the team's file makes is read."""
    for name in _queues(lane, aws, sight):
        with sight.looking(f"policy of queue {name}"):
            yield from _of_queue(lane, name, aws)
    for name in _topics(lane, aws, sight):
        with sight.looking(f"policy of topic {name}"):
            yield from _of_topic(lane, name, aws)
    for name in _secrets(lane, aws, sight):
        with sight.looking(f"policy of secret {name}"):
            yield from _of_secret(lane, name, aws)
    for arn in _layer_versions(lane, aws, sight):
        with sight.looking(f"policy of layer {arn}"):
            yield from _of_layer(lane, arn, aws)


def _queues(lane: Lane, aws: Aws, sight: Sight) -> list[str]:
    pages = sight.list(
        f"queues named {lane.team}-... and not in the team's file",
        lambda: aws.client("sqs").get_paginator("list_queues").paginate(QueueNamePrefix=name_prefix(lane.team)),
    )
    if pages is None:
        return [name for queue in lane.queues for name in (queue.name, queue.dead_letters)]
    return [url.rpartition("/")[2] for page in pages for url in page.get("QueueUrls", ())]


def _of_queue(lane: Lane, name: str, aws: Aws) -> Iterator[Document]:
    read = partial(aws.client("sqs").get_queue_attributes, QueueUrl=lane.queue_url(name), AttributeNames=["Policy"])
    answer = if_there(read, *_NO_QUEUE)
    policy = answer and answer.get("Attributes", {}).get("Policy")
    if policy:
        yield _own(lane, name, lane.queue_arn(name), policy)


def _topics(lane: Lane, aws: Aws, sight: Sight) -> list[str]:
    pages = sight.list(
        f"topics named {lane.team}-... and not in the team's file",
        lambda: aws.client("sns").get_paginator("list_topics").paginate(),
    )
    if pages is None:
        return [topic.name for topic in lane.topics]
    names = (each["TopicArn"].rpartition(":")[2] for page in pages for each in page["Topics"])
    return [name for name in names if name.startswith(name_prefix(lane.team))]


def _of_topic(lane: Lane, name: str, aws: Aws) -> Iterator[Document]:
    arn = lane.topic_arn(name)
    answer = if_there(partial(aws.client("sns").get_topic_attributes, TopicArn=arn), *_GONE)
    policy = answer and answer["Attributes"].get("Policy")
    if policy:
        yield _own(lane, name, arn, policy)


def _secrets(lane: Lane, aws: Aws, sight: Sight) -> list[str]:
    prefix = path_prefix(lane.team)
    pages = sight.list(
        f"secrets named {prefix}... and not in the team's file",
        lambda: (
            aws.client("secretsmanager")
            .get_paginator("list_secrets")
            .paginate(Filters=[{"Key": "name", "Values": [prefix]}])
        ),
    )
    if pages is None:
        database = [lane.database.secret] if lane.database else []
        return [*lane.secrets, *database, *([lane.rendezvous_key] if lane.rendezvous_key else [])]
    return [each["Name"] for page in pages for each in page["SecretList"] if each["Name"].startswith(prefix)]


def _of_secret(lane: Lane, name: str, aws: Aws) -> Iterator[Document]:
    answer = if_there(partial(aws.client("secretsmanager").get_resource_policy, SecretId=name), *_GONE)
    if answer and answer.get("ResourcePolicy"):
        yield _own(lane, name, answer["ARN"], answer["ResourcePolicy"])


def _layer_versions(lane: Lane, aws: Aws, sight: Sight) -> list[str]:
    """Return the ARNs of all versions of the team's own layers; of those on cards where they may not be listed."""
    versions = sight.list(f"layers named {lane.team}-... and not on a card", lambda: list(_listed_layers(lane, aws)))
    if versions is not None:
        return versions
    own = lane.place.arn("lambda", f"layer:{name_prefix(lane.team)}")
    return sorted({arn for each in lane.functions.values() for arn in each.layers if arn.startswith(own)})


def _listed_layers(lane: Lane, aws: Aws) -> Iterator[str]:
    client = aws.client("lambda")
    for page in client.get_paginator("list_layers").paginate():
        for layer in page["Layers"]:
            if layer["LayerName"].startswith(name_prefix(lane.team)):
                for found in client.get_paginator("list_layer_versions").paginate(LayerName=layer["LayerName"]):
                    yield from (each["LayerVersionArn"] for each in found["LayerVersions"])


def _of_layer(lane: Lane, arn: str, aws: Aws) -> Iterator[Document]:
    layer, _, version = arn.rpartition(":")
    read = partial(aws.client("lambda").get_layer_version_policy, LayerName=layer, VersionNumber=int(version))
    answer = if_there(read, *_GONE)
    if answer:
        yield _own(lane, layer.rpartition(":")[2] + f":{version}", arn, answer["Policy"])


def _own(lane: Lane, name: str, arn: str, text: str) -> Document:
    return Document(DocumentKind.RESOURCE, name, lane.team, json.loads(text), arn)
