"""What can be wrong in a team's file besides its shape. Problems are reported; nothing is raised."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shared.config.card_file import CHILD_TYPES, CHILDREN, PACKAGE, PACKAGES
from shared.config.check_functions import NO_LAYERS
from shared.config.check_uses import all_uses
from shared.config.limits import check_size
from shared.config.naming import name_prefix
from shared.config.parameters import read_value
from shared.config.problems import nearest
from shared.config.tags import check_tags
from shared.config.variables import check_environment, variables_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from shared.config.cards import Card, Cards
    from shared.config.limits import Limits
    from shared.config.naming import Name, Naming
    from shared.config.resolve import Resolved
    from shared.config.settings import Settings
    from shared.config.team import FunctionFile, Provider, Team
    from shared.values import Json


def check_team(
    team: Team, cards: Mapping[str, Card | None], naming: Naming | None, settings: Settings | None
) -> dict[str, dict[str, Json]]:
    """Report the problems of one team's file; *naming* and *settings* are None when their own files have problems.

    Returns:
        The values of the team's parameters that are right, by workflow.
    """
    if naming:
        _check_identity(team, naming)
    _check_commons(team, settings.commons if settings else ())
    parameters = _check_workflows(team, cards)
    _check_functions(team, cards)
    _check_names(team, cards)
    _check_sizes(team, settings.limits if settings else None)
    check_tags(team.file.provider.tags, ("provider", "tags"), team.document)
    return parameters


def _check_identity(team: Team, naming: Naming) -> None:
    for what in naming.slug_problems(team.file.team):
        team.document.problem(("team",), what, "choose another slug, and name the file after it")
    suffix, digits = team.file.suffix, naming.hash.digits
    if suffix is not None and not re.fullmatch(rf"[0-9a-f]{{{digits}}}", suffix):
        team.document.problem(("suffix",), f"the suffix {suffix!r} is not {digits} digits of 0-9 and a-f")


def _check_commons(team: Team, commons: Iterable[str]) -> None:
    """Report a slug that would make a bucket of shared data one of the team's own names, which it may write."""
    for name in commons:
        if name.startswith(name_prefix(team.file.team)):
            what = f"{team.file.team} begins the name of {name}, which the settings share with others"
            team.document.problem(("team",), what, "choose another slug, and name the file after it")


def _check_workflows(team: Team, cards: Mapping[str, Card | None]) -> dict[str, dict[str, Json]]:
    parameters: dict[str, dict[str, Json]] = {}
    for key in team.file.workflows:
        if key not in cards:
            team.document.problem(("workflows", key), f"unknown workflow {key!r}", nearest(key, cards))
        elif cards[key] is None and "/" in key:  # whose problems stand in a folder that is not this team's
            fix = f"lanes validate {key.partition('/')[0]} tells what"
            team.document.problem(("workflows", key), f"something is wrong with the workflow {key!r}", fix)
    runs = chosen(team, cards)
    for card in _wanted(team, cards):
        name = card.name_to(team.file.team)
        if card not in runs:
            first = next(each.name_to(team.file.team) for each in runs if each.key == card.key)
            what = f"{first} and {name} are two workflows of one name"
            team.document.problem(("workflows", name), what, "rename your own, or run one of them")
    for card in runs:
        name = card.name_to(team.file.team)
        parameters[card.key] = _check_parameters(team, card, name, team.file.workflows.get(name, {}))
        _check_variables(team, card)
    return parameters


def check_starts(team: Team, cards: Cards) -> None:
    """Report workflows that the team's functions or machines start, and that the team does not run."""
    slug, known = team.file.team, cards.of(team.file.team)
    runs = chosen(team, known)
    keys = {card.key for card in runs} | {name.rpartition("/")[2] for name, card in known.items() if card is None}
    for card in (*runs, *(card for card in cards.broken if card.owner == slug)):
        for path, uses in all_uses(card.file):
            for key in uses.workflows:
                if key in keys:
                    continue
                fix = f"add {key} under workflows of teams/{slug}.yaml, or take it out of uses"
                if card.owner == slug:
                    card.document.problem((*path, "workflows"), f"the team does not run {key!r}", fix)
                else:
                    name = card.name_to(slug)
                    what = f"{name} starts the workflow {key!r}, which the team does not run"
                    team.document.problem(("workflows", name), what, fix)


