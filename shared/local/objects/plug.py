"""Puts this room in the place of moto's own store of objects."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from shared.local.objects import copying, getting, keys, parts, putting, telling, versions
from shared.local.objects.contents import Contents
from shared.local.seams import plugged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.local.storage import Storage


@contextlib.contextmanager
def install(storage: Storage) -> Iterator[Contents]:
    """Have moto's S3 keep what objects hold in files of *storage*, while the block lasts."""
    contents = Contents(storage.folder("objects"), durable=storage.persistent)
    rooms = (copying, getting, keys, parts, putting)
    with plugged([*(seam for room in rooms for seam in room.seams(contents)), *telling.seams(), *versions.seams()]):
        try:
            yield contents
        finally:
            contents.close()
