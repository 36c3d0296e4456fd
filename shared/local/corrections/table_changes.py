"""Changes of a DynamoDB table that moto answers with 500, or takes where DynamoDB refuses them.

moto 5.2 has no words for an index that is there already or is not there, and switches ttl on where it is on, for
another attribute too. DynamoDB's rule of one change of ttl in an hour is not kept here: nobody learns from waiting for
it. Sources: DynamoDB API reference, UpdateTable and UpdateTimeToLive; for the words, the tests of
hashicorp/terraform-provider-aws and of the ACK controllers (read 2026-11-29).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from moto.dynamodb.exceptions import MockValidationException, ResourceNotFoundException
from moto.dynamodb.models import DynamoDBBackend

from shared.local.seams import Seam, plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moto.dynamodb.models.table import Table


@contextlib.contextmanager
def table_changes_checked() -> Iterator[None]:
    """Make moto refuse changes of tables as DynamoDB does, while the block lasts."""
    seams = (
        Seam(DynamoDBBackend, "update_table_global_indexes", _checking_indexes),
        Seam(DynamoDBBackend, "update_time_to_live", _checking_ttl),
    )
    with plugged(seams):
        yield


def _checking_indexes(original: Callable[..., None]) -> Callable[..., None]:
    def update(backend: DynamoDBBackend, table: Table, changes: list[dict[str, Any]]) -> None:
        there = {index.name for index in table.global_indexes}
        for change in changes:
            (kind, body), *_ = change.items()
            name = body["IndexName"]
            if kind == "Create" and name in there:
                raise MockValidationException("Attempting to create an index which already exists")
            if kind != "Create" and name not in there:
                raise ResourceNotFoundException(f"Requested resource not found: Index {name} for table {table.name}")
        original(backend, table, changes)

    return update


def _checking_ttl(original: Callable[..., None]) -> Callable[..., None]:
    def update(backend: DynamoDBBackend, table_name: str, asked: dict[str, Any]) -> None:
        told = backend.describe_time_to_live(table_name)
        is_on, other = told["TimeToLiveStatus"] == "ENABLED", told.get("AttributeName")
        if is_on and other != asked["AttributeName"]:
            active = f"TimeToLive is active on a different AttributeName: current AttributeName is {other}"
            raise MockValidationException(active)
        if is_on == asked["Enabled"]:
            raise MockValidationException(f"TimeToLive is already {'enabled' if is_on else 'disabled'}")
        original(backend, table_name, asked)
        if not asked["Enabled"]:
            told.pop("AttributeName", None)

    return update
