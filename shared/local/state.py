"""What the embedded cloud keeps on disk, in ``.lanes/``: who runs, and scratch space that dies with its owner.

Liveness is a file lock, never a process id: the system drops a lock the moment its holder ends, however it ends,
so a stale file or a reused process id cannot fool anybody. The folder is its owner's alone: others of this machine
find neither the key nor what the cloud wrote::

    .lanes/cloud.lock     held by the daemon of ``lanes up`` for as long as it lives
    .lanes/cloud.json     where it listens; believed only while the lock is held
    .lanes/cloud.key      the key of its account's owner, to sign requests with; mode 0600
    .lanes/cloud.log      what it wrote
    .lanes/scratch/<id>/  files of one running cloud or command, with <id>.lock held beside it
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import stat
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from shared.aws.access_key import AccessKey
from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterator

STATE_DIR = ".lanes"


@dataclass(frozen=True, slots=True)
class Running:
    """The cloud that ``lanes up`` keeps.

    Attributes:
        packaged: Deploys to it put the libraries into the zip.
        started: ISO 8601, UTC.
        any_key: It takes any key, for its owner's.
        key: The key of its owner.
    """

    endpoint: str
    pid: int
    account: str
    region: str
    packaged: bool
    started: str
    any_key: bool
    key: AccessKey = field(repr=False)


class FileLock:
    """An exclusive lock that ends with its holder. The file stays; only the lock says anything."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self, *, wait: bool = False) -> bool:
        """Take the lock; False when another holds it and *wait* is not set."""
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
        """Say whether anybody holds the lock. Those who look share it: two at once are not taken for a holder."""
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
        """Say whether the lock we hold is on a file that is no longer there for others to find."""
        if self._descriptor is None:
            return False
        try:
            return not os.path.samestat(os.fstat(self._descriptor), self.path.stat())
        except FileNotFoundError:
            return True

    def release(self) -> None:
        """Let go; nothing happens when it is not held."""
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
        self._record = folder / "cloud.json"
        self._key = folder / "cloud.key"

    def held(self) -> bool:
        """Say whether a cloud runs, starts or ends here now."""
        return self.lock.held()

    def running(self) -> Running | None:
        """Return the cloud that runs now, or None. One that is still starting counts as none."""
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
        """Forget what was recorded; the caller holds the lock. What another wrote after ours was removed stays."""
        if not self.lock.lost():
            self._record.unlink(missing_ok=True)
            self._key.unlink(missing_ok=True)

    def lost(self) -> bool:
        """Say whether what was recorded has been removed, so that no command finds us; the caller holds the lock."""
        return self.lock.lost() or not self._record.exists()


def private_folder(folder: Path) -> None:
    """Make *folder*, or see that it is ours; nobody but us may enter it from now on.

    Raises:
        LanesError: It is somebody else's, who could put a key of his own into it; or it is no folder.
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
        "an embedded cloud's files are for the user alone who made them, and these are another's",
        where=str(folder),
        fix="work as that user, or in a copy of the project of your own",
    )


def _write(path: Path, told: dict[str, Any]) -> None:
    """Replace *path* by a file that its owner alone may read."""
    draft = path.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123  a descriptor
        file.write(json.dumps(told, indent=2) + "\n")
    draft.replace(path)


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Give a private folder under *folder*, removed at exit; what killed owners left is removed first.

    Raises:
        LanesError: The disk is full or the folder may not be written.
    """
    try:
        with FileLock(folder / ".lock"):
            _sweep(folder)
            mine = Path(tempfile.mkdtemp(prefix="cloud-", dir=folder)).resolve()
            lock = FileLock(mine.with_suffix(".lock"))
            lock.acquire()
    except OSError as error:
        raise LanesError(
            f"no scratch space: {error.strerror}", where=str(folder), fix="free space there, or make it writable"
        ) from error
    try:
        yield mine
    finally:
        _remove(mine)
        lock.path.unlink(missing_ok=True)
        lock.release()


def _sweep(folder: Path) -> None:
    for path in folder.glob("cloud-*.lock"):
        lock = FileLock(path)
        if lock.acquire():
            _remove(path.with_suffix(""))
            path.unlink(missing_ok=True)
            lock.release()


def _remove(folder: Path) -> None:
    """Remove a tree even where a function's files were made read-only."""
    for parent, folders, _ in os.walk(folder):
        for name in folders:
            path = os.path.join(parent, name)  # noqa: PTH118  os.walk speaks strings, and trees can be large
            if not os.path.islink(path):  # noqa: PTH114  as above
                os.chmod(path, stat.S_IRWXU)  # noqa: PTH101  as above
    shutil.rmtree(folder, ignore_errors=True)
