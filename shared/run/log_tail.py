"""The end of a log that shows a failure: its last lines, and those of them that tell more than the failure does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.errors import FIX
from shared.run.logs import is_written
from shared.run.own_code import is_noise
from shared.run.platform_line import started, tells_error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.run.failure import Failure
    from shared.run.logs import Invocation

_LINES = 15


def tail_of(invocation: Invocation) -> tuple[str, ...]:
    """Return the last lines of the log of *invocation*. What is before its START is of a cold start that failed."""
    start = next((at for at, line in enumerate(invocation.lines) if started(line)), 0)
    return tuple([line for line in invocation.lines[start:] if not is_noise(line)][-_LINES:])


def untold(tail: Iterable[str], failure: Failure) -> list[str]:
    """Return the lines of *tail* that tell more than *failure* does.

    Where the failure has a traceback or a fix, and where it is an error of ours, Lambda's own lines add nothing to it.
    """
    ours = FIX in failure.message
    lines = [line for line in tail if not _repeats(line, failure)]
    if ours:
        said = {line.strip() for line in failure.message.splitlines()}
        lines = [line for line in lines if FIX not in line and line.strip() not in said]
    if ours or failure.traceback or failure.fix:
        lines = [line for line in lines if is_written(line)]
    return lines


def _repeats(line: str, failure: Failure) -> bool:
    """Say whether *line* is the one in which Lambda repeats the *failure*."""
    return tells_error(line, failure.error) and (
        bool(failure.traceback) or FIX in failure.message or "File " not in line
    )
