"""The embedded cloud's files in ``.lanes/``: which cloud runs, and scratch space that goes with its owner.

A file lock tells whether a cloud is alive, never a process id. The system drops a lock as soon as its holder ends,
however it ends, so a stale file or a reused process id cannot mislead anybody. Only its owner may enter the folder, so
other users of the machine find neither the key nor what the cloud wrote::

    .lanes/cloud.lock     held by the daemon of ``lanes up`` as long as it lives
    .lanes/cloud.json     where it listens; valid only while the lock is held
    .lanes/cloud.key      the key of its account's owner, to sign requests with; mode 0600
    .lanes/cloud.log      its output; cloud.log.1 and cloud.log.2 are older
    .lanes/kept/          what lanes up --persist goes on with (shared/local/keeping), with its stores in data/
    .lanes/deploy.lock    held by a command while it deploys
    .lanes/scratch/<id>/  files of one running cloud or command, whose lock <id>.lock is held beside it; in
                          data/ the stores of a cloud that is not kept
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from shared.aws.access_key import AccessKey
from shared.disks import disk_error
from shared.errors import LanesError
from shared.local.trees import remove_tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.values import Json

STATE_DIR = ".lanes"


@dataclass(frozen=True, slots=True)
class Running:
    """The cloud that ``lanes up`` keeps.

    Attributes:
        started: ISO 8601, UTC.
        any_key: It treats any key as its owner's.
        key: The key of its owner.
        persists: What is in it survives its end.
        carries: How many functions it runs at once, and what binds that.
        as_aws: It gives no more than an account on AWS does.
    """

    endpoint: str
    pid: int
    account: str
    region: str
    started: str
    any_key: bool
    key: AccessKey = field(repr=False)
    persists: bool = False
    carries: str = ""
    as_aws: bool = False


class FileLock:
    """An exclusive lock that ends with its holder. The file stays and means nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self, *, wait: bool = False) -> bool:
        """Take the lock; return False if another holds it and *wait* is not set."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def held(self) -> bool:
        """Say whether anybody holds the lock. Looking takes it as shared, so two who look do not seem to hold it."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except PermissionError as error:
            raise _anothers(self.path.parent) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def lost(self) -> bool:
        """Say whether the file of the lock that we hold was removed or replaced, so that others cannot find it."""
        if self._descriptor is None:
            return False
        try:
            return not os.path.samestat(os.fstat(self._descriptor), self.path.stat())
        except FileNotFoundError:
            return True

    def release(self) -> None:
        """Release the lock; nothing happens if it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        self.acquire(wait=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class State:
    """The files of one project's embedded cloud, under *folder* (``.lanes``)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = FileLock(folder / "cloud.lock")
        self.log = folder / "cloud.log"
        self.scratch = folder / "scratch"
        self.kept = folder / "kept"
        self._record = folder / "cloud.json"
        self._key = folder / "cloud.key"

    def held(self) -> bool:
        """Say whether a cloud runs, starts or ends here now."""
        return self.lock.held()

    def one_deploy(self) -> FileLock:
        """Return what to hold while deploying: of two first runs at once, one deploys and the other finds it done."""
        return FileLock(self.folder / "deploy.lock")

    def running(self) -> Running | None:
        """Return the cloud that runs now; None if there is none, or it is still starting."""
        if not self.held():
            return None
        try:
            record = json.loads(self._record.read_text(encoding="utf-8"))
            key = AccessKey(**json.loads(self._key.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        return Running(**record, key=key)

    def write(self, running: Running) -> None:
        """Record *running*; the caller holds the lock."""
        record = asdict(running)
        _write(self._key, record.pop("key"))
        _write(self._record, record)

    def clear(self) -> None:
        """Remove the record; the caller holds the lock. If it was removed before, another's record is left alone."""
        if not self.lock.lost():
            self._record.unlink(missing_ok=True)
            self._key.unlink(missing_ok=True)

    def lost(self) -> bool:
        """Say whether the record was removed, so that no command finds us; the caller holds the lock."""
        return self.lock.lost() or not self._record.exists()


def private_folder(folder: Path) -> None:
    """Make *folder*, or check that it is ours. From now on nobody else may enter it.

    Raises:
        LanesError: It belongs to somebody else, who could put another key into it; or it is not a folder.
    """
    try:
        folder.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
    except FileExistsError as error:
        what = "a link that leads nowhere" if folder.is_symlink() else "a file"
        raise LanesError(
            f"an embedded cloud keeps its files in a folder, and this is {what}", where=str(folder), fix="remove it"
        ) from error
    found = folder.stat()
    if found.st_uid != os.geteuid():
        raise _anothers(folder)
    if stat.S_IMODE(found.st_mode) != stat.S_IRWXU:
        folder.chmod(stat.S_IRWXU)


def _anothers(folder: Path) -> LanesError:
    return LanesError(
        "an embedded cloud's files are only for the user who made them, and these belong to another user",
        where=str(folder),
        fix="work as that user, or in your own copy of the project",
    )


def _write(path: Path, told: dict[str, Json]) -> None:
    """Replace *path* by a file that only its owner may read."""
    draft = path.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(told, indent=2) + "\n")
    draft.replace(path)


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Yield a private folder under *folder*, which is removed at exit. Folders of killed owners are removed first.

    Raises:
        LanesError: The disk is full, the folder cannot be written to, or something else is there.
    """
    try:
        with FileLock(folder / ".lock"):
            _sweep(folder)
            mine = Path(tempfile.mkdtemp(prefix="cloud-", dir=folder)).resolve()
            lock = FileLock(mine.with_suffix(".lock"))
            lock.acquire()
    except OSError as error:
        other = LanesError(f"no scratch space: {error.strerror}", where=str(folder), fix="remove what is in the way")
        raise disk_error(error, [folder]) or other from error
    try:
        yield mine
    finally:
        remove_tree(mine)
        lock.path.unlink(missing_ok=True)
        lock.release()


def _sweep(folder: Path) -> None:
    for path in folder.glob("cloud-*.lock"):
        lock = FileLock(path)
        if lock.acquire():
            remove_tree(path.with_suffix(""))
            path.unlink(missing_ok=True)
            lock.release()
