"""The executions of a lane, newest first, read only as far as somebody looks: a lane may have tens of thousands.

AWS lists the executions of one state machine, newest first, 1,000 in an answer, and gives an account five answers a
second. So each machine's list is read page by page, and what was read is kept. Of what is kept, a refresh reads again
the newest part: down to the oldest execution that still ran, and 100 at the least. What ended long before and is
redriven shows when a list is made anew. Executions of several machines are shown in order of time as far down as every
list has been read.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import code_of
from shared.run.express import keeping_runs
from shared.run.listing import MOST_A_PAGE, execution_of
from shared.run.watch import is_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from mypy_boto3_stepfunctions.literals import ExecutionStatusType
    from mypy_boto3_stepfunctions.type_defs import ListExecutionsInputTypeDef

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.run.listing import Execution

_REFRESHED = 100  # executions in a refresh, at the least: a short answer costs little


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look through the list has found.

    Attributes:
        found: Those that were looked for, newest first.
        seen: How many executions were looked at.
        until: When the oldest of them started; None where there are none.
        whole: Whether there are no others.
    """

    found: tuple[Execution, ...]
    seen: int
    until: datetime | None
    whole: bool


class RunList:
    """The executions of a lane as far as they were read. It may be used by several threads.

    Args:
        aws: Where they run.
        lane: Whose they are.
        workflows: The workflows to look at; all of the lane's that keep runs when left out.
        statuses: Only executions with one of these statuses; all when left out. The cloud picks them out.

    Attributes:
        missed: Why the list of a workflow is not known, or as it was before, by the workflow.
    """

    def __init__(
        self,
        aws: Aws,
        lane: Lane,
        workflows: Iterable[str] | None = None,
        statuses: Iterable[ExecutionStatusType] = (),
    ) -> None:
        keys = keeping_runs(lane) if workflows is None else workflows
        wanted = tuple(statuses) or (None,)
        self.missed: Mapping[str, Exception] = {}
        self._lists = [_OfOne(aws, key, lane.state_machine_arn(key), status) for key in keys for status in wanted]
        self._lock = Lock()

    def refresh(self) -> None:
        """Read what is new, and what may have changed: one call for each list, as a rule.

        Raises:
            ClientError: No list was read, now or before. Of others, :attr:`missed` tells.
            BotoCoreError: Likewise.
        """
        with self._lock:
            self.missed = {}
            for each in self._lists:
                self._try(each, each.refresh)
            if self.missed and not any(each.begun for each in self._lists):
                raise next(iter(self.missed.values()))

    def renew(self) -> None:
        """Have the next refresh begin anew; until it does, what is known stays."""
        with self._lock:
            for each in self._lists:
                each.stale = True

    def look(self, wanted: int, matches: Callable[[Execution], bool] = lambda _: True, *, least: int = 0) -> Looked:
        """Return the newest executions that match, and read no more than that takes.

        Args:
            wanted: How many to look for.
            matches: Says whether an execution is one of them.
            least: How many executions may be looked at; beyond them, only what was read before. Where all match, as
                many are looked at as are wanted.
        """
        with self._lock:
            for each in self._lists:
                if each.workflow not in self.missed:
                    self._try(each, each.begin)
            while True:
                known = self._in_order()
                found = [execution for execution in known if matches(execution)]
                behind = [each for each in self._begun if not each.whole and each.workflow not in self.missed]
                if len(found) >= wanted or not behind or len(known) >= max(least, wanted):
                    break
                furthest = max(behind, key=_floor)
                self._try(furthest, furthest.read_on)
            until = known[-1].started if known else None
            return Looked(tuple(found[:wanted]), len(known), until, whole=all(each.whole for each in self._lists))

    @property
    def _begun(self) -> list[_OfOne]:
        return [each for each in self._lists if each.begun]

    def _try(self, each: _OfOne, read: Callable[[], None]) -> None:
        try:
            read()
        except (ClientError, BotoCoreError) as error:
            self.missed = {**self.missed, each.workflow: error}

    def _in_order(self) -> list[Execution]:
        """Return what is known, down to where a list was not read on: an execution there may come between."""
        floors = [_floor(each) for each in self._begun if not each.whole]
        known = [execution for each in self._begun for execution in each.known]
        if floors:
            known = [execution for execution in known if execution.started >= max(floors)]
        return sorted(known, key=lambda execution: execution.started, reverse=True)


class _OfOne:
    """The list of one state machine. ``known`` has the newest first; ``whole`` says that it is all of them."""

    def __init__(self, aws: Aws, workflow: str, arn: str, status: ExecutionStatusType | None) -> None:
        self._states = aws.states
        self.workflow = workflow
        self._asked: ListExecutionsInputTypeDef = {"stateMachineArn": arn}
        if status is not None:
            self._asked["statusFilter"] = status
        self._token = ""
        self.known: list[Execution] = []
        self.begun = self.whole = self.stale = False

    def begin(self) -> None:
        """Read the first page, if it was not read yet."""
        if not self.begun:
            self._begin()

    def _begin(self) -> None:
        known, token = self._page(MOST_A_PAGE)
        while not known and token:  # AWS may answer with none and a token
            known, token = self._page(MOST_A_PAGE, token)
        self.known, self._token, self.whole = known, token, not token
        self.begun, self.stale = True, False

    def read_on(self) -> None:
        """Read the next page. New executions may have pushed some that are known into it."""
        older, self._token = self._page(MOST_A_PAGE, self._token)
        ids = {each.run_id for each in self.known}
        self.known += [each for each in older if each.run_id not in ids]
        self.whole = not self._token

    def refresh(self) -> None:
        """Read the newest part again. Where all of that is new, or nothing was read yet, the list begins anew."""
        if self.stale or not self.begun:
            self._begin()
            return
        newest, token = self._page(self._moving_part())
        ids = {each.run_id for each in newest}
        met = [place for place, each in enumerate(self.known) if each.run_id in ids]
        if not token:
            self.known, self._token, self.whole = newest, "", True
        elif met:
            self.known = [*newest, *self.known[met[-1] + 1 :]]
        else:
            self._begin()

    def _moving_part(self) -> int:
        """Return how many of the newest executions to read again."""
        running = [place for place, each in enumerate(self.known) if not is_over(each.status)]
        return min(MOST_A_PAGE, max(_REFRESHED, running[-1] + _REFRESHED if running else 0))

    def _page(self, size: int, token: str = "") -> tuple[list[Execution], str]:
        asked: ListExecutionsInputTypeDef = {**self._asked, "maxResults": size}
        if token:
            asked["nextToken"] = token
        try:
            page = self._states.list_executions(**asked)
        except ClientError as error:
            if code_of(error) != "StateMachineDoesNotExist":  # it is not deployed
                raise
            return [], ""
        return [execution_of(each, self.workflow) for each in page["executions"]], page.get("nextToken", "")


def _floor(each: _OfOne) -> datetime:
    """Return down to which start a list that is not whole was read."""
    return each.known[-1].started
