"""Makes one lane from a team's file, its workflows' cards, the settings and the naming rules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.config.card_file import PACKAGE
from shared.config.field_types import ADDRESS
from shared.config.lane import Budget, Database, Function, Image, Lane, Table, Workflow
from shared.config.rendezvous_settings import check_health
from shared.config.runtimes import MACHINE
from shared.config.variables import DATABASE_VARIABLE, KEY_VARIABLE, PROTOCOL_VARIABLE, RENDEZVOUS_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.cards import Card
    from shared.config.document import KeyPath
    from shared.config.naming import KindName, Name, Naming
    from shared.config.rendezvous_settings import RendezvousSettings
    from shared.config.settings import Settings
    from shared.config.team import Team
    from shared.values import Json

DATABASE_COMPONENT, KEY_COMPONENT = "database", "rendezvous"  # of a team's secrets
MAX_ENVIRONMENT = 4096  # bytes of all names and values of a function's variables (Lambda quota)


@dataclass(frozen=True, slots=True)
class Resolved:
    """A lane, and where in the team's file each of its names comes from."""

    lane: Lane
    names: tuple[tuple[Name, KeyPath], ...]


def resolve(
    team: Team, parameters: Mapping[str, Mapping[str, Json]], cards: list[Card], settings: Settings, naming: Naming
) -> Resolved:
    """Return the lane of *team*.

    Args:
        team: The team's file.
        parameters: The team's own values by workflow, checked.
        cards: The cards of the team's workflows.
        settings: What all teams share.
        naming: How names are made.

    Returns:
        The lane. Names past their limits and an environment too large are reported in the team's document.
    """
    file = team.file
    if file.rendezvous.model_fields_set:
        check_health(_rendezvous(team, settings), team.document)
    names = _Names(team, naming, settings, cards)
    functions = {
        card.function_key(step): _function(team, card, step, settings, names)
        for card in cards
        for step in card.functions
    }
    workflows = {card.key: _workflow(team, card, parameters[card.key], names) for card in cards}
    lane = Lane(
        team=file.team,
        owner=file.owner,
        hash=names.digest,
        place=settings.place,
        bucket=names.bucket,
        boundary=names.make("policy", "boundary", ("team",)),
        deployer=names.make("role", "deployer", ("team",)),
        deployer_boundary=names.make("policy", "deployer-boundary", ("team",)),
        tags={**settings.tags, **file.provider.tags},
        functions=functions,
        workflows=workflows,
        rendezvous=_rendezvous(team, settings).resolve(),
        log_retention_days=file.provider.log_retention_in_days or settings.defaults.log_retention_in_days,
        scratch_days=settings.defaults.scratch_days,
        database=_database(names, cards) if file.database else None,
        budget=_budget(team, settings, names),
        rendezvous_key=names.rendezvous_key,
        runtime=names.runtime,
    )
    return Resolved(lane, tuple(names.made))


class _Names:
    """Makes a team's names, keeps them with their lines, and reports those that AWS would refuse."""

    def __init__(self, team: Team, naming: Naming, settings: Settings, cards: list[Card]) -> None:
        self.team = team
        self.naming = naming
        self.place = settings.place
        self.runtime = settings.defaults.runtime or MACHINE
        self.digest = team.file.suffix or naming.hash.make(team.file.team, self.place)
        self.made: list[tuple[Name, KeyPath]] = []
        self.slug_is_right = not naming.slug_problems(team.file.team)
        self.secret = self.make("secret", DATABASE_COMPONENT, ("database",)) if team.file.database else ""
        meets = any(function.rendezvous for card in cards for function in card.functions.values())
        self.rendezvous_key = self.make("secret", KEY_COMPONENT, ("team",)) if meets else ""
        self.bucket = self.make("bucket", team.file.names.bucket or settings.defaults.bucket, ("names", "bucket"))

    def make(self, kind: KindName, component: str, path: KeyPath) -> str:
        name = self.naming.make(kind, component, team=self.team.file.team, place=self.place, digest=self.digest)
        for what in self.naming.name_problems(name) if self.slug_is_right else ():  # else the slug is to blame
            self.team.document.problem(path, what, "set a shorter or plainer component under names")
        self.made.append((name, path))
        return name.value


