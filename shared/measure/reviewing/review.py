"""What a change means for one team: whether its files are right, its proof, its plan, and what its runs may cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from shared.config.problems import ConfigError
from shared.deploy.proved import prove_files
from shared.measure.billing.before import worst_case
from shared.run.payload import build_payload
from shared.run.valid_project import load_valid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.deploy.model import Plan
    from shared.isolation.proof.proof import Proof
    from shared.run.clouds import Rehearsal
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class CostChange:
    """What a run of a workflow with the team's own parameters costs at most, before and after.

    A figure is None where the workflow is not there, or where the number of its calls is not known before the run.
    """

    workflow: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Review:
    """What a change means for *team*.

    Attributes:
        team: The slug.
        why: The first path that touches it.
        problems: What is wrong in its files; then there is nothing else.
        proof: Whether its documents keep it inside its own names.
        plan: What a deploy would change, of a lane that is as its files said before.
        costs: What its runs cost at most, where that changes.
        told: What to know beside that; "" for nothing.
    """

    team: str
    why: str
    problems: tuple[str, ...] = ()
    proof: Proof | None = None
    plan: Plan | None = None
    costs: tuple[CostChange, ...] = ()
    told: str = ""

    @property
    def passes(self) -> bool:
        """Whether its files are right and the proof holds."""
        return not self.problems and self.proof is not None and self.proof.holds

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        findings = [str(each) for each in self.proof.findings] if self.proof else []
        steps = [{**asdict(step), "calls": len(step.calls)} for step in self.plan.changes] if self.plan else []
        return {
            "team": self.team,
            "why": self.why,
            "passes": self.passes,
            "problems": list(self.problems),
            "findings": findings,
            "steps": steps,
            "costs": [asdict(each) for each in self.costs],
            "told": self.told,
        }


def review_team(
    root: Path, before: Path, team: str, why: str, rehearse: Callable[[Project, Lane], Rehearsal]
) -> Review:
    """Return what the difference between the projects in *root* and in *before* means for *team*.

    Args:
        root: The project as it is.
        before: The project as it was.
        team: A team of *root*.
        why: The first path that touches it.
        rehearse: Makes the embedded cloud, as a project's lane works against it.
    """
    try:
        project = load_valid(root, [team])
        lane = project.lane(team)
        proof = prove_files(project, team)
    except ConfigError as error:
        return Review(team, why, tuple(map(str, error.problems)))
    was, told = _as_it_was(before, team)
    if was:
        old, earlier = was
        rehearse(old, earlier).make_deployed(earlier)
    plan = rehearse(project, lane).plan(lane)
    return Review(team, why, (), proof, plan, tuple(_cost_changes(lane, was[1] if was else None)), told)


def _as_it_was(before: Path, team: str) -> tuple[tuple[Project, Lane] | None, str]:
    """Return the team's lane as it was, and what to tell where there is none that can be deployed."""
    try:
        old = load_valid(before, [team])
    except ConfigError as error:
        return None, f"as it was, it could not be deployed: {error.problems[0]}"
    return ((old, old.teams[team]), "") if team in old.teams else (None, "it is new")


def _cost_changes(lane: Lane, earlier: Lane | None) -> list[CostChange]:
    workflows = dict.fromkeys([*(earlier.workflows if earlier else ()), *lane.workflows])
    found = [CostChange(key, _most(earlier, key), _most(lane, key)) for key in workflows]
    return [each for each in found if each.before != each.after]


def _most(lane: Lane | None, workflow: str) -> float | None:
    if lane is None or workflow not in lane.workflows:
        return None
    return worst_case(lane, workflow, build_payload(lane.workflows[workflow], {})).usd
