"""One event of a log, and what of a file was not understood."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.run.report_line import Report

_EXAMPLES = 5
SHOWN = 80
"""How many characters of a line a message about it shows."""
_INVOCATION = re.compile(r"REPORT RequestId|platform\.report|[Bb]illed ?Duration")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event of a log.

    Attributes:
        at_ms: When, in Unix milliseconds; 0 if that is not known.
        message: What was logged.
        stream: The log stream; empty if that is not known.
        group: The log group; empty if that is not known.
        number: Its line in the file; 0 if it is of none.
        report: The figures of an invocation that the export has as fields, in place of a message that tells them.
    """

    at_ms: int
    message: str
    stream: str = ""
    group: str = ""
    number: int = field(default=0, compare=False)
    report: Report | None = None


@dataclass(slots=True)
class Problems:
    """What could not be read: how many lines, and the first few places.

    ``lost`` counts the lines among them that tell of an invocation, which is therefore in no figure.
    """

    count: int = 0
    lost: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, where: str, what: str, text: str = "") -> None:
        """Count one more line, whose *text* was not understood."""
        self.count += 1
        self.lost += tells_of_invocation(text)
        if len(self.examples) < _EXAMPLES:
            self.examples.append(f"{where}: {what}")


def tells_of_invocation(text: str) -> bool:
    """Say whether a line tells of an invocation's end, in whatever form."""
    return bool(_INVOCATION.search(text))
