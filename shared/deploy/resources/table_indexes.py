"""The keys and the global secondary indexes of a DynamoDB table: read, compared and written as texts like a card's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.values import as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shared.config.resources import Key
    from shared.deploy.model import Resource
    from shared.values import Json

_LETTERS = {"string": "S", "number": "N", "binary": "B"}
_TYPES = {letter: name for name, letter in _LETTERS.items()}
_WHOLE = "ALL"  # an index holds each item with all of its attributes


def told(key: Key, sort_key: Key | None) -> str:
    """Return a key as a text: ``word:string``, or ``word:string, day:number`` with a sort key."""
    return ", ".join(f"{each.name}:{each.type}" for each in (key, sort_key) if each)


def read_key(schema: Iterable[Mapping[str, str]], types: Mapping[str, str]) -> str:
    """Return a key as :func:`told` does. *types* has the letter of each attribute's type."""
    ordered = sorted(schema, key=lambda part: part["KeyType"])  # HASH before RANGE
    return ", ".join(f"{part['AttributeName']}:{_TYPES[types[part['AttributeName']]]}" for part in ordered)


def read(indexes: Iterable[Mapping[str, Any]], types: Mapping[str, str]) -> dict[str, Json]:
    """Return the key of each index that DynamoDB tells of, by its name; with the projection of one that lacks any."""
    found: dict[str, Json] = {}
    for each in indexes:
        if each["IndexStatus"] != "DELETING":
            projection = each["Projection"]["ProjectionType"]
            key = read_key(each["KeySchema"], types)
            found[each["IndexName"]] = key if projection == _WHOLE else f"{key} ({projection})"
    return found


def attributes(keys: Iterable[str]) -> list[Json]:
    """Return the attributes that *keys* are made of, each once, with their types."""
    parts = dict(part for key in keys for part in _parts(key))
    return [{"AttributeName": name, "AttributeType": _LETTERS[kind]} for name, kind in parts.items()]


def key_schema(key: str) -> list[Json]:
    """Return *key* as DynamoDB takes it."""
    roles = ("HASH", "RANGE")
    return [{"AttributeName": name, "KeyType": role} for (name, _), role in zip(_parts(key), roles, strict=False)]


def body(name: str, want: Resource) -> dict[str, Json]:
    """Return the index called *name* of the table *want* as DynamoDB takes it."""
    key = as_text(as_mapping(want.properties["indexes"])[name])
    return {"IndexName": name, "KeySchema": key_schema(key), "Projection": {"ProjectionType": _WHOLE}}


def changes(want: Resource, have: Resource) -> Iterator[dict[str, Json]]:
    """Yield the parameters of each UpdateTable that brings a table's indexes from *have* to *want*: one index in each.

    The key of an index cannot be changed, so such a one is removed and made anew. All removals come first: an attribute
    may have another type once no index has it any more. What is declared is what the table has keys of at that moment,
    for DynamoDB refuses more.
    """
    wanted, there = (as_mapping(each.properties["indexes"]) for each in (want, have))
    kept = {name: as_text(key) for name, key in there.items() if wanted.get(name) == key}
    for name in there:
        if name not in kept:
            yield {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}
    for name, key in wanted.items():
        if name not in kept:
            kept[name] = as_text(key)
            yield {
                "AttributeDefinitions": attributes([as_text(want.properties["key"]), *kept.values()]),
                "GlobalSecondaryIndexUpdates": [{"Create": body(name, want)}],
            }


def _parts(key: str) -> list[tuple[str, str]]:
    return [(name, kind) for name, _, kind in (part.rpartition(":") for part in key.split(", "))]
