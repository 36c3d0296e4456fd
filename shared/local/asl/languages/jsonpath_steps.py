"""The steps of a JSONPath that may select several places: each yields children of one node."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.local.asl.languages.jsonpath_filter import Keep
    from shared.values import Json

    # From a node and the whole value to the children of the node that the step selects.
    Step: TypeAlias = Callable[[Json, Json], Iterator[Json]]


def wildcard(node: Json, _root: Json) -> Iterator[Json]:
    """Yield every child."""
    if isinstance(node, dict):
        yield from node.values()
    elif isinstance(node, list):
        yield from node


def member(names: tuple[str, ...]) -> Step:
    """Return the step to the members of these *names*."""

    def step(node: Json, _root: Json) -> Iterator[Json]:
        if isinstance(node, dict):
            for name in names:
                if name in node:
                    yield node[name]

    return step


class Together:
    """The step, a path's last, to one object with the members of these *names*."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def __call__(self, node: Json, _root: Json) -> Iterator[Json]:
        """Yield the object."""
        if isinstance(node, dict):
            yield {name: node[name] for name in self._names if name in node}


def indexed(places: tuple[int, ...]) -> Step:
    """Return the step to the items at these *places*."""

    def step(node: Json, _root: Json) -> Iterator[Json]:
        if isinstance(node, list):
            for place in places:
                if -len(node) <= place < len(node):
                    yield node[place]

    return step


def sliced(bounds: slice) -> Step:
    """Return the step to the items within *bounds*."""

    def step(node: Json, _root: Json) -> Iterator[Json]:
        if isinstance(node, list):
            yield from node[bounds]

    return step


def matching(keep: Keep) -> Step:
    """Return the step to the items that *keep* lets through."""

    def step(node: Json, root: Json) -> Iterator[Json]:
        if isinstance(node, list):
            yield from (item for item in node if keep(item, root))
        elif isinstance(node, dict) and keep(node, root):
            yield node

    return step


def descend(inner: Step) -> Step:
    """Return the step to whatever *inner* selects here or anywhere below."""

    def step(node: Json, root: Json) -> Iterator[Json]:
        yield from inner(node, root)
        for child in wildcard(node, root):
            yield from step(child, root)

    return step
