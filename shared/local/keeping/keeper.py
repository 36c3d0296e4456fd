"""Keeping a cloud, and going on with one that was kept."""

from __future__ import annotations

import importlib.metadata
import json
import logging
import os
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from moto.sqs.models import sqs_backends
from moto.stepfunctions.models import stepfunctions_backends

from shared.errors import LanesError
from shared.local.keeping.pickles import Reader, Writer
from shared.local.keeping.tables import all_tables, fill, find
from shared.local.postgres import forget_earlier
from shared.local.state import private_folder
from shared.local.trees import remove_tree

if TYPE_CHECKING:
    from shared.local.asl.engine import Engine
    from shared.local.triggers.running import Kept, Triggers

_PREFIX, _POINTER = "cloud-", "current"
_FILE = "tables.pickle"
_NOT_KEPT = ("moto.ecr.", "moto.ecs.")
_OWN = frozenset({"runs"})  # executions that run are each cloud's own; the others are on disk already
_LAYOUT = "3"  # what of ours lies in the pickle; another number where an older one would be read wrongly
_log = logging.getLogger(__name__)


class Keeper:
    """Keeps one cloud in *folder*.

    Args:
        folder: Where; it need not exist.
        engine: The cloud's engine, which runs.
        triggers: The cloud's triggers.
    """

    def __init__(self, folder: Path, engine: Engine, triggers: Triggers) -> None:
        self._folder = folder
        self._engine = engine
        self._triggers = triggers
        self._kept: Kept | None = None
        self._begun = False

    def load(self) -> None:
        """Fill the empty cloud with what was kept, if anything was. Nothing runs yet.

        Raises:
            LanesError: Another version wrote it, others may have written it, or it cannot be read.
        """
        current = current_of(self._folder)
        if current is None:
            return
        for folder in (self._folder, current):
            _check_ours(folder)
        with (current / _FILE).open("rb") as file:
            _check_versions(file.readline(), self._folder)
            try:
                tables, self._kept = Reader(file, self._engine).load()
            except Exception as error:
                raise LanesError(
                    f"what lanes up --persist kept cannot be read: {type(error).__name__}: {error}",
                    where=str(self._folder),
                    fix="remove that folder, and begin anew",
                ) from error
        for table, state in tables.items():
            fill(find(table), state)

    def go_on(self) -> None:
        """Let go on what was under way, now that the cloud answers."""
        self._begun = True
        if self._kept is None:
            return
        _show_messages()
        for name in forget_earlier():
            _log.warning("the database that the secret %s leads to was not kept; a deploy makes it anew, empty", name)
        for identity, text in self._engine.runs.unfinished():
            _log.warning("%s ran when the cloud ended, and begins again", identity.arn)
            _, _, _, region, account, *_ = identity.arn.split(":")
            stepfunctions_backends[account][region].begin_again(identity, text)
        self._triggers.go_on_with(self._kept)

    def halt(self) -> None:
        """Begin nothing more: what fails from now on fails because the cloud ends."""
        self._triggers.stop()
        self._engine.runs.halt()

    def save(self) -> None:
        """Write down the cloud, of which nothing runs any more. One that did not begin leaves what was kept alone.

        Raises:
            LanesError: It could not be written. What was kept before is still there.
        """
        if not self._begun:
            return
        private_folder(self._folder)
        try:
            made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._folder))
            self._write(made)
            pointer = made / _POINTER
            pointer.write_text(made.name, encoding="utf-8")
            pointer.replace(self._folder / _POINTER)
        except Exception as error:
            raise LanesError(
                f"what is in the cloud could not be kept: {type(error).__name__}: {error}",
                where=str(self._folder),
                fix="free space there; if that is not it, tell us, with the cloud's log",
            ) from error
        finally:
            kept = current_of(self._folder)
            for other in self._folder.glob(f"{_PREFIX}*"):
                if other != kept:
                    remove_tree(other)

    def _write(self, folder: Path) -> None:
        with (folder / _FILE).open("wb") as file:
            file.write(json.dumps(_versions()).encode() + b"\n")
            tables = {
                table: {name: value for name, value in vars(backend).items() if name not in _OWN}
                for table, backend in all_tables()
                if not _left_out(table.module)
            }
            Writer(file).dump((tables, self._triggers.kept()))


def current_of(folder: Path) -> Path | None:
    """Return the folder in *folder* that holds the cloud that is kept there; None if none is."""
    try:
        return folder / Path((folder / _POINTER).read_text(encoding="utf-8")).name
    except FileNotFoundError:
        return None


def _check_ours(folder: Path) -> None:
    """Refuse what did not come from ``lanes up`` of this user here: a pickle runs what is in it.

    What comes with a copy of a project, as from a repository, is not in folders that only their owner may enter.
    """
    try:
        found = folder.lstat()
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
        private = stat.S_IMODE(found.st_mode) == stat.S_IRWXU
    except FileNotFoundError:
        ours = private = False
    if not (ours and private):
        raise LanesError(
            "lanes up --persist goes on only with what it kept itself, in folders that nobody else may enter",
            where=str(folder),
            fix="remove it, and begin anew",
        )


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in ("moto", "teamlanes")} | {
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "layout": _LAYOUT,
    }


def _check_versions(line: bytes, folder: Path) -> None:
    wrote, ours = json.loads(line), _versions()
    if wrote != ours:
        told = ", ".join(
            f"{name} {wrote.get(name)} (now {ours[name]})" for name in ours if wrote.get(name) != ours[name]
        )
        raise LanesError(
            f"what lanes up --persist kept was written by {told}",
            where=str(folder),
            fix="remove that folder; begin anew",
        )


def _left_out(module: str) -> bool:
    return module.startswith(_NOT_KEPT)


def _show_messages() -> None:
    """Make visible again what was received of queues and not deleted."""
    for _, _, backend in list(sqs_backends.iter_backends()):
        for queue in backend.queues.values():
            for message in queue.pending_messages:
                message.visible_at = 0.0
            queue.pending_messages.clear()
