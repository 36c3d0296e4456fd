"""Many who write share one transaction: what a disk does in a second is the number of its commits, not of rows.

Whoever comes while another one writes leaves its job in a line; the next one who may write does all jobs of the line
and commits once. There is no thread and no waiting for company: a lone writer commits at once.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from shared.local.storage.database import Database

_Result = TypeVar("_Result")


class RefusedError(Exception):
    """A job will not write, and has written nothing. The others of its transaction are not touched by that."""


class _Job(Generic[_Result]):
    __slots__ = ("answer", "done", "error", "work")

    def __init__(self, work: Callable[[sqlite3.Connection], _Result]) -> None:
        self.work = work
        self.done = False
        self.answer: _Result | None = None
        self.error: BaseException | None = None


class Commits:
    """Does jobs that write to a database. Thread-safe.

    Args:
        database: Where.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._line: list[_Job[object]] = []
        self._coming = threading.Lock()
        self._turn = threading.Lock()

    def do(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Do *work* with the connection that writes, and return its answer when that is committed.

        Raises:
            RefusedError: *work* raised it, before it wrote anything.
            DiskError: The disk took no more. As of any other error, nothing of the transaction was written.
        """
        job = _Job(work)
        with self._coming:
            self._line.append(cast("_Job[object]", job))
        with self._turn:
            if not job.done:
                self._do_all()
        if job.error is not None:
            raise job.error
        return cast("_Result", job.answer)

    def _do_all(self) -> None:
        with self._coming:
            line, self._line = self._line, []
        try:
            with self._database.transaction() as writer:
                for job in line:
                    try:
                        job.answer = job.work(writer)
                    except RefusedError as refused:
                        job.error = refused
        except BaseException as error:
            for job in line:
                job.error = job.error or error
            if not isinstance(error, Exception):
                raise
        finally:
            for job in line:
                job.done = True
