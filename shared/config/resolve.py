"""Makes one lane from a team's file, its workflows' cards, the settings and the naming rules."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.config.card_file import PACKAGE, CardImage
from shared.config.ecr_uri import in_ecr
from shared.config.field_types import ADDRESS
from shared.config.lane import DEFAULT_EPHEMERAL_MB, Budget, Database, Function, Image, Lane, Prepaid
from shared.config.ledger_name import ledger_function
from shared.config.names import Names
from shared.config.naming import name_prefix, path_prefix
from shared.config.rendezvous_settings import check_health
from shared.config.resolve_triggers import starter, with_triggers
from shared.config.resolve_workflow import Known, machine, workflow
from shared.config.resources import DATABASE_COMPONENT, KEY_COMPONENT, OWN_BUCKET, Vpc
from shared.config.runtimes import MACHINE
from shared.config.variables import DATABASE_VARIABLE, KEY_VARIABLE, PROTOCOL_VARIABLE, RENDEZVOUS_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.card_file import CardVpc
    from shared.config.cards import Card
    from shared.config.document import KeyPath
    from shared.config.lane import Workflow
    from shared.config.naming import Name, Naming
    from shared.config.rendezvous_settings import RendezvousSettings
    from shared.config.settings import Settings
    from shared.config.team import Team
    from shared.values import Json

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
    names = Names(team, naming, settings.place)
    base = _base(team, settings, cards, names)
    functions: dict[str, Function] = {}
    workflows: dict[str, Workflow] = {}
    machines = {card.key: machine(team, card, names) for card in cards}
    for card in cards:
        made = workflow(team, card, parameters[card.key], machines[card.key], names)
        steps = {step: _function_name(team, card, step, names) for step in card.file.functions}
        of_team = {key: each.name for key, each in machines.items()}
        known = Known(made, steps, of_team, base.commons, settings.place)
        workflows[card.key] = replace(made, uses=known.uses(card.file.uses))
        for step in card.file.functions:
            functions[card.function_key(step)] = _function(base, card, step, known)
        if card.owner == file.team:  # what a borrowed workflow is started by is its owner's
            workflows[card.key] = own = with_triggers(workflows[card.key], card, ("workflows", card.key), names)
            functions |= _starter(base, own) if own.upload else {}
    lane = Lane(
        team=file.team,
        owner=file.owner,
        hash=names.digest,
        place=settings.place,
        bucket=base.bucket,
        boundary=names.make("policy", "boundary", ("team",)),
        deployer=names.make("role", "deployer", ("team",)),
        deployer_boundary=names.make("policy", "deployer-boundary", ("team",)),
        tags={**settings.tags, **file.provider.tags},
        functions=functions,
        workflows=workflows,
        rendezvous=_rendezvous(team, settings).resolve(),
        log_retention_days=file.provider.log_retention_in_days or settings.defaults.log_retention_in_days,
        scratch_days=settings.defaults.scratch_days,
        database=_database(base, cards) if file.database else None,
        budget=_budget(team, settings, names),
        rendezvous_key=base.rendezvous_key,
        runtime=base.runtime,
        commons=base.commons,
        access=file.access.resolve(),
        members=tuple(file.members),
        prepaid=_prepaid(team, naming, settings),
    )
    return Resolved(lane, tuple(names.made))


@dataclass(frozen=True, slots=True)
class _Base:
    """What all functions of a team share. ``secret`` and ``rendezvous_key`` are names of secrets, or empty."""

    team: Team
    settings: Settings
    names: Names
    runtime: str
    secret: str
    rendezvous_key: str
    bucket: str
    commons: Mapping[str, str]

    def variables(self, workflow: str) -> dict[str, str]:
        """Return the variables that each function of *workflow* has."""
        return {
            "TEAM": self.team.file.team,
            "STAGE": self.settings.stage,
            "ACCOUNT": self.settings.account,
            "BUCKET": self.bucket,
            "WORKFLOW": workflow,
        }


def _base(team: Team, settings: Settings, cards: list[Card], names: Names) -> _Base:
    meets = any(function.rendezvous for card in cards for function in card.file.functions.values())
    return _Base(
        team,
        settings,
        names,
        runtime=settings.defaults.runtime or MACHINE,
        secret=names.make("secret", DATABASE_COMPONENT, ("database",)) if team.file.database else "",
        rendezvous_key=names.make("secret", KEY_COMPONENT, ("team",)) if meets else "",
        bucket=names.make("bucket", team.file.names.bucket or settings.defaults.bucket, ("names", "bucket")),
        commons=settings.commons_of(team.file.team),
    )


def _component(team: Team, card: Card, key: str) -> tuple[str, KeyPath]:
    """Return the component of a function's name, and where in the team's file it comes from."""
    own = ("workflows", card.name_to(team.file.team))
    path: KeyPath = ("names", "functions", key) if key in team.file.names.functions else own
    return team.file.names.functions.get(key, key), path


def _function_name(team: Team, card: Card, step: str, names: Names) -> str:
    return names.make("function", *_component(team, card, card.function_key(step)))


def _function(base: _Base, card: Card, step: str, known: Known) -> Function:
    """Return the function of *step*. The team's entry overrides the card, and the card overrides the provider."""
    team, settings, names = base.team, base.settings, base.names
    key = card.function_key(step)
    told, provider, file = card.file.functions[step], team.file.provider, team.file.functions.get(key)
    component, path = _component(team, card, key)
    environment = {
        **provider.environment,
        **told.environment,
        **(file.environment if file else {}),
        **known.variables(told.uses),
        **base.variables(card.key),
        **(_rendezvous_variables(team, settings, base.rendezvous_key) if told.rendezvous else {}),
        **({DATABASE_VARIABLE: base.secret} if card.file.database and team.file.database else {}),
    }
    _check_size(base, key, environment)
    _check_layers(base, card, told.layers)
    defaults = settings.defaults
    return Function(
        key=key,
        name=known.functions[step],
        handler=told.handler,
        role=names.make("role", f"{key}-role", ("workflows", card.name_to(team.file.team))),
        log_group=names.make("functionLogGroup", component, path),
        memory_mb=(file and file.memory_size) or told.memory_size or provider.memory_size or defaults.memory_size,
        timeout_seconds=(file and file.timeout) or told.timeout or provider.timeout or defaults.timeout,
        reserved_concurrency=file.reserved_concurrency if file else None,
        environment=environment,
        image=_image(base, card, key),
        workflow=card.key,
        runtime=f"python{card.file.python}" if card.file.python else base.runtime,
        architecture=card.file.architecture,
        ephemeral_mb=(file and file.ephemeral_storage) or told.ephemeral_storage or DEFAULT_EPHEMERAL_MB,
        log_format=told.log_format,
        layers=told.layers,
        vpc=_vpc(told.vpc),
        asynchronous=known.asynchronous(told.asynchronous),
        uses=replace(known.uses(told.uses, OWN_BUCKET), inputs=any(spec.by_reference for spec in card.specs)),
    )


