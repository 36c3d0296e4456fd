"""What pages know of lanes. Each part is read in the background, as often as its price allows.

| part | calls | read again |
|---|---|---|
| files | none; 0.1 s of this machine | when a file has changed |
| runs | one a workflow, two past 100 runs; one for a bucket | 5 s where any run; else (*) |
| functions that run | one for all | 10 s; where only CloudWatch knows, 5 minutes |
| drift | those of ``lanes plan``, and its packages | when a file has changed, and after 5 minutes |
| cost | those of ``lanes cost`` | 15 minutes |
| proof | none; a second of this machine | when a file has changed |
| meeting place | one, and two connections | 5 minutes |
| schedules | one a schedule, on a team's page alone | 1 minute |
| orphans | one for each 100 things with tags, and those of roles' names | 15 minutes |

(*) after as many seconds as there are workflows in all lanes, 5 at the least. So twenty teams of five workflows take
one ListExecutions a second, of the five that AWS allows. While nobody looks, nothing is read. What takes long is read
less often than the table says (:mod:`shared.console.rounds`): twenty plans of a second each come round every hour.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from shared.config.naming_file import FILE as NAMING
from shared.config.team import FOLDER as TEAMS
from shared.console.rounds import Ask, Rounds, Start, in_background
from shared.deploy.drift import Drift, read_drift
from shared.deploy.proved import prove_files
from shared.deploy.readback.orphans_found import Orphans, look_for_orphans
from shared.errors import LanesError
from shared.measure.billing.month import MonthCost, price_month
from shared.measure.observed.concurrency_used import ConcurrencyUsed, Limits, read_limits, read_used, used_now
from shared.measure.status import LaneStatus, Told
from shared.run.checked_files import CheckedFiles, check_files
from shared.run.dev.watched import Watched
from shared.run.lately import Lately, read_lately
from shared.run.meeting_place import MeetingPlace, read_meeting_place
from shared.run.schedules import ScheduleState, list_schedules

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping
    from pathlib import Path

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.config.problems import Problem
    from shared.isolation.proof.proof import Proof
    from shared.run.clouds import Cloud
    from shared.run.dev.watched import Stamps

_RUNS, _LIMITS, _METRICS, _SCHEDULES = 5.0, 10.0, 300.0, 60.0
_DRIFT, _COST, _MEETING, _ORPHANS = 300.0, 900.0, 300.0, 900.0
_DAY = 86400.0
_PATIENCE = 2.0  # seconds for a check of a meeting place
_WAITS = 0.1
"""The share for what mostly waits for an answer."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of lanes.

    Attributes:
        project: What the files say, as far as they are right; None where nothing of them can be read.
        right: Whether they are right as far as all pages need them.
        lanes: How each lane is.
        problems: What is wrong with the files that all teams share.
        files: What the check of all files has found.
        proof: The proof over all files.
        limits: What the account may run at once.
        used: How many functions run.
    """

    project: Project | None
    right: bool
    lanes: tuple[LaneStatus, ...]
    problems: tuple[Problem, ...]
    files: Told[CheckedFiles]
    proof: Told[Proof]
    limits: Told[Limits]
    used: Told[ConcurrencyUsed]


class Source(Protocol):
    """What lanes are read from: the desk."""

    @property
    def project(self) -> Project:
        """The project as its files are now."""

    @property
    def aws(self) -> Aws:
        """The cloud's clients."""

    @property
    def prepare(self) -> Callable[[Project, Aws, Callable[[str], None]], Cloud]:
        """Returns the cloud as a run works against it."""


