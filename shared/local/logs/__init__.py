"""CloudWatch of the embedded cloud, on disk: the events of logs and the figures of metrics.

1. ``store`` keeps groups, streams and events in ``logs.db``, and ``figures`` the figures of metrics; ``bounds`` lets
   old ones go. Memory does not grow with either.
2. ``patterns`` reads filter patterns, ``queries`` those of Logs Insights, ``puts`` what PutLogEvents refuses, and
   ``pages`` cuts answers.
3. ``seams`` and ``metric_seams`` put that behind moto's API. moto keeps the groups' own settings and filters, alarms
   and dashboards.

What it costs: a transaction for each write of a function's lines, which writers share, and an index look-up where moto
looked into a list.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from shared.local.logs import metric_seams, seams
from shared.local.logs.store import LogStore
from shared.local.seams import plugged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.local.storage import Storage

__all__ = ["LogRoom", "install"]


class LogRoom:
    """The logs and metrics of a cloud.

    Args:
        store: Keeps them.
    """

    def __init__(self, store: LogStore) -> None:
        self._store = store

    def settle(self) -> None:
        """Give moto the groups that are on disk, once it has read what else was kept, and before the first request."""
        seams.settle(self._store)


@contextlib.contextmanager
def install(storage: Storage, clock: Callable[[], float] = time.time) -> Iterator[LogRoom]:
    """Keep logs and metrics in *storage* while the block lasts.

    Args:
        storage: The disk of the cloud.
        clock: Seconds since the epoch.
    """
    store = LogStore(storage, clock)
    with contextlib.closing(store), plugged([*seams.seams(store), *metric_seams.seams(store)]):
        yield LogRoom(store)
