"""Changes of items, one at a time in each table; an item is replaced by its new state and never changed itself.

A transaction that fails is undone by what its items were, where moto 5.2 copies whole tables beforehand. An item whose
key of an index has another type than the index is refused, as on AWS, where moto takes it. Source: DynamoDB Developer
Guide, "Using Global Secondary Indexes" (read 2026-11-30).
"""

from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING, Any

from moto.dynamodb.exceptions import MockValidationException

from shared.local.dynamodb.tables import (
    ItemKey,
    all_or_nothing,
    changed,
    drop_empty,
    every,
    find,
    forget_indexes,
    in_transaction,
    key_of,
    locked,
    put,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from moto.core.responses import ActionResult
    from moto.dynamodb.models import DynamoDBBackend
    from moto.dynamodb.models.dynamo_type import DynamoType, Item
    from moto.dynamodb.models.table import Table
    from moto.dynamodb.responses import DynamoHandler

    Answer = Callable[[DynamoHandler], ActionResult]


def putting(original: Callable[..., Item]) -> Callable[..., Item]:
    """Wrap ``Table.put_item``."""

    @functools.wraps(original)
    def put_item(table: Table, item_attrs: Mapping[str, Any], *args: Any, **named: Any) -> Item:
        _check_index_keys(table, {name: next(iter(value), "") for name, value in item_attrs.items()})
        with locked([table]):
            key = key_of(table, item_attrs)
            before = find(table, key) if key else None
            item = original(table, item_attrs, *args, **named)
            changed(table, ItemKey(item.hash_key, item.range_key), before, item)
            return item

    return put_item


def deleting(original: Callable[..., Item | None]) -> Callable[..., Item | None]:
    """Wrap ``Table.delete_item``."""

    @functools.wraps(original)
    def delete_item(table: Table, hash_key: DynamoType, range_key: DynamoType | None) -> Item | None:
        with locked([table]):
            key = ItemKey(hash_key, range_key)
            item = original(table, hash_key, range_key)
            drop_empty(table, key)
            if item is not None:
                changed(table, key, item, None)
            return item

    return delete_item


def updating(original: Callable[..., Item]) -> Callable[..., Item]:
    """Wrap ``DynamoDBBackend.update_item``, which changes the item that it finds: it finds a copy."""

    @functools.wraps(original)
    def update_item(
        backend: DynamoDBBackend, table_name: str, key: Mapping[str, Any], *args: Any, **named: Any
    ) -> Item:
        table = backend.get_table(table_name)
        with all_or_nothing([table]):
            item_key = key_of(table, key)
            if item_key is None:
                return original(backend, table_name, key, *args, **named)
            before = find(table, item_key)
            if before is not None:
                put(table, item_key, copy.deepcopy(before))
            try:
                item = original(backend, table_name, key, *args, **named)
                _check_index_keys(table, {name: value.type for name, value in item.attrs.items()})
            except BaseException:
                if before is not None:
                    put(table, item_key, before)
                raise
            changed(table, item_key, before if before is not None else _bare(item, table), item)
            return item

    return update_item


def _bare(item: Item, table: Table) -> Item:
    """Return the item that moto puts for its key alone before it updates it."""
    made = copy.copy(item)
    made.attrs = {name: item.attrs[name] for name in table.table_key_attrs if name in item.attrs}
    return made


def _check_index_keys(table: Table, types: Mapping[str, str]) -> None:
    declared = {each["AttributeName"]: each["AttributeType"] for each in table.attr}
    for index in table.all_indexes():
        for name in index.schema_key_attrs:
            wanted, actual = declared.get(name), types.get(name)
            if wanted and actual and wanted != actual and name not in table.table_key_attrs:
                raise MockValidationException(
                    f"One or more parameter values were invalid: Type mismatch for Index Key {name} "
                    f"Expected: {wanted} Actual: {actual} IndexName: {index.name}"
                )


def transacting(original: Callable[..., None]) -> Callable[..., None]:
    """Wrap ``DynamoDBBackend.transact_write_items``."""

    @functools.wraps(original)
    def transact_write_items(backend: DynamoDBBackend, transact_items: Sequence[Mapping[str, Any]]) -> None:
        names = {each.get("TableName") for item in transact_items for each in item.values()}
        with all_or_nothing(_known(backend, names)):
            original(backend, transact_items)

    return transact_write_items


def _known(backend: DynamoDBBackend, names: set[Any]) -> list[Table]:
    by_arn = {table.table_arn: table for table in list(backend.tables.values())}
    found = (backend.tables.get(name) or by_arn.get(name) for name in names)
    return [table for table in found if table is not None]


def deepcopying(_: object) -> Callable[..., Table]:
    """Return ``Table.__deepcopy__``: within a transaction, which is undone otherwise, moto's backup is the table."""

    def deepcopy(table: Table, memo: dict[int, Any]) -> Table:
        if in_transaction():
            return table
        made: Table = object.__new__(type(table))
        memo[id(table)] = made
        with locked([table]):
            vars(made).update(copy.deepcopy(vars(table), memo))
        return made

    return deepcopy


def restoring(original: Callable[..., Table]) -> Callable[..., Table]:
    """Wrap what makes a table with items of another one: they are told of as if they had been put."""

    @functools.wraps(original)
    def restore(backend: DynamoDBBackend, *args: Any, **named: Any) -> Table:
        table = original(backend, *args, **named)
        with locked([table]):
            for item in every(table):
                changed(table, ItemKey(item.hash_key, item.range_key), item, item)
        return table

    return restore


def reindexing(original: Callable[..., Table]) -> Callable[..., Table]:
    """Wrap ``DynamoDBBackend.update_table``."""

    @functools.wraps(original)
    def update(backend: DynamoDBBackend, name: str, *args: Any, **named: Any) -> Table:
        table = original(backend, name, *args, **named)
        forget_indexes(table)
        return table

    return update


def undivided(original: Answer) -> Answer:
    """Wrap an action of the API that reads and writes: nobody writes in between to the tables that it names."""

    @functools.wraps(original)
    def answer(handler: DynamoHandler) -> ActionResult:
        body = handler.body
        items = body.get("TransactItems") or ()
        names = {each.get("TableName") for item in items for each in item.values()} | {body.get("TableName")}
        with locked(_known(handler.dynamodb_backend, names)):
            return original(handler)

    return answer


def without_nulls(original: Callable[[DynamoHandler], Any]) -> Callable[[DynamoHandler], Any]:
    """Wrap ``DynamoHandler.call_action``: a member that is null is as if it were not there."""

    @functools.wraps(original)
    def call_action(handler: DynamoHandler) -> Any:
        handler.params = {name: value for name, value in handler.params.items() if value is not None}
        return original(handler)

    return call_action


def of_its_tables(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap ``DynamoDBBackend.execute_statement``, which reads all tables: it gets those that are named."""

    @functools.wraps(original)
    def execute_statement(backend: DynamoDBBackend, statement: str, parameters: Sequence[Any]) -> Any:
        view = copy.copy(backend)
        view.tables = {name: table for name, table in list(backend.tables.items()) if name in statement}
        return original(view, statement, parameters)

    return execute_statement
