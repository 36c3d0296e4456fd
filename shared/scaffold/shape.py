"""What is known of a JSON value that nobody has seen: its keys, its items, an example. Enough to make one up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.values import Json

Path = tuple[str | None, ...]
"""Steps into a value: a key, or None for an item of a list."""


@dataclass(slots=True)
class Shape:
    """One value. It grows as more is found out; what was found first wins.

    Attributes:
        keys: The shapes under its keys, if it is an object.
        items: The shape of its items, if it is a list.
        example: A value that fits; it goes before a made-up one. None when none is known.
        absent: It must not be there.
    """

    keys: dict[str, Shape] = field(default_factory=dict)
    items: Shape | None = None
    example: Json = None
    absent: bool = False

    def at(self, path: Path) -> Shape:
        """Return the shape at *path* below this one, made where it is not there yet."""
        here = self
        for step in path:
            if step is None:
                here.items = here.items or Shape()
                here = here.items
            else:
                here = here.keys.setdefault(step, Shape())
        return here

    def take(self, path: Path) -> Shape:
        """Remove the shape at *path*, which is not empty, and what holds nothing else; return it."""
        parent, step = self.at(path[:-1]), path[-1]
        if step is None:
            found, parent.items = parent.items or Shape(), None
        else:
            found = parent.keys.pop(step, Shape())
        if path[:-1] and not parent.known:
            self.take(path[:-1])
        return found

    def merge(self, other: Shape) -> None:
        """Add what *other* knows of the same value."""
        if other is self:
            return
        for key, shape in other.keys.items():
            self.at((key,)).merge(shape)
        if other.items is not None:
            self.at((None,)).merge(other.items)
        if self.example is None:
            self.example = other.example
        self.absent = (self.absent or other.absent) and not self.known

    @property
    def known(self) -> bool:
        """Whether anything is known of it."""
        return bool(self.keys or self.items or self.example is not None)

    def value(self, name: str = "value") -> Json:
        """Return a value that fits: an example, or texts called like their keys, below *name*."""
        if self.items is not None:
            return [self.items.value("item")]
        present = {key: shape for key, shape in self.keys.items() if not shape.absent}
        if present:
            return {key: shape.value(key) for key, shape in present.items()}
        return name if self.example is None else self.example

    @property
    def type(self) -> str:
        """The type of a parameter that holds it, as cards write it."""
        if self.items is not None:
            return "array"
        if self.keys:
            return "object"
        kinds = {bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
        return kinds.get(type(self.example), "string")
