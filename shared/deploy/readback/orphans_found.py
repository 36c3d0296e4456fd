"""The orphans of a cloud as a value, as text and as data: the same for all commands and pages."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from shared.aws.client import Aws
    from shared.config.load import Project
    from shared.deploy.model import Plan
    from shared.deploy.readback.orphans import Orphan
    from shared.deploy.readback.sight import Unseen
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Orphans:
    """The orphans that were found, and the reads that AWS refused."""

    found: tuple[Orphan, ...]
    unseen: tuple[Unseen, ...]

    def of(self, teams: Collection[str], known: Collection[str]) -> Orphans:
        """Return those of *teams*, and those of teams that are not *known*: no plan of theirs would show them."""
        return Orphans(tuple(each for each in self.found if each.team in teams or each.team not in known), self.unseen)

    def beside(self, plans: Iterable[Plan]) -> Orphans:
        """Return those that no step of *plans* is about: what a plan removes, it shows itself."""
        steps = {(step.kind, step.name) for plan in plans for step in plan.steps}
        return Orphans(tuple(each for each in self.found if (each.kind, each.name) not in steps), self.unseen)

    def lines(self) -> list[str]:
        """Return the lines for a reader; none when nothing was found and nothing refused."""
        told = [f"orphans, made by lanes and in no team's file ({len(self.found)}):"] if self.found else []
        told += [f"  {line}" for each in self.found for line in str(each).splitlines()]
        return [*told, *self.hidden()]

    def data(self) -> dict[str, Json]:
        """Return them as JSON has them."""
        return {"orphans": [asdict(each) for each in self.found], "orphansUnseen": list(map(str, self.unseen))}

    def hidden(self) -> list[str]:
        """Return one line and its fix where reads were refused. A team's deployer gets it with every plan."""
        calls = sorted({each.call for each in self.unseen})
        if not calls:
            return []
        return [
            f"orphans were not looked for everywhere: AWS refused {', '.join(calls)} to the caller",
            "  fix: the platform's role sees all (lanes validate --deployed, with its credentials or --as platform)",
        ]


def look_for_orphans(project: Project, aws: Aws) -> Orphans:
    """Return what *aws* holds that no file of *project* explains."""
    from shared.deploy.readback.orphans import find_orphans
    from shared.deploy.readback.sight import Sight

    sight = Sight()
    found = tuple(find_orphans(project, aws, sight))
    return Orphans(found, sight.unseen)
