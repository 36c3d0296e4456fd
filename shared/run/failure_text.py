"""Tells why a run failed, in lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.run.own_code import in_checkout

if TYPE_CHECKING:
    from shared.run.gather import Outcome


def failure_text(run_id: str, outcome: Outcome, more: str | None = None, then: str | None = None) -> str:
    """Return why a run failed: the traceback in the function's own code, or the end of the invocation's log.

    Args:
        run_id: The run.
        outcome: What it left behind.
        more: The command that shows all of the log.
        then: The command that looks into what failed.

    Returns:
        Lines, in the words of the team's own code: they may hold what would steer a terminal. Empty if it succeeded.
    """
    failure = outcome.failure
    if failure is None:
        return ""
    lines = [f"run {run_id} {failure.status}" + (f" at {failure.place}" if failure.place else "")]
    lines += [f"  {line}" for line in failure.lines]
    if tail := outcome.untold_tail:
        lines += [f"  the end of its log (request {failure.request_id}):"]
        lines += [f"    {line}" for each in tail for line in in_checkout(each).splitlines()]
    if more and failure.request_id:
        lines += [f"  all of its log: {more}"]
    if then and failure.request_id:
        lines += [f"  try next: {then}"]
    return "\n".join(lines)
