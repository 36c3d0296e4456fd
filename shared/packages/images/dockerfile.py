"""A Dockerfile for each function, and the folder it is built from, for those who have a container engine."""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING

from shared.packages.images.build import TASK_ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from shared.config.lane import Function, Image
    from shared.packages.package import Package


def render(function: Function, image: Image) -> str:
    """Return the Dockerfile of *function*, to be built in a folder that :func:`write_context` filled."""
    lines = [f"FROM {image.base}"]
    lines += [f"RUN {step}" for step in image.setup]
    lines += [f"WORKDIR {TASK_ROOT}"]
    if image.libraries:
        lines += ["COPY libraries/ ./"]
    lines += ["COPY code/ ./"]
    if image.entrypoint:
        words = ", ".join(f'"{word}"' for word in image.entrypoint)
        lines += [f"ENTRYPOINT [{words}]"]
    lines += [f'CMD ["{function.handler}"]']
    return "\n".join(lines) + "\n"


def write_context(function: Function, image: Image, package: Package, folder: Path) -> Path:
    """Fill *folder* with the Dockerfile of *function* and what it copies; return the Dockerfile's path."""
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(package.path) as archive:
        for name in archive.namelist():
            own = name in package.code
            if own or image.libraries:
                archive.extract(name, folder / ("code" if own else "libraries"))
    for part in ("code", *(["libraries"] if image.libraries else [])):
        (folder / part).mkdir(parents=True, exist_ok=True)  # what is copied must be there, if only empty
    for copied in folder.rglob("*"):  # Lambda runs it as a user of its own, whatever the umask was here
        copied.chmod(0o755 if copied.is_dir() else 0o644)
    path = folder / "Dockerfile"
    path.write_text(render(function, image), encoding="utf-8")
    return path
