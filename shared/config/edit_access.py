"""Changes whom a team's file lets in, and leaves the rest of the file as it stands: comments, order, quotes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from shared.config.check import check_users
from shared.config.document import parse_document
from shared.config.model import parse
from shared.config.problems import ConfigError, Problem, Problems
from shared.config.team import Team, TeamFile
from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from shared.config.access import AccessFile
    from shared.values import Json

KEY = "access"
Entry = str | dict[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody who is let in or no more: *kind* is the list (``users``), *entry* the user, set or workflows."""

    kind: str
    entry: Entry

    def __str__(self) -> str:
        """Return it as it is told: ``user ann``, ``GitHub uva/lanes, branch main``."""
        if isinstance(self.entry, str):
            return f"{'user' if self.kind == 'users' else 'permission set'} {self.entry}"
        repository, *rest = self.entry.items()
        return ", ".join([f"GitHub {repository[1]}", *(f"{name} {value}" for name, value in rest)])


def checked(text: str, file: str, slugs: Collection[str]) -> TeamFile:
    """Return the team's *file* that reads *text*, by what can be wrong in it alone; *slugs* are those of all teams.

    Raises:
        ConfigError: Something is wrong.
    """
    problems = Problems()
    document = parse_document(text, file, problems)
    team = parse(TeamFile, document) if document else None
    if document and team:
        check_users(Team(team, document), slugs)
    problems.finish()
    if team is None:  # there is a problem then
        raise ConfigError([Problem(file, 1, "it is no team's file")])
    return team


def granted(text: str, access: AccessFile, change: Change, where: str) -> str:
    """Return the file *text* with *change* in its lists.

    Raises:
        LanesError: It is there already, or the part has comments, which would be lost.
    """
    lists = _lists(access)
    if change.entry in lists.get(change.kind, ()):
        raise LanesError(f"{change} is let in already", where=where)
    lists.setdefault(change.kind, []).append(change.entry)
    return _with(text, lists, where)


def revoked(text: str, access: AccessFile, change: Change, where: str) -> str:
    """Return the file *text* without *change* in its lists.

    Raises:
        LanesError: It is not there, or the part has comments, which would be lost.
    """
    lists = _lists(access)
    if change.entry not in lists.get(change.kind, ()):
        named = "; ".join(str(Change(kind, entry)) for kind, entries in lists.items() for entry in entries)
        raise LanesError(f"{change} is not let in by the file", where=where, fix=f"it lets in {named or 'nobody'}")
    lists[change.kind].remove(change.entry)
    return _with(text, {kind: entries for kind, entries in lists.items() if entries}, where)


def _lists(access: AccessFile) -> dict[str, list[Entry]]:
    told: Mapping[str, list[Entry]] = access.model_dump(by_alias=True, exclude_none=True)
    return {kind: list(entries) for kind, entries in told.items() if entries}


def _with(text: str, lists: Mapping[str, Sequence[Entry]], where: str) -> str:
    """Return *text* with *lists* as its part ``access``, or without that part if there are none."""
    data: Json = {KEY: dict(lists)}
    part = yaml.safe_dump(data, sort_keys=False, default_flow_style=None, width=120) if lists else ""
    lines = text.splitlines(keepends=True)
    found = _place(text, where)
    if found is None:
        gap = "" if not part else "\n" if text.endswith("\n") else "\n\n"
        return f"{text}{gap}{part}"
    first, last = found
    if any("#" in line for line in lines[first:last]):
        what = "the part has comments, and writing it anew would lose them"
        raise LanesError(what, where=f"{where}:{first + 1}", fix="change it there by hand; lanes validate checks it")
    before, after = lines[:first], lines[last:]
    if not part and not after:
        while before and not before[-1].strip():  # the gap that was made before the part
            before.pop()
    return "".join([*before, part, *after])


def _place(text: str, where: str) -> tuple[int, int] | None:
    """Return the lines of the part: its first, and the one after its last. Blank lines and comments behind are none."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return None
    if root.flow_style:
        raise LanesError(
            "the file is written in braces", where=where, fix="change it there by hand; lanes validate checks it"
        )
    for key, value in root.value:
        if key.value == KEY:
            last = value.end_mark.line + (value.end_mark.column > 0)
            lines = text.splitlines()
            while last > key.start_mark.line + 1 and _is_outside(lines[last - 1]):
                last -= 1
            return key.start_mark.line, last
    return None


def _is_outside(line: str) -> bool:
    """Whether a *line* at the end of a part belongs to what follows: a blank one, or a comment at the margin."""
    return not line.strip() or line.startswith("#")
