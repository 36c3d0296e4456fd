"""Query, Scan and GetItem over items in order: a page costs what it holds.

Limit and the megabyte count items before they are filtered. Whoever asks with a Limit gets a key to go on from when
that many were looked at, also if nothing comes after. What a local index does not hold is fetched from its table, for a
filter or a projection that names it, and where all attributes are asked for. A global index has no more than it holds.
Source: DynamoDB Developer Guide, "Paginating table query results" and "Local secondary indexes"; API reference, Query
and Scan (read 2026-11-30).
"""

from __future__ import annotations

import functools
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.dynamodb.exceptions import InvalidIndexNameError, MockValidationException
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict

from shared.local.dynamodb.order import EVERYTHING, WrongTypeError, bounds
from shared.local.dynamodb.tables import ItemKey, find, in_order, locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from moto.core.responses import ActionResult
    from moto.dynamodb.models.table import SecondaryIndex, Table
    from moto.dynamodb.responses import DynamoHandler

    from shared.local.dynamodb.order import Bounds, Key, Order

    Condition = tuple[str, str, list[DynamoType]]
    Paths = Sequence[Sequence[str]]
    Answer = tuple[list[Item], int, dict[str, DynamoType] | None]

_PAGE = 1 << 20  # bytes
_whole: ContextVar[bool] = ContextVar("whole", default=False)  # all attributes are asked for, of an index too


class _Asked(NamedTuple):
    """What one page is asked for by."""

    table: Table
    of: SecondaryIndex | None
    limit: int | None
    start: Mapping[str, Any] | None
    descending: bool = False
    paths: Paths = ()
    takes: Callable[[Item], bool] | None = None
    within: Callable[[Item], bool] | None = None


def selecting(original: Callable[[DynamoHandler], ActionResult]) -> Callable[[DynamoHandler], ActionResult]:
    """Wrap the actions Query and Scan, of which moto does not pass on that all attributes are asked for."""

    @functools.wraps(original)
    def answer(handler: DynamoHandler) -> ActionResult:
        token = _whole.set(handler.body.get("Select") == "ALL_ATTRIBUTES")
        try:
            return original(handler)
        finally:
            _whole.reset(token)

    return answer


def query(  # noqa: PLR0913, PLR0917  moto's own parameters
    table: Table,
    hash_key: DynamoType | None,
    range_comparison: str | None,
    range_objs: list[DynamoType],
    limit: int | None,
    exclusive_start_key: Mapping[str, Any] | None,
    scan_index_forward: bool,  # noqa: FBT001
    projection_expressions: Paths | None,
    index_name: str | None = None,
    consistent_read: bool = False,  # noqa: FBT001, FBT002
    filter_expression: Any = None,
    hash_key_conditions: Sequence[tuple[str, DynamoType]] | None = None,
    range_key_conditions: Sequence[Condition] | None = None,
    **filters: Mapping[str, Any],
) -> Answer:
    """Answer a Query, in the place of moto's."""
    index = _index(table, index_name, consistent=consistent_read)
    with locked([table]):
        order = in_order(table, index_name).order
    given = dict(hash_key_conditions or [])
    if hash_key is not None and not given:
        given = {order.hashes[0]: hash_key}
    ranges: Sequence[Condition] = range_key_conditions or ()
    if range_comparison and not ranges:
        ranges = [(order.ranges[0], range_comparison, range_objs)]
    old = {
        name: (asked["ComparisonOperator"], [DynamoType(each) for each in asked.get("AttributeValueList") or ()])
        for name, asked in filters.items()
    }
    asked = _Asked(
        table,
        index,
        limit,
        exclusive_start_key,
        descending=scan_index_forward is False,
        paths=projection_expressions or (),
        takes=_all_of(old, filter_expression),
    )
    return _page(asked, _bounds(order, given, ranges))


def scan(  # noqa: PLR0913, PLR0917  moto's own parameters
    table: Table,
    filters: Mapping[str, tuple[str, list[DynamoType]]],
    limit: int | None,
    exclusive_start_key: Mapping[str, Any] | None,
    filter_expression: Any = None,
    index_name: str | None = None,
    consistent_read: bool = False,  # noqa: FBT001, FBT002
    projection_expression: Paths | None = None,
    segments: tuple[int | None, int | None] = (None, None),
) -> Answer:
    """Answer a Scan, in the place of moto's."""
    asked = _Asked(
        table,
        _index(table, index_name, consistent=consistent_read),
        limit,
        exclusive_start_key,
        paths=projection_expression or (),
        takes=_all_of(filters, filter_expression),
        within=None if segments == (None, None) else lambda item: item.is_within_segment(segments),
    )
    return _page(asked, EVERYTHING)


