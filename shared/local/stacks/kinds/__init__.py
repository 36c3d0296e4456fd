"""The types of resources that stacks may have, one module for each service.

A type says which properties it has, what a change of each does, and how it is made, changed and deleted: by calls of
AWS's API with the rights of whoever makes the stack.
"""

from __future__ import annotations

from shared.local.stacks.kinds import custom, function_parts, functions, nothing, roles, state_machines, tables
from shared.local.stacks.kinds.kind import Kind

_KINDS: dict[str, Kind] = {
    kind.type: kind
    for module in (state_machines, functions, function_parts, roles, tables, nothing, custom)
    for kind in module.KINDS
}


def kind_of(name: str) -> Kind | None:
    """Return the type called *name*; None if it is not done here."""
    found = _KINDS.get(name)
    return custom.OWN if found is None and name.startswith("Custom::") else found
