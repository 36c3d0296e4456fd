"""What an expression of a definition is compiled to, and what it sees while it is evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from shared.local.asl.budget import Budget
    from shared.local.asl.variables import Scope
    from shared.values import Json

    # From an input and what is around it to a value, or to whether something holds.
    Evaluate: TypeAlias = Callable[["Json", "Surroundings"], Json]
    Test: TypeAlias = Callable[["Json", "Surroundings"], bool]


class Surroundings(Protocol):
    """What an expression sees beside its input: a strand, as far as the languages know one."""

    @property
    def budget(self) -> Budget:
        """What the evaluation may cost: each part of it that may go on for long counts its steps there."""

    def now(self) -> float:
        """Return the time, in seconds since the epoch."""

    @property
    def random(self) -> Random:
        """The random source."""

    @property
    def variables(self) -> Scope:
        """The workflow variables."""

    def context(self) -> dict[str, Json]:
        """Return the context object, ``$$``."""
