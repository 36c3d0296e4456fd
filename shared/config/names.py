"""The names of one team, made in one place, each with the line that it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.config.document import KeyPath
    from shared.config.lane import Place
    from shared.config.naming import KindName, Name, Naming
    from shared.config.team import Team


class Names:
    """Makes a team's names, keeps them with their lines, and reports those that AWS would refuse.

    Attributes:
        made: Every name so far, with the path in the team's file that it comes from.
        digest: The hash in the names.
        place: Where what they name is.
    """

    def __init__(self, team: Team, naming: Naming, place: Place) -> None:
        self._team, self._naming, self.place = team, naming, place
        self.digest = team.file.suffix or naming.hash.make(team.file.team, place)
        self.made: list[tuple[Name, KeyPath]] = []
        self._slug_is_right = not naming.slug_problems(team.file.team)

    def make(self, kind: KindName, component: str, path: KeyPath) -> str:
        """Return the name of *component*, which stands at *path* in the team's file."""
        name = self._naming.make(kind, component, team=self._team.file.team, place=self.place, digest=self.digest)
        for what in self._naming.name_problems(name) if self._slug_is_right else ():  # else the slug is to blame
            self._team.document.problem(path, what, "set a shorter or plainer component under names")
        self.made.append((name, path))
        return name.value
