"""The steps of a JSONPath: each visits one node, and hands what it selects there to the step after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from shared.local.asl.errors import dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shared.values import Json

    # Where a node lies: the place of what holds it, and its key there; () at the root.
    Place: TypeAlias = "tuple[()] | tuple[Place, str | int]"
    # Whether a node of which the filter is asked is kept, in this walk.
    Keep: TypeAlias = "Callable[[Json, Walk], bool]"


class NoResultError(LookupError):
    """A path does not fit the value, or names a place that it does not have; the message is Jayway's."""


class NotFoundError(NoResultError):
    """A place is not there: a wildcard over an array passes over it, and a filter takes it for false."""


def free(_steps: int) -> None:
    """Count nothing."""


class Walk:
    """One reading of a path.

    Args:
        root: What ``$`` stands for in filters.
        spend: Is told of each node looked at.
    """

    __slots__ = ("found", "root", "spend")

    def __init__(self, root: Json, spend: Callable[[int], None]) -> None:
        self.root = root
        self.spend = spend
        self.found: list[Json] = []


class Step(Protocol):
    """One step."""

    rest: Step | None

    def shown(self) -> str:
        """Return how Jayway writes this step and those after it."""

    def wanted(self, node: Json, walk: Walk) -> bool:
        """Tell whether a deep scan that comes by *node* makes this step there."""

    def visit(self, node: Json, place: Place, walk: Walk) -> None:
        """Select from *node*, which lies at *place*.

        Raises:
            NoResultError: The step does not fit the node.
        """


class Part(NamedTuple):
    """One part of a path as it was read.

    Attributes:
        step: Makes the step of what it is ``of``, the step after it, and whether a missing member is an error.
        of: Names, indices or a filter.
        definite: Whether it names one place.
    """

    step: Callable[[Any, Step | None, bool], Step]
    of: tuple[Any, ...]
    definite: bool


def written(place: Place) -> str:
    """Return *place* as Jayway writes it."""
    keys = []
    while place:
        place, key = place
        keys.append(f"[{key}]" if type(key) is int else f"['{key}']")
    return "$" + "".join(reversed(keys))


def no_member(node: Json, place: Place, names: Sequence[str], *, last: bool) -> NotFoundError:
    """Return the failure to find the member of these *names*, a path's *last* part or not, in the *node* at *place*."""
    if not isinstance(node, dict):
        return NotFoundError(f"Property {shown_names(names)} not found in path {written(place)}")
    what = "No results for path:" if last else "Missing property in path"
    return NotFoundError(f"{what} {written((place, names[0]))}")


def no_array(node: Json, place: Place, part: str) -> NoResultError:
    """Return the failure to apply *part*, with all that comes after it, to the *node* at *place*."""
    if node is None:
        return NotFoundError(f"The path {written(place)} is null")
    return NoResultError(f"Filter: {part} can only be applied to arrays. Current context is: {_java(node)}")


def out_of_bounds(place: Place, index: int) -> NotFoundError:
    """Return the failure to find the *index* in the array at *place*."""
    return NotFoundError(f"Index out of bounds when evaluating path {written((place, index))}")


def shown_names(names: Sequence[str]) -> str:
    """Return members of these *names* as Jayway writes them."""
    return "[" + ", ".join(f"'{name}'" for name in names) + "]"


def _java(node: Json) -> str:
    return node if isinstance(node, str) else dumps(node)


class _Step:
    """What all steps share."""

    __slots__ = ("of", "rest", "strict")

    def __init__(self, of: Any, rest: Step | None, strict: bool) -> None:  # noqa: FBT001  made by Part alone
        self.of = of
        self.rest = rest
        self.strict = strict

    def shown(self) -> str:
        """Return how Jayway writes this step and those after it."""
        return self.part() + (self.rest.shown() if self.rest is not None else "")

    def part(self) -> str:
        """Return how Jayway writes this step."""
        raise NotImplementedError

    def onward(self, node: Json, place: Place, walk: Walk) -> None:
        """Select *node*: it is a result, or what the next step visits."""
        walk.spend(1)
        if self.rest is None:
            walk.found.append(node)
        else:
            self.rest.visit(node, place, walk)


class Member(_Step):
    """The member of this name, or at a path's end one object with the members of these names."""

    def part(self) -> str:
        """Return how Jayway writes this step."""
        return shown_names(self.of)

    def wanted(self, node: Json, _walk: Walk) -> bool:
        """Tell whether *node* has all the members."""
        return isinstance(node, dict) and all(name in node for name in self.of)

    def visit(self, node: Json, place: Place, walk: Walk) -> None:
        """Select the member."""
        if not isinstance(node, dict):
            raise no_member(node, place, self.of, last=self.rest is None)
        if len(self.of) != 1:
            if self.rest is not None:
                raise NoResultError("Multi properties can only be used as path leafs")
            self.onward({name: node[name] for name in self.of if name in node}, place, walk)
            return
        name = self.of[0]
        if name in node:
            self.onward(node[name], (place, name), walk)
        elif self.rest is None or self.strict:
            raise no_member(node, place, self.of, last=self.rest is None)


