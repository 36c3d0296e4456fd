"""Tags as AWS's services take and tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def tag_pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return *tags* as most of AWS's services take them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def lower_tag_pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return *tags* as ECS and Step Functions take them."""
    return [{"key": key, "value": value} for key, value in tags.items()]


def read_tags(pairs: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Return the tags that a service tells as *pairs*, with capitals or without."""
    told = {}
    for pair in pairs:
        key, value = ("key", "value") if pair.keys() & {"key", "value"} else ("Key", "Value")
        told[str(pair[key])] = str(pair[value])  # an answer that lacks one says so itself
    return told
