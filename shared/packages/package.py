"""The zip that every function of the project runs: the handlers, what they import, and nothing else.

We make the zip and Chalice uploads it. Chalice's own packager caches by contents without file names, so after a rename
it ships the old zip. It takes ``__pycache__`` in. It prints "Could not install dependencies" and goes on without them.
Here the name of a cached zip is the hash of everything in it, file names too. The same input gives the same bytes, so
an unchanged function is seen to be unchanged. A missing dependency is an error. ``app.py`` and Chalice stay out:
handlers are plain functions, and a cold start imports neither.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from shared.config.aws_facts import UNZIPPED
from shared.config.runtimes import MACHINE
from shared.errors import LanesError
from shared.packages.stand_in import STAND_IN, library_names
from shared.packages.wheels import fetch_wheels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_UNZIPPED_LIMIT = UNZIPPED.value
_FOR_BUILDERS = (".pyi", ".pxd", ".h", ".hpp", ".a", ".lib")  # 1.9 MB that no function ever reads, tests included
_KEPT = 4  # packages in the cache, old ones too
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold; when a file was written must not matter
_MODE = 0o100644 << 16  # a checkout's umask must not matter either


@dataclass(frozen=True, slots=True)
class Package:
    """A finished zip. ``sha256`` is in base64, as Lambda's CodeSha256 is."""

    path: Path
    sha256: str
    size: int
    runtime: str


class Dependencies(Protocol):
    """Where the libraries of the zip come from."""

    def key(self, requirements: Path) -> str:
        """Return what the libraries depend on, for the cache."""

    def install(self, requirements: Path, target: Path) -> None:
        """Put the libraries named in *requirements* into the folder *target*."""


class FromEnvironment:
    """Only the names of libraries in the zip: the embedded cloud has the libraries where this project is installed."""

    def key(self, requirements: Path) -> str:
        """Return the names."""
        return "\n".join(["environment", *library_names(requirements)])

    def install(self, requirements: Path, target: Path) -> None:
        """Write the names down."""
        (target / STAND_IN).write_text("".join(f"{name}\n" for name in library_names(requirements)), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Vendored:
    """Libraries in the zip, as wheels for Lambda's Linux and *runtime*, which is this machine's Python or another.

    Those for the machine's own are fetched by Chalice's dependency builder.
    """

    runtime: str = MACHINE

    def key(self, requirements: Path) -> str:
        """Return the requirements themselves: they are pinned."""
        return requirements.read_text(encoding="utf-8")

    def install(self, requirements: Path, target: Path) -> None:
        """Fetch and unpack the wheels.

        Raises:
            LanesError: A library has no wheel that fits, or cannot be fetched.
        """
        if self.runtime != MACHINE:
            fetch_wheels(self.runtime, requirements, target)
            return
        from chalice.deploy import packager  # only a packaged deploy needs it
        from chalice.utils import OSUtils

        builder = packager.DependencyBuilder(OSUtils())
        abi = MACHINE.replace("python", "cp").replace(".", "")
        try:
            builder.build_site_packages(abi, str(requirements), str(target))
        except packager.MissingDependencyError as error:
            missing = ", ".join(sorted(package.identifier for package in error.missing))
            raise LanesError(
                f"no wheel for Lambda's {MACHINE} (x86_64): {missing}",
                where=str(requirements),
                fix="pin a version with an older manylinux wheel, or set a later runtime in shared/settings.yaml",
            ) from error
        except (packager.NoSuchPackageError, packager.PackageDownloadError) as error:
            raise LanesError(
                f"the libraries cannot be fetched: {error}",
                where=str(requirements),
                fix="see that pip reaches its index, and that the pins exist",
            ) from error


def build_package(app_dir: Path, cache: Path, dependencies: Dependencies, runtime: str = MACHINE) -> Package:
    """Return the zip for the code under *app_dir*``/vendor`` on *runtime*. It is made if *cache* has none that fits.

    Raises:
        LanesError: The code is not there, a library is missing, or there is too much for Lambda.
    """
    requirements = app_dir / "requirements.txt"
    files = dict(_code(app_dir / "vendor"))
    if not files:
        raise LanesError("there is no code to deploy", where=str(app_dir / "vendor"), fix="restore its symlinks")
    key = dependencies.key(requirements)
    path = cache / f"code-{_digest(files, key, runtime)}.zip"
    with _locked(cache):
        if not path.exists():
            libraries = _libraries(_folder(cache, key, runtime), requirements, dependencies)
            _write(path, {**dict(_needed(libraries)), **files})
            forget(cache, "code-*.zip")
    content = path.read_bytes()
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return Package(path, digest, len(content), runtime)


def has_libraries(app_dir: Path, cache: Path, dependencies: Dependencies, runtime: str = MACHINE) -> bool:
    """Say whether *cache* holds the libraries, so that :func:`build_package` need not install them."""
    return _folder(cache, dependencies.key(app_dir / "requirements.txt"), runtime).exists()


def _folder(cache: Path, key: str, runtime: str) -> Path:
    """Return the folder of the libraries, apart from the code: an edit of the code does not fetch them again."""
    return cache / f"libraries-{runtime}-{_short(key)}"


def _libraries(folder: Path, requirements: Path, dependencies: Dependencies) -> Path:
    """Return *folder*, with the libraries in it."""
    cache = folder.parent
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            draft = Path(scratch, "libraries")
            draft.mkdir()
            dependencies.install(requirements, draft)
            draft.rename(folder)
        forget(cache, "libraries-*")
    return folder


def _code(vendor: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name in the zip, file) for what lies under *vendor*, symlinked folders followed."""
    return _tree(vendor, vendor)


def _needed(libraries: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name in the zip, file) for what a running function can use of the *libraries*."""
    for name, path in _tree(libraries, libraries):
        if path.suffix not in _FOR_BUILDERS and "tests" not in path.relative_to(libraries).parent.parts:
            yield name, path


def _tree(folder: Path, top: Path) -> Iterator[tuple[str, Path]]:
    for root, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if name != "__pycache__" and not name.startswith("."))
        for name in sorted(names):
            if not name.endswith(".pyc") and not name.startswith("."):
                path = Path(root, name)
                yield path.relative_to(top).as_posix(), path


def _digest(files: Mapping[str, Path], key: str, runtime: str) -> str:
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return f"{runtime}-{_short(key)}-{digest.hexdigest()[:32]}"


def _short(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _write(path: Path, files: Mapping[str, Path]) -> None:
    """Write the zip under another name, then rename it, so that nobody reads half of it."""
    unzipped = sum(file.stat().st_size for file in files.values())
    if unzipped > _UNZIPPED_LIMIT:
        raise LanesError(
            f"the package has {unzipped / 1024**2:.0f} MB unzipped, Lambda takes 250 MB at most",
            fix="take libraries out of chalice_app/requirements.txt",
        )
    draft = path.with_suffix(".tmp")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as target:
        for name, file in sorted(files.items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = _MODE
            target.writestr(info, file.read_bytes())
    draft.replace(path)


def forget(cache: Path, pattern: str) -> None:
    """Remove what *pattern* finds in *cache*, but for the newest few: another deploy may still read those."""
    made = sorted(cache.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in made[_KEPT:]:
        shutil.rmtree(old) if old.is_dir() else old.unlink()


@contextlib.contextmanager
def _locked(cache: Path) -> Iterator[None]:
    """Let one process at a time make packages; the lock goes with its holder."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
