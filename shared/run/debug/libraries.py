"""The libraries that a handler imports here: this Python's where it has the versions of the package.

What a package has comes first on ``sys.path``, as on Lambda. A module that this process has loaded already in another
version cannot be taken back, and is refused.
"""

from __future__ import annotations

import sys
from importlib import metadata
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from shared.config.problems import Problems
from shared.config.runtimes import MACHINE, machine_architecture
from shared.errors import LanesError
from shared.packages.package import build_packages, libraries_of
from shared.packages.requirements import fitting_lock, read_pins, read_requirements
from shared.packages.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shared.packages.package import Wanted

    Tell = Callable[[str], None]


HERE = Target(MACHINE, machine_architecture())
"""What a function runs on in this process."""


def libraries_here(wanted: Wanted, cache: Path, tell: Tell) -> Path | None:
    """Return the folder that has to come first on ``sys.path``; None where this Python has all that is needed.

    Args:
        wanted: The package of what is to be called, for this Python: ``HERE``.
        cache: Where libraries are kept.
        tell: Gets a line about what takes time.

    Raises:
        LanesError: This process has another version loaded, or a library cannot be had.
    """
    if not _pins(wanted) - _installed():
        return None
    folder = libraries_of(wanted, cache, tell)
    if folder is not None:
        _check_loaded(folder, wanted.workflow.name)
    return folder


def _pins(wanted: Wanted) -> set[tuple[str, str]]:
    """Return the libraries that the package has, as its lock says; a library "" where no lock says it."""
    workflow = wanted.workflow
    requirements = read_requirements(workflow.requirements, workflow.root, Problems(), locks=wanted.lock)
    needed = requirements.wanted(wanted.target)
    lock = fitting_lock(requirements, wanted.target)
    if not needed or lock:
        return read_pins(lock)
    return {("", "")}


def _installed() -> set[tuple[str, str]]:
    return {(canonicalize_name(each.name), each.version) for each in metadata.distributions()}


def _check_loaded(folder: Path, name: str) -> None:
    """Refuse libraries in *folder* of which this process has loaded modules in another version."""
    here = dict(_installed())
    for each in metadata.distributions(path=[str(folder)]):
        loaded, version = sorted(set(_modules(each)) & sys.modules.keys()), here.get(canonicalize_name(each.name))
        if loaded and version != each.version:
            raise LanesError(
                f"the package of {name} has {each.name} {each.version}, and this process has loaded "
                f"{version or 'another'}",
                where=f"module {loaded[0]}",
                fix=f"install {each.name}=={each.version} beside lanes, or take it off the workflow's requirements "
                "where Lambda brings it; lanes invoke runs the function in the cloud",
            )


def _modules(distribution: metadata.Distribution) -> Iterator[str]:
    """Yield the names of the modules and packages that *distribution* has at its top."""
    for file in distribution.files or ():
        top = file.parts[0]
        if len(file.parts) > 1 and not top.endswith((".dist-info", ".libs")):
            yield top
        elif top.endswith(".py"):
            yield top.removesuffix(".py")


def code_differs(wanted: Wanted, sha256: str, cache: Path, tell: Tell) -> bool | None:
    """Say whether the code on disk is another than what is deployed with the hash *sha256*; None if nobody can tell.

    Args:
        wanted: The package that a deploy would make.
        sha256: Lambda's CodeSha256.
        cache: Where packages are kept.
        tell: Gets a line about what takes time.
    """
    try:
        made = build_packages({"": wanted}, cache, tell)
    except LanesError:
        return None  # it would not be deployed as it is, but it can be called
    return made[""].sha256 != sha256
