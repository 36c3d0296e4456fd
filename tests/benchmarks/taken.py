"""What a cloud takes of the machine, as the kernel and the disk tell it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shared.local.state import Running, State


class Taken(NamedTuple):
    """What a cloud's process takes: MB, and numbers; *processes* are those below it, *disk* is what lies in .lanes."""

    rss: float
    descriptors: int
    threads: int
    processes: int
    disk: float


def taken(cloud: Running, state: State) -> Taken:
    """Return what *cloud* takes now."""
    process = Path(f"/proc/{cloud.pid}")
    told = dict(line.split(":", 1) for line in (process / "status").read_text(encoding="ascii").splitlines())
    files = (path.lstat() for path in state.folder.rglob("*"))
    return Taken(
        int(told["VmRSS"].split()[0]) / 1024,
        len(list((process / "fd").iterdir())),
        int(told["Threads"]),
        len(descendants(cloud.pid)),
        sum(512 * each.st_blocks for each in files) / 2**20,
    )


def descendants(pid: int) -> list[int]:
    """Return the processes below *pid*."""
    found, look = [], [pid]
    while look:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{look.pop()}/task").iterdir():
                children = [int(word) for word in (task / "children").read_text(encoding="ascii").split()]
                found += children
                look += children
    return found
