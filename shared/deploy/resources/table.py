"""DynamoDB tables: paid by the request, encrypted by AWS's own key, with indexes that hold each item whole.

DynamoDB makes or removes one index of a table at a time, and a plan's calls do as well (:mod:`table_indexes`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.naming import name_prefix
from shared.deploy.guard import OwnershipError
from shared.deploy.model import Call, Resource, Routine, Step
from shared.deploy.reading import if_there
from shared.deploy.resources import table_indexes
from shared.deploy.steps import compare, created, removed, updated
from shared.deploy.tags import read_tags, tag_pairs
from shared.errors import LanesError
from shared.values import as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.resources import Table
    from shared.deploy.sources import Sources

KIND = "table"
SERVICE = "dynamodb"
ARN = ("dynamodb", "table/")
AWAIT, AWAIT_GONE = "await table", "await no table"
_CHANGING = ("ENABLING", "DISABLING")  # of ttl: it takes up to an hour, and DynamoDB takes no other change meanwhile


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the tables of the lane's workflows."""
    for table in sources.lane.tables:
        yield desired(sources.lane, table, sources.tags)


def desired(lane: Lane, table: Table, tags: Mapping[str, str]) -> Resource:
    """Return *table* as it should be. Keys are texts, as on a card: ``word:string, day:number``."""
    return Resource(
        KIND,
        table.name,
        tags,
        {
            "arn": lane.table_arn(table),
            "key": table_indexes.told(table.key, table.sort_key),
            "billing": "PAY_PER_REQUEST",
            "indexes": {each.name: table_indexes.told(each.key, each.sort_key) for each in table.indexes},
            "ttl": table.ttl,
        },
    )


def current(aws: Aws, name: str) -> Resource | None:
    """Return the table as it is, or None. A table or an index that AWS is still deleting counts as gone."""
    dynamodb = aws.client(SERVICE)
    answer = if_there(lambda: dynamodb.describe_table(TableName=name), "ResourceNotFoundException")
    if answer is None or answer["Table"]["TableStatus"] == "DELETING":
        return None
    found = answer["Table"]
    pages = dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=found["TableArn"])
    made = found["TableStatus"] != "CREATING"  # before that, DynamoDB tells nothing of ttl, which comes with no table
    ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"] if made else {}
    types = {each["AttributeName"]: each["AttributeType"] for each in found["AttributeDefinitions"]}
    return Resource(
        KIND,
        name,
        read_tags(tag for page in pages for tag in page["Tags"]),
        {
            "arn": found["TableArn"],
            "key": table_indexes.read_key(found["KeySchema"], types),
            "billing": found.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
            "indexes": table_indexes.read(found.get("GlobalSecondaryIndexes", ()), types),
            "ttl": ttl["AttributeName"] if made and ttl["TimeToLiveStatus"] in {"ENABLED", "ENABLING"} else None,
            "ttl_is_changing": made and ttl["TimeToLiveStatus"] in _CHANGING,
        },
    )


def names(aws: Aws, team: str) -> Iterator[str]:
    """Yield the tables that are named like *team*'s."""
    for page in aws.client(SERVICE).get_paginator("list_tables").paginate():
        yield from (name for name in page["TableNames"] if name.startswith(name_prefix(team)))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*.

    Raises:
        OwnershipError: It has another key; that cannot be changed, and its items are not ours to drop.
        LanesError: Its ttl cannot be changed so, or not yet.
    """
    if have is None:
        ttl = (_await(AWAIT, want), _put_ttl(want, want)) if want.properties["ttl"] else ()
        return created(want, _create(want), *(ttl or (_await(AWAIT, want),)))
    if want.properties["key"] != have.properties["key"]:
        raise OwnershipError(
            f"table {want.name} is keyed by {have.properties['key']!r}, not by {want.properties['key']!r}",
            fix="save its items, delete it, and deploy again",
        )
    changed, tags = compare(want, have)
    calls: list[Call | Routine] = []
    if want.properties["billing"] != have.properties["billing"]:
        billing = {"TableName": want.name, "BillingMode": want.properties["billing"]}
        calls += [Call(SERVICE, "update_table", billing), _await(AWAIT, want)]
    for change in table_indexes.changes(want, have):
        calls += [_await(AWAIT, want), Call(SERVICE, "update_table", {"TableName": want.name, **change})]
    calls += [_await(AWAIT, want)] if want.properties["indexes"] != have.properties["indexes"] else []
    notes: tuple[str, ...] = ()
    if want.properties["ttl"] != have.properties["ttl"]:
        _check_ttl(want, have)
        calls += [_await(AWAIT, want), _put_ttl(want, have)]
        notes = ("DynamoDB takes no other change of ttl for an hour",)
    if tags:
        on = {"ResourceArn": want.properties["arn"]}
        calls.append(Call(SERVICE, "tag_resource", {**on, "Tags": tag_pairs(want.tags)}))
    return updated(want, (*changed, *notes, *tags), *calls)


def remove(have: Resource) -> Step:
    """Return what removes *have* and its items."""
    delete = Call(SERVICE, "delete_table", {"TableName": have.name})
    return removed(have, delete, _await(AWAIT_GONE, have))


def _create(want: Resource) -> Call:
    key, indexes = as_text(want.properties["key"]), as_mapping(want.properties["indexes"])
    return Call(
        SERVICE,
        "create_table",
        {
            "TableName": want.name,
            "AttributeDefinitions": table_indexes.attributes([key, *map(as_text, indexes.values())]),
            "KeySchema": table_indexes.key_schema(key),
            "BillingMode": want.properties["billing"],
            "Tags": tag_pairs(want.tags),
            **({"GlobalSecondaryIndexes": [table_indexes.body(name, want) for name in indexes]} if indexes else {}),
        },
    )


def _put_ttl(want: Resource, have: Resource) -> Call:
    """Return the call that switches ttl on, or off, which takes the attribute's name too."""
    on, attribute = bool(want.properties["ttl"]), want.properties["ttl"] or have.properties["ttl"]
    specification = {"Enabled": on, "AttributeName": attribute}
    return Call(SERVICE, "update_time_to_live", {"TableName": want.name, "TimeToLiveSpecification": specification})


def _check_ttl(want: Resource, have: Resource) -> None:
    """Refuse a change of ttl that DynamoDB refuses. Source: DynamoDB API reference, UpdateTimeToLive (2026-11-29).

    Raises:
        LanesError: It goes from one attribute to another, or is being changed.
    """
    old, new = have.properties["ttl"], want.properties["ttl"]
    if have.properties["ttl_is_changing"]:
        raise LanesError(
            f"the ttl of table {want.name} was changed a while ago, and DynamoDB is still at it",
            fix="deploy again in an hour: DynamoDB takes one change of it in that time",
        )
    if old and new:
        raise LanesError(
            f"table {want.name} expires its items by {old!r}: DynamoDB cannot go on to {new!r} at once",
            fix="take ttl off the card and deploy; an hour later, put the new one there and deploy again",
        )


def _await(routine: str, table: Resource) -> Routine:
    return Routine(routine, {"TableName": table.name})
