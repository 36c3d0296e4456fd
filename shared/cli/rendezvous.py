"""``lanes rendezvous``: run the server at which FMI ranks meet, and check whether a server works.

``rendezvous_service`` adds the commands that operate it on AWS.
"""

from __future__ import annotations

import enum
import os
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console, rendezvous_image, rendezvous_service
from shared.cli.options import Team
from shared.cli.verdict_view import show
from shared.cli.where import Where, on_cloud
from shared.errors import UsageError

if TYPE_CHECKING:
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.fmi.rendezvous.keys import Namespace


class Protocol(enum.StrEnum):
    """The versions of TCPunch."""

    V1 = "v1"
    V2 = "v2"


ServerArgument = Annotated[
    str | None, typer.Argument(metavar="HOST:PORT", help="The server; the settings' endpoint when left out.")
]
TeamOption = Annotated[
    str | None,
    typer.Option("--team", help="Check as this team: its file's endpoint and times, signed with its key."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document for each check.")]
TimeoutOption = Annotated[float | None, typer.Option("--timeout", min=0.001, help="Seconds the check may take.")]
WatchOption = Annotated[bool, typer.Option("--watch", help="Check again and again until interrupted.")]
EveryOption = Annotated[float, typer.Option("--every", min=0.1, help="Seconds between two checks of --watch.")]
ProtocolOption = Annotated[Protocol, typer.Option("--protocol", help="v2 only for a server that does not know v1.")]
TEAM_KEY = "FMI_TEAM_KEY"


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    group = typer.Typer(no_args_is_help=True, help="The server at which FMI ranks meet: run it, and check it.")
    for command in (serve, check, key):
        group.command()(command)
    rendezvous_service.add(group)
    rendezvous_image.add(group)
    app.add_typer(group, name="rendezvous")


def serve(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "0.0.0.0",  # noqa: S104  the server is for all
    port: Annotated[int, typer.Option(min=0, max=65535, help="The rendezvous port; 0 takes a free one.")] = 10000,
    http_port: Annotated[int, typer.Option(min=0, max=65535, help="/livez /readyz /health /metrics.")] = 10001,
    allow_open: Annotated[
        bool, typer.Option("--allow-open", help="Also let in names that no team signed, those of old clients.")
    ] = False,
    connections: Annotated[int, typer.Option(min=2, help="Open connections, at most.")] = 20480,
    waiting: Annotated[int, typer.Option(min=1, help="Names that wait for their peer, at most.")] = 131072,
    wait_timeout: Annotated[float, typer.Option(min=0.1, help="Seconds a client may wait for its peer.")] = 60.0,
    rate: Annotated[float, typer.Option(min=1, help="Requests a second from one address, at most.")] = 4000.0,
    relays: Annotated[
        int, typer.Option(min=0, help="Pairs without a direct connection that the server carries, at most.")
    ] = 0,
) -> None:
    """Run the rendezvous server until SIGTERM. Its log is JSON lines on stderr.

    With a master key in FMI_MASTER_KEY (64 hex digits) it lets in only names that teams signed. Without one it lets in
    all.

    Example: FMI_MASTER_KEY=$(cat master.key) lanes rendezvous serve --port 10000 --http-port 10001
    """
    from shared.fmi.rendezvous.keys import TeamKeys, master_of
    from shared.fmi.rendezvous.limits import Limits
    from shared.fmi.rendezvous.process import run

    limits = Limits(
        connections=connections, waiting=waiting, wait_timeout=wait_timeout, rate=rate, relays=relays
    ).within_descriptors()
    keys = TeamKeys(master_of(), allow_open=allow_open)
    run(host, port, http_port, limits=limits, keys=keys, ready=console.line)


def key(team: Team) -> None:
    """Print a team's key for FMI_TEAM_KEY, for a server that you run yourself. It is made from FMI_MASTER_KEY.

    On AWS nobody needs this: lanes deploy puts each team's key into a secret that only its functions can read.

    Example: FMI_MASTER_KEY=$(openssl rand -hex 32) lanes rendezvous key team1
    """
    from shared.fmi.rendezvous.keys import MASTER_VARIABLE, master_of, team_key

    master = master_of()
    if not master:
        raise UsageError(
            f"{MASTER_VARIABLE} is not set", fix="set it to the server's own; openssl rand -hex 32 makes one"
        )
    console.line(team_key(master, team).hex())


@on_cloud
def check(
    server: ServerArgument = None,
    *,
    team: TeamOption = None,
    timeout: TimeoutOption = None,
    watch: WatchOption = False,
    every: EveryOption = 10.0,
    protocol: ProtocolOption = Protocol.V1,
    where: Where,
    as_json: JsonOption = False,
) -> None:
    """Pair two sockets through the server: exit 0 healthy, 1 degraded, 3 down (hung, refused, unresolvable).

    A server with keys refuses a name that is not signed. --team signs with the key in FMI_TEAM_KEY, or else with the
    key in the team's secret: on AWS with --aws, else in the cloud of lanes up.

    Example: lanes rendezvous check rendezvous.example.edu:10000 --team team1 --aws
    """
    import time

    from shared.cli.wiring import NO_TEAM, open_project
    from shared.fmi.rendezvous.client import Meeting
    from shared.fmi.rendezvous.health import check as probe
    from shared.fmi.rendezvous.verdict import Trend

    project = open_project(NO_TEAM)
    lane = project.lane(team) if team else None
    settings = lane.rendezvous if lane else project.settings.rendezvous.resolve()
    signer = _signer(project, lane, where) if lane else None
    meeting = Meeting.parse(server or settings.endpoint)
    patience = timeout or settings.timeout
    trend = Trend(settings.failure_threshold, settings.success_threshold)
    while True:
        verdict = probe(
            meeting.host,
            meeting.port,
            patience,
            min(settings.degraded_after, patience),
            protocol=protocol.value,
            namespace=signer,
        )
        show(verdict, as_json=as_json)
        if not watch:
            raise typer.Exit(verdict.exit_code)
        change = trend.add(verdict)
        if change is not None:
            console.note(f"{verdict.host}:{verdict.port} is now {'up' if change else 'down'}")
        time.sleep(every)


def _signer(project: Project, lane: Lane, where: Where) -> Namespace | None:
    """Return what signs as the ranks of *lane* do, from the environment or from a cloud. Say so if there is nothing."""
    from shared.cli.wiring import open_cloud
    from shared.fmi.rendezvous.keys import Namespace, read_key
    from shared.run.connecting import running_cloud

    if TEAM_KEY in os.environ:
        fix = f"set it to what lanes rendezvous key {lane.team} prints"
        return Namespace(lane.team, key=read_key(os.environ[TEAM_KEY], TEAM_KEY, fix))
    found = None
    if where.asked or running_cloud(project):
        from shared.deploy.rendezvous_keys import signed

        with open_cloud(project, where, [lane]) as cloud:
            found = signed(lane, cloud)
    if found is None:
        place = "in an embedded cloud that runs" if where.embedded else "there"
        console.note(f"{lane.team} has no key {place}, so the check's name is not signed (lanes deploy makes the key)")
    return found
