"""The code and libraries of a lane's workflows, each as the zip that its functions run."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from shared.config.lane import LAMBDA_BASE
from shared.config.problems import Problems
from shared.config.template import render_definition
from shared.packages.code import Workflow, read_code
from shared.packages.package import Wanted, build_packages
from shared.packages.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from pathlib import Path

    from shared.config.lane import Function, Lane
    from shared.config.load import Project
    from shared.packages.package import Package

    Tell = Callable[[str], None]
    Where = Callable[[Function], Target]

APP_DIR = "chalice_app"
"""The folder of the Chalice project, in the project's own."""
CACHE = ".lanes/packages"


def package_code(
    project: Project,
    lane: Lane,
    tell: Tell = lambda _: None,
    where: Where | None = None,
    known: MutableMapping[Wanted, Package] | None = None,
) -> dict[str, Package]:
    """Return the package of each workflow of *lane* that has functions of ours to run, by the workflow's key.

    Functions that belong to no workflow, as the platform's, have the key "".

    Args:
        project: Whose code.
        lane: Whose functions.
        tell: Gets a line about what takes time, or is written.
        where: What a function really runs on, where that may be another target than its own.
        known: Packages of other lanes, as of :func:`shared.packages.package.build_packages`.

    Raises:
        ConfigError: Lists what is wrong with the packages of all workflows.
        LanesError: The package index does not answer.
    """
    ours = [each for each in lane.functions.values() if not (each.image and each.image.is_others)]
    keys = dict.fromkeys(each.workflow for each in ours)
    groups = {key: [each for each in ours if each.workflow == key] for key in keys}
    wanted = {key: _wanted(project.root, lane, key, group, where or target_of) for key, group in groups.items()}
    return build_packages(wanted, project.root / CACHE, tell, known)


def digest_code(project: Project, lane: Lane, workflow: str) -> str:
    """Return a digest of what the files say of a workflow's code, for which nothing is packed, fetched or asked.

    In it are the modules that its functions run, the requirements and their lock, the machine's definition, and all of
    its functions that may change a time, but for their memory.

    Raises:
        ConfigError: The code or the template cannot be read.
    """
    digest, problems = hashlib.sha256(), Problems()
    functions = [lane.functions[key] for key in lane.workflows[workflow].functions.values()]
    if ours := [each for each in functions if not (each.image and each.image.is_others)]:
        packed = wanted_of(project, lane, ours[0]).workflow
        files = read_code(packed, problems).files
        problems.finish()
        files |= {path.name: path for path in (packed.requirements, packed.requirements.with_suffix(".lock"))}
        for name, path in sorted(files.items()):
            content = path.read_bytes() if path.is_file() else b""
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    told = [_told(function) for function in functions]
    digest.update(json.dumps([render_definition(lane, workflow), told], sort_keys=True).encode())
    return digest.hexdigest()[:16]


def _told(function: Function) -> list[object]:
    """Return what the files say of a *function* that may change its time."""
    image = function.image
    file = image.dockerfile.read_text(encoding="utf-8") if image and image.dockerfile else ""
    return [
        function.handler,
        function.runtime,
        function.architecture,
        function.timeout_seconds,
        function.reserved_concurrency,
        function.ephemeral_mb,
        dict(function.environment),
        list(function.layers),
        [image.base, list(image.setup), list(image.entrypoint), image.uri, file] if image else None,
    ]


def wanted_of(project: Project, lane: Lane, function: Function, where: Where | None = None) -> Wanted:
    """Return what the package of *function*, one of *lane* whose code is ours, is to be; *where* as above."""
    group = [each for each in lane.functions.values() if each.workflow == function.workflow]
    group = [each for each in group if not (each.image and each.image.is_others)]
    return _wanted(project.root, lane, function.workflow, group, where or target_of)


def target_of(function: Function) -> Target:
    """Return what *function* runs on, on AWS."""
    return Target(function.runtime, function.architecture)


def _wanted(root: Path, lane: Lane, key: str, functions: list[Function], where: Where) -> Wanted:
    target = where(functions[0])  # a card says it for all its functions
    own = lane.workflows.get(key)
    folder = own.folder if own else None
    shown = key or lane.team
    return Wanted(
        Workflow(
            f"{own.owner if own and own.owner else 'shared'}.{shown}",
            root,
            folder,
            tuple(dict.fromkeys(each.handler for each in functions)),
            own.requirements if own else root / "statemachines" / f"{shown}.requirements.txt",
        ),
        target,
        lock=target == target_of(functions[0]),
        checked=all(map(_brings_all, functions)),
        zipped=not all(each.image for each in functions),
    )


def _brings_all(function: Function) -> bool:
    """Say whether the package brings all that *function* can import: no layer, no base or commands of others do."""
    image = function.image
    return not function.layers and (image is None or (image.base.startswith(LAMBDA_BASE) and not image.setup))
