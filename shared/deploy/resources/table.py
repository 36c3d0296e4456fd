"""DynamoDB tables: paid by the request, encrypted by AWS's own key. Items are found by one text attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.naming import name_prefix
from shared.deploy.guard import OwnershipError
from shared.deploy.model import Call, Resource, Routine, Step
from shared.deploy.reading import if_there
from shared.deploy.steps import compare, created, removed, updated
from shared.deploy.tags import read_tags, tag_pairs

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


def wanted(sources: Sources) -> Iterator[Resource]:
    """Yield the tables of the lane's workflows."""
    for table in sources.lane.tables:
        yield desired(sources.lane, table, sources.tags)


def desired(lane: Lane, table: Table, tags: Mapping[str, str]) -> Resource:
    """Return *table* as it should be."""
    properties = {"arn": lane.table_arn(table), "key": table.key.name, "billing": "PAY_PER_REQUEST"}
    return Resource(KIND, table.name, tags, properties)


def current(aws: Aws, name: str) -> Resource | None:
    """Return the table as it is, or None. One that AWS is still deleting counts as gone."""
    dynamodb = aws.client(SERVICE)
    answer = if_there(lambda: dynamodb.describe_table(TableName=name), "ResourceNotFoundException")
    if answer is None or answer["Table"]["TableStatus"] == "DELETING":
        return None
    found = answer["Table"]
    pages = dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=found["TableArn"])
    return Resource(
        KIND,
        name,
        read_tags(tag for page in pages for tag in page["Tags"]),
        {
            "arn": found["TableArn"],
            "key": "/".join(part["AttributeName"] for part in found["KeySchema"]),
            "billing": found.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
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
    """
    if have is None:
        return created(want, _create(want), _await(AWAIT, want))
    changed, tags = compare(want, have)
    if want.properties["key"] != have.properties["key"]:
        raise OwnershipError(
            f"table {want.name} is keyed by {have.properties['key']!r}, not by {want.properties['key']!r}",
            fix="save its items, delete it, and deploy again",
        )
    billing = Call(SERVICE, "update_table", {"TableName": want.name, "BillingMode": want.properties["billing"]})
    calls: list[Call | Routine] = [billing, _await(AWAIT, want)] if changed else []
    if tags:
        on = {"ResourceArn": want.properties["arn"]}
        calls.append(Call(SERVICE, "tag_resource", {**on, "Tags": tag_pairs(want.tags)}))
    return updated(want, (*changed, *tags), *calls)


def remove(have: Resource) -> Step:
    """Return what removes *have* and its items."""
    delete = Call(SERVICE, "delete_table", {"TableName": have.name})
    return removed(have, delete, _await(AWAIT_GONE, have))


def _create(want: Resource) -> Call:
    key = want.properties["key"]
    return Call(
        SERVICE,
        "create_table",
        {
            "TableName": want.name,
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            "BillingMode": want.properties["billing"],
            "Tags": tag_pairs(want.tags),
        },
    )


def _await(routine: str, table: Resource) -> Routine:
    return Routine(routine, {"TableName": table.name})
