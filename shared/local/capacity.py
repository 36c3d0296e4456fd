"""How many environments of functions this machine carries at once, and what binds it.

An environment is a process. It takes memory; descriptors of the cloud, which serves it (its socket, its log, its files
in /proc, its connections); and tasks, as Linux calls processes and threads together. What there is of each is what is
left when the cloud starts: what other programs and other users have by then counts, what they take later does not. A
container's limits (cgroups, v1 and v2) count as the machine's own.

The account binds too: Lambda runs 1,000 at once (:data:`CONCURRENCY`).

Measured on 2026-11-30, Python 3.11: an idle environment holds 8 MB of its own, 38 MB once it has imported boto3; a rank
with a program of its own has 92 MB resident, of which most are its own. A rank takes some 7 descriptors of the cloud,
and one connection at the cloud's rendezvous for each pairing under way: 28 in a world of 100 ranks.
"""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shared.config.aws_facts import CONCURRENCY

if TYPE_CHECKING:
    from collections.abc import Iterator

_MB = 2**20
# What one environment takes, and what the cloud itself does.
_MEMORY, _OWN_MEMORY = 96 * _MB, 256 * _MB
_DESCRIPTORS, _OWN_DESCRIPTORS = 30, 256
_TASKS, _OWN_TASKS = 6, 64
_ROOT = Path("/")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a cloud that starts now may take of this machine.

    Attributes:
        memory: Bytes that are free, or that the kernel frees at once.
        descriptors: How many one process may open; None for no bound.
        tasks: How many more processes and threads there may be; None for no bound.
        cpus: How many threads a numeric library starts in each process.
    """

    memory: int
    descriptors: int | None
    tasks: int | None
    cpus: int


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many functions run at once.

    Attributes:
        environments: So many, one at least.
        bound: What binds it, with its figures.
        fix: What gives more; empty where nothing of this machine does.
    """

    environments: int
    bound: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.environments} functions at once, bound by {self.bound}"


def carried(facts: Facts) -> Capacity:
    """Return what a machine with *facts* carries."""
    most = CONCURRENCY.value
    found = [Capacity(most, f"the account ({most} on AWS)"), _by_memory(facts.memory)]
    if facts.descriptors is not None:
        count = max(1, (facts.descriptors - _OWN_DESCRIPTORS) // _DESCRIPTORS)
        told = f"descriptors ({facts.descriptors:,} at most, {_DESCRIPTORS} each)"
        found.append(Capacity(count, told, "raise the hard limit of descriptors (ulimit -Hn)"))
    if facts.tasks is not None:
        each = _TASKS + facts.cpus
        count = max(1, (facts.tasks - _OWN_TASKS) // each)
        told = f"processes and threads ({facts.tasks:,} more at most, {each} each)"
        found.append(Capacity(count, told, "raise the limit of processes (ulimit -Hu, or the container's pids)"))
    return min(found, key=lambda each: each.environments)


def _by_memory(free: int) -> Capacity:
    count = max(1, (free - _OWN_MEMORY) // _MEMORY)
    return Capacity(count, f"memory ({free // _MB:,} MB free, {_MEMORY // _MB} each)", "free memory")


def capacity() -> Capacity:
    """Return what this machine carries now."""
    return carried(read_facts())


def read_facts(root: Path = _ROOT) -> Facts:
    """Return what there is; *root* is where /proc and /sys are looked for."""
    groups = list(_groups(root))
    memory = [_available(root), *(each.memory for each in groups if each.memory is not None)]
    tasks = [_of_the_user(root), *(each.tasks for each in groups)]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return Facts(
        memory=max(0, min(memory)),
        descriptors=None if hard == resource.RLIM_INFINITY else hard,
        tasks=min((max(0, each) for each in tasks if each is not None), default=None),
        cpus=os.cpu_count() or 1,
    )


def raise_soft_limits() -> None:
    """Raise this process's soft limits of descriptors and processes to the hard ones."""
    for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC):
        hard = resource.getrlimit(kind)[1]
        with suppress(ValueError, OSError):  # a kernel may have a lower bound of its own (fs.nr_open)
            resource.setrlimit(kind, (hard, hard))


def _available(root: Path) -> int:
    """Return the bytes that the machine has free (proc(5), MemAvailable)."""
    for line in (root / "proc/meminfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")  # a kernel before 3.14


def _of_the_user(root: Path) -> int | None:
    """Return how many more tasks this user may have; None where nothing bounds it, as for root (setrlimit(2))."""
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    if hard == resource.RLIM_INFINITY or os.geteuid() == 0:
        return None
    mine = 0
    for process in (root / "proc").iterdir():
        with suppress(OSError):
            if process.name.isdecimal() and process.stat().st_uid == os.getuid():
                mine += sum(1 for _ in (process / "task").iterdir())
    return hard - mine


class _Group(NamedTuple):
    """What one control group leaves: bytes and tasks; None for no bound."""

    memory: int | None = None
    tasks: int | None = None


def _groups(root: Path) -> Iterator[_Group]:
    """Yield what the control groups of this process leave, and those above them (cgroups(7))."""
    mounts = _mounts(root)
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            if controller not in mounts:
                continue
            mount, top = mounts[controller]
            below = Path(path).relative_to(top) if Path(path).is_relative_to(top) else Path()
            for folder in (mount / below, *(mount / above for above in below.parents)):
                yield _v2(folder) if not controller else _v1(folder, controller)


def _mounts(root: Path) -> dict[str, tuple[Path, str]]:
    """Return where each controller of version 1 is mounted, and version 2 as "", with the group that is mounted."""
    found = {}
    for line in _read(root / "proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        _, _, _, top, mount, *_ = before.split()
        kind, *_, options = after.split()
        where = root / mount.lstrip("/"), top
        if kind == "cgroup2":
            found[""] = where
        elif kind == "cgroup":
            found |= {name: where for name in options.split(",") if name in {"memory", "pids"}}
    return found


def _v2(folder: Path) -> _Group:
    used = _number(folder / "memory.current") - _cache(folder, "inactive_file")
    return _Group(
        _left(folder / "memory.max", used),
        _left(folder / "pids.max", _number(folder / "pids.current")),
    )


def _v1(folder: Path, controller: str) -> _Group:
    if controller == "pids":
        return _Group(tasks=_left(folder / "pids.max", _number(folder / "pids.current")))
    used = _number(folder / "memory.usage_in_bytes") - _cache(folder, "total_inactive_file")
    return _Group(memory=_left(folder / "memory.limit_in_bytes", used))


def _left(limit: Path, used: int) -> int | None:
    told = _read(limit).strip()
    return int(told) - used if told.isdecimal() else None  # "max", or this group has no such limit


def _cache(folder: Path, name: str) -> int:
    """Return the bytes of cached files that the kernel drops first: the group holds them, and nobody needs them."""
    for line in _read(folder / "memory.stat").splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _number(file: Path) -> int:
    return int(_read(file).strip() or 0)


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
