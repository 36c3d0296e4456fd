"""What an expression reads at its top level, where Step Functions has nothing to read.

An expression of a workflow has no context item: the input is ``$states.input``, a variable ``$name``. AWS refuses one
that reads ``name`` or ``$`` by itself. Only the first step of a path reads there: a later step, a predicate, the term
of a sort and a grouping read what came before them. The body of a function reads where the function stands. So AWS was
seen to decide (github.com/floci-io/floci, issue 2670 and pull request 2699, measured in August 2026).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# The fields of each type of node whose expressions read where the node does.
_SAME_PLACE = {
    "binary": ("lhs", "rhs"), "apply": ("lhs", "rhs"), "function": ("procedure", "arguments"),
    "partial": ("procedure", "arguments"), "lambda": ("body",), "condition": ("condition", "then", "_else"),
    "block": ("expressions",), "bind": ("rhs",), "unary": ("expression", "expressions", "lhs_object"),
}  # fmt: skip


def top_level_references(tree: Any) -> list[str]:
    """Return the names that the syntax *tree* reads at the top level, each once; ``$`` is the context item."""
    return list(dict.fromkeys(_references(tree)))


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, (list, tuple)):
        for each in node:
            yield from _references(each)
        return
    kind = getattr(node, "type", None)
    if kind == "path":
        yield from _references(node.steps[0])
    elif kind == "name":
        yield str(node.value)
    elif kind == "variable" and node.value == "":
        yield "$"
    for field in _SAME_PLACE.get(kind or "", ()):
        yield from _references(getattr(node, field))
