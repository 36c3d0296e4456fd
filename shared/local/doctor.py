"""Checks of this machine: one finding for each thing that the project needs or can use, and how to get it."""

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
from shared.local.capacity import capacity
from shared.local.pythons import Python, find_python, other_python

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.standing import Pace

IAM_SIMULATE = "LANES_IAM_SIMULATE"
"""Names the folder in which npm installed iam-simulate."""
_ENOUGH_MB = 1024  # more than the sample run takes
_ENOUGH_AT_ONCE = 40  # iterations of an inline Map, as on AWS
_MINISTACK = "ministack==1.5.33"  # the version whose limits the tests list


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        name: What was checked.
        ok: Whether it is well.
        found: What was found.
        fix: What to do if it is not.
        optional: Nobody must have it.
        warning: It is not something to have, but something to know in time.
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
    kept: Path | None = None,
) -> list[Finding]:
    """Run every check.

    Args:
        runtime: What the project's functions run on.
        today: The day on which a runtime may have ended; today, if it is not given.
        find: Finds the machine's interpreter for a runtime.
        kept: Where the project's cloud keeps its files.
    """
    return [
        _python(),
        _system(),
        _loopback(),
        _disk("Temporary space", Path(tempfile.gettempdir()), "set TMPDIR"),
        *([_disk("Cloud's space", kept, "move the project to a larger disk")] if kept else []),
        _walls(),
        _carried(),
        _runtime(runtime, today or datetime.now(UTC).date()),
        _own_python(runtime, find),
        _other_pythons(runtime, find),
        _tool("Rscript", "R models", "apt install r-base-core, or brew install r"),
        _tool("docker", "images that need commands run (lanes images dockerfile)", "docs.docker.com/get-docker"),
        _tool("mariadbd", "trying teams' databases on MySQL (tests)", "apt install mariadb-server"),
        _tool("chromium", "opening reports in a browser (tests)", "apt install chromium"),
        _iam_simulate(),
        _emulator(),
        _library("torch", "your own models and .pt files (lanes model import, lanes data import)", _extra("train")),
        _library("GalSim", "a survey of your own (lanes data make)", _extra("survey")),
    ]


def examine_pace(pace: Pace) -> Finding:
    """Say how far the times of a cloud that paces as an account are AWS's."""
    told = f"paced as an account in {pace.region}; {pace.refused or 'no call was throttled'}"
    if pace.by_machine:
        told += f"; its times are this machine's, not AWS's: {pace.by_machine}"
    fix = "a larger machine, fewer things at once, or lanes predict for AWS's times"
    return Finding("Cloud's times", not pace.by_machine, told, fix, optional=True, warning=True)


def _python() -> Finding:
    version = platform.python_version()
    return Finding("Python", (3, 11) <= sys.version_info < (3, 14), version, "install Python 3.11, 3.12 or 3.13")


def _system() -> Finding:
    found = f"{platform.system()} {platform.machine()}"
    return Finding("System", platform.system() == "Linux", found, "functions need Linux; WSL will do")


def _loopback() -> Finding:
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            return Finding("Loopback port", ok=True, found=f"127.0.0.1:{server.getsockname()[1]} opened")
    except OSError as error:
        return Finding("Loopback port", ok=False, found=str(error), fix="allow this user to listen on 127.0.0.1")


def _disk(name: str, folder: Path, else_do: str) -> Finding:
    """Check how much is free in *folder*, or above it where it is not made yet, and whether that takes memory."""
    there = next(place for place in (folder, *folder.resolve().parents) if place.exists())
    free = shutil.disk_usage(there).free // 2**20
    memory = ", a tmpfs: what lies there takes memory" if _file_system(there) in {"tmpfs", "ramfs"} else ""
    fix = f"free {_ENOUGH_MB} MB, or {else_do}"
    return Finding(name, free >= _ENOUGH_MB, f"{free} MB free in {folder}{memory}", fix)


def _file_system(folder: Path) -> str:
    """Return the kind of the file system that *folder* lies on; "" where the system does not tell."""
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return ""
    above = {str(place) for place in (folder.resolve(), *folder.resolve().parents)}
    found = [(point, kind) for _, point, kind, *_ in mounts if point in above]
    return max(found, key=lambda each: len(each[0]), default=("", ""))[1]


