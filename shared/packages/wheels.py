"""Wheels for another Python than this machine's. Chalice's dependency builder asks pip for the machine's own only.

pip can fetch for another Python, but where a requirement says which Python it is for, pip goes by the Python that it
runs on. So those lines are chosen here. A library without a wheel is refused, because nothing here could build one.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Iterator

# The minor version of glibc 2 on the Linux of each runtime: Amazon Linux 2 has 2.26, 2023 has 2.34.
# Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html and docs.aws.amazon.com/linux, 2026-11-29.
_GLIBC = {"python3.11": 26}
_LATER_GLIBC = 34
_OLDEST_GLIBC = 5  # manylinux1
_OLD_NAMES = ("manylinux2014", "manylinux2010", "manylinux1")
_LAST_WORDS = 3  # lines of pip's that say why


def fetch_wheels(runtime: str, requirements: Path, target: Path) -> None:
    """Put the libraries of *requirements* into *target*, for Lambda's *runtime* on x86_64.

    Raises:
        LanesError: A line cannot be read, or a library has no wheel that fits.
    """
    version = runtime.removeprefix("python")
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        chosen = Path(scratch, "requirements.txt")
        chosen.write_text("\n".join(_lines_for(version, requirements)) + "\n", encoding="utf-8")
        wheels = Path(scratch, "wheels")
        wheels.mkdir()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"),
                *("--only-binary", ":all:", "--implementation", "cp", "--python-version", version),
                *(word for each in _platforms(runtime) for word in ("--platform", each)),
                *("--dest", str(wheels), "--requirement", str(chosen)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            why = [line for line in done.stderr.splitlines() if line.startswith("ERROR")][:_LAST_WORDS]
            raise LanesError(
                f"no wheel for Lambda's {runtime} (x86_64): {'; '.join(why) or done.stderr.strip()}",
                where=str(requirements),
                fix="pin versions that have manylinux wheels for it, or set another runtime in shared/settings.yaml",
            )
        for wheel in sorted(wheels.glob("*.whl")):
            _unpack(wheel, target)


def _lines_for(version: str, requirements: Path) -> Iterator[str]:
    """Yield the lines that hold for Python *version*, without their condition. Options of pip's stay as they are."""
    environment = {"python_version": version, "python_full_version": f"{version}.0"}
    for number, line in enumerate(requirements.read_text(encoding="utf-8").splitlines(), 1):
        text = line.partition(" #")[0].strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("-"):
            yield text
            continue
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            raise LanesError(
                f"this is no requirement: {error}", where=f"{requirements}:{number}", fix="write name==version"
            ) from error
        if requirement.marker is None or requirement.marker.evaluate(environment):
            requirement.marker = None
            yield str(requirement)


def _platforms(runtime: str) -> list[str]:
    newest = _GLIBC.get(runtime, _LATER_GLIBC)
    names = (*(f"manylinux_2_{minor}" for minor in range(newest, _OLDEST_GLIBC - 1, -1)), *_OLD_NAMES)
    return [f"{name}_x86_64" for name in names]


def _unpack(wheel: Path, target: Path) -> None:
    """Unpack *wheel*, also the library folders of its ``.data``; its scripts are of no use in a zip."""
    with zipfile.ZipFile(wheel) as file:
        for info in file.infolist():
            first, _, rest = info.filename.partition("/")
            if first.endswith(".data"):
                kind, _, inside = rest.partition("/")
                if kind not in {"purelib", "platlib"} or not inside:
                    continue
                info.filename = inside
            file.extract(info, target)
