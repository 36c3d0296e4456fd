"""Workflow variables and their scopes: a branch sees the variables around it and assigns its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.values import Json


class Scope:
    """The variables of one branch.

    Args:
        outer: The scope around it; it is read, never written, from here.
    """

    __slots__ = ("names", "outer")

    def __init__(self, outer: Scope | None = None) -> None:
        self.names: dict[str, Json] = {}
        self.outer = outer

    def look_up(self, name: str) -> Json:
        """Return the value of *name*.

        Raises:
            KeyError: Nobody assigned it.
        """
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        raise KeyError(name)

    def assign(self, values: Mapping[str, Json]) -> None:
        """Assign all *values* here, at once."""
        self.names = {**self.names, **values}

    def visible(self) -> dict[str, Json]:
        """Return every variable seen from here."""
        if self.outer is None:
            return self.names
        return {**self.outer.visible(), **self.names}