def get(table: Table, hash_key: DynamoType, range_key: DynamoType | None = None, paths: Paths | None = None) -> Any:
    """Answer a GetItem, in the place of moto's, which keeps something for each key that is asked for in vain."""
    if table.has_range_key and range_key is None:
        raise MockValidationException("Table has a range key, but no range key was passed into get_item")
    item = find(table, ItemKey(hash_key, range_key))
    return projected(item, paths) if item is not None and paths else item


def _index(table: Table, name: str | None, *, consistent: bool) -> SecondaryIndex | None:
    if not name:
        return None
    found = {index.name: index for index in table.all_indexes()}.get(name)
    if found is None:
        raise InvalidIndexNameError(f"The table does not have the specified index: {name}")
    if consistent and found in table.global_indexes:
        raise MockValidationException("Consistent reads are not supported on global secondary indexes")
    return found


def _bounds(order: Order, given: Mapping[str, DynamoType], ranges: Sequence[Condition]) -> Bounds:
    try:
        before = [order.value(name, given[name]) for name in order.hashes]
        before += [order.value(name, values[0]) for name, _, values in ranges[:-1]]
        if not ranges:
            return bounds(before, None, ())
        name, comparison, values = ranges[-1]
        return bounds(before, comparison, [order.value(name, value) for value in values])
    except WrongTypeError:
        words = "One or more parameter values were invalid: Condition parameter type does not match schema type"
        raise MockValidationException(words) from None


def _page(asked: _Asked, between: Bounds) -> Answer:
    table = asked.table
    most = asked.limit if asked.within is None else None
    with locked([table]):
        items = in_order(table, asked.of.name if asked.of else None)
        beyond = _start(items.order, asked.start)
        found = items.between(between, beyond, descending=asked.descending, most=most)
    held = _held(asked.of)
    _check_paths(table, asked.of, held, asked.paths)
    looked_at: list[tuple[Item, Item]] = []
    last: Item | None = None
    size = 0
    for item in found:
        if asked.within is not None and not asked.within(item):
            continue
        shown = item if held is None else _with(item, held)
        size += shown.size()
        if looked_at and size > _PAGE:
            break
        fetched = item if asked.of in table.indexes else shown
        looked_at.append((fetched, fetched if _whole.get() else shown))
        last = item
        if len(looked_at) == asked.limit:
            break
    else:
        last = None  # there is nothing after it
    taken = [
        projected(item, asked.paths) if asked.paths else shown
        for item, shown in looked_at
        if asked.takes is None or asked.takes(item)
    ]
    return taken, len(looked_at), {name: last.attrs[name] for name in items.order.names} if last else None


def _start(order: Order, given: Mapping[str, Any] | None) -> Key | None:
    if given is None:
        return None
    key = order.key({name: DynamoType(value) for name, value in given.items()}) if len(given) else None
    if key is None or len(given) != len(order.names):
        raise MockValidationException("The provided starting key is invalid")
    return key


def _held(index: SecondaryIndex | None) -> set[str] | None:
    """Return the names of the attributes that an index holds; None for all of them."""
    kind = (index.projection or {}).get("ProjectionType") if index else None
    if index is None or kind not in ("KEYS_ONLY", "INCLUDE"):
        return None
    more = index.projection.get("NonKeyAttributes") or () if kind == "INCLUDE" else ()
    return {*index.table_key_attrs, *index.schema_key_attrs, *more}


def _check_paths(table: Table, index: SecondaryIndex | None, held: set[str] | None, paths: Paths) -> None:
    """Refuse a projection that names what a global index does not hold."""
    if index is None or held is None or index not in table.global_indexes:
        return
    for path in paths:
        name = path[0].partition("[")[0]
        if name not in held:
            raise MockValidationException(
                "One or more parameter values were invalid: Global secondary index "
                f"{index.name} does not project [{name}]"
            )


def projected(item: Item, paths: Paths) -> Item:
    """Return an item with what is at *paths* alone."""
    if any(len(path) > 1 or "[" in path[0] for path in paths):
        found: Item = item.project(paths)
        return found
    return _with(item, [path[0] for path in paths])


def _with(item: Item, names: Iterable[str]) -> Item:
    made = object.__new__(Item)
    made.hash_key, made.range_key = item.hash_key, item.range_key
    made.attrs = LimitedSizeDict()
    dict.update(made.attrs, {name: item.attrs[name] for name in names if name in item.attrs})
    return made


def _all_of(filters: Mapping[str, tuple[str, list[DynamoType]]], expression: Any) -> Callable[[Item], bool] | None:
    """Return what tells whether an item passes older *filters* and a filter *expression*; None if each one does."""
    if not filters and expression is None:
        return None
    return lambda item: (
        all(_passes(item.attrs.get(name), *asked) for name, asked in filters.items())
        and (expression is None or bool(expression.expr(item)))
    )


def _passes(attribute: DynamoType | None, comparison: str, values: list[DynamoType]) -> bool:
    if attribute is None:
        return comparison == "NULL"
    return bool(attribute.compare(comparison, values))
