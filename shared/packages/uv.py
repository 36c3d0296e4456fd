"""uv, which finds and fetches libraries for another Python and another machine than this one.

pip cannot: it goes by the Python that it runs on where a requirement says which one it is for. Which index is asked is
the user's own setting. It is never written or printed, for an address may hold a password.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from uv import find_uv_bin

from shared.disks import disk_error
from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shared.disks import DiskError
    from shared.packages.target import Target

_OWN_INDEX = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
_AS_PIP = {"UV_SYSTEM_CERTS": "true"}  # whom this machine trusts: a company's own authority, which pip finds too
_QUIET = ("--quiet", "--no-progress", "--color", "never")
_UNTRUSTED = re.compile(r"invalid peer certificate: (\w+)")
_UNREACHED = re.compile(r"Request failed|Failed to fetch|error sending request|client error")
_NO_WHEEL = re.compile(r"no usable wheels|has no wheels|no wheels? (?:with|are)|no compatible wheels")
_DISK = re.compile(r"(/[^:]*)?: [^:]* \(os error (\d+)\)")
_END = ", we can conclude that your requirements are unsatisfiable"


class Unsolvable(Exception):
    """No versions fit the requirements: *what* is wrong, and the *fix*."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what, fix)
        self.what, self.fix = what, fix


def compile_lock(requirements: Path, lock: Path, target: Target) -> None:
    """Write to *lock* which versions *requirements* come to for *target*, with the hashes of their files.

    What *lock* holds already is kept where it fits.

    Raises:
        Unsolvable: No versions fit, or a library has no wheel.
        LanesError: The index does not answer.
    """
    words = ("compile", str(requirements), "--output-file", str(lock), "--generate-hashes", "--no-header")
    _run(target, lock.parent, *words, "--no-annotate", "--no-emit-index-url", "--no-emit-find-links")


def install_locked(lock: Path, folder: Path, target: Target) -> None:
    """Unpack the wheels that *lock* names into *folder*, which is made.

    Raises:
        Unsolvable: A wheel is not what the lock says, or is gone.
        LanesError: The index does not answer.
    """
    words = ("install", "--requirement", str(lock), "--target", str(folder), "--require-hashes", "--no-deps")
    _run(target, lock.parent, *words, "--no-compile-bytecode", "--link-mode", "copy")


def _run(target: Target, settings: Path, command: str, *words: str) -> None:
    """Run uv with the user's own settings and those above the folder *settings*, not those of the folder one stands in.

    That may be a team's, and a ``uv.toml`` there could have libraries built: their code would run on this machine.
    """
    fits = ("--python-version", target.version, "--python-platform", target.platform, "--only-binary", ":all:")
    done = subprocess.run(
        [find_uv_bin(), "pip", command, *words, *fits, "--python", sys.executable, "--project", str(settings), *_QUIET],
        env={**_AS_PIP, **os.environ, **_index_of_pip(os.environ), "UV_PYTHON_DOWNLOADS": "never"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise _explained(done.stderr, target)


def _index_of_pip(environment: Mapping[str, str]) -> dict[str, str]:
    """Return uv's setting for the index that pip is set to use, unless uv has a setting of its own."""
    if any(name in environment for name in _OWN_INDEX):
        return {}
    told = subprocess.run(
        [sys.executable, "-P", "-m", "pip", "config", "list"],  # -P: no pip.py of the folder that one stands in
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    found = re.findall(r"^[^\s=]*\.index-url='(.*)'$", told, re.MULTILINE)
    return {"UV_DEFAULT_INDEX": found[-1]} if found else {}  # the last one is the environment's


def _explained(said: str, target: Target) -> Exception:
    """Return the error for what uv *said*, shortened."""
    if _UNREACHED.search(said):
        return _unreached(said)
    why = _why(said)
    if full := _of_a_disk(why):
        return full
    if _NO_WHEEL.search(why):
        named = ", ".join(re.findall(r"Wheels are required for `([^`]+)`", said)) or why.partition(" has no")[0]
        what = f"no wheel of {named} for Lambda's {target}: {why}"
        return Unsolvable(what, "pin a version that has one, or build it yourself: package: image, with a Dockerfile")
    if missing := re.findall(r"(\S+) was not found", why):
        return Unsolvable(f"there is no library called {missing[0]}", "correct its name")
    if "hash" in said.lower() and "mismatch" in said.lower():
        return Unsolvable(f"a library is not what the lock says: {why}", "delete the lock, and look what it becomes")
    return Unsolvable(f"the requirements cannot be met: {why}", "loosen or change one of them")


def _unreached(said: str) -> LanesError:
    if untrusted := _UNTRUSTED.search(said):
        fix = "have this machine trust who signed it (SSL_CERT_FILE names a file of such), then run it again"
        return LanesError(f"the package index's certificate is not trusted: {untrusted[1]}", fix=fix)
    fix = "see that this machine reaches its package index; once fetched, libraries are kept in .lanes/packages"
    return LanesError("the libraries cannot be fetched: the package index does not answer", fix=fix)


def _of_a_disk(why: str) -> DiskError | None:
    """Return the error of the system that uv met, if it was a disk's."""
    if not (found := _DISK.search(why)):
        return None
    path, number = (found[1] or "").rpartition(" ")[2].strip("`"), int(found[2])
    return disk_error(OSError(number, os.strerror(number), path or None))


def _why(said: str) -> str:
    """Return the reason that uv gives, in a line, without addresses and without how it marks lines."""
    reason, _, _ = said.partition("\nhint:")
    reason = reason.rpartition("cause:")[2] if "cause:" in reason else reason.rpartition("╰─▶")[2]
    line = " ".join(re.sub(r"[a-z+]+://\S+", "(an address)", reason).replace("error:", "").split())
    return line.removesuffix(".").removesuffix(_END).removeprefix("Because ")