def _starter(base: _Base, workflow: Workflow) -> dict[str, Function]:
    path: KeyPath = ("workflows", workflow.key)
    made = starter(workflow, base.variables(workflow.key), base.runtime, path, base.names)
    _check_size(base, made.key, made.environment)
    return {made.key: made}


def _check_size(base: _Base, key: str, environment: Mapping[str, str]) -> None:
    size = sum(len(name.encode()) + len(value.encode()) for name, value in environment.items())
    if size > MAX_ENVIRONMENT:
        what = f"the environment of {key} takes {size} bytes; Lambda allows {MAX_ENVIRONMENT}"
        base.team.document.problem(("functions", key, "environment"), what)


def _vpc(told: CardVpc | None) -> Vpc | None:
    return Vpc(told.subnets, told.security_groups) if told else None


def _image(base: _Base, card: Card, key: str) -> Image | None:
    """Return how the function called *key* becomes an image; None where neither team nor card asks for one."""
    told = card.file.image or (CardImage() if card.folder else None)
    asked = base.team.file.workflows.get(card.name_to(base.team.file.team), {}).get(PACKAGE) or card.file.package
    if told is None or asked != "image":
        return None
    python = card.file.python or base.runtime.removeprefix("python")
    stands_on = told.base.replace("{python}", python)
    if told.uri:
        _check_region(base, card, told.uri)
    if told.uri or card.owner:
        _check_repository(base, card, told.uri or stands_on)
    repository = base.names.make("repository", key, ("workflows", card.name_to(base.team.file.team)))
    return Image(
        repository,
        stands_on,
        told.setup,
        libraries=told.libraries,
        entrypoint=told.entrypoint,
        dockerfile=card.folder / told.dockerfile if told.dockerfile and card.folder else None,
        uri=told.uri,
    )


def _check_layers(base: _Base, card: Card, layers: tuple[str, ...]) -> None:
    """Report layers of this account that are not the team's own: they would run another's code with its rights."""
    own = name_prefix(base.team.file.team)
    for arn in layers:
        _, _, _, _, account, _, name, _ = arn.split(":")
        if account == base.settings.account and not name.startswith(own):
            what = f"{arn} is in this account, and no layer of {base.team.file.team}, whose names begin with {own}"
            fix = "publish it under a name of the team's own, or in another account"
            base.team.document.problem(("workflows", card.name_to(base.team.file.team)), what, fix)


def _check_region(base: _Base, card: Card, uri: str) -> None:
    """Report an image that Lambda cannot fetch."""
    at = in_ecr(uri)
    if at and at.region != base.settings.region:
        what = f"{uri} is in {at.region}, and Lambda fetches images from its own region only"
        base.team.document.problem(("workflows", card.name_to(base.team.file.team)), what)


def _check_repository(base: _Base, card: Card, uri: str) -> None:
    """Report an image that is another team's of this account: who deploys may fetch it, and the team may not."""
    at, own = in_ecr(uri), path_prefix(base.team.file.team)
    if at and at.account == base.settings.account and not at.repository.startswith(own):
        what = f"{uri} is in this account, and in no repository of {base.team.file.team}, whose names begin with {own}"
        path: KeyPath = ("workflows", card.name_to(base.team.file.team))
        base.team.document.problem(path, what, "push it to a repository of the team's own")


def _database(base: _Base, cards: list[Card]) -> Database:
    migrations = tuple(dict.fromkeys(card.file.database for card in cards if card.file.database))
    return Database(base.names.make("schema", "data", ("database",)), base.secret, migrations)


def _prepaid(team: Team, naming: Naming, settings: Settings) -> Prepaid | None:
    """Return what the team's lane may cost in all, where its file says so, and the function that keeps it to that."""
    if team.file.prepaid is None:
        return None
    name = ledger_function(naming, settings.place)
    return Prepaid(team.file.prepaid, settings.place.arn("lambda", f"function:{name}"))


def _budget(team: Team, settings: Settings, names: Names) -> Budget | None:
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


def _rendezvous(team: Team, settings: Settings) -> RendezvousSettings:
    """Return where the team's ranks meet; at another endpoint than the settings' it is not the platform's service."""
    own = team.file.rendezvous.model_dump(exclude_none=True)
    elsewhere = own.get("endpoint", settings.rendezvous.endpoint) != settings.rendezvous.endpoint
    return settings.rendezvous.model_copy(update={**own, "service": None} if elsewhere else own)
