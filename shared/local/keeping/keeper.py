"""Keeping a cloud, and going on with one that was kept."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from moto.sqs.models import sqs_backends
from moto.stepfunctions.models import stepfunctions_backends

from shared.errors import LanesError
from shared.local.changing import Changes, changing, followed
from shared.local.keeping.app import Keeping
from shared.local.keeping.journal import Files, Journal
from shared.local.keeping.loading import load
from shared.local.keeping.schema import LAYOUT, SCHEMA, check_version
from shared.local.keeping.shelves import Notes
from shared.local.keeping.tables import all_tables
from shared.local.keeping.units import Units
from shared.local.keeping.watching import watched
from shared.local.postgres import forget_earlier

if TYPE_CHECKING:
    from pathlib import Path
    from wsgiref.types import WSGIApplication

    from shared.local.asl.engine import Engine
    from shared.local.asl.runs.store import RunStore
    from shared.local.ledger import Ledger
    from shared.local.storage import Storage

_log = logging.getLogger(__name__)


class Keeper:
    """Keeps one cloud.

    Args:
        folder: The folder of all that is kept (``.lanes/kept``), which is ours (:mod:`.folder`).
        storage: The cloud's storage, in that folder.
        files: Files that the tables lead to.

    Raises:
        LanesError: Another version wrote what is there, or it cannot be opened.
    """

    def __init__(self, folder: Path, storage: Storage, files: Files | None = None) -> None:
        self._folder = folder
        self._database = storage.database("tables", LAYOUT, SCHEMA)
        try:
            with self._database.transaction() as writer:
                check_version(writer, folder)
        except BaseException:
            self._database.close()
            raise
        self._parts = contextlib.ExitStack()
        self._units, self._notes = Units(), Notes()
        self._changes = Changes()
        self._journal = Journal(self._database, self._changes, self._units, self._notes, files)
        self._runs: RunStore
        self._begun = False

    def around(self, cloud: WSGIApplication) -> WSGIApplication:
        """Return what answers for *cloud*, which is moto's."""
        return Keeping(cloud, self._changes, self._journal)

    def ledger(self, kind: str) -> Ledger:
        """Return what is noted of a *kind*."""
        return self._journal.ledger(kind)

    def load(self, engine: Engine) -> None:
        """Fill the empty cloud with what was kept. Nothing runs yet.

        Raises:
            LanesError: It cannot be read.
        """
        self._runs = engine.runs
        try:
            used = load(self._database, engine, self._units)
        except Exception as error:
            raise LanesError(
                f"what lanes up --persist kept cannot be read: {type(error).__name__}: {error}",
                where=str(self._folder),
                fix="remove that folder, and begin anew; if no disk failed, tell us before you do",
            ) from error
        self._journal.begin(used)
        self._parts.enter_context(followed(self._changes))
        self._parts.enter_context(watched(self._changes, self._notes))

    def go_on(self) -> None:
        """Let go on what was under way, now that the cloud answers."""
        self._begun = True
        with changing():
            _show_messages()
            for name in forget_earlier():
                _log.warning(
                    "the database that the secret %s leads to was not kept; a deploy makes it anew, empty", name
                )
        for identity, text in self._runs.unfinished():
            _log.warning("%s ran when the cloud ended, and begins again", identity.arn)
            _, _, _, region, account, *_ = identity.arn.split(":")
            stepfunctions_backends[account][region].begin_again(identity, text)

    def halt(self) -> None:
        """What fails from now on fails because the cloud ends."""
        self._runs.halt()

    def close(self) -> None:
        """Write what was done since, of a cloud in which nothing runs any more.

        Raises:
            LanesError: It could not be written.
        """
        try:
            left = {id(backend): backend for _, backend in all_tables()}
            self._journal.close(left if self._begun else None)
        finally:
            self._parts.close()
            self._database.close()


def _show_messages() -> None:
    """Make visible again what was received of queues and not deleted."""
    for _, _, backend in list(sqs_backends.iter_backends()):
        for queue in backend.queues.values():
            for message in queue._messages:  # noqa: SLF001  the public list leaves out what is hidden
                message.visible_at = 0.0
