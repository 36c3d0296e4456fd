"""A workflow's libraries as one zip, found, fetched and compressed once, and kept by what they depend on.

1. A lock beside the requirements that fits is taken as it is.
2. Else uv finds versions. If the requirements name exactly these, they are their own lock. Else the lock is written.
3. The wheels of the lock are unpacked, checked by their hashes, and compressed, always to the same bytes.

What only builders and testers of a library read stays out, and so do programs: their first lines name this machine.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config.problems import Problem
from shared.packages.requirements import fitting_lock, lock_header, plain, plain_lock, read_own_lock, read_pins
from shared.packages.uv import Unsolvable, compile_lock, install_locked
from shared.packages.zips import forget, write_zip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.config.problems import Problems
    from shared.packages.requirements import Requirements
    from shared.packages.target import Target

    Tell = Callable[[str], None]

_FOR_BUILDERS = (".pyi", ".pxd", ".h", ".hpp", ".a", ".lib", ".pyc")
_LEFT_OUT = ("__pycache__", "tests")
_PROGRAMS = Path("bin")
_KEPT = 16  # sets of libraries in the cache, old ones too


@dataclass(frozen=True, slots=True)
class Libraries:
    """The zip of a workflow's libraries, and what they depend on, as a short hash."""

    path: Path
    key: str


def find_libraries(
    requirements: Requirements, target: Target, cache: Path, problems: Problems, tell: Tell
) -> Libraries | None:
    """Return the libraries of *requirements* for *target*; None where there are none, or after a problem.

    The caller sees to it that nobody else does so in the same *cache*.

    Args:
        requirements: What is wanted.
        target: What they must fit.
        cache: The folder where they are kept.
        problems: Where problems go.
        tell: Gets a line about what takes time, or is written.

    Raises:
        LanesError: The index does not answer.
    """
    if not requirements.wanted(target):
        return None
    cache.mkdir(parents=True, exist_ok=True)
    found = _Kept(cache, requirements, target, fitting_lock(requirements, target))
    if not found.path.exists():
        tell(f"fetching the libraries of {requirements.shown} for {target}, once")
        try:
            with tempfile.TemporaryDirectory(dir=cache) as scratch:
                found = _made(found, Path(scratch), tell)
        except Unsolvable as error:
            where = requirements.line_of(error.what)
            problems.add(Problem(requirements.shown, where, error.what, error.fix))
            return None
        forget(cache, "*.zip", _KEPT)
    os.utime(found.path)  # those that are used stay
    return Libraries(found.path, found.key)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Where the libraries of *requirements* for *target*, in the versions of *locked* if there are any, are kept."""

    cache: Path
    requirements: Requirements
    target: Target
    locked: str

    @property
    def key(self) -> str:
        how = self.locked if self.requirements.locks else "kept in no lock"
        told = f"{self.target}\0{self.target.platform}\0{self.requirements.text}\0{how}"
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def path(self) -> Path:
        return self.cache / f"{self.key}.zip"


def _made(kept: _Kept, scratch: Path, tell: Tell) -> _Kept:
    """Fetch the libraries of *kept* and compress them. Return where they are kept, which a new lock changes."""
    path, folder = scratch / "requirements.lock", scratch / "libraries"
    if kept.locked:
        path.write_text(plain_lock(kept.locked, kept.requirements.lock.name), encoding="utf-8")
    else:
        kept = _resolved(kept, scratch, path, tell)
    folder.mkdir()
    install_locked(path, folder, kept.target)
    write_zip(kept.path, dict(_needed(folder)))
    return kept


def _resolved(kept: _Kept, scratch: Path, path: Path, tell: Tell) -> _Kept:
    """Write to *path* which versions fit. Keep them beside the requirements if these do not name them all."""
    wanted = kept.requirements
    if wanted.lock.is_file():  # its versions are kept where they fit
        path.write_text(plain_lock(read_own_lock(wanted), wanted.lock.name), encoding="utf-8")
    copy = scratch / "requirements.txt"
    copy.write_text(plain(wanted.lines), encoding="utf-8")
    compile_lock(copy, path, kept.target)
    text = path.read_text(encoding="utf-8")
    versions = read_pins(text)
    if not wanted.locks:
        return kept
    if versions == wanted.pins(kept.target):
        wanted.lock.unlink(missing_ok=True)  # of an earlier day, when they named fewer
        return kept
    text = lock_header(wanted, kept.target) + text
    draft = wanted.lock.with_suffix(".lock.part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(wanted.lock)
    shown = wanted.shown.removesuffix(wanted.path.name) + wanted.lock.name
    count = f"{len(versions)} librar{'y' if len(versions) == 1 else 'ies'}"
    tell(f"resolved {count} for {kept.target} into {shown}; commit it")
    return _Kept(kept.cache, wanted, kept.target, text)


def _needed(folder: Path) -> Iterator[tuple[str, Path | bytes]]:
    """Yield (name in the zip, file or content) for what a running function can use of the libraries in *folder*."""
    for parent, folders, names in os.walk(folder):
        here = Path(parent).relative_to(folder)
        folders[:] = [name for name in folders if name not in _LEFT_OUT and here / name != _PROGRAMS]
        for name in names:
            if not name.endswith(_FOR_BUILDERS) and not name.startswith("."):
                path = Path(parent, name)
                yield (here / name).as_posix(), _without_programs(path.read_bytes()) if name == "RECORD" else path


def _without_programs(record: bytes) -> bytes:
    """Return the list of a library's files without its programs."""
    lines = record.splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(f"{_PROGRAMS}/".encode()))


def modules_of(path: Path | None) -> frozenset[str]:
    """Return the names of the files in the zip at *path*, none without one: by them, imports are explained."""
    if path is None:
        return frozenset()
    with zipfile.ZipFile(path) as archive:
        return frozenset(archive.namelist())
