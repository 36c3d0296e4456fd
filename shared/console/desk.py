"""What all pages read from: the project, the cloud, what was read before, and whether anything may be changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from shared.console.drafts import Drafts
from shared.console.known_runs import KnownRuns
from shared.console.lanes import LaneLooks
from shared.console.launches import Launches
from shared.console.live_runs import LiveRuns
from shared.console.per_run import PerRun
from shared.console.readings import Readings
from shared.errors import LanesError
from shared.run.run_ranks import RunRanks

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.run.clouds import Cloud
    from shared.run.live import LiveRun


@dataclass(frozen=True, slots=True)
class Place:
    """Where the console looks, for people.

    Attributes:
        where: ``the embedded cloud``, ``AWS`` or a URL.
        account: Its number.
        region: Its region.
        options: The options of ``lanes`` commands that go to the same place, each with a space before it.
        writes: Whether pages may change anything.
        named: Whether an action asks for the team's name first: on AWS.
    """

    where: str
    account: str
    region: str
    options: str
    writes: bool
    named: bool


@dataclass(slots=True)
class Desk:
    """Wired by ``lanes console``.

    Attributes:
        place: Where it looks.
        open_project: Loads the project, again where its files have changed.
        connect: Returns the cloud's clients; another cloud's after ``lanes down`` and ``lanes up``.
        prepare: Returns the cloud as a run works against it; what it does by itself is told to the function given.
        readings: What was read before.
        known: What is known of the runs in lists.
        runs: The runs that were looked at last.
        drafts: Forms that did not start a run.
        launches: What pages have begun.
        lanes: What is known of lanes.
        ranks: The ranks of the runs that were looked at.
    """

    place: Place
    open_project: Callable[[], Project]
    connect: Callable[[], Aws]
    prepare: Callable[[Project, Aws, Callable[[str], None]], Cloud]
    readings: Readings = field(default_factory=Readings)
    known: KnownRuns = field(default_factory=KnownRuns)
    runs: LiveRuns = field(init=False)
    drafts: Drafts = field(default_factory=Drafts)
    launches: Launches = field(init=False)
    lanes: LaneLooks = field(default_factory=LaneLooks)
    ranks: PerRun[LiveRun, RunRanks] = field(default_factory=lambda: PerRun(RunRanks))
    _aws: Aws | None = field(default=None, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def __post_init__(self) -> None:
        self.runs = LiveRuns(self.readings)
        self.launches = Launches(done=self.forget)

    @property
    def project(self) -> Project:
        """The project as its files are now."""
        return self.open_project()

    @property
    def aws(self) -> Aws:
        """The cloud's clients. What was read from another cloud before is not shown as this one's."""
        aws = self.connect()
        with self._lock:
            if self._aws is not None and self._aws is not aws:
                self.readings.begin_anew()
            self._aws = aws
        return aws

    def lane(self, team: str) -> Lane:
        """Return the lane of *team*.

        Raises:
            UsageError: There is none.
        """
        return self.project.lane(team)

    def forget(self) -> None:
        """Have what changes with an action read again."""
        self.readings.forget()
        self.lanes.forget()

    def run(self, run_id: str) -> LiveRun:
        """Return the run called *run_id*, of whichever team, as it was a moment ago.

        Raises:
            UsageError: There is none.
        """
        return self.runs.get(self.aws, self.project.teams, run_id)

    def check_writes(self, team: str, named: str) -> None:
        """Refuse an action where the console only reads, or where the team's name was to be given and was not.

        Args:
            team: Whose it is.
            named: What the form gives as the team's name.

        Raises:
            LanesError: It says what to do.
        """
        if not self.place.writes:
            raise LanesError(
                f"this console only reads from {self.place.where}",
                fix=f"lanes console{self.place.options} --allow-writes",
            )
        if self.place.named and named.strip() != team:
            raise LanesError(
                f"this changes account {self.place.account}, and the team's name was not given",
                where=f"team {team}",
                fix=f"write {team} into the field beside the button",
            )