def _function(team: Team, card: Card, step: str, settings: Settings, names: _Names) -> Function:
    """Return the function of *step*. The team's entry overrides the card, and the card overrides the provider."""
    key = card.function_key(step)
    base, provider, own = card.functions[step], team.file.provider, team.file.functions.get(key)
    path: KeyPath = ("names", "functions", key) if key in team.file.names.functions else ("workflows", card.key)
    component = team.file.names.functions.get(key, key)
    environment = {
        **provider.environment,
        **base.environment,
        **(own.environment if own else {}),
        "TEAM": team.file.team,
        "STAGE": settings.stage,
        "ACCOUNT": settings.account,
        "BUCKET": names.bucket,
        "WORKFLOW": card.key,
        **(_rendezvous_variables(team, settings, names.rendezvous_key) if base.rendezvous else {}),
        **({DATABASE_VARIABLE: names.secret} if card.database and team.file.database else {}),
    }
    size = sum(len(name.encode()) + len(value.encode()) for name, value in environment.items())
    if size > MAX_ENVIRONMENT:
        team.document.problem(
            ("functions", key, "environment"),
            f"the environment of {key} takes {size} bytes; Lambda allows {MAX_ENVIRONMENT}",
        )
    memory = (own and own.memory_size) or base.memory_size or provider.memory_size or settings.defaults.memory_size
    timeout = (own and own.timeout) or base.timeout or provider.timeout or settings.defaults.timeout
    return Function(
        key=key,
        name=names.make("function", component, path),
        handler=base.handler,
        role=names.make("role", f"{key}-role", ("workflows", card.key)),
        log_group=names.make("functionLogGroup", component, path),
        memory_mb=memory,
        timeout_seconds=timeout,
        reserved_concurrency=own.reserved_concurrency if own else None,
        environment=environment,
        image=_image(team, card, key, names),
    )


def _image(team: Team, card: Card, key: str, names: _Names) -> Image | None:
    """Return how the function called *key* becomes an image; None where neither team nor card asks for one."""
    told = card.image
    if told is None or (team.file.workflows[card.key].get(PACKAGE) or card.package) != "image":
        return None
    repository = names.make("repository", key, ("workflows", card.key))
    base = told.base.replace("{python}", names.runtime.removeprefix("python"))
    return Image(repository, base, told.setup, libraries=told.libraries, entrypoint=told.entrypoint)


def _database(names: _Names, cards: list[Card]) -> Database:
    migrations = tuple(dict.fromkeys(card.database for card in cards if card.database))
    return Database(names.make("schema", "data", ("database",)), names.secret, migrations)


def _budget(team: Team, settings: Settings, names: _Names) -> Budget | None:
    """Return the team's budget, or that of the settings. If it names nobody to notify, the owner's address is used."""
    file = team.file.budget or settings.defaults.budget
    if file is None or not file.monthly_usd:
        return None
    owner = (team.file.owner,) if re.fullmatch(ADDRESS, team.file.owner) else ()
    notify = owner if file.notify is None else tuple(dict.fromkeys(file.notify))
    return Budget(names.make("budget", "monthly", ("budget",)), file.monthly_usd, notify)


def _rendezvous_variables(team: Team, settings: Settings, key: str) -> dict[str, str]:
    """Return the variables that say where FMI ranks meet, its times in seconds, its protocol and the key's secret."""
    own = _rendezvous(team, settings)
    values = (own.endpoint, f"{own.timeout:g}", f"{own.degraded_after:g}")
    return {
        **dict(zip(RENDEZVOUS_VARIABLES, values, strict=True)),
        PROTOCOL_VARIABLE: own.protocol,
        KEY_VARIABLE: key,
    }


def _workflow(team: Team, card: Card, parameters: Mapping[str, Json], names: _Names) -> Workflow:
    overrides = team.file.names
    machine_path: KeyPath = ("names", "stateMachines", card.key)
    component = overrides.state_machines.get(card.key, card.key)
    role = overrides.state_machine_roles.get(card.key, f"{card.key}-stepfunctions-role")
    if card.key not in overrides.state_machines:
        machine_path = ("workflows", card.key)
    return Workflow(
        key=card.key,
        name=names.make("stateMachine", component, machine_path),
        template=card.template,
        role=names.make("role", role, ("names", "stateMachineRoles", card.key)),
        log_group=names.make("stateMachineLogGroup", component, machine_path),
        functions={step: card.function_key(step) for step in card.functions},
        specs=card.specs,
        parameters={**{spec.name: spec.default for spec in card.specs}, **parameters},
        tables={
            name: Table(names.make("table", f"{card.key}-{name}", ("workflows", card.key)), table.key)
            for name, table in card.tables.items()
        },
    )


def _rendezvous(team: Team, settings: Settings) -> RendezvousSettings:
    return settings.rendezvous.model_copy(update=team.file.rendezvous.model_dump(exclude_none=True))
