"""Just before moto: a call that changes something is answered when what it changed is written."""

from __future__ import annotations

import contextlib
from http import HTTPStatus
from typing import TYPE_CHECKING

from shared.disks import DiskError
from shared.errors import LanesError
from shared.local.calls.call import CALL
from shared.local.door.held import Held
from shared.local.door.refused import RefusedError, Wrong
from shared.local.keeping.reads import only_reads, waits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from shared.local.changing import Changes
    from shared.local.keeping.journal import Journal


class Keeping:
    """Holds answers back until *journal* has what they acknowledge.

    Args:
        cloud: Answers the calls.
        changes: Who changes what.
        journal: Writes it down.
    """

    def __init__(self, cloud: WSGIApplication, changes: Changes, journal: Journal) -> None:
        self._cloud = cloud
        self._changes = changes
        self._journal = journal

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one request.

        Raises:
            DiskError: What it changed could not be written: the disk took no more.
            RefusedError: It could not for another reason.
        """
        call = environ.get(CALL)
        if call is not None and only_reads(call.service, call.operation):
            return self._cloud(environ, start)
        alone = call is not None and waits(call.service, call.operation)
        self._changes.marked()  # forget what this thread did before
        answer = Held()
        with contextlib.nullcontext() if alone else self._changes.change():
            body = _all_of(self._cloud(environ, answer))
            number = self._journal.next()
        if self._changes.marked():
            try:
                self._journal.written(number)
            except DiskError:
                raise  # told as any other disk's is
            except LanesError as error:
                raise RefusedError(
                    Wrong.UNAVAILABLE, error.what, str(error.fix), HTTPStatus.SERVICE_UNAVAILABLE
                ) from error
        answer.tell(start)
        return body


def _all_of(body: Iterable[bytes]) -> list[bytes]:
    try:
        return list(body)
    finally:
        close: Callable[[], object] = getattr(body, "close", lambda: None)
        close()
