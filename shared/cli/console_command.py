"""``lanes console``: every lane, every run and every rank in a browser, on this machine alone."""

from __future__ import annotations

import contextlib
import gc
from threading import Lock
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.aws.client import Aws
    from shared.config.load import Project
    from shared.console.desk import Place
    from shared.console.server import Server
    from shared.local.state import Running

USUAL_PORT = 4600  # beside 4599 of lanes up
_MOST_FAULTS = 20  # that are told


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command("console")(console_)


@on_cloud
def console_(
    *,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Loopback port: 4600 or, if that is taken, a free one.", show_default=False
        ),
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address.")] = False,
    allow_writes: Annotated[
        bool, typer.Option("--allow-writes", help="On AWS, let pages start, stop and redrive runs.")
    ] = False,
    where: Where,
) -> None:
    """Open pages in a browser that show every lane, run and rank, and run workflows, until Ctrl-C.

    Where no embedded cloud runs, it starts one as lanes up does, which stays. On AWS pages only read, unless
    --allow-writes is given. Only this machine can open them, by the address that is printed, which works once.

    Example: lanes console
    """
    from shared.cli import wiring
    from shared.cli.browser import in_browser
    from shared.console.app import make_app
    from shared.console.desk import Desk
    from shared.console.guard import Guard
    from shared.run.connecting import cloud_of, cloud_state, start_cloud

    if allow_writes and where.embedded:
        raise UsageError("--allow-writes is for AWS: pages may change the embedded cloud", fix="leave it out")
    project = wiring.open_project(wiring.NO_TEAM)
    with _listen(port) as server, wiring.signals_unwind(), contextlib.ExitStack() as ending:
        if where.embedded and (started := start_cloud(project)):
            console.note(f"started the embedded cloud, {started.endpoint}; it goes on until lanes down")
        files = _Files(project)
        connection = _Connection(files.last, where)
        aws = connection.clients()
        if not where.embedded:
            console.note(f"on {aws.target}, as {aws.caller}")
        place = _place(project, aws, where, writes=where.embedded or allow_writes)
        guard = Guard(server.port, renewed=lambda address: console.note(f"another browser: {address}"))
        desk = Desk(place, files.project, connection.clients, cloud_of)
        ending.callback(gc.freeze)  # else Python looks at every object once more as it ends, which takes seconds
        ending.callback(desk.readings.close)
        ending.callback(desk.launches.close)
        tell = desk.launches.fault = _Faults().tell
        app = make_app(desk, guard, tell)
        console.line(guard.address)
        console.note(f"it works once; for a browser that does not know it: {guard.plain_address}\nCtrl-C ends it")
        if not no_browser:
            ending.enter_context(in_browser(guard.address, cloud_state(project).folder / f"console-{guard.port}.html"))
        server.serve(app)


def _listen(port: int | None) -> Server:
    """Return the server on *port*; on the usual one or, where that is taken, on a free one if none is asked for.

    Raises:
        UsageError: The port is taken, or may not be opened.
    """
    from shared.console.server import Server

    try:
        return Server(USUAL_PORT if port is None else port)
    except OSError as error:
        if port is None:
            return Server(0)
        fix = "leave --port out, or choose another above 1023"
        raise UsageError(f"port {port} cannot be opened: {error.strerror}", fix=fix) from error


class _Faults:
    """Tells the terminal of errors of ours. A page asks again and again: each is told once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._told: set[str] = set()

    def tell(self, path: str, error: Exception) -> None:
        """Tell of *error*, which the page at *path* has met; where it happened goes to a file."""
        from shared.cli import faults

        what = f"{type(error).__name__}: {error}"
        with self._lock:
            if what in self._told or len(self._told) >= _MOST_FAULTS:
                return
            self._told.add(what)
        console.fail(f"{path}: {faults.told(error)}")


class _Files:
    """The project, loaded again where its files have changed."""

    def __init__(self, project: Project) -> None:
        from shared.run.dev.watched import Watched

        root = project.root
        files = (root / "naming.yaml", root / "shared" / "settings.yaml")
        self._watched = Watched((root / "teams", root / "statemachines"), files)
        self._lock = Lock()
        self._root, self._stamps, self._project = root, self._watched.look(), project
        self._wrong: LanesError | None = None

    def project(self) -> Project:
        """Return the project as its files are now.

        Raises:
            LanesError: Its files have problems.
        """
        with self._lock:
            self._look()
            if self._wrong:
                raise LanesError(self._wrong.what, where=self._wrong.where, fix=self._wrong.fix or "lanes validate")
            return self._project

    def last(self) -> Project:
        """Return the project as its files were when they had no problem."""
        with self._lock:
            self._look()
            return self._project

    def _look(self) -> None:
        from shared.config.load import load_project

        if (now := self._watched.look()) != self._stamps:
            self._stamps, self._wrong = now, None
            try:
                self._project = load_project(self._root, [""])
            except LanesError as error:
                self._wrong = error


class _Connection:
    """The clients of AWS, or of the embedded cloud: of another one after ``lanes down`` and ``lanes up``."""

    def __init__(self, project: Callable[[], Project], where: Where) -> None:
        self._project = project
        self._where = where
        self._lock = Lock()
        self._of: Running | None = None
        self._aws: Aws | None = None

    def clients(self) -> Aws:
        """Return the clients.

        Raises:
            LanesError: No embedded cloud runs, or AWS refuses the credentials.
        """
        from shared.aws.pace import keep_pace
        from shared.run.connecting import connect_running, running_cloud

        with self._lock:
            project = self._project()
            running = running_cloud(project) if self._where.embedded else None
            if self._aws is None or running != self._of:
                self._aws = connect_running(project, self._where, list(project.teams.values()), console.note)
                if not self._where.embedded:
                    keep_pace(self._aws.session)
                self._of = running
            return self._aws


def _place(project: Project, aws: Aws, where: Where, *, writes: bool) -> Place:
    from shared.console.desk import Place

    name = "the embedded cloud" if where.embedded else where.endpoint or "AWS"
    who = f", as {where.role}" if where.role else ""
    return Place(
        f"{name}{who}",
        project.place.account,
        project.place.region,
        where.options,
        writes=writes,
        named=not aws.target.embedded,
    )