def chosen(team: Team, cards: Mapping[str, Card | None]) -> list[Card]:
    """Return the cards of what *team* runs, one for each key: what its file names, and all that lies in its folder."""
    first: dict[str, Card] = {}
    for card in _wanted(team, cards):
        first.setdefault(card.key, card)
    return list(first.values())


def _wanted(team: Team, cards: Mapping[str, Card | None]) -> list[Card]:
    own = [key for key, card in cards.items() if card and card.owner == team.file.team]
    return [card for key in dict.fromkeys([*team.file.workflows, *own]) if (card := cards.get(key))]


def _check_parameters(team: Team, card: Card, name_of: str, values: Mapping[str, object]) -> dict[str, Json]:
    specs = {spec.name: spec for spec in card.specs}
    right: dict[str, Json] = {}
    for name, value in values.items():
        path = ("workflows", name_of, name)
        if name == PACKAGE:
            _check_package(team, card, value)
            continue
        if name == CHILDREN and name not in specs:
            _check_children(team, card, value)
            continue
        if name not in specs:
            team.document.problem(path, f"unknown parameter {name!r} of {name_of}", nearest(name, specs))
            continue
        right[name], wrong = read_value(specs[name], value)
        for each in wrong:
            team.document.problem((*path, *each.path), each.what)
    return right


def _check_variables(team: Team, card: Card) -> None:
    """Report variables of the team's file in place of which deployment tells a function what it uses."""
    for step, function in card.file.functions.items():
        key = card.function_key(step)
        own = team.file.functions.get(key)
        entries = {("provider",): team.file.provider.environment, ("functions", key): own.environment if own else {}}
        for path, environment in entries.items():
            for name in sorted(environment.keys() & variables_of(function.uses)):
                what = f"the variable {name!r} is what tells {key} the name of what it uses"
                team.document.problem((*path, "environment", name), what, "rename it")


def _check_children(team: Team, card: Card, value: object) -> None:
    path = ("workflows", card.name_to(team.file.team), CHILDREN)
    if card.file.children is None:
        what = f"{card.path} leaves no choice of what the children of {card.key} are"
        fix = f'write children: standard there, and "ExecutionType": "${{{CHILDREN}}}" in the template'
        team.document.problem(path, what, fix)
    elif value is not None and value not in CHILD_TYPES:
        team.document.problem(path, f"children is {value!r}, not {' or '.join(CHILD_TYPES)}")


def _check_package(team: Team, card: Card, value: object) -> None:
    path = ("workflows", card.name_to(team.file.team), PACKAGE)
    if value is not None and value not in PACKAGES:
        team.document.problem(path, f"package is {value!r}, not {' or '.join(PACKAGES)}")
    elif value == "image" and card.file.image is None and card.folder is None:
        fix = f"write image: with a base in {card.path}, or take this out"
        team.document.problem(path, f"nothing says how the functions of {card.key} become images", fix)
    elif value == "image" and (steps := [step for step, each in card.file.functions.items() if each.layers]):
        what = f"{NO_LAYERS}, and {card.path} gives them to {', '.join(steps)}"
        team.document.problem(path, what, "take this out, or the layers")


def _check_functions(team: Team, cards: Mapping[str, Card | None]) -> None:
    first: dict[str, str] = {}
    for card in chosen(team, cards):
        for key in map(card.function_key, card.file.functions):
            if first.setdefault(key, card.key) != card.key:  # two of one name are told elsewhere
                what = f"{first[key]} and {card.key} both have a function {key!r}"
                path = ("workflows", card.name_to(team.file.team))
                team.document.problem(path, what, "rename a step in one of the cards")
    for key in team.file.functions:
        _check_function_key(team, key, ("functions", key), cards)


def _check_function_key(team: Team, key: str, path: tuple[str, ...], cards: Mapping[str, Card | None]) -> None:
    own = [card.function_key(step) for card in chosen(team, cards) for step in card.file.functions]
    if key in own:
        return
    for card in cards.values():
        if card and key in map(card.function_key, card.file.functions):
            fix = f"add {card.key} under workflows, or remove this"
            team.document.problem(path, f"the function {key!r} belongs to {card.key}, which the team does not run", fix)
            return
    if all(cards.get(workflow, True) for workflow in team.file.workflows) and all(
        cards.values()
    ):  # else the key may be a broken card's
        team.document.problem(path, f"unknown function {key!r}", nearest(key, own))


