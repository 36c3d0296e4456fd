"""What this machine has, and what it can check: one finding a line, each with the way to get what is missing."""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config.runtimes import MACHINE, OFFERED, RUNTIMES, end_of
from shared.local.pythons import Python, find_python, other_python

if TYPE_CHECKING:
    from collections.abc import Callable

IAM_SIMULATE = "LANES_IAM_SIMULATE"
"""Names the folder in which npm installed iam-simulate."""
_ENOUGH_MB = 1024  # the sample run, with room
_MINISTACK = "ministack==1.5.33"  # what the tests list as its limits is this version's


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what it is about, what was found, and what to do when that is not *ok*.

    What is ``optional`` nobody must have; a ``warning`` is nothing to have but something to know in time.
    """

    name: str
    ok: bool
    found: str
    fix: str = ""
    optional: bool = False
    warning: bool = False


def examine(
    runtime: str = MACHINE,
    today: date | None = None,
    find: Callable[[str], Python | str] = find_python,
) -> list[Finding]:
    """Run every check.

    Args:
        runtime: What the project's functions run on.
        today: The day by which a runtime may be at its end.
        find: Finds the machine's interpreter for a runtime.
    """
    return [
        _python(),
        _system(),
        _loopback(),
        _disk(),
        _walls(),
        _runtime(runtime, today or datetime.now(UTC).date()),
        _own_python(runtime, find),
        _other_pythons(runtime, find),
        _tool("Rscript", "R models", "apt install r-base-core, or brew install r"),
        _tool("docker", "images that need commands run (lanes images dockerfile)", "docs.docker.com/get-docker"),
        _tool("mariadbd", "holding teams' databases to MySQL (tests)", "apt install mariadb-server"),
        _tool("chromium", "looking at reports as a browser does (tests)", "apt install chromium"),
        _iam_simulate(),
        _emulator(),
        _library("torch", "your own models and .pt files (lanes model import, lanes data import)", _extra("train")),
        _library("GalSim", "a survey of your own (lanes data make)", _extra("survey")),
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
    from shared.local.lambda_runtime.sandbox import Sandbox  # with moto behind it, 0.3 s

    with tempfile.TemporaryDirectory(prefix="lanes-doctor-") as folder:
        private = Sandbox(Path(folder)).private_mounts
    found = "each function has its own" if private else "functions share the machine's /tmp, and no limit holds for it"
    return Finding("Private /tmp", private, found, "allow unprivileged user namespaces, or run as root", optional=True)


def _runtime(runtime: str, today: date) -> Finding:
    """Say whether AWS keeps the functions' runtime."""
    told = end_of(runtime, today)
    later = [name for name in OFFERED if not end_of(name, today)]
    fix = f"set defaults.runtime in shared/settings.yaml: {', '.join(later)}"
    found = told or f"{runtime}, until {RUNTIMES[runtime].deprecated}"
    return Finding("Lambda's runtime", not told, found, fix, optional=True, warning=True)


def _own_python(runtime: str, find: Callable[[str], Python | str]) -> Finding:
    """Say what the functions run on here."""
    name = "Functions' Python"
    if runtime == MACHINE:
        return Finding(name, True, f"{MACHINE}, as on AWS", optional=True)  # noqa: FBT003  Finding.ok
    said = other_python(runtime, packaged=True, find=find)
    fix = f"install {runtime} with awslambdaric, or work with that Python"
    return Finding(name, isinstance(find(runtime), Python), said, fix, optional=True, warning=True)


def _other_pythons(runtime: str, find: Callable[[str], Python | str]) -> Finding:
    """Say for which of Lambda's other runtimes there is an interpreter."""
    others = {name: find(name) for name in OFFERED if name not in {MACHINE, runtime}}
    there = [name for name, found in others.items() if isinstance(found, Python)]
    why = "; ".join(str(found) for found in others.values() if not isinstance(found, Python))
    found = ", ".join(there) if there else f"none; for functions of other runtimes with --packaged: {why}"
    return Finding("Other Pythons", bool(there), found, "install one, and awslambdaric for it", optional=True)


def _iam_simulate() -> Finding:
    """Say whether policies can be held against an independent program, which node runs."""
    name, purpose = "iam-simulate", "holding decisions of IAM against another program (tests)"
    folder = os.environ.get(IAM_SIMULATE, "")
    package = Path(folder, "node_modules/@cloud-copilot/iam-simulate/package.json")
    if not shutil.which("node"):
        return Finding(name, False, f"there is no node; for {purpose}", "apt install nodejs npm", optional=True)  # noqa: FBT003  as above
    if not folder or not package.is_file():
        fix = f"npm install @cloud-copilot/iam-simulate in a folder, and {IAM_SIMULATE} set to it"
        return Finding(name, False, f"not installed; for {purpose}", fix, optional=True)  # noqa: FBT003  as above
    version = json.loads(package.read_text(encoding="utf-8"))["version"]
    return Finding(name, True, f"{version} in {folder}", optional=True)  # noqa: FBT003  as above


def _tool(command: str, purpose: str, fix: str) -> Finding:
    path = shutil.which(command)
    return Finding(command, path is not None, path or f"not installed; for {purpose}", fix, optional=True)


def _emulator() -> Finding:
    """Say whether the tests on a second emulator can run; it pins a botocore of its own, so it has its own folder."""
    path = shutil.which("ministack", path=f"{os.environ.get('PATH', '')}{os.pathsep}.ministack/bin")
    found = path or "not installed; for the tests on a second emulator (tests/emulators)"
    fix = f"python3 -m venv .ministack && .ministack/bin/pip install {_MINISTACK} boto3"
    return Finding("MiniStack", path is not None, found, fix, optional=True)


def _library(name: str, purpose: str, fix: str) -> Finding:
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(name, False, f"not installed; for {purpose}", fix, optional=True)  # noqa: FBT003  Finding.ok
    return Finding(name, True, found, optional=True)  # noqa: FBT003  as above


def _extra(name: str) -> str:
    return f"pip install -e '.[{name}]'"
