"""Orphans as text and as data: the same for ``lanes validate``, ``lanes plan`` and ``lanes isolation prove``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from shared.config.load import Project
    from shared.deploy.aws import Aws
    from shared.deploy.readback.orphans import Orphan


@dataclass(frozen=True, slots=True)
class Orphans:
    """What was found, and what could not be looked for, as sentences."""

    found: tuple[Orphan, ...]
    unseen: tuple[str, ...]

    def of(self, teams: Collection[str], known: Collection[str]) -> Orphans:
        """Return those of *teams*, and those of teams that are not *known*: no other team's plan would show them."""
        return Orphans(tuple(each for each in self.found if each.team in teams or each.team not in known), self.unseen)

    def lines(self) -> list[str]:
        """Return the lines that tell a reader, none when nothing was found or hidden."""
        told = [f"orphans, made by lanes and in no team's file ({len(self.found)}):"] if self.found else []
        told += [f"  {line}" for each in self.found for line in str(each).splitlines()]
        hidden = ["orphans could not be looked for everywhere:"] if self.unseen else []
        return [*told, *hidden, *(f"  {each}" for each in self.unseen)]

    def data(self) -> dict[str, Any]:
        """Return them as JSON has them."""
        return {"orphans": [asdict(each) for each in self.found], "orphansUnseen": list(self.unseen)}


def look_for_orphans(project: Project, aws: Aws) -> Orphans:
    """Return what *aws* holds that no file of *project* explains."""
    from shared.deploy.readback.orphans import find_orphans  # noqa: PLC0415  boto3 takes 0.2 s
    from shared.deploy.readback.sight import Sight  # noqa: PLC0415  as above

    sight = Sight()
    found = tuple(find_orphans(project, aws, sight))
    return Orphans(found, tuple(map(str, sight.unseen)))
