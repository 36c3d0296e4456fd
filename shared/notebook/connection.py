"""The cloud that a notebook works against: AWS, the one of ``lanes up``, or one that ends with the kernel."""

from __future__ import annotations

import atexit
import contextlib
import os
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shared.aws.patience import wait_out_throttles
from shared.config.load import find_root, load_project
from shared.deploy.caller import WHO_MAY, is_denial
from shared.errors import LanesError
from shared.local import daemon
from shared.run.connecting import cloud_state, connect_running, running_cloud, start_cloud, told_when_gone
from shared.run.valid_project import load_valid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.local.state import Running
    from shared.run.where import Where

    Note = Callable[[str], None]


class Connection:
    """The project that a folder lies in, and the cloud to work against, for one team.

    Args:
        folder: A folder of the project.
        team: The team.
        where: Which cloud, and as whom.

    Attributes:
        root: The project's folder.
        project: The project, as its files were when this was made.
        where: Which cloud, and as whom.

    Raises:
        LanesError: There is no project, its files have problems, or it has no such team.
    """

    def __init__(self, folder: Path, team: str, where: Where) -> None:
        self.root = find_root(folder)
        self.project = load_project(self.root, [team])
        self.lane = self.project.lane(team)
        self.where = where
        self._of: Running | None = None
        self._aws: Aws | None = None

    @property
    def call(self) -> str:
        """The call that gives the same lane again, for messages; the folder is not in it."""
        given = {name: getattr(self.where, name) for name in ("profile", "endpoint", "role")}
        texts = [f'{name}="{value}"' for name, value in given.items() if value]
        words = [f'"{self.lane.team}"', *(["aws=True"] if self.where.aws else []), *texts]
        return f"lane({', '.join(words)})"

    def renewed(self) -> tuple[Project, Lane]:
        """Return the project and the lane as their files are now, checked as for a run.

        Raises:
            LanesError: The files have problems.
        """
        project = load_valid(self.root, [self.lane.team])
        return project, project.lane(self.lane.team)

    @contextlib.contextmanager
    def open(self, note: Note) -> Iterator[Aws]:
        """Give the cloud's clients. An embedded cloud is started where none runs; it ends with this process.

        Args:
            note: Is told what is done beside what was asked for.

        Raises:
            LanesError: AWS refuses the credentials or a call, or the cloud cannot start.
        """
        running = self._running(note) if self.where.embedded else None
        if self._aws is None or running != self._of:
            self._aws = connect_running(self.project, self.where, [self.lane], note)
            wait_out_throttles(self._aws.session)
            self._of = running
            if running is None:
                note(f"on {self._aws.target}, as {self._aws.caller}")
        with _told(), told_when_gone(running.endpoint) if running else contextlib.nullcontext():
            yield self._aws

    def _running(self, note: Note) -> Running | None:
        running = running_cloud(self.project)
        if running is None and (running := _start(self.project)):
            note(f"started the embedded cloud, {running.endpoint}; it ends with this process (lanes up keeps one)")
        return running or running_cloud(self.project)


def _start(project: Project) -> Running | None:
    """Start a cloud that ends with this process, however that ends: it hears when the process lets go of a pipe."""
    reading, writing = os.pipe()
    started = None
    try:
        started = start_cloud(project, lifeline=reading)
    finally:
        os.close(reading)
        if started is None:
            os.close(writing)
    if started is None:
        return None
    here = os.getpid()

    def end() -> None:
        if os.getpid() == here and cloud_state(project).running() == started:  # a fork ends without it
            daemon.down(cloud_state(project))

    atexit.register(end)  # so that a kernel that is started again does not find it ending
    return started


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Say what AWS refuses as an error of ours."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        fix = f"use credentials that may: {WHO_MAY}" if is_denial(error) else None
        raise LanesError(f"AWS: {error}", fix=fix) from error
