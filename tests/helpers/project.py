"""The project itself, and copies of it to do as one likes with."""

import compileall
import functools
import re
import shutil
from pathlib import Path

from shared.deploy.code import CACHE
from shared.packages.package import LIBRARIES

REPOSITORY = Path(__file__).resolve().parents[2]
_HANDLER = re.compile(r"^ *handler: (shared\.[\w.]+)\.(\w+)$", re.MULTILINE)
_PARTS = ("naming.yaml", "shared", "statemachines", "teams", "chalice_app")


def copy_project(folder: Path) -> Path:
    """Copy the project, without tests and state, into *folder* and return that.

    Python's bytecode comes along: a process that a test starts there would compile hundreds of modules, for seconds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _compile()
    ignore = shutil.ignore_patterns("deployed", "deployments")
    for name in _PARTS:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, folder / name, symlinks=True, ignore=ignore)
        else:
            shutil.copy2(source, folder / name)
    _share_libraries(folder)
    return folder


def hollow(folder: Path) -> Path:
    """Have the shared handlers of the project in *folder* do nothing, where no function is called: they are small then.

    Their libraries take a second to upload, and a drill deploys hundreds of times.
    """
    for card in (folder / "statemachines").glob("*.yaml"):
        card.with_name(f"{card.stem}.requirements.txt").unlink(missing_ok=True)
        for module, name in _HANDLER.findall(card.read_text(encoding="utf-8")):
            path = folder / f"{module.replace('.', '/')}.py"
            path.write_text(f"def {name}(event, context):\n    return event\n", encoding="utf-8")
    return folder


@functools.cache
def _compile() -> None:
    """Have bytecode of our code as it is, also where PYTHONDONTWRITEBYTECODE keeps Python from writing it."""
    compileall.compile_dir(REPOSITORY / "shared", quiet=2, force=False)


def _share_libraries(folder: Path) -> None:
    """Have the project in *folder* find the libraries that another test, or its owner, has compressed already."""
    cache = REPOSITORY / CACHE / LIBRARIES
    cache.mkdir(parents=True, exist_ok=True)
    (folder / CACHE).mkdir(parents=True, exist_ok=True)
    (folder / CACHE / LIBRARIES).symlink_to(cache)
