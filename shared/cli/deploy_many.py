"""``lanes deploy`` and ``lanes destroy`` of several teams: each is planned and carried out beside the others.

Where a cloud asks first, all are planned, shown in one table, and asked for once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import TYPE_CHECKING

from shared.cli import console
from shared.cli.many_view import Row, finish, for_each, table
from shared.cli.plan_view import Question, as_data, confirm, counts
from shared.deploy.resources import DATA_REMOVED_BY
from shared.deploy.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.deploy.lane_deployment import LaneDeployment
    from shared.deploy.model import Plan
    from shared.errors import LanesError
    from shared.run.clouds import Cloud

_STEPS_AT_ONCE = 4  # of each team: teams go beside each other already


@dataclass(slots=True)
class Teams:
    """The teams of one command, in one cloud.

    Attributes:
        project: Whose teams.
        names: Their slugs.
        aws: The cloud's clients.
        cloud: The cloud.
        broken: What is wrong with the files of some of them.
    """

    project: Project
    names: Sequence[str]
    aws: Aws
    cloud: Cloud
    broken: Mapping[str, LanesError] = field(default_factory=dict)
    _plans: dict[str, tuple[Plan, Callable[[Watch], None]]] = field(default_factory=dict, init=False)
    _preparing: Lock = field(default_factory=Lock, init=False)

    def deploy(self, *, yes: bool, as_json: bool, say: Callable[[Lane, Aws], None]) -> None:
        """Deploy them. *say* tells what is left to somebody else once a lane is there.

        Raises:
            typer.Exit: One failed, or Ctrl-C came.
            LanesError: Not confirmed.
        """

        def carry_out(team: str, stop: Event) -> Row:
            row = self._carried_out(team, stop, self._plan_deploy)
            say(self.project.lane(team), self.aws)
            return row

        rows: dict[str, Row] = {}
        if self.cloud.asks_first and not yes:
            rows = self._planned(self._plan_deploy)
            changed = [team for team, (todo, _) in self._plans.items() if todo.changes]
            if changed:
                self._ask(rows, f"Deploy {_teams(len(changed))} to {self.aws.target}? [y/N] ", "y")
        self._finish(rows, for_each(self._left(rows), carry_out, "deploying"), as_json=as_json)

    def destroy(self, *, dry_run: bool, yes: bool, every: bool, as_json: bool) -> None:
        """Remove all that they own, which is asked for once, by the count.

        Raises:
            typer.Exit: One failed, or Ctrl-C came.
            LanesError: Not confirmed.
        """
        from shared.deploy.plan import plan_removal

        def plan(team: str) -> tuple[Plan, Callable[[Watch], None]]:
            from shared.deploy.apply import apply

            todo = plan_removal(self.project.lane(team), self.aws)
            return todo, lambda watch: apply(todo, self.aws, watch)

        def carry_out(team: str, stop: Event) -> Row:
            return self._carried_out(team, stop, plan)

        rows = {} if yes and not dry_run else self._planned(plan)
        if dry_run:
            finish([rows[team] for team in self.names], as_json=as_json)
            return
        plans = {team: self._plans[team][0] for team in self.names if team in self._plans}
        there = [team for team, todo in plans.items() if todo.changes]
        if there:
            answer = f"destroy {'all ' if every else ''}{_teams(len(there))}"
            gone = f"This removes all data of {', '.join(there)} for good, on {self.aws.target}"
            self._ask(rows, f"{gone}.\nType {answer} to go on: ", answer)
        self._finish(rows, for_each(self._left(rows), carry_out, "destroying"), as_json=as_json)

    def _plan_deploy(self, team: str) -> tuple[Plan, Callable[[Watch], None]]:
        if team in self.broken:
            raise self.broken[team]
        lane = self.project.lane(team)
        with self._preparing:  # teams of one workflow share its package, which the first one makes
            self.cloud.say_python(lane)
            deployment: LaneDeployment = self.cloud.prepare(lane)
        todo = deployment.plan()
        return todo, lambda watch: self.cloud.carry_out(deployment, todo, watch)

    def _planned(self, plan: Callable[[str], tuple[Plan, Callable[[Watch], None]]]) -> dict[str, Row]:
        """Return a row for the plan of each team; the plans are kept."""

        def look(team: str, _: Event) -> Row:
            todo, carry_out = plan(team)
            self._plans[team] = todo, carry_out
            return Row(team, f"{counts(todo)}{_data(todo)}", {}, as_data(todo, self.aws.target))

        return {row.team: row for row in for_each(self.names, look, "planning")}

    def _carried_out(self, team: str, stop: Event, plan: Callable[[str], tuple[Plan, Callable[[Watch], None]]]) -> Row:
        """Carry out the plan of *team*, which is made now if it was not shown before, and return its row."""
        began = time.monotonic()
        todo, carry_out = self._plans.pop(team) if team in self._plans else plan(team)
        carry_out(_watch(team, stop))
        figures = {"steps": str(len(todo.changes)), "seconds": f"{time.monotonic() - began:.1f}"}
        return Row(team, counts(todo, done=True), figures, as_data(todo, self.aws.target))

    def _ask(self, rows: Mapping[str, Row], text: str, answer: str) -> None:
        for line in table([rows[team] for team in self.names]):
            console.err.print(line, markup=False, highlight=False)
        confirm(Question(text, answer))

    def _left(self, rows: Mapping[str, Row]) -> list[str]:
        """Return the teams whose plans, if *rows* tells of them, could be made."""
        return [team for team in self.names if not (team in rows and rows[team].error)]

    def _finish(self, planned: Mapping[str, Row], done: Sequence[Row], *, as_json: bool) -> None:
        rows = {**planned, **{row.team: row for row in done}}
        self.cloud.warn_if_brief()
        finish([rows[team] for team in self.names], as_json=as_json)


def _watch(team: str, stop: Event) -> Watch:
    """Return what ends the carrying out after the step that is begun, once *stop* is set."""

    def interrupted() -> None:
        if stop.is_set():
            raise KeyboardInterrupt

    def sleep(seconds: float) -> None:
        stop.wait(seconds)
        interrupted()

    def wait(text: str) -> None:
        console.note(f"{team}: {text}")

    return Watch(lambda _: interrupted(), wait, sleep, at_once=_STEPS_AT_ONCE)


def _data(todo: Plan) -> str:
    """Return which of what a plan removes holds data, in words."""
    kinds = [step.kind for step in todo.changes if step.action == "delete" and step.kind in DATA_REMOVED_BY]
    return f"; with data: {', '.join(f'{kinds.count(kind)} {kind}' for kind in dict.fromkeys(kinds))}" if kinds else ""


def _teams(count: int) -> str:
    return f"{count} team{'s' * (count != 1)}"
