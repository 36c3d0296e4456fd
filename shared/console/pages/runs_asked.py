"""What the address of a list of runs asks for."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from shared.errors import UsageError
from shared.run.started_by import start_by_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_stepfunctions.literals import ExecutionStatusType

    from shared.config.lane import Lane
    from shared.run.listing import Execution
    from shared.values import Json

A_PAGE = 50
"""Runs on a page."""
STATUSES: Mapping[str, tuple[ExecutionStatusType, ...]] = {
    "": (),
    "unsuccessful": ("FAILED", "TIMED_OUT", "ABORTED"),
    "failed": ("FAILED",),
    "timed-out": ("TIMED_OUT",),
    "aborted": ("ABORTED",),
    "running": ("RUNNING", "PENDING_REDRIVE"),
    "succeeded": ("SUCCEEDED",),
}
"""Statuses by what an address calls them."""
BY = {
    "": "anything",
    "hand": "hand",
    "schedule": "a schedule",
    "upload": "an upload",
    "unknown": "another workflow or program",
}
"""What starts runs, as far as their names tell, and how that is said."""
_MOST_DIGITS = 8
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for.

    Attributes:
        workflow: Only runs of this one; empty for all.
        status: One of :data:`STATUSES`.
        text: Only runs whose ids have this in them.
        by: One of :data:`BY`.
        page: Which page, from 1 on.
        look: How many executions may be looked at in search of these.
        cost: How many runs of the page to read the cost of.
    """

    workflow: str = ""
    status: str = ""
    text: str = ""
    by: str = ""
    page: int = 1
    look: int = 0
    cost: int = 0

    @property
    def begin(self) -> int:
        """How many runs come before this page."""
        return (self.page - 1) * A_PAGE

    @property
    def all_match(self) -> bool:
        """Whether every execution that the cloud lists is one of these."""
        return not (self.text or self.by)

    @property
    def filters(self) -> bool:
        """Whether any run is left out."""
        return bool(self.workflow or self.status or not self.all_match)

    @property
    def newest(self) -> bool:
        """Whether new runs may appear among those shown."""
        return self.page == 1 and not self.look

    def matches(self, lane: Lane, run: Execution) -> bool:
        """Say whether *run* is one of those, as far as the cloud does not pick them out."""
        return self.text in run.run_id.lower() and self.by in {"", start_by_name(lane, run).by}

    def query(self, **changed: Any) -> str:
        """Return the query of the same address with something *changed*."""
        fresh, usual = asdict(replace(self, **changed)), asdict(Asked())
        told = urlencode({name: value for name, value in fresh.items() if value != usual[name]})
        return f"?{told}" if told else "?"

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return asdict(self)


def asked_by(args: Mapping[str, str]) -> Asked:
    """Return what the parameters of an address ask for.

    Raises:
        UsageError: One of them is none that there is.
    """
    return Asked(
        args.get("workflow", ""),
        _one_of(STATUSES, "status", args.get("status", "")),
        args.get("text", "").strip().lower(),
        _one_of(BY, "by", args.get("by", "")),
        _number("page", args.get("page", "1"), 1),
        _number("look", args.get("look", "0")),
        _number("cost", args.get("cost", "0")),
    )


def _one_of(known: Mapping[str, object], name: str, value: str) -> str:
    if value not in known:
        raise UsageError(f"{name}={value!r} is none that there is", fix=f"one of {', '.join(filter(None, known))}")
    return value


def _number(name: str, text: str, least: int = 0) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and least <= int(text) <= _MOST):
        raise UsageError(f"{name}={text!r} is no number from {least} to {_MOST}")
    return int(text)
