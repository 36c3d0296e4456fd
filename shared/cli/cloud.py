"""``lanes up``, ``env``, ``down`` and ``doctor``: the embedded cloud, how to use it, what this machine has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, Yes
from shared.errors import LanesError, UsageError
from shared.run.connecting import USUAL_PORT

if TYPE_CHECKING:
    from shared.config.load import Project
    from shared.local.daemon import Settings
    from shared.local.doctor import Finding
    from shared.local.state import Running, State


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    app.command()(up)
    app.command("env")(environment)
    app.command()(down)
    app.command()(doctor)


def up(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Loopback port; 0 takes any free one.")] = USUAL_PORT,
    speed: Annotated[
        float,
        typer.Option(
            min=1, help="Divide Wait states, retry delays and the time between schedules by this.", show_default=False
        ),
    ] = 1,
    any_key: Annotated[
        bool,
        typer.Option("--open", help="Take any access key; other users of this machine can do everything then."),
    ] = False,
    persist: Annotated[
        bool, typer.Option("--persist", help="Begin with what such a cloud held, and keep what it holds.")
    ] = False,
    as_aws: Annotated[
        bool,
        typer.Option(
            "--as-aws", help="Give all teams together no more calls, starts and environments than an account on AWS."
        ),
    ] = False,
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay here until Ctrl-C.")] = False,
) -> None:
    """Keep an embedded cloud running, for many commands and for any AWS client that has its key (lanes env).

    With --as-aws, calls are throttled, children of a distributed Map are started and functions get environments at the
    rates of an account in the project's region, by AWS's default quotas. lanes doctor tells what came of that, and what
    this machine delayed.

    Example: lanes up && lanes deploy team2 && lanes run team2 cosmic

    Example: lanes up --as-aws && lanes run team2 cosmic --world-size 200 && lanes doctor
    """
    from shared.cli.wiring import NO_TEAM, open_project
    from shared.local import daemon
    from shared.run.connecting import cloud_state

    if as_aws and speed != 1:
        raise UsageError("--as-aws keeps AWS's times, and --speed shortens them", fix="leave one of them out")
    project = open_project(NO_TEAM)
    state = cloud_state(project)
    settings = daemon.Settings(project.place, port, speed, any_key, persist, project.settings.cloud_bounds, as_aws)
    if running := state.running():
        _refuse_another(running, settings)
        console.note("it runs already")
        _say(running)
    elif foreground:
        daemon.serve(state, settings, _say, may_end=lambda sign: _may_end(state, sign))
    else:
        try:
            daemon.up(state, settings, on_ready=_say)
        except daemon.AlreadyRunningError as error:
            console.note(str(error))


def environment(
    *,
    unset: Annotated[bool, typer.Option("--unset", help="Print the lines that undo it.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The variables, as one JSON document.")] = False,
) -> None:
    """Print the lines that let a shell work against the cloud of lanes up: its address, its key, its region.

    Example: eval "$(lanes env)" && python -c "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    """
    import os
    import sys

    from shared.cli.environment import entering, leaving, variables
    from shared.cli.wiring import NO_TEAM, open_project
    from shared.run.connecting import running_cloud

    if unset and as_json:
        raise UsageError("--unset prints lines for a shell, not JSON", fix="leave one of them out")
    if unset:
        sys.stdout.write(leaving())
        return
    running = running_cloud(open_project(NO_TEAM))
    if running is None:
        raise LanesError("no embedded cloud is running", fix='lanes up, then eval "$(lanes env)"')
    told = variables(running.endpoint, running.region, running.key, os.environ)
    if as_json:
        console.print_json(told)
    else:
        sys.stdout.write(entering(told, os.environ))


def down(*, yes: Yes = False, as_json: AsJson = False) -> None:
    """End the embedded cloud of lanes up, with all that is in it, unless it was started with --persist.

    If executions run in it, whoever's they are, a terminal is asked first; without one it says what it ended. Express
    executions, and functions that were called directly, are not counted.

    Example: lanes down
    """
    from pathlib import Path

    from shared.cli import ending
    from shared.config.load import find_root
    from shared.local import daemon
    from shared.local.state import STATE_DIR, State

    # It ends whatever the files say by now.
    state = State(find_root(Path.cwd()) / STATE_DIR)
    there = state.running()
    runs = ending.ask_whether(there, yes=yes) if there else []
    running = daemon.down(state)
    if as_json:
        console.print_json({"ended": running.endpoint if running else None, "ran": ending.as_data(runs)})
    if running is None:
        console.note("no cloud runs here")
    elif not running.persists:
        console.note(f"ended {running.endpoint}")
    else:
        console.note(f"ended {running.endpoint}; lanes up --persist goes on with what was in it")