class LaneLooks:
    """Keeps what was read of lanes. It may be used by several threads. *start* has work done in the background."""

    def __init__(self, start: Start = in_background) -> None:
        self._root: Path | None = None
        self._files: Rounds[CheckedFiles] = Rounds(start=start)
        self._runs: Rounds[Lately] = Rounds(_WAITS, start=start)
        self._limits: Rounds[Limits] = Rounds(_WAITS, start=start)
        self._used: Rounds[ConcurrencyUsed] = Rounds(start=start)
        self._drift: Rounds[Drift] = Rounds(start=start)
        self._cost: Rounds[MonthCost] = Rounds(start=start)
        self._proof: Rounds[Proof] = Rounds(start=start)
        self._meeting: Rounds[MeetingPlace] = Rounds(_WAITS, start=start)
        self._schedules: Rounds[tuple[ScheduleState, ...]] = Rounds(start=start)
        self._orphans: Rounds[Orphans] = Rounds(start=start)

    def forget(self) -> None:
        """Have runs read again, as after one was started."""
        self._runs.forget()

    def forget_all(self) -> None:
        """Have all read again, as somebody asks for who has changed something elsewhere."""
        for forget in (
            *(self._files.forget, self._proof.forget, self._limits.forget, self._used.forget, self._orphans.forget),
            *(self._runs.forget, self._drift.forget, self._cost.forget, self._meeting.forget, self._schedules.forget),
        ):
            forget()

    def see(self, desk: Source, team: str | None = None) -> Seen:
        """Return what is known of all lanes, or of that of *team* alone, and have read what is due.

        Raises:
            LanesError: No cloud answers.
        """
        project, right, files, stamps = self._project(desk)
        problems = files.value.problems if files.value else {}
        lanes = project.teams if project else {}
        known = files.value.teams if files.value else tuple(lanes)
        shown = known if team is None else (team,)
        readable = {each: lanes[each] for each in shown if each in lanes and (right or each not in problems)}
        limits, used, proof = self._of_all(desk.aws, lanes, project if right else None, stamps)
        statuses = self._statuses(desk, project, readable, stamps, limits) if project else {}
        found = tuple(
            replace(statuses.get(each, LaneStatus(team=each)), problems=problems.get(each, ()), proof=proof, used=used)
            for each in shown
        )
        return Seen(project, right, found, files.value.shared if files.value else (), files, proof, limits, used)

    def schedules(self, desk: Source, lane: Lane) -> Told[tuple[ScheduleState, ...]]:
        """Return the schedules of *lane*."""
        aws = desk.aws

        def read() -> tuple[ScheduleState, ...]:
            return tuple(list_schedules(aws, lane, datetime.now(UTC)))

        return self._schedules.ask({lane.team: Ask(read, _SCHEDULES, aws)})[lane.team]

    def orphans(self, desk: Source) -> Told[Orphans]:
        """Return what is in the cloud and in no file.

        Raises:
            LanesError: No cloud answers, or the files have problems.
        """
        aws, project = desk.aws, desk.project
        return self._orphans.ask({"all": Ask(partial(look_for_orphans, project, aws), _ORPHANS, aws)})["all"]

    def _project(self, desk: Source) -> tuple[Project | None, bool, Told[CheckedFiles], Stamps]:
        """Return the project as far as it can be read, whether it is right, the check of all files, and their stamps.

        Other pages wait until the files are right. Here, lanes of others are still shown.
        """
        project, right = None, True
        try:
            project = desk.project
            self._root = project.root
        except LanesError:
            right = False
            if self._root is None:
                raise
        root = self._root
        stamps = Watched((root / TEAMS, root / "statemachines"), (root / NAMING, root / "shared/settings.yaml")).look()
        mark = tuple(sorted(stamps.items()))
        files = self._files.ask({"files": Ask(partial(check_files, root), _DAY, mark)})["files"]
        if project is None and files.value:
            project = files.value.project
        return project, right, files, stamps

    def _of_all(
        self, aws: Aws, lanes: Mapping[str, Lane], project: Project | None, stamps: Stamps
    ) -> tuple[Told[Limits], Told[ConcurrencyUsed], Told[Proof]]:
        """Return what is known of all lanes together. Of a *project* that is None, nothing is proved."""
        limits = self._limits.ask({"all": Ask(partial(read_limits, aws), _LIMITS, aws)})["all"]
        used: Told[ConcurrencyUsed] = Told(why=limits.why, fix=limits.fix)
        if limits.value and limits.value.standing:
            used = Told(used_now(limits.value.standing))
        elif limits.value:
            read = partial(_used, aws, tuple(lanes.values()))
            used = self._used.ask({"all": Ask(read, _METRICS, (aws, tuple(lanes)))})["all"]
        if project is None:
            return limits, used, Told(why="the files have problems", fix="lanes validate")
        mark = tuple(sorted(stamps.items()))
        return limits, used, self._proof.ask({"all": Ask(partial(prove_files, project), _DAY, mark)})["all"]

    def _statuses(
        self, desk: Source, project: Project, lanes: Mapping[str, Lane], stamps: Stamps, limits: Told[Limits]
    ) -> dict[str, LaneStatus]:
        """Return the parts of each lane's status that are its own, by team."""
        aws = desk.aws
        marks = {team: (aws, _mark(stamps, lane)) for team, lane in lanes.items()}
        runs = self._read_runs(aws, lanes, sum(len(each.workflows) for each in project.teams.values()))
        deployed = {team: now.deployed for team in lanes if (now := runs[team].value) and now.begun}

        def plan(lane: Lane) -> Drift:
            return read_drift(lane, desk.prepare(project, aws, _say_nothing).plan(lane), aws)

        drift = self._drift.ask({
            team: Ask(partial(plan, lanes[team]), _DRIFT, (marks[team], there)) for team, there in deployed.items()
        })  # fmt: skip
        cost = self._cost.ask({team: Ask(partial(_price, aws, lanes[team]), _COST, aws) for team in deployed})
        meeting = self._meetings(
            aws, {team: (lane, (marks[team], team in deployed)) for team, lane in lanes.items()}, limits
        )
        return {
            team: LaneStatus(
                team=team,
                lane=lane,
                runs=runs[team],
                drift=drift.get(team, Told()),
                cost=cost.get(team, Told()),
                meeting=meeting[team],
            )
            for team, lane in lanes.items()
        }

    def _meetings(
        self, aws: Aws, lanes: Mapping[str, tuple[Lane, Hashable]], limits: Told[Limits]
    ) -> dict[str, Told[MeetingPlace]]:
        """Return how the place is where the ranks of each lane meet, each given with what that depends on."""
        if limits.value is None:
            return {team: Told(why=limits.why, fix=limits.fix) for team in lanes}
        standing = limits.value.standing
        inside = standing.meeting if standing else None
        return self._meeting.ask({
            team: Ask(partial(read_meeting_place, aws, lane, standing, _PATIENCE), _MEETING, (mark, inside))
            for team, (lane, mark) in lanes.items()
        })  # fmt: skip

    def _read_runs(self, aws: Aws, lanes: Mapping[str, Lane], workflows: int) -> dict[str, Told[Lately]]:
        quiet = max(_RUNS, float(workflows))
        known = self._runs.known()
        busy = {team for team, told in known.items() if told.value and told.value.running}
        return self._runs.ask({
            team: Ask(partial(_lately, aws, lane), _RUNS if team in busy else quiet, (aws, tuple(lane.workflows)))
            for team, lane in lanes.items()
        })  # fmt: skip


def _lately(aws: Aws, lane: Lane) -> Lately:
    return read_lately(aws, lane, datetime.now(UTC))


def _price(aws: Aws, lane: Lane) -> MonthCost:
    return price_month(aws, lane, datetime.now(UTC))


def _say_nothing(_line: str) -> None:
    pass


def _used(aws: Aws, lanes: tuple[Lane, ...]) -> ConcurrencyUsed:
    return read_used(aws, lanes, datetime.now(UTC))


def _mark(stamps: Stamps, lane: Lane) -> Hashable:
    """Return what changes when a file does that *lane* is made of; not for those of others."""
    owners = {lane.team, *(each.owner for each in lane.workflows.values() if each.owner)}
    return tuple(sorted((path, stamp) for path, stamp in stamps.items() if _concerns(path, owners)))


def _concerns(path: str, owners: Iterable[str]) -> bool:
    _, folder, rest = path.rpartition(f"/{TEAMS}/")
    return not folder or any(rest.startswith((f"{owner}.", f"{owner}/")) for owner in owners)
