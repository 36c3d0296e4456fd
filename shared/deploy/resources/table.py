"""DynamoDB tables: paid per request, encrypted by AWS's own key, found by one text attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.deploy.guard import OwnershipError
from shared.deploy.model import Call, Resource, Routine, Step, differences, missing_tags, pairs, summary
from shared.errors import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane, Table

KIND = "table"
SERVICE = "dynamodb"


def desired(lane: Lane, table: Table, tags: Mapping[str, str]) -> Resource:
    """Return *table* as it should be."""
    properties = {"arn": lane.table_arn(table), "key": table.key, "billing": "PAY_PER_REQUEST"}
    return Resource(KIND, table.name, tags, properties)


def current(aws: Aws, name: str) -> Resource | None:
    """Return the table as it is, or None; one that AWS is still deleting counts as gone."""
    dynamodb = aws.client("dynamodb")
    try:
        found = dynamodb.describe_table(TableName=name)["Table"]
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return None
    if found["TableStatus"] == "DELETING":
        return None
    pages = dynamodb.get_paginator("list_tags_of_resource").paginate(ResourceArn=found["TableArn"])
    return Resource(
        KIND,
        name,
        {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]},
        {
            "arn": found["TableArn"],
            "key": "/".join(part["AttributeName"] for part in found["KeySchema"]),
            "billing": found.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
        },
    )


def names(aws: Aws, prefix: str) -> Iterator[str]:
    """Return the tables whose names begin with *prefix*."""
    for page in aws.client("dynamodb").get_paginator("list_tables").paginate():
        yield from (name for name in page["TableNames"] if name.startswith(prefix))


def steps(want: Resource, have: Resource | None) -> Step:
    """Return what makes *have* into *want*.

    Raises:
        OwnershipError: It has another key; that cannot be changed, and its items are not ours to drop.
    """
    if have is None:
        return Step("create", KIND, want.name, summary(want.properties), (_create(want), _await("await table", want)))
    changed, tags = differences(want.properties, have.properties), missing_tags(want, have)
    if not (changed or tags):
        return Step("nothing", KIND, want.name)
    if want.properties["key"] != have.properties["key"]:
        raise OwnershipError(
            f"table {want.name} is keyed by {have.properties['key']!r}, not by {want.properties['key']!r}",
            fix="save its items, delete it, and deploy again",
        )
    on = {"TableName": want.name}
    billing = Call(SERVICE, "update_table", {**on, "BillingMode": want.properties["billing"]})
    calls: list[Call | Routine] = [billing, _await("await table", want)] if changed else []
    if tags:
        calls.append(Call(SERVICE, "tag_resource", {"ResourceArn": want.properties["arn"], "Tags": pairs(want.tags)}))
    return Step("update", KIND, want.name, (*changed, *tags), tuple(calls))


def remove(have: Resource) -> Step:
    """Return what removes *have* and its items."""
    delete = Call(SERVICE, "delete_table", {"TableName": have.name})
    return Step("delete", KIND, have.name, calls=(delete, _await("await no table", have)))


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
            "Tags": pairs(want.tags),
        },
    )


def _await(routine: str, table: Resource) -> Routine:
    return Routine(routine, {"TableName": table.name})
