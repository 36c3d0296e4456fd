"""Blobs and uploads on disk, in a folder for each repository. No blob is ever held in memory."""

from __future__ import annotations

import hashlib
import re
import shutil
import time
import uuid
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, NamedTuple

from shared.errors import LanesError
from shared.local.registry.refused import RefusedError, not_found
from shared.packages.images.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 1 << 20
_LEFT_FOR = 24 * 3600  # seconds
_SOME_DIGEST = f"sha256:{'0' * 64}"
_UPLOAD = re.compile(r"[0-9a-f]{32}")  # the names that we give; a client could send anything


class Repository(NamedTuple):
    """A repository. Its name is unique in its account and region."""

    account: str
    region: str
    name: str


class Store:
    """The blobs and uploads of all repositories.

    Args:
        root: A folder for this store alone.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def blobs(self, repository: Repository) -> Layout:
        """Return the folder of *repository*'s blobs."""
        return Layout(self._folder(repository))

    def blob(self, repository: Repository, digest: str) -> Path:
        """Return the path of a blob.

        Raises:
            RefusedError: It does not exist, or *digest* is not a digest.
        """
        try:
            path = self.blobs(repository).path(digest)
        except LanesError as error:
            raise RefusedError("DIGEST_INVALID", error.what) from error
        if not path.is_file():
            raise not_found("BLOB_UNKNOWN", f"there is no blob {digest} in {repository.name}")
        return path

    def begin(self, repository: Repository) -> str:
        """Begin an upload and return its name. Uploads that got nothing for a day are thrown away."""
        upload = uuid.uuid4().hex
        path = self._upload(repository, upload)
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.iterdir():
            with suppress(FileNotFoundError):  # it was finished meanwhile
                if left.stat().st_mtime < time.time() - _LEFT_FOR:
                    left.unlink()
        path.touch()
        return upload

    def size(self, repository: Repository, upload: str) -> int:
        """Return how many bytes of an upload have come.

        Raises:
            RefusedError: There is no such upload.
        """
        try:
            return self._upload(repository, upload).stat().st_size
        except FileNotFoundError as error:
            raise _no_upload(upload) from error

    def append(self, repository: Repository, upload: str, body: IO[bytes], start: int | None = None) -> int:
        """Add *body* to an upload and return how many bytes it has now.

        Args:
            repository: The upload's repository.
            upload: Its name.
            body: The next bytes. If the client hangs up, those that came are kept.
            start: The position at which the client wants them to begin; None if it does not say.

        Raises:
            RefusedError: There is no such upload, another request adds to it, or its bytes do not end at *start*.
        """
        with self._held(repository, upload) as path:
            size = path.stat().st_size
            if start not in {None, size}:
                status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
                headers = {"Range": f"0-{max(size - 1, 0)}"}
                raise RefusedError("BLOB_UPLOAD_INVALID", f"{size} bytes have come, not {start}", status, headers)
            with path.open("ab") as file:
                shutil.copyfileobj(body, file, _CHUNK)
                return file.tell()

    def finish(self, repository: Repository, upload: str, digest: str) -> None:
        """Turn an upload into the blob *digest*. It is thrown away if it has another digest.

        Raises:
            RefusedError: There is no such upload, or it has another digest.
        """
        with self._held(repository, upload) as path:
            with path.open("rb") as file:
                found = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
            if found != digest:
                path.unlink()
                raise RefusedError("DIGEST_INVALID", f"what came is {found}, not {digest}")
            target = self.blobs(repository).path(digest)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)

    def cancel(self, repository: Repository, upload: str) -> None:
        """Throw an upload away.

        Raises:
            RefusedError: There is no such upload.
        """
        with self._held(repository, upload) as path:
            path.unlink()

    def mount(self, source: Repository, digest: str, target: Repository) -> None:
        """Give *target* a blob that *source* has, without copying it.

        Raises:
            RefusedError: It does not exist, or *digest* is not a digest.
        """
        there = self.blob(source, digest)
        here = self.blobs(target).path(digest)
        here.parent.mkdir(parents=True, exist_ok=True)
        if not here.exists():
            here.hardlink_to(there)

    def keep_only(self, repository: Repository, digests: set[str]) -> None:
        """Remove the blobs of *repository* that are not among *digests* and came more than a day ago."""
        folder = self.blobs(repository).path(_SOME_DIGEST).parent
        for path in folder.iterdir() if folder.exists() else ():
            with suppress(FileNotFoundError):
                if f"sha256:{path.name}" not in digests and path.stat().st_mtime < time.time() - _LEFT_FOR:
                    path.unlink()

    def remove(self, repository: Repository) -> None:
        """Remove all blobs and uploads of *repository*."""
        shutil.rmtree(self._folder(repository), ignore_errors=True)

    @contextmanager
    def _held(self, repository: Repository, upload: str) -> Iterator[Path]:
        """Keep other requests from an upload while the block lasts, by giving its file another name."""
        path = self._upload(repository, upload)
        mine = path.with_suffix(".held")
        try:
            path.rename(mine)
        except FileNotFoundError as error:
            raise _no_upload(upload) from error
        try:
            yield mine
        finally:
            if mine.exists():
                mine.rename(path)

    def _folder(self, repository: Repository) -> Path:
        return self._root / repository.account / repository.region / repository.name.replace("/", "+")

    def _upload(self, repository: Repository, upload: str) -> Path:
        if not _UPLOAD.fullmatch(upload):
            raise _no_upload(upload)
        return self._folder(repository) / "uploads" / upload


def _no_upload(upload: str) -> RefusedError:
    return not_found("BLOB_UPLOAD_UNKNOWN", f"there is no upload {upload} that waits for more")