def _may_end(state: State, sign: int) -> bool:
    """Say whether the cloud in this process may end by a signal. Ctrl-C is asked about, a second one means yes."""
    import signal

    from shared.cli import ending, interrupts
    from shared.cli.wiring import signals_unwind

    running = state.running()
    if running is None:
        return True
    try:
        with interrupts.raising(), signals_unwind():
            ending.ask_whether(running, yes=sign != signal.SIGINT)
    except (KeyboardInterrupt, SystemExit):
        return True
    except LanesError:
        console.note("it goes on")
        return False
    return True


def doctor(
    *,
    as_json: AsJson = False,
) -> None:
    """Say what this machine has and lacks for the embedded cloud, for optional parts, and for comparisons with others.

    In a project it also warns half a year before AWS ends the runtime of the project's functions.

    Example: lanes doctor
    """
    from dataclasses import asdict

    from shared.config.runtimes import MACHINE
    from shared.local.doctor import examine
    from shared.run.connecting import cloud_state

    project = _project()
    runtime, kept = (project.runtime, cloud_state(project).folder) if project else (MACHINE, None)
    findings = [*examine(runtime, kept=kept), *_paced(project)]
    if as_json:
        console.print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            lacking = "warns  " if finding.warning else "missing" if finding.optional else "FAILS  "
            mark = "ok     " if finding.ok else lacking
            advice = "" if finding.ok else f"  ({finding.fix})"
            console.out.print(f"{mark}  {finding.name}: {finding.found}{advice}")
    if not all(finding.ok or finding.optional for finding in findings):
        raise typer.Exit(1)


def _paced(project: Project | None) -> list[Finding]:
    """Return what there is to say of the project's cloud where it runs and paces as an account."""
    from shared.aws.client import connect_endpoint
    from shared.local.doctor import examine_pace
    from shared.measure.observed.concurrency_used import read_limits
    from shared.run.connecting import cloud_state

    if project is None or not (running := cloud_state(project).running()) or not running.as_aws:
        return []
    standing = read_limits(connect_endpoint(project.place, running.endpoint, running.key)).standing
    return [examine_pace(standing.pace)] if standing and standing.pace else []


def _project() -> Project | None:
    """Return the project here; None outside of a project."""
    from shared.cli.wiring import NO_TEAM, open_project

    try:
        return open_project(NO_TEAM)
    except LanesError:
        return None


def _refuse_another(running: Running, settings: Settings) -> None:
    """Refuse to use *running* where it was started without options that are now asked for."""
    here = running.endpoint.rpartition(":")[2]
    options = (
        ("--open", settings.any_key and not running.any_key),
        ("--persist", settings.persist and not running.persists),
        ("--as-aws", settings.as_aws and not running.as_aws),
        (f"--speed {settings.speed:g}", settings.speed != 1),  # what it runs at is not written down
        (f"--port {settings.port}", settings.port not in {0, USUAL_PORT, int(here)}),
    )
    lacking = [option for option, differs in options if differs]
    if lacking:
        raise LanesError(
            f"a cloud runs already, without {' and '.join(lacking)}",
            where=running.endpoint,
            fix=f"lanes down, which {'keeps' if running.persists else 'deletes'} what is in it, then lanes up again",
        )


def _say(running: Running) -> None:
    console.out.print(running.endpoint)
    console.note(
        f"account {running.account}, {running.region}, process {running.pid}, since {running.started}; any boto3 client"
        ' works in a shell that has run eval "$(lanes env)"; lanes down ends it'
    )
    if running.carries:
        console.note(f"it runs {running.carries}")
    if running.as_aws:
        console.note(
            f"it paces as an account in {running.region}, for all teams together: calls are throttled, executions,"
            " states and children of Maps start, and functions get environments at AWS's rates; where this machine"
            " carries less, its times are its own: lanes doctor tells how much"
        )
    if running.persists:
        console.note(
            "what is in it is kept as soon as it is acknowledged, and lanes up --persist goes on with it; not kept:"
            " what is in ECR and ECS (images are pushed again by a deploy), PostgreSQL's data, and sessions of roles"
        )
    if running.any_key:
        console.note(
            "warning: it takes any access key, so every user of this machine can do everything in it, and run code as"
            " you; roles that do not exist, or that such a key made, can do everything too, where AWS would refuse them"
        )
