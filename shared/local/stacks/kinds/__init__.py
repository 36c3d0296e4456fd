"""The types of resources that stacks may have, one module for each service.

A type says which properties it has, what a change of each does, and how it is made, changed and deleted: by calls of
AWS's API with the rights of whoever makes the stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.stacks.kinds import (
    buckets,
    by_moto,
    called,
    custom,
    function_parts,
    functions,
    messages,
    roles,
    small,
    state_machines,
    tables,
)

if TYPE_CHECKING:
    from shared.local.stacks.kinds.kind import Kind

_KINDS: dict[str, Kind] = {
    kind.type: kind
    for module in (state_machines, functions, function_parts, roles, tables, buckets, messages, small, called, custom)
    for kind in module.KINDS
}


def kind_of(name: str) -> Kind | None:
    """Return the type called *name*; None if it is not done here."""
    if name in _KINDS:
        return _KINDS[name]
    return custom.OWN if name.startswith("Custom::") else by_moto.of_moto(name)
