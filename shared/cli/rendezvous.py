"""``lanes rendezvous``: run the server where FMI ranks meet, and check whether one works.

``rendezvous_service`` adds the commands that operate it on AWS.
"""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console, rendezvous_service
from shared.cli.verdict_view import show
from shared.errors import UsageError

if TYPE_CHECKING:
    from shared.config.lane import Rendezvous


class Protocol(enum.StrEnum):
    """Which TCPunch to speak."""

    V1 = "v1"
    V2 = "v2"


EndpointArgument = Annotated[
    str | None, typer.Argument(metavar="[HOST:PORT]", help="The server; the settings' endpoint when left out.")
]
TeamOption = Annotated[str | None, typer.Option("--team", help="The endpoint and times of this team's file.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document for each check.")]
TimeoutOption = Annotated[float | None, typer.Option("--timeout", min=0.001, help="Seconds the check may take.")]
WatchOption = Annotated[bool, typer.Option("--watch", help="Check again and again until interrupted.")]
EveryOption = Annotated[float, typer.Option("--every", min=0.1, help="Seconds between two checks of --watch.")]
ProtocolOption = Annotated[Protocol, typer.Option("--protocol", help="v2 only for a server that does not know v1.")]
KeysOption = Annotated[
    Path | None, typer.Option("--keys", help='Team keys, a JSON file {"team1": "<hex>"}: other names are refused.')
]


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    group = typer.Typer(no_args_is_help=True, help="Where FMI ranks meet: run the server, and check one.")
    for command in (serve, check):
        group.command()(command)
    rendezvous_service.add(group)
    app.add_typer(group, name="rendezvous")


def serve(  # noqa: PLR0913  each is an option of the command line
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "0.0.0.0",  # noqa: S104  it is public
    port: Annotated[int, typer.Option(min=0, max=65535, help="The rendezvous port; 0 takes a free one.")] = 10000,
    http_port: Annotated[int, typer.Option(min=0, max=65535, help="/livez /readyz /health /metrics.")] = 10001,
    keys: KeysOption = None,
    allow_open: Annotated[bool, typer.Option("--allow-open", help="With --keys: let old clients in too.")] = False,
    connections: Annotated[int, typer.Option(min=2, help="Open connections at most.")] = 8192,
    waiting: Annotated[int, typer.Option(min=1, help="Names waiting for their peer at most.")] = 4096,
    wait_timeout: Annotated[float, typer.Option(min=0.1, help="Seconds a client may wait for its peer.")] = 60.0,
    rate: Annotated[float, typer.Option(min=1, help="Connections a second from one address.")] = 1000.0,
    relays: Annotated[int, typer.Option(min=0, help="Pairs carried that cannot punch; 0 is none.")] = 0,
) -> None:
    """Run the rendezvous server until SIGTERM; logs are JSON lines on stderr.

    Example: lanes rendezvous serve --port 10000 --http-port 10001 --keys keys.json
    """
    from shared.fmi.rendezvous.keys import TeamKeys, load_keys  # noqa: PLC0415  --help is quick
    from shared.fmi.rendezvous.limits import Limits  # noqa: PLC0415  as above
    from shared.fmi.rendezvous.process import run  # noqa: PLC0415  as above

    limits = Limits(
        connections=connections, waiting=waiting, wait_timeout=wait_timeout, rate=rate, relays=relays
    ).within_descriptors()
    team_keys = TeamKeys(load_keys(keys) if keys else {}, allow_open=allow_open)
    run(host, port, http_port, limits=limits, keys=team_keys, ready=typer.echo)


def check(  # noqa: PLR0913  each is an option of the command line
    endpoint: EndpointArgument = None,
    *,
    team: TeamOption = None,
    timeout: TimeoutOption = None,
    watch: WatchOption = False,
    every: EveryOption = 10.0,
    protocol: ProtocolOption = Protocol.V1,
    as_json: JsonOption = False,
) -> None:
    """Pair two sockets through the server: exit 0 healthy, 1 degraded, 3 down (hung, refused, unresolvable).

    Example: lanes rendezvous check rendezvous.example.edu:10000 --timeout 3
    """
    import time  # noqa: PLC0415  --help is quick

    from shared.fmi.rendezvous.client import Meeting  # noqa: PLC0415  as above
    from shared.fmi.rendezvous.health import check as probe  # noqa: PLC0415  as above
    from shared.fmi.rendezvous.verdict import Trend  # noqa: PLC0415  as above

    if endpoint and team:
        raise UsageError("an endpoint and a team were both given", fix="give HOST:PORT or --team TEAM")
    settings = _settings(team)
    meeting = Meeting.parse(endpoint or settings.endpoint)
    patience = timeout or settings.timeout
    trend = Trend(settings.failure_threshold, settings.success_threshold)
    while True:
        verdict = probe(
            meeting.host, meeting.port, patience, min(settings.degraded_after, patience), protocol=protocol.value
        )
        show(verdict, as_json=as_json)
        if not watch:
            raise typer.Exit(verdict.exit_code)
        change = trend.add(verdict)
        if change is not None:
            console.note(f"{verdict.host}:{verdict.port} is now {'up' if change else 'down'}")
        time.sleep(every)


def _settings(team: str | None) -> Rendezvous:
    from shared.cli.wiring import open_project  # noqa: PLC0415  --help is quick

    project = open_project()
    return project.lane(team).rendezvous if team else project.settings.rendezvous.resolve()
