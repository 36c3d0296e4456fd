"""The log of a cloud in the background, ``.lanes/cloud.log``: bounded in size, and no line in it a thousand times.

All that the process writes to stderr goes there, a crash's last words too. So the file itself is stderr, and is
exchanged when it has grown, or when somebody has removed it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LARGEST = 10_000_000  # bytes of a file
OLD_FILES = 2  # beside the one that is written to: cloud.log.1 is newer than cloud.log.2
_FOLDED_FOR = 60.0  # seconds in which the same line is counted and not written
_REMEMBERED = 1000  # lines


def open_log(path: Path) -> int:
    """Open the log at *path* to go on with it, for its owner alone, and return its descriptor."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


class CloudLog:
    """The file at *path*, which *descriptor* writes to.

    Args:
        path: The file.
        descriptor: What is exchanged: stderr.
        largest: Bytes at which the next file is begun.
    """

    def __init__(self, path: Path, descriptor: int = 2, largest: int = LARGEST) -> None:
        self._path = path
        self._descriptor = descriptor
        self._largest = largest

    def look(self) -> None:
        """Begin a new file if this one is large, or gone. Where the disk takes none, the old one goes on."""
        try:
            now = os.fstat(self._descriptor)
            if not self._is_there(now):
                self._begin()
            elif now.st_size >= self._largest:
                self._shift()
                self._begin()
        except OSError:
            return  # the disk is full, or the folder is gone, which ends the cloud anyway

    def _is_there(self, now: os.stat_result) -> bool:
        try:
            return os.path.samestat(now, self._path.stat())
        except FileNotFoundError:
            return False

    def _shift(self) -> None:
        for number in range(OLD_FILES, 0, -1):
            younger = self._old(number - 1) if number > 1 else self._path
            if younger.exists():
                younger.replace(self._old(number))

    def _old(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _begin(self) -> None:
        fresh = open_log(self._path)
        os.dup2(fresh, self._descriptor)
        os.close(fresh)


class Folded(logging.Handler):
    """Writes a line once a minute, however often it comes, and at the minute's end how often it came.

    Args:
        write: Takes each line.
        clock: Seconds.
    """

    def __init__(self, write: Callable[[str], object], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        self._write = write
        self._clock = clock
        self._seen: OrderedDict[str, _Seen] = OrderedDict()

    def emit(self, record: logging.LogRecord) -> None:
        """Write *record*, or count it. The lock of the handler is held."""
        error = record.exc_info and record.exc_info[1]
        line = f"{record.name} {record.getMessage()} {error!r}"
        if seen := self._seen.get(line):
            seen.more += 1
            return
        self._seen[line] = _Seen(record.getMessage(), self._clock())
        if len(self._seen) > _REMEMBERED:
            self._end(self._seen.popitem(last=False)[1])
        self._put(f"{self.format(record)}\n")

    def look(self) -> None:
        """Write how often lines came whose minute is over."""
        with self.lock or contextlib.nullcontext():
            while self._seen:
                line, seen = next(iter(self._seen.items()))
                if self._clock() - seen.written < _FOLDED_FOR:
                    return
                del self._seen[line]
                self._end(seen)

    def _end(self, seen: _Seen) -> None:
        if seen.more:
            self._put(f"{seen.more} times more in a minute: {seen.message}\n")

    def _put(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the disk is full: what the log is about goes on
            self._write(text)


class _Seen:
    """A line: what it said, when it was written, and how often it came since."""

    def __init__(self, message: str, written: float) -> None:
        self.message = message
        self.written = written
        self.more = 0


def to_stderr(line: str) -> None:
    """Write *line* to stderr, whatever file that is by now."""
    sys.stderr.write(line)
    sys.stderr.flush()