class Wildcard(_Step):
    """Every child."""

    def part(self) -> str:
        """Return how Jayway writes this step."""
        return "[*]"

    def wanted(self, _node: Json, _walk: Walk) -> bool:
        """Tell that every node will do."""
        return True

    def visit(self, node: Json, place: Place, walk: Walk) -> None:
        """Select every child; of an array, those that the rest of the path leads on from."""
        if isinstance(node, dict):
            for name, item in node.items():
                self.onward(item, (place, name), walk)
        elif isinstance(node, list):
            for index, item in enumerate(node):
                try:
                    self.onward(item, (place, index), walk)
                except NotFoundError:
                    continue


class _OfArray(_Step):
    """A step that only arrays have."""

    def wanted(self, node: Json, _walk: Walk) -> bool:
        """Tell whether *node* is an array."""
        return isinstance(node, list)

    def visit(self, node: Json, place: Place, walk: Walk) -> None:
        """Select items, all of which must be there."""
        if not isinstance(node, list):
            raise no_array(node, place, self.shown())
        for index in self.chosen(len(node)):
            if not 0 <= index < len(node):
                raise out_of_bounds(place, index)
            self.onward(node[index], (place, index), walk)

    def chosen(self, length: int) -> Any:
        """Return which items of an array of this *length* are selected."""
        raise NotImplementedError


class Index(_OfArray):
    """The items at these indices, none of which counts from the end."""

    def part(self) -> str:
        """Return how Jayway writes this step."""
        return f"[{','.join(map(str, self.of))}]"

    def chosen(self, _length: int) -> Any:
        """Return the indices."""
        return self.of


class FromEnd(_OfArray):
    """The item that ``(@.length-1)`` names."""

    def part(self) -> str:
        """Return how Jayway writes this step."""
        return f"[@.size(){self.of[0]}]"

    def chosen(self, length: int) -> Any:
        """Return the index."""
        return (length + self.of[0],)


class Slice(_OfArray):
    """The items from one index up to another; one that is None has no bound there."""

    def part(self) -> str:
        """Return how Jayway writes this step."""
        return f"[{':'.join('' if bound is None else str(bound) for bound in self.of)}]"

    def chosen(self, length: int) -> Any:
        """Return the indices; a start below 0 counts from the end only where there is no end, and an end vice versa."""
        start, end = self.of
        if end is None:
            return range(max(0, start + length if start < 0 else start), length)
        if start is None:
            return range(min(length, end + length if end < 0 else end))
        return range(start, min(length, end)) if length else ()


class Filter(_Step):
    """The items that a filter keeps, or the object itself if it does."""

    def part(self) -> str:
        """Return how Jayway writes this step."""
        return "[?]"

    def wanted(self, node: Json, walk: Walk) -> bool:
        """Tell whether *node* is kept."""
        return self.kept(node, walk)

    def kept(self, node: Json, walk: Walk) -> bool:
        """Tell whether the filter keeps *node*."""
        keep: Keep = self.of[0]
        return keep(node, walk)

    def visit(self, node: Json, place: Place, walk: Walk) -> None:
        """Select what is kept."""
        if isinstance(node, dict):
            if self.kept(node, walk):
                self.onward(node, place, walk)
        elif isinstance(node, list):
            for index, item in enumerate(node):
                walk.spend(1)
                if self.kept(item, walk):
                    self.onward(item, (place, index), walk)
        else:
            what = f"Filter: {self.shown()} can not be applied to primitives"
            raise NoResultError(f"{what}. Current context is: {_java(node)}")


class Scan(_Step):
    """Whatever the step after it selects here or anywhere below, from the top down."""

    def part(self) -> str:
        """Return how Jayway writes this step."""
        return ".."

    def wanted(self, _node: Json, _walk: Walk) -> bool:
        """Tell that a scan within a scan selects nothing."""
        return False

    def visit(self, node: Json, place: Place, walk: Walk) -> None:
        """Go through all objects and arrays from *node* on."""
        step = self.rest
        waiting: list[tuple[Json, Place]] = [(node, place)]
        while waiting and step is not None:
            node, place = waiting.pop()
            walk.spend(1)
            if isinstance(node, dict):
                if step.wanted(node, walk):
                    step.visit(node, place, walk)
                inner: list[tuple[Json, Place]] = [(item, (place, name)) for name, item in node.items()]
            elif isinstance(node, list):
                inner = [(item, (place, index)) for index, item in enumerate(node)]
                if not step.wanted(node, walk):
                    pass
                elif step.rest is None:
                    step.visit(node, place, walk)
                else:  # Jayway goes to what comes after the step in every item, whichever the step would select
                    for item, below in inner:
                        step.rest.visit(item, below, walk)
            else:
                continue
            waiting.extend(reversed(inner))