def _walls() -> Finding:
    """Check whether functions get a /tmp of their own and code that they cannot write to, as on AWS."""
    from shared.local.lambda_runtime.sandbox import mounts_work  # with moto behind it, 0.3 s

    with tempfile.TemporaryDirectory(prefix="lanes-doctor-") as folder:
        private = mounts_work(Path(folder))
    found = "each function has its own" if private else "functions share the machine's /tmp, without a limit"
    return Finding("Private /tmp", private, found, "allow unprivileged user namespaces, or run as root", optional=True)


def _carried() -> Finding:
    """Say how many functions run at once, which is warned of where it is less than an inline Map runs."""
    found = capacity()
    told = f"{found.environments}, bound by {found.bound}"
    enough = found.environments >= _ENOUGH_AT_ONCE
    return Finding("Functions at once", enough, told, found.fix, optional=True, warning=True)


def _runtime(runtime: str, today: date) -> Finding:
    """Check whether AWS still supports the functions' runtime."""
    told = end_of(runtime, today)
    later = [name for name in OFFERED if not end_of(name, today)]
    fix = f"set defaults.runtime in shared/settings.yaml: {', '.join(later)}"
    found = told or f"{runtime}, until {RUNTIMES[runtime].deprecated}"
    return Finding("Lambda's runtime", not told, found, fix, optional=True, warning=True)


def _own_python(runtime: str, find: Callable[[str], Python | str]) -> Finding:
    """Check what the functions run on here."""
    name = "Functions' Python"
    if runtime == MACHINE:
        return _present(name, f"{MACHINE}, as on AWS")
    said = other_python(runtime, find=find)
    fix = f"install {runtime} with awslambdaric, or work with that Python"
    return Finding(name, isinstance(find(runtime), Python), said, fix, optional=True, warning=True)


def _other_pythons(runtime: str, find: Callable[[str], Python | str]) -> Finding:
    """Check for which of Lambda's other runtimes there is an interpreter."""
    others = {name: find(name) for name in OFFERED if name not in {MACHINE, runtime}}
    there = [name for name, found in others.items() if isinstance(found, Python)]
    why = "; ".join(str(found) for found in others.values() if not isinstance(found, Python))
    found = ", ".join(there) if there else f"none; for functions of other runtimes: {why}"
    return Finding("Other Pythons", bool(there), found, "install one, and awslambdaric for it", optional=True)


def _iam_simulate() -> Finding:
    """Check whether decisions of IAM can be compared with those of an independent program, which node runs."""
    name, purpose = "iam-simulate", "comparing decisions of IAM with another program (tests)"
    folder = os.environ.get(IAM_SIMULATE, "")
    package = Path(folder, "node_modules/@cloud-copilot/iam-simulate/package.json")
    if not shutil.which("node"):
        return _missing(name, f"there is no node; for {purpose}", "apt install nodejs npm")
    if not folder or not package.is_file():
        fix = f"npm install @cloud-copilot/iam-simulate in a folder, and {IAM_SIMULATE} set to it"
        return _missing(name, f"not installed; for {purpose}", fix)
    version = json.loads(package.read_text(encoding="utf-8"))["version"]
    return _present(name, f"{version} in {folder}")


def _tool(command: str, purpose: str, fix: str) -> Finding:
    path = shutil.which(command)
    return _present(command, path) if path else _missing(command, f"not installed; for {purpose}", fix)


def _emulator() -> Finding:
    """Check whether the tests on a second emulator can run. It has its own folder because it needs its own botocore."""
    path = shutil.which("ministack", path=f"{os.environ.get('PATH', '')}{os.pathsep}.ministack/bin")
    if path:
        return _present("MiniStack", path)
    fix = f"python3 -m venv .ministack && .ministack/bin/pip install {_MINISTACK} boto3"
    return _missing("MiniStack", "not installed; for the tests on a second emulator (tests/emulators)", fix)


def _library(name: str, purpose: str, fix: str) -> Finding:
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        return _missing(name, f"not installed; for {purpose}", fix)
    return _present(name, found)


def _present(name: str, found: str) -> Finding:
    """Return the finding for an optional thing that is there."""
    return Finding(name, ok=True, found=found, optional=True)


def _missing(name: str, found: str, fix: str) -> Finding:
    """Return the finding for an optional thing that is missing."""
    return Finding(name, ok=False, found=found, fix=fix, optional=True)


def _extra(name: str) -> str:
    return f"pip install -e '.[{name}]'"
