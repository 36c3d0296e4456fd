"""The types of resources that stacks may have, one module for each service.

A type says which properties it has, what a change of each does, and how it is made, changed and deleted: by calls of
AWS's API with the rights of whoever makes the stack.
"""

from __future__ import annotations

from shared.local.stacks.kinds import function_parts, functions, nothing, roles, state_machines, tables
from shared.local.stacks.kinds.kind import Kind

KINDS: dict[str, Kind] = {
    kind.type: kind
    for module in (state_machines, functions, function_parts, roles, tables, nothing)
    for kind in module.KINDS
}
"""Every type that is done here, by its name in templates."""
