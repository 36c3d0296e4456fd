"""Where the stores of one cloud lie, how safe they are, and how large they may grow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.local.storage.database import Database

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shared.config.cloud_bounds import CloudBounds


@dataclass(frozen=True, slots=True)
class Storage:
    """The disk of one cloud.

    Attributes:
        path: Its folder, which is made when something is kept there, for its owner alone.
        persistent: Whether it outlives the cloud. Then nothing is acknowledged that is not written.
        bounds: How much of each kind it keeps.
    """

    path: Path
    persistent: bool
    bounds: CloudBounds

    def database(self, name: str, layout: int, schema: Sequence[str]) -> Database:
        """Open the database *name*, or make it: see :class:`Database`."""
        self._make()
        return Database(self.path / f"{name}.db", layout, schema, durable=self.persistent)

    def folder(self, name: str) -> Path:
        """Return the folder *name*, which is made if it is missing."""
        self._make()
        folder = self.path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _make(self) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
