"""How a lane is: what is known of it, what of that is wrong, and what to do about it.

Each part is read by itself, at its own price, and may be unknown: :class:`Told` says then whether it is still being
read, or why it cannot be. What is unknown is never taken for right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, Protocol, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import LanesError, code_of
from shared.fmi.rendezvous.verdict import Status
from shared.run.map_total import THROTTLED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from shared.config.lane import Lane
    from shared.config.problems import Problem
    from shared.deploy.drift import Drift
    from shared.deploy.readback.orphans import Orphan
    from shared.isolation.proof.finding import Finding
    from shared.isolation.proof.proof import Proof
    from shared.measure.billing.month import MonthCost
    from shared.measure.observed.concurrency_used import ConcurrencyUsed
    from shared.run.lately import Lately
    from shared.run.meeting_place import MeetingPlace
    from shared.values import Json

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Grade = Literal["bad", "warn"]

_WARN_OF_BUDGET = 0.8
_SHOWN = 5  # problems and findings of one team; the command lists all


class Recorded(Protocol):
    """What has a form for JSON."""

    def as_record(self) -> dict[str, Json]:
        """Return it."""


@dataclass(frozen=True, slots=True)
class Told(Generic[T_co]):
    """What is known of one thing.

    Attributes:
        value: What was read; None where nothing was.
        why: Why it is not known, or why it is as it was read before; "" where it is known, or is being read.
        fix: What to do about that.
        at: When it was read.
    """

    value: T_co | None = None
    why: str = ""
    fix: str = ""
    at: datetime | None = None

    @property
    def being_read(self) -> bool:
        """Whether nothing is known yet, because it is still being read."""
        return self.value is None and not self.why

    @property
    def state(self) -> str:
        """``known``, ``known before``, ``not known`` or ``being read``."""
        if self.value is not None:
            return "known before" if self.why else "known"
        return "not known" if self.why else "being read"


def record_of(told: Told[T], as_json: Callable[[T], Json]) -> dict[str, Json]:
    """Return *told* for JSON. When it was read is left out: a reading that finds the same is no news."""
    record: dict[str, Json] = {"state": told.state}
    if told.value is not None:
        record["value"] = as_json(told.value)
    return record | ({"why": told.why, "fix": told.fix} if told.why else {})


def not_known(error: Exception) -> Told[T]:
    """Return that something is not known because of *error*."""
    match error:
        case LanesError():
            where = f"{error.where}: " if error.where else ""
            return Told(why=f"{where}{error.what}", fix=error.fix or "")
        case ClientError() if code_of(error) in THROTTLED:
            why = f"{error.operation_name} was asked too often: AWS answers an account so many calls a second"
            return Told(why=why, fix="nothing: it is asked again")
        case ClientError():
            return Told(why=f"the cloud refused {error.operation_name}: {code_of(error)}", fix="see who you are: --as")
        case BotoCoreError():
            return Told(why=f"the cloud does not answer: {error}")
        case _:
            return Told(why=f"reading it failed: {type(error).__name__}: {error}")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong in a lane.

    Attributes:
        team: Whose.
        grade: ``bad``, or ``warn`` for what hinders nobody now.
        what: What is wrong, a sentence without a full stop.
        fix: What to do, a command where there is one.
        run: The run that tells more; "" where none does.
    """

    team: str
    grade: Grade
    what: str
    fix: str
    run: str = ""

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {"grade": self.grade, "what": self.what, "fix": self.fix, "run": self.run}


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneStatus:
    """What is known of a lane.

    Attributes:
        team: Whose it is.
        lane: What its file says; None where the file cannot be read.
        problems: What is wrong with its files.
        runs: What it has run.
        cost: What it has cost this month; not read where nothing is deployed.
        used: How many functions of all lanes run at once.
        drift: How what is deployed stands beside the files; not read where nothing is deployed.
        proof: The proof of isolation over the files of all lanes.
        meeting: How the place is where its ranks meet.
    """

    team: str
    lane: Lane | None = None
    problems: tuple[Problem, ...] = ()
    runs: Told[Lately] = Told()
    cost: Told[MonthCost] = Told()
    used: Told[ConcurrencyUsed] = Told()
    drift: Told[Drift] = Told()
    proof: Told[Proof] = Told()
    meeting: Told[MeetingPlace] = Told()

    @property
    def deployed(self) -> bool | None:
        """Whether anything of it is deployed; None where that is not known."""
        return self.runs.value.begun if self.runs.value else None

    @property
    def reserved(self) -> int:
        """The concurrency that its file reserves."""
        functions = self.lane.functions.values() if self.lane else ()
        return sum(each.reserved_concurrency or 0 for each in functions)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the proof has found of it."""
        found = self.proof.value.findings if self.proof.value else ()
        return tuple(each for each in found if each.team == self.team)

    @property
    def being_read(self) -> int:
        """How many of its parts are being read. What costs and differs is not read where nothing is deployed."""
        parts: list[Told[object]] = [self.runs, self.used, self.proof, self.meeting]
        parts += [self.cost, self.drift] if self.deployed is not False else []
        return sum(each.being_read for each in parts) if self.lane else 0

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {
            "team": self.team,
            "owner": self.lane.owner if self.lane else None,
            "problems": [str(each) for each in self.problems],
            "runs": record_of(self.runs, _as_record),
            "cost_this_month": self._where_deployed(record_of(self.cost, _as_record)),
            "concurrency": {
                "reserved_in_the_file": self.reserved,
                "used": record_of(self.used, lambda used: {"what": used.what, "count": used.of(self.team)}),
            },
            "deployed": self.deployed,
            "drift": self._where_deployed(record_of(self.drift, _drift)),
            "isolation": record_of(
                self.proof, lambda _: {"proved": not self.findings, "findings": [str(each) for each in self.findings]}
            ),
            "rendezvous": record_of(self.meeting, _as_record),
        }

    def _where_deployed(self, record: dict[str, Json]) -> dict[str, Json]:
        """Return *record* of what is read only where something is deployed."""
        return {"state": "nothing deployed"} if self.deployed is False else record


def _as_record(value: Recorded) -> Json:
    return value.as_record()


def _drift(drift: Drift) -> Json:
    changed = [f"{each.kind} {each.name}: {each.state}" for each in drift.changes]
    return {"changes": changed, "reserved_in_the_cloud": drift.total_reserved}


def troubles(status: LaneStatus, options: str) -> tuple[Trouble, ...]:
    """Return what is wrong in a lane, the worst first.

    Args:
        status: What is known of it.
        options: The options of commands that go to the same cloud, each with a space before it.
    """
    found = [Trouble(status.team, *each) for part in _PARTS for each in part(status, options)]
    return tuple(sorted(found, key=lambda each: each.grade != "bad"))


_Wrong = tuple[Grade, str, str, str]


def _of_files(status: LaneStatus, options: str) -> Iterator[_Wrong]:
    del options
    for problem in status.problems[:_SHOWN]:
        yield "bad", str(problem), f"lanes validate {status.team}", ""
    if (more := len(status.problems) - _SHOWN) > 0:
        yield "bad", f"{more} problems more in its files", f"lanes validate {status.team}", ""


def _of_runs(status: LaneStatus, options: str) -> Iterator[_Wrong]:
    yield from _unknown("what it has run", "bad", status.runs)
    for run in status.runs.value.failing if status.runs.value else ():
        word = "ran out of time" if run.status == "TIMED_OUT" else "failed"
        logs = f"lanes logs {status.team} {run.run_id}{options}"
        yield "bad", f"the last run of {run.workflow} {word}", logs, run.run_id


def _of_proof(status: LaneStatus, options: str) -> Iterator[_Wrong]:
    del options
    for finding in status.findings[:_SHOWN]:
        yield "bad", _first_line(finding), f"{finding.fix}; lanes isolation prove --team {status.team}", ""


def _of_meeting(status: LaneStatus, options: str) -> Iterator[_Wrong]:
    yield from _unknown("whether its ranks can meet", "warn", status.meeting)
    place = status.meeting.value
    if place and (place.down or place.status == Status.DEGRADED):
        grade: Grade = "bad" if place.down else "warn"
        check = f"lanes rendezvous check --team {status.team}{options}"
        yield grade, f"rendezvous {place.endpoint} is {place.status}: {place.reason}", f"{place.fix}; {check}", ""


def _of_cost(status: LaneStatus, options: str) -> Iterator[_Wrong]:
    yield from _unknown("what it costs", "warn", status.cost)
    budget = status.lane.budget if status.lane else None
    if budget and status.cost.value and (part := status.cost.value.usd / budget.monthly_usd) >= _WARN_OF_BUDGET:
        what = f"its runs have cost {part:.0%} of its budget of ${budget.monthly_usd:g} this month, estimated"
        yield "bad" if part >= 1 else "warn", what, f"lanes cost {status.team}{options}", ""


def _of_drift(status: LaneStatus, options: str) -> Iterator[_Wrong]:
    plan = f"lanes plan {status.team}{options}"
    if status.deployed:
        yield from _unknown("whether it is as its file says", "warn", status.drift, plan)
    if status.drift.value and (count := len(status.drift.value.changes)):
        things = "1 thing is" if count == 1 else f"{count} things are"
        fix = f"{plan}, then lanes deploy {status.team}{options}"
        yield "warn", f"{things} deployed otherwise than its files say", fix, ""


_PARTS: tuple[Callable[[LaneStatus, str], Iterator[_Wrong]], ...] = (
    _of_files,
    _of_runs,
    _of_proof,
    _of_meeting,
    _of_cost,
    _of_drift,
)


def _unknown(what: str, grade: Grade, told: Told[object], fix: str = "") -> Iterator[_Wrong]:
    if told.why and told.value is None:
        yield grade, f"{what} is not known: {told.why}", told.fix or fix, ""
    elif told.why:
        yield "warn", f"{what} is not read anew, and shown as it was before: {told.why}", told.fix or fix, ""


def shared_troubles(  # noqa: PLR0913  all that is read of all lanes at once
    problems: Iterable[Problem],
    proof: Told[Proof],
    used: Told[ConcurrencyUsed],
    orphans: Told[Sequence[Orphan]],
    *,
    teams: Collection[str],
    options: str,
) -> tuple[Trouble, ...]:
    """Return what is wrong for all lanes at once, under the team "".

    Args:
        problems: Those of the files that all teams share.
        proof: The proof of isolation over all files.
        used: How many functions run.
        orphans: What is in the cloud and in no file.
        teams: Those whose own findings are told with their lanes.
        options: As of :func:`troubles`.
    """
    prove = "lanes isolation prove"
    found: list[_Wrong] = [("bad", str(each), "lanes validate", "") for each in problems]
    found += _unknown("whether teams reach each other", "bad", proof, prove)
    for finding in proof.value.findings if proof.value else ():
        if finding.team not in teams:
            found.append(("bad", _first_line(finding), f"{finding.fix}; {prove}", ""))
    found += _unknown("how many functions run", "warn", used)
    look = f"lanes validate --deployed{options}"
    found += _unknown("what is in the cloud and in no file", "warn", orphans, look)
    if orphans.value:
        count = len(orphans.value)
        found.append(("warn", f"in the cloud, and in no file: {count} thing{'s' * (count != 1)}", look, ""))
    return tuple(Trouble("", *each) for each in found)


def worst_first(statuses: Iterable[LaneStatus], options: str) -> tuple[tuple[LaneStatus, tuple[Trouble, ...]], ...]:
    """Return each status with its troubles: lanes in which something is wrong first, and what is not deployed last.

    Lanes that are alike in that are in the order of their names.
    """
    grades = {"bad": 0, "warn": 1}

    def order(of: tuple[LaneStatus, tuple[Trouble, ...]]) -> tuple[int, bool, str]:
        status, found = of
        return min((grades[one.grade] for one in found), default=2), status.deployed is False, status.team

    return tuple(sorted(((each, troubles(each, options)) for each in statuses), key=order))


def _first_line(finding: Finding) -> str:
    return str(finding).partition("\n")[0]
