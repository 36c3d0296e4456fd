"""Which of a team's names one statement of anybody's policy could touch, if its conditions held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.iam.globs import complete_arn, contains, intersect, matches
from shared.isolation.proof.documents.reviewed import REVIEWED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.iam.catalogue import Action, Catalogue
    from shared.iam.statements import Statement
    from shared.isolation.proof.names.territory import Territory

# AWS grants each for the whole account or not at all, and each reaches into every team.
_INTO_ALL = {
    "states:SendTaskFailure": "for it answers any team's waiting tasks",
    "states:SendTaskSuccess": "for it answers any team's waiting tasks",
    "lambda:ListFunctions": "for it reads the environment of every function",
    "logs:PutResourcePolicy": "for it may let anybody write any log",
}


@dataclass(frozen=True, slots=True)
class Touch:
    """One action on one glob of a team's names. ``what`` says what it does, where the glob is a mere star."""

    action: str
    resource: str
    what: str = ""


class Grant:
    """What a statement allows, as globs. NotAction and NotResource allow everything but what they list."""

    def __init__(self, statement: Statement) -> None:
        self._but_actions = tuple(each.lower() for each in statement.not_actions)
        self._but_resources = tuple(map(_opened, statement.not_resources))
        self.actions = statement.actions or (("*",) if self._but_actions else ())
        self.resources = tuple(map(_opened, statement.resources)) or (("*",) if self._but_resources else ())

    def allows(self, name: str) -> bool:
        """Whether it allows the action *name*."""
        name = name.lower()
        return any(matches(name, each.lower()) for each in self.actions) and not any(
            matches(name, each) for each in self._but_actions
        )

    def meets(self, own: str) -> bool:
        """Whether it names some resource that the glob *own* stands for."""
        spared = bool(self._but_resources) and contains(self._but_resources, own)
        return not spared and any(intersect(own, each) for each in self.resources)


def touched(
    grant: Grant, ceiling: Sequence[Grant] | None, territory: Territory, catalogue: Catalogue
) -> Iterator[Touch]:
    """Yield what *grant* touches of the team's names, within *ceiling*, a permissions boundary."""
    for own in filter(grant.meets, territory.patterns):
        for action in (each for pattern in grant.actions for each in catalogue.expand(pattern)):
            if not action.reaches(own) or _harmless(action) or not grant.allows(action.name):
                continue
            if ceiling is None or any(above.meets(own) and above.allows(action.name) for above in ceiling):
                yield Touch(action.name, own)
    for name, what in _INTO_ALL.items() if "*" in grant.resources else ():
        if grant.allows(name) and (ceiling is None or any(above.allows(name) for above in ceiling)):
            yield Touch(name, "*", what)


def _harmless(action: Action) -> bool:
    """Whether a review found that anybody may have it on everything."""
    entries = REVIEWED.get(action.name.lower(), ())
    return any(not entry.key and not entry.team and entry.resources == ("*",) for entry in entries)


def _opened(text: str) -> str:
    """Return a resource as a glob: a policy variable may stand for anything."""
    while (start := text.find("${")) >= 0 and (end := text.find("}", start)) >= 0:
        text = f"{text[:start]}*{text[end + 1 :]}"
    return complete_arn(text)
