"""SNS topics, and who gets their messages: addresses that AWS asks by mail first, and nobody else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.config.naming import name_prefix
from shared.deploy.model import Call, Resource, Step
from shared.deploy.outsiders import outsiders_denied
from shared.deploy.reading import if_there
from shared.deploy.steps import compare, created, removed, updated
from shared.deploy.tags import read_tags, tag_pairs
from shared.values import as_list, as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.resources import Topic
    from shared.deploy.sources import Sources
    from shared.values import Json

KIND = "topic"
SERVICE = "sns"
ARN = ("sns", "")
PENDING = "PendingConfirmation"
"""What SNS tells in place of a subscription's ARN until its address has confirmed it."""
_MAIL = "email:"
# All that a topic's policy can speak of: SNS takes no "sns:*" there. Source: SNS developer guide, "Amazon SNS API
# permissions" (read 2026-11-29).
_ACTIONS = (
    *("AddPermission", "DeleteTopic", "GetTopicAttributes", "ListSubscriptionsByTopic", "Publish"),
    *("RemovePermission", "SetTopicAttributes", "Subscribe"),
)


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the topics of the lane's workflows."""
    for topic in sources.lane.topics:
        yield desired(sources.lane, topic, sources.tags)


def desired(lane: Lane, topic: Topic, tags: Mapping[str, str]) -> Resource:
    """Return *topic* as it should be."""
    arn = lane.topic_arn(topic.name)
    return Resource(
        KIND,
        topic.name,
        tags,
        {"arn": arn, "policy": _policy(lane, arn), "subscriptions": sorted(f"{_MAIL}{each}" for each in topic.notify)},
    )


def current(aws: Aws, name: str) -> Resource | None:
    """Return the topic as it is, or None. ``confirmed`` has the ARN of each subscription that gets messages."""
    sns, arn = aws.client(SERVICE), aws.place.arn("sns", name)
    answer = if_there(lambda: sns.get_topic_attributes(TopicArn=arn), "NotFound", "NotFoundException")
    if answer is None:
        return None
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    found = [each for page in pages for each in page["Subscriptions"]]
    arns = {f"{each['Protocol']}:{each['Endpoint']}": each["SubscriptionArn"] for each in found}
    return Resource(
        KIND,
        name,
        read_tags(sns.list_tags_for_resource(ResourceArn=arn)["Tags"]),
        {
            "arn": arn,
            "policy": _comparable(json.loads(answer["Attributes"]["Policy"])),
            "subscriptions": sorted(arns),
            "confirmed": {key: each for key, each in arns.items() if each != PENDING},
        },
    )


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the topics that are named like *team*'s."""
    for page in aws.client(SERVICE).get_paginator("list_topics").paginate():
        found = (each["TopicArn"].rpartition(":")[2] for each in page["Topics"])
        yield from (name for name in found if name.startswith(name_prefix(team)))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*.

    A subscription that nobody confirmed gets no messages, and cannot be removed: AWS drops it after two days. So one
    that is not wanted any more stands in no plan until somebody confirms it.
    """
    if have is None:
        told = {"Policy": json.dumps(want.properties["policy"])}
        make = Call(SERVICE, "create_topic", {"Name": want.name, "Attributes": told, "Tags": tag_pairs(want.tags)})
        return created(want, make, *_subscribe(want, as_list(want.properties["subscriptions"])))
    confirmed = as_mapping(have.properties["confirmed"])
    wanted, there = (as_list(each.properties["subscriptions"]) for each in (want, have))
    kept = [each for each in there if each in wanted or each in confirmed]
    changed, tags = compare(want, Resource(KIND, have.name, have.tags, {**have.properties, "subscriptions": kept}))
    on = {"TopicArn": want.properties["arn"]}
    policy = {"AttributeName": "Policy", "AttributeValue": json.dumps(want.properties["policy"])}
    put = Call(SERVICE, "set_topic_attributes", {**on, **policy})
    tag = {"ResourceArn": want.properties["arn"], "Tags": tag_pairs(want.tags)}
    return updated(
        want,
        (*changed, *tags),
        *([put] if want.properties["policy"] != have.properties["policy"] else ()),
        *_subscribe(want, [each for each in wanted if each not in there]),
        *_unsubscribe({as_text(key): arn for key, arn in confirmed.items() if key not in wanted}),
        *([Call(SERVICE, "tag_resource", tag)] if tags else ()),
    )


def unconfirmed(have: Resource) -> list[str]:
    """Return the addresses that have not confirmed yet that they want the messages of *have*."""
    confirmed = as_mapping(have.properties["confirmed"])
    found = map(as_text, as_list(have.properties["subscriptions"]))
    return [each.removeprefix(_MAIL) for each in found if each.startswith(_MAIL) and each not in confirmed]


def remove(have: Resource) -> Step:
    """Return what removes *have* and its subscriptions."""
    return removed(have, Call(SERVICE, "delete_topic", {"TopicArn": have.properties["arn"]}))


def _subscribe(want: Resource, subscriptions: Iterable[Json]) -> list[Call]:
    on = {"TopicArn": want.properties["arn"]}
    told = (as_text(each).partition(":") for each in subscriptions)
    return [Call(SERVICE, "subscribe", {**on, "Protocol": kind, "Endpoint": to}) for kind, _, to in told]


def _unsubscribe(arns: Mapping[str, Json]) -> list[Call]:
    return [Call(SERVICE, "unsubscribe", {"SubscriptionArn": arn}) for arn in arns.values()]


def _comparable(policy: Json) -> dict[str, Json]:
    """Return a topic's policy in one spelling: SNS may give back another than it was given."""
    statements = [as_mapping(each) for each in as_list(as_mapping(policy).get("Statement", ()))]
    return {**as_mapping(policy), "Statement": [_comparable_statement(each) for each in statements]}


def _comparable_statement(statement: Mapping[str, Json]) -> dict[str, Json]:
    action = statement.get("Action")
    actions = [action] if isinstance(action, str) else list(map(as_text, as_list(action or ())))
    parts = (each.partition(":") for each in actions)
    everyone = statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
    return {
        **statement,
        **({"Action": sorted(f"{service.lower()}:{name}" for service, _, name in parts)} if actions else {}),
        **({"Principal": "*"} if everyone else {}),
    }


def _policy(lane: Lane, arn: str) -> dict[str, Json]:
    """Refuse plain HTTP, and every principal of another account.

    It stands in the place of SNS's default, which lets in ``*`` of whatever the topic's account owns.
    """
    actions: list[Json] = [f"sns:{action}" for action in _ACTIONS]
    return {"Version": "2012-10-17", "Statement": outsiders_denied(actions, arn, lane.place.account)}
