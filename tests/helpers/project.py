"""The project itself, and copies of it to do as one likes with."""

import shutil
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
_PARTS = ("naming.yaml", "shared", "statemachines", "teams", "chalice_app")


def copy_project(folder: Path) -> Path:
    """Copy the project, without tests and state, into *folder* and return that."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = shutil.ignore_patterns("__pycache__", "deployed", "deployments")
    for name in _PARTS:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, folder / name, symlinks=True, ignore=ignore)
        else:
            shutil.copy2(source, folder / name)
    return folder
