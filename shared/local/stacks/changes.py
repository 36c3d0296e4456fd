"""What lies between a stack and another blueprint of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.stacks.kinds import kind_of
from shared.local.stacks.records import Change
from shared.local.stacks.references import references

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.local.stacks.blueprint import Blueprint, Part
    from shared.local.stacks.records import Resource


def changes(before: Blueprint | None, after: Blueprint, have: Mapping[str, Resource]) -> list[Change]:
    """Return what takes a stack from *before* to *after*.

    Args:
        before: What the stack is; None if there is nothing yet.
        after: What it is to be.
        have: The resources that are there.
    """
    found: list[Change] = []
    replaced: set[str] = set()
    for name in after.order:
        part = after.parts[name]
        old = before.parts.get(name) if before else None
        if name not in have or old is None:
            found.append(Change("Add", name, part.kind))
            continue
        change = _modified(name, old, part, after, have[name], replaced)
        if change is not None:
            found.append(change)
            if change.replacement == "True":
                replaced.add(name)
    gone = (each for name, each in have.items() if name not in after.parts)
    return found + [Change("Remove", each.name, each.kind, each.physical) for each in gone]


def _modified(  # noqa: PLR0913, PLR0917  both sides, and what is around them
    name: str, old: Part, new: Part, after: Blueprint, have: Resource, replaced: set[str]
) -> Change | None:
    told = {key for key in {*old.properties, *new.properties} if old.properties.get(key) != new.properties.get(key)}
    follows = set(_follow(name, after, replaced)) - told
    if not told and not follows and old.rest == new.rest:
        return None
    replacement = "False"
    if any(replaces(new.kind, key) for key in follows):
        replacement = "Conditional"
    if any(replaces(new.kind, key) for key in told):
        replacement = "True"
    return Change("Modify", name, new.kind, have.physical, replacement, tuple(sorted(told | follows)))


def replaces(kind: str, name: str) -> bool:
    """Say whether a change of the property *name* of the type *kind* takes a new resource."""
    known = kind_of(kind)
    found = known.property(name) if known else None
    return found is not None and found.replaces


def _follow(name: str, after: Blueprint, replaced: set[str]) -> Iterator[str]:
    """Yield the properties that name a resource which another takes the place of."""
    properties = after.template.resources[name].get("Properties", {})
    if isinstance(properties, dict):
        for key, value in properties.items():
            if key in after.parts[name].properties and any(each.name in replaced for each in references(value)):
                yield key


def differs(before: Blueprint | None, after: Blueprint, have: Mapping[str, Resource]) -> bool:
    """Say whether there is anything to do, outputs included."""
    return bool(changes(before, after, have)) or before is None or before.outputs != after.outputs
