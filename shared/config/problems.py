"""Problems of the project's files: collected from all of them, then raised once."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterable

SEVERAL = 2


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong.

    Attributes:
        file: Where it is, relative to the project.
        line: On which line, from 1.
        what: What is wrong, a sentence without a full stop.
        fix: What to do about it.
        path: Where in the file's data, ``functions.count.handler``; empty for what is wrong with all of the file.
    """

    file: str
    line: int
    what: str
    fix: str | None = None
    path: str = ""

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}: {self.what}"
        return f"{text} ({self.fix})" if self.fix else text


class ConfigError(LanesError):
    """The project's files are not right. Holds every problem of every file, in order.

    Args:
        problems: At least one.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda p: (p.file, p.line, p.what)))
        listing = "\n".join(f"  {problem}" for problem in self.problems)
        count = len(self.problems)
        super().__init__(f"{count} problem{'s' * (count >= SEVERAL)} in the project's files:\n{listing}")


@dataclass(slots=True)
class Problems:
    """Collects what the readers of the files find."""

    found: list[Problem] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        """Keep *problem* for the one error at the end."""
        self.found.append(problem)

    def finish(self) -> None:
        """Raise what was found, if anything was.

        Raises:
            ConfigError: Lists every problem.
        """
        if self.found:
            raise ConfigError(self.found)


def nearest(value: str, known: Iterable[str]) -> str:
    """Return the fix for a *value* that is none of the *known* ones: the nearest of them, or all."""
    names = sorted(known)
    folded = {name.lower(): name for name in names}
    near = difflib.get_close_matches(value.lower(), folded, n=1)
    if near:
        return f"did you mean {folded[near[0]]!r}?"
    return f"known: {', '.join(names)}" if names else "there are none"
