"""Where objects are wired: the project of the current folder, and the cloud that a command works against."""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from shared.cli import console
from shared.errors import UsageError
from shared.local.state import STATE_DIR
from shared.run import connecting
from shared.run.connecting import (
    check_profile,
    cloud_state,
    connect_user,
    in_role,
    running_cloud,
    told_when_gone,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.config.problems import ConfigError
    from shared.run.clouds import Cloud
    from shared.run.compared import Compared
    from shared.run.where import Where


_opened: list[tuple[Project, Compared]] = []  # the project that was opened last, and what was known before it was read

NO_TEAM = ""
"""What a command is about that concerns the machine or the platform alone."""


def open_project(*teams: str) -> Project:
    """Load the project that the current folder lies in.

    Args:
        teams: Whom the command is about; all teams when there are none, and :data:`NO_TEAM` for none. What is wrong in
            the folders of other teams' own workflows does not stop it.

    Raises:
        LanesError: There is none, or its files have problems; all of them are listed.
    """
    from shared.config.load import find_root, load_project

    return load_project(find_root(Path.cwd()), teams)


def open_valid(*teams: str, anew: bool = False) -> Project:
    """Load the project as :func:`open_project`, for a command that plans, deploys or runs.

    What Step Functions would refuse of its templates is found now, before anything is made; or it was found before,
    with the same files, unless it is to be looked for *anew*.
    """
    from shared.config.load import find_root, load_project
    from shared.run.compared import Compared

    root = find_root(Path.cwd())
    compared = Compared(root, root / STATE_DIR)  # before the files are read: what changes meanwhile is not known
    if compared.is_valid(teams) and not anew:
        project = load_project(root, teams)
    else:
        from shared.run.valid_project import load_valid

        project = load_valid(root, teams)
        compared.keep_valid(teams)
    _opened[:] = [(project, compared)]
    return project


def open_each(*teams: str) -> tuple[Project, Mapping[str, ConfigError]]:
    """Load the project as :func:`open_valid`, for a command that goes on with the other teams where one is broken.

    Returns:
        The project, and what is wrong with each of the teams that has something wrong, by its slug.
    """
    from shared.config.load import find_root
    from shared.run.valid_project import load_each

    return load_each(find_root(Path.cwd()), teams)


@contextlib.contextmanager
def open_cloud(project: Project, where: Where, lanes: Sequence[Lane] = (), *, speed: float = 1) -> Iterator[Aws]:
    """Give the cloud to work against: AWS, the one that ``lanes up`` keeps, or one for this command alone.

    Args:
        project: What the command is about.
        where: Which cloud the user asked for, and as whom.
        lanes: Those that the command is about: the roles that may be asked for are theirs.
        speed: How many times such a cloud shortens waits.

    Raises:
        LanesError: AWS refuses the credentials, or the embedded cloud cannot start.
        UsageError: A cloud that keeps its own time was to be sped up.
    """
    from shared.aws.client import connect_endpoint
    from shared.aws.patience import wait_out_throttles

    running = running_cloud(project) if where.embedded else None
    if speed != 1 and (running or not where.embedded):
        place = "the running cloud" if where.embedded else where.endpoint or "AWS"
        raise UsageError(f"{place} keeps its own time", fix="lanes down, then lanes up --speed")
    if not where.embedded:
        aws = connect_user(project, where, lanes)
        wait_out_throttles(aws.session)
        console.note(f"on {aws.target}, as {aws.caller}")
        yield aws
        return
    check_profile(where)
    if running:
        with told_when_gone(running.endpoint):
            owner = connect_endpoint(project.place, running.endpoint, running.key)
            aws = in_role(project, owner, where.role, lanes, console.note)
            wait_out_throttles(aws.session)
            yield aws
        return
    with own_cloud(project, speed) as aws:
        yield in_role(project, aws, where.role, lanes, console.note)


@contextlib.contextmanager
def own_cloud(project: Project, speed: float = 1) -> Iterator[Aws]:
    """Give an embedded cloud that begins empty and ends with the block; no other command works against it.

    Raises:
        LanesError: It cannot start.
    """
    from shared.aws.client import connect_endpoint
    from shared.local.cloud import EmbeddedCloud

    bounds = project.settings.cloud_bounds
    with (
        signals_unwind(),
        EmbeddedCloud(project.place, cloud_state(project).folder, speed=speed, bounds=bounds) as cloud,
    ):
        yield connect_endpoint(project.place, cloud.endpoint, cloud.key)


def cloud_of(project: Project, aws: Aws) -> Cloud:
    """Return the cloud behind *aws* as a command works against it: what it does by itself, and what it does not.

    Args:
        project: What the command is about.
        aws: The cloud's clients, as :func:`open_cloud` gives them.
    """
    compared = next((each for opened, each in _opened if opened is project), None)
    return connecting.cloud_of(project, aws, console.note, compared)


@contextlib.contextmanager
def signals_unwind() -> Iterator[None]:
    """Let SIGTERM, and SIGHUP of a closed terminal, end the command as Ctrl-C does: nothing stays behind.

    A signal that is ignored already stays ignored: nohup asks for that.
    """
    before = {sign: signal.getsignal(sign) for sign in (signal.SIGTERM, signal.SIGHUP)}
    for sign, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(sign, lambda number, _frame: sys.exit(128 + number))
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