def _check_names(team: Team, cards: Mapping[str, Card | None]) -> None:
    names = team.file.names
    own = {*team.file.workflows, *(card.key for card in chosen(team, cards))}
    for key in names.functions:
        _check_function_key(team, key, ("names", "functions", key), cards)
    for field, keys in (("stateMachines", names.state_machines), ("stateMachineRoles", names.state_machine_roles)):
        for key in keys:
            if key not in own:
                team.document.problem(("names", field, key), f"the team does not run {key!r}", nearest(key, own))


def _check_sizes(team: Team, limits: Limits | None) -> None:
    entries: dict[tuple[str, ...], Provider | FunctionFile] = {("provider",): team.file.provider}
    entries |= {("functions", key): function for key, function in team.file.functions.items()}
    for path, entry in entries.items():
        if limits:
            check_size(entry.memory_size, limits.memory_size, (*path, "memorySize"), team.document)
            check_size(entry.timeout, limits.timeout, (*path, "timeout"), team.document)
        check_environment(entry.environment, (*path, "environment"), team.document)


def check_slugs(teams: Iterable[Team]) -> None:
    """Report teams with the same slug. Case does not count, because AWS ignores it in some names."""
    seen: dict[str, Team] = {}
    for team in teams:
        first = seen.setdefault(team.file.team.lower(), team)
        if first is not team:
            same = first.file.team == team.file.team
            team.document.problem(
                ("team",),
                f"the team {team.file.team!r} is also in {first.document.file}",
                "choose another" if same else "case does not tell slugs apart: choose another",
            )


def check_users(team: Team, slugs: Collection[str]) -> None:
    """Report users whom *team* lets in although their names say that they are another team's, or its own."""
    for index, user in enumerate(team.file.access.users):
        whose = next((slug for slug in slugs if user.startswith(name_prefix(slug))), None)
        if whose == team.file.team:
            what, fix = f"{user} is let in by its name already", "leave it out"
        elif whose:
            what = f"{user} is a user of team {whose}, by its name"
            fix = f"name somebody who is no other team's, or rename the user to {name_prefix(team.file.team)}..."
        else:
            continue
        team.document.problem(("access", "users", index), what, fix)


def check_together(resolved: list[tuple[Team, Resolved]], naming: Naming, limits: Limits) -> None:
    """Report what only shows between files: one hash for two teams, equal names, too much reserved concurrency."""
    hashes: dict[str, Team] = {}
    names: dict[tuple[str, str], tuple[Team, Name]] = {}
    for team, lane in resolved:
        first = hashes.setdefault(lane.lane.hash, team)
        if first.file.team.lower() != team.file.team.lower():
            team.document.problem(
                ("suffix",),
                f"the suffix {lane.lane.hash!r} is also that of {first.file.team} ({first.document.file})",
                "leave it out to have one derived",
            )
        for name, path in lane.names:
            other, taken = names.setdefault(naming.identity(name), (team, name))
            same_slug = other is not team and other.file.team.lower() == team.file.team.lower()  # said already
            if taken is not name and not same_slug:
                mine, theirs = (f"{one.kind} {one.component}" for one in (name, taken))
                what = f"{mine} and {theirs} of {other.file.team} would both be named {name.value!r}"
                team.document.problem(path, what)
    _check_concurrency(resolved, limits)


def _check_concurrency(resolved: list[tuple[Team, Resolved]], limits: Limits) -> None:
    allowed = limits.concurrency.account - limits.concurrency.unreserved
    sums = {
        team.file.team: sum(function.reserved_concurrency or 0 for function in lane.lane.functions.values())
        for team, lane in resolved
    }
    total = sum(sums.values())
    if total <= allowed:
        return
    listing = ", ".join(f"{name} {count}" for name, count in sums.items() if count)
    for team, _ in resolved:
        if sums[team.file.team]:
            team.document.problem(
                ("functions",), f"all teams reserve {total} concurrent executions ({listing}); {allowed} are there"
            )
