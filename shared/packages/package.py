"""A workflow's package: the zip that all its functions run, with its code, its libraries, and nothing else.

We make the zip and Chalice uploads it. Chalice's own packager makes one zip for all functions of a project. It caches
by contents without file names, so after a rename it ships the old zip. It goes on without libraries that could not be
had. Here the name of a cached zip is the hash of everything in it, file names too. The same input gives the same bytes,
so an unchanged function is seen to be unchanged. Handlers are plain functions: a cold start imports neither ``app.py``
nor Chalice.

The libraries are compressed once (:mod:`shared.packages.libraries`); the code is put behind them.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.aws_facts import UNZIPPED
from shared.config.problems import Problem, Problems
from shared.packages.code import missing_handlers, read_code
from shared.packages.explained import unexplained
from shared.packages.libraries import find_libraries, modules_of
from shared.packages.requirements import read_requirements
from shared.packages.zips import forget, unpacked, unzipped_size, write_zip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping
    from pathlib import Path

    from shared.packages.code import Workflow
    from shared.packages.target import Target

    Tell = Callable[[str], None]

_KEPT = 4  # packages of a workflow in the cache, old ones too
LIBRARIES = "libraries"
"""The folder of the cache that holds libraries."""
UNPACKED = "unpacked"
"""The folder of the cache that holds libraries for this machine's own Python, unpacked."""


@dataclass(frozen=True, slots=True)
class Package:
    """A finished zip.

    Attributes:
        path: The zip.
        sha256: Its hash in base64, as Lambda's CodeSha256 is.
        size: Its bytes.
        unzipped: The bytes of what is in it.
        code: The names in it of the workflow's code; all others are libraries.
    """

    path: Path
    sha256: str
    size: int
    unzipped: int
    code: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A package to be made.

    Attributes:
        workflow: Of what.
        target: What it must run on.
        lock: Keep the versions of its libraries in a file beside the requirements.
        checked: Its imports must be explained; not where others bring libraries, as a layer or an image's base.
        zipped: It is uploaded as a zip, and must not be larger than Lambda takes.
    """

    workflow: Workflow
    target: Target
    lock: bool = True
    checked: bool = True
    zipped: bool = True


def build_packages(
    wanted: Mapping[str, Wanted], cache: Path, tell: Tell, known: MutableMapping[Wanted, Package] | None = None
) -> dict[str, Package]:
    """Return each package that is *wanted*, by its key. It is made if *cache* has none that fits.

    Args:
        wanted: The packages.
        cache: Where zips and libraries are kept.
        tell: Gets a line about what takes time, or is written.
        known: What was wanted before, as long as no file has changed, and what came of it; it gets what is new. A
            shared workflow's code is then read once for all teams that run it.

    Raises:
        ConfigError: Lists what is wrong with all of them: a handler or a library that is not there, requirements that
            conflict, imports that nothing explains, more than Lambda takes.
        LanesError: The package index does not answer.
    """
    problems = Problems()
    known = {} if known is None else known
    with _locked(cache):
        for each in wanted.values():
            if each not in known and (package := _build(each, cache, problems, tell)):
                known[each] = package
    problems.finish()
    return {key: known[each] for key, each in wanted.items()}


def libraries_of(wanted: Wanted, cache: Path, tell: Tell) -> Path | None:
    """Return a folder with the libraries of the package that is *wanted*, unpacked once; None where it has none.

    Raises:
        ConfigError: Lists what is wrong with its requirements.
        LanesError: The package index does not answer.
    """
    problems, workflow = Problems(), wanted.workflow
    with _locked(cache):
        requirements = read_requirements(workflow.requirements, workflow.root, problems, locks=wanted.lock)
        found = find_libraries(requirements, wanted.target, cache / LIBRARIES, problems, tell)
        problems.finish()
        return unpacked(found.path, cache / UNPACKED) if found else None


def _build(wanted: Wanted, cache: Path, problems: Problems, tell: Tell) -> Package | None:
    """Return the package, or None after a problem."""
    workflow, target, before = wanted.workflow, wanted.target, len(problems.found)
    for problem in missing_handlers(workflow):
        problems.add(problem)
    code = read_code(workflow, problems)
    requirements = read_requirements(workflow.requirements, workflow.root, problems, locks=wanted.lock)
    if len(problems.found) > before:
        return None
    found = find_libraries(requirements, target, cache / LIBRARIES, problems, tell)
    if len(problems.found) > before:
        return None
    libraries = found.path if found else None
    if wanted.checked:
        for problem in unexplained(code, modules_of(libraries), requirements, target):
            problems.add(problem)
    if len(problems.found) > before:
        return None
    path = cache / f"{workflow.name}.{_digest(code.files, found.key if found else '')}.zip"
    if not path.exists():
        write_zip(path, code.files, libraries)
        forget(cache, f"{workflow.name}.*.zip", _KEPT)
    content = path.read_bytes()
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    package = Package(path, digest, len(content), unzipped_size(path), frozenset(code.files))
    if wanted.zipped and package.unzipped > UNZIPPED.value:
        problems.add(_too_large(package, wanted, requirements.shown))
    return package if len(problems.found) == before else None


def _too_large(package: Package, wanted: Wanted, requirements: str) -> Problem:
    return Problem(
        requirements,
        1,
        f"the package of {wanted.workflow.name} has {package.unzipped / 1024**2:.0f} MB unzipped, and Lambda takes "
        f"{UNZIPPED.value // 1024**2} MB as a zip",
        "say package: image on the card: an image may have 10 GB",
    )


def _digest(files: Mapping[str, Path], key: str) -> str:
    digest = hashlib.sha256(f"{key}\0".encode())
    for name, path in sorted(files.items()):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:32]


@contextlib.contextmanager
def _locked(cache: Path) -> Iterator[None]:
    """Let one process at a time make packages; the lock goes with its holder."""
    libraries = cache / LIBRARIES
    libraries.mkdir(parents=True, exist_ok=True)
    with (libraries / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
