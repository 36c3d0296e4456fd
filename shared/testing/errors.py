"""How a test is told that what it asks for does not fit its workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Sequence


class MocksDoNotFit(LanesError):
    """What a test says of a run is not what the workflow did, or can do: a mock for no state, one that was not used.

    Args:
        problems: All of them, a text each.
        where: The workflow.
    """

    def __init__(self, problems: Sequence[str], *, where: str) -> None:
        self.problems = tuple(problems)
        told = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"the test does not fit:{told}", where=where)
