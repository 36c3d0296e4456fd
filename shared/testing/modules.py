"""Modules of workflows' folders in one process: inside of a folder's block they are imported by name, elsewhere not.

Workflows have modules of the same names. Tests and handlers of one share theirs, so that a test may set what a handler
reads; those of another workflow are put away meanwhile.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared.local.handler import OwnModules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


NOBODY = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",  # those that lanes env prints
}
"""The environment of no account: a test that forgets to fake a client is refused by AWS."""


class Modules:
    """The modules of all folders, of which one is inside at a time."""

    def __init__(self) -> None:
        self._folders: dict[Path, OwnModules] = {}
        self._inside: Path | None = None

    @contextmanager
    def of(self, folder: Path | None) -> Iterator[None]:
        """Have the modules of *folder* importable in the block, and no other folder's; None for no folder's."""
        outer = self._inside
        self.go_to(folder)
        try:
            yield
        finally:
            self.go_to(outer)

    def go_to(self, folder: Path | None) -> None:
        """Have the modules of *folder* importable from now on, and no other folder's; None for no folder's.

        To put modules away takes some ms: who comes back to a folder soon had better stay.
        """
        if folder == self._inside:
            return
        if self._inside is not None:
            self._folders[self._inside].__exit__()
        if folder is not None:
            self._folders.setdefault(folder, OwnModules(folder)).__enter__()
        self._inside = folder
