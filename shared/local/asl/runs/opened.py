"""Opens the store of executions: on the disk of a cloud, or in a scratch folder for an engine without one."""

from __future__ import annotations

import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config.cloud_bounds import CloudBounds
from shared.local.asl.runs.schema import LAYOUT, TABLES
from shared.local.asl.runs.store import RunStore
from shared.local.storage import Database
from shared.local.trees import remove_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.storage import Storage


def open_runs(storage: Storage, clock: Callable[[], float]) -> RunStore:
    """Return the store on the disk of a cloud, which writes in the background.

    Raises:
        LanesError: It cannot be opened.
    """
    database = storage.database("runs", LAYOUT, TABLES)
    store = RunStore(lambda: database, storage.bounds.runs, clock, durable=storage.persistent)
    store.start()
    return store


def scratch_runs(clock: Callable[[], float]) -> RunStore:
    """Return a store in a folder that is made when it is needed, and goes with the store."""

    def open_database() -> Database:
        folder = Path(tempfile.mkdtemp(prefix="lanes-runs-"))
        weakref.finalize(store, remove_tree, folder)
        return Database(folder / "runs.db", LAYOUT, TABLES)

    store = RunStore(open_database, CloudBounds().runs, clock)
    return store
