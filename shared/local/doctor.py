"""What this machine has for the embedded cloud: one check a line, each with the way to get what is missing."""

from __future__ import annotations

import platform
import shutil
import socket
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

_ENOUGH_MB = 1024  # the sample run, with room


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what it is about, what was found, and what to do when that is not *ok*."""

    name: str
    ok: bool
    found: str
    fix: str = ""
    optional: bool = False


def examine() -> list[Finding]:
    """Run every check."""
    return [
        _python(),
        _system(),
        _loopback(),
        _disk(),
        _walls(),
        _tool("Rscript", "R models", "apt install r-base-core, or brew install r"),
        _tool("docker", "images that need commands run (lanes images dockerfile)", "docs.docker.com/get-docker"),
        _library("torch", "your own models and .pt files (lanes model import, lanes data import)", "train"),
        _library("GalSim", "a survey of your own (lanes data make)", "survey"),
    ]


def _python() -> Finding:
    version = platform.python_version()
    return Finding("Python", (3, 11) <= sys.version_info < (3, 14), version, "install Python 3.11, 3.12 or 3.13")


def _system() -> Finding:
    found = f"{platform.system()} {platform.machine()}"
    return Finding("System", platform.system() == "Linux", found, "functions need Linux; WSL will do")


def _loopback() -> Finding:
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            return Finding("Loopback port", True, f"127.0.0.1:{server.getsockname()[1]} opened")  # noqa: FBT003  Finding.ok
    except OSError as error:
        return Finding("Loopback port", False, str(error), "allow this user to listen on 127.0.0.1")  # noqa: FBT003  as above


def _disk() -> Finding:
    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free // 2**20
    return Finding(
        "Temporary space", free >= _ENOUGH_MB, f"{free} MB free in {folder}", f"free {_ENOUGH_MB} MB, or set TMPDIR"
    )


def _walls() -> Finding:
    """Say whether functions get a /tmp of their own and code they cannot write, as on AWS."""
    from shared.local.lambda_runtime.sandbox import Sandbox  # noqa: PLC0415  with moto behind it, 0.3 s

    with tempfile.TemporaryDirectory(prefix="lanes-doctor-") as folder:
        private = Sandbox(Path(folder)).private_mounts
    found = "each function has its own" if private else "functions share the machine's /tmp, and no limit holds for it"
    return Finding("Private /tmp", private, found, "allow unprivileged user namespaces, or run as root", optional=True)


def _tool(command: str, purpose: str, fix: str) -> Finding:
    path = shutil.which(command)
    return Finding(command, path is not None, path or f"not installed; for {purpose}", fix, optional=True)


def _library(name: str, purpose: str, extra: str) -> Finding:
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(name, False, f"not installed; for {purpose}", f"pip install -e '.[{extra}]'", optional=True)  # noqa: FBT003  Finding.ok
    return Finding(name, True, found, optional=True)  # noqa: FBT003  as above
