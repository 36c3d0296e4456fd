"""``lanes rendezvous plan``, ``deploy``, ``restart``, ``status`` and ``destroy``: the server on AWS."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from shared.cli import console
from shared.cli.options import AsJson, DryRun, Yes
from shared.cli.plan_view import Question, as_data, ask_and_carry_out, confirm, report
from shared.cli.verdict_view import show as show_verdict
from shared.cli.where import Where, on_cloud

if TYPE_CHECKING:
    from shared.aws.client import Aws
    from shared.config.platform import RendezvousService
    from shared.fmi.rendezvous.verdict import Verdict
    from shared.handlers.rendezvous.service import State

_DOWN = 3  # as of lanes rendezvous check


def add(group: typer.Typer) -> None:
    """Add the commands to *group*."""
    for command in (plan, deploy, restart, status, destroy):
        group.command()(command)


@on_cloud
def plan(*, where: Where, as_json: AsJson = False) -> None:
    """Show what world the rendezvous carries, and what a deploy of it would change. It changes nothing.

    Example: lanes rendezvous plan --aws
    """
    from shared.cli.capacity_view import capacity_lines
    from shared.cli.wiring import NO_TEAM, cloud_of, open_cloud, open_project
    from shared.config.platform import rendezvous_service
    from shared.config.worlds import capacities
    from shared.deploy.rendezvous.deployment import ServiceDeployment

    project = open_project(NO_TEAM)
    service = rendezvous_service(project)
    with open_cloud(project, where, [service.lane]) as aws:
        cloud = cloud_of(project, aws)
        cloud.make_zone(service.zone)
        todo = ServiceDeployment(service, project, aws, cloud.packages(service.lane)).plan()
        cloud.warn_if_brief()
    found = capacities(service.lane.rendezvous, project.teams.values())
    if as_json:
        console.print_json({**as_data(todo, aws.target), "carries": [asdict(each) for each in found]})
        return
    for line in (line for each in found for line in capacity_lines(each)):
        console.out.print(line, markup=False, highlight=False)
    report(todo, aws.target, as_json=False)


@on_cloud
def deploy(
    *,
    yes: Yes = False,
    where: Where,
    as_json: AsJson = False,
) -> None:
    """Make the rendezvous service what the settings say, and pair two sockets through it.

    On the embedded cloud it goes ahead; on AWS it shows the plan and asks first.

    Example: lanes rendezvous deploy --aws
    """
    from shared.cli.wiring import NO_TEAM, cloud_of, open_cloud, open_project
    from shared.config.platform import rendezvous_service
    from shared.deploy.rendezvous.deployment import ServiceDeployment
    from shared.deploy.rendezvous.desired import operated
    from shared.handlers.rendezvous.service import observe

    project = open_project(NO_TEAM)
    service = rendezvous_service(project)
    with open_cloud(project, where, [service.lane]) as aws:
        cloud = cloud_of(project, aws)
        cloud.make_zone(service.zone)
        deployment = ServiceDeployment(service, project, aws, cloud.packages(service.lane))
        todo = deployment.plan()
        question = Question(f"Deploy the rendezvous to {aws.target}? [y/N] ", "y")
        asked = question if cloud.asks_first and not yes else None
        ask_and_carry_out(todo, aws.target, deployment.carry_out, asked)
        verdict = _check(service, aws, observe(aws.client, operated(service)).address)
        cloud.warn_if_brief()
    if as_json:
        console.print_json({**as_data(todo, aws.target), "check": verdict.as_json()})
    else:
        show_verdict(verdict)
    raise typer.Exit(verdict.exit_code)


@on_cloud
def restart(*, where: Where, yes: Yes = False, as_json: AsJson = False) -> None:
    """Start a new task, point the record at it when it is healthy, and pair two sockets through it.

    Pairs that have met go on; a client that waits for its peer is turned away and asks again.

    Example: lanes rendezvous restart --aws --yes
    """
    from shared.cli.wiring import NO_TEAM, cloud_of, open_cloud, open_project
    from shared.config.platform import rendezvous_service
    from shared.deploy.rendezvous.desired import operated
    from shared.deploy.rendezvous_keys import signed
    from shared.handlers.fmi.meeting import Meeting
    from shared.handlers.rendezvous.restart import restart as renew

    project = open_project(NO_TEAM)
    service = rendezvous_service(project)
    at = service.lane.rendezvous
    judged = Meeting(at.host, at.port, at.timeout, at.degraded_after)
    with open_cloud(project, where, [service.lane]) as aws:
        cloud = cloud_of(project, aws)
        if cloud.asks_first and not yes:
            confirm(Question(f"Restart {at.endpoint} on {aws.target} now? [y/N] ", "y"))
        cloud.make_zone(service.zone)
        verdict = renew(aws.client, operated(service), judged, signed(service.lane, aws), tell=console.note)
    show_verdict(verdict, as_json=as_json)
    raise typer.Exit(verdict.exit_code)


@on_cloud
def status(*, where: Where, as_json: AsJson = False) -> None:
    """Show the service, its task, record and alarm, and pair two sockets through it; exit codes as of check.

    Example: lanes rendezvous status --aws
    """
    from shared.cli.wiring import NO_TEAM, cloud_of, open_cloud, open_project
    from shared.config.platform import rendezvous_service
    from shared.deploy.rendezvous.desired import operated
    from shared.deploy.resources import alarm
    from shared.handlers.rendezvous.service import observe

    project = open_project(NO_TEAM)
    service = rendezvous_service(project)
    with open_cloud(project, where, [service.lane]) as aws:
        cloud = cloud_of(project, aws)
        cloud.make_zone(service.zone)
        state = observe(aws.client, operated(service))
        verdict = _check(service, aws, state.address) if state.address else None
        alarmed = alarm.state(aws, service.alarm)
        cloud.warn_if_brief()
    if as_json:
        console.print_json(
            {
                "service": service.service,
                "endpoint": service.lane.rendezvous.endpoint,
                **asdict(state),
                "alarm": alarmed,
                "check": verdict.as_json() if verdict else None,
            }
        )
    else:
        _show_state(service, state, alarmed)
        if verdict:
            show_verdict(verdict)
    raise typer.Exit(verdict.exit_code if verdict else _DOWN)


@on_cloud
def destroy(
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    where: Where,
    as_json: AsJson = False,
) -> None:
    """Remove the rendezvous service, its record and its image. Runs with FMI fail from then on. Asks first.

    Example: lanes rendezvous destroy
    """
    from shared.cli.wiring import NO_TEAM, cloud_of, open_cloud, open_project
    from shared.config.platform import SLUG, rendezvous_service
    from shared.deploy.apply import apply
    from shared.deploy.rendezvous.deployment import plan_service_removal
    from shared.deploy.rendezvous.desired import kinds

    project = open_project(NO_TEAM)
    service = rendezvous_service(project)
    with open_cloud(project, where, [service.lane]) as aws:
        cloud = cloud_of(project, aws)
        cloud.make_zone(service.zone)
        todo = plan_service_removal(service, aws)
        if not dry_run:
            gone = f"This removes the rendezvous on {aws.target}: no rank will meet another"
            question = Question(f"{gone} at {service.lane.rendezvous.endpoint}. Type {SLUG} to go on: ", SLUG)
            known = kinds(service)
            ask_and_carry_out(
                todo,
                aws.target,
                lambda todo, watch: apply(todo, aws, watch, kinds=known),
                None if yes else question,
            )
        cloud.warn_if_brief()
    if as_json or dry_run:
        report(todo, aws.target, as_json=as_json)


def _check(service: RendezvousService, aws: Aws, address: str) -> Verdict:
    """Pair two sockets at *address*: by the host's name, a resolver may still lead to another task."""
    from shared.deploy.rendezvous_keys import signed
    from shared.fmi.rendezvous.health import check

    at = service.lane.rendezvous
    return check(address, at.port, at.timeout, at.degraded_after, namespace=signed(service.lane, aws))


def _show_state(service: RendezvousService, state: State, alarmed: str) -> None:
    host = service.lane.rendezvous.host
    lines = [f"service {service.service}: {state.rollout or 'not there'}"]
    if state.deployment:
        lines.append(f"task {state.health or 'none runs'} at {state.address or 'no address'}")
    stale = "" if state.recorded == state.address else ", which is not the task's: lanes rendezvous deploy"
    lines.append(f"record {host}: {state.recorded + stale if state.recorded else 'not there'}")
    lines.append(f"alarm {service.alarm}: {alarmed or 'not there'}")
    for line in lines:
        console.out.print(line, markup=False, highlight=False)
