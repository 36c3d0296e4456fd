"""Makes one workflow of a lane: its state machine, what it owns, and what its functions and its machine may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shared.config.card_file import CHILDREN
from shared.config.lane import Workflow
from shared.config.resources import (
    NOTHING,
    Asynchronous,
    Index,
    Key,
    Queue,
    Setting,
    Table,
    Topic,
    Uses,
)
from shared.config.variables import COMMONS_OWNERS_VARIABLE, COMMONS_VARIABLE, variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.config.card_file import CardAsync, CardDestination, CardTable, CardUses
    from shared.config.cards import Card
    from shared.config.document import KeyPath
    from shared.config.lane import MachineType, Place
    from shared.config.names import Names
    from shared.config.team import Team
    from shared.values import Json

DEAD_LETTERS = "dead-letters"


class Machine(NamedTuple):
    """The name of a state machine, and where in the team's file it comes from."""

    name: str
    component: str
    path: KeyPath


def machine(team: Team, card: Card, names: Names) -> Machine:
    """Make the name of the state machine of *card*."""
    component = team.file.names.state_machines.get(card.key)
    path: KeyPath = ("names", "stateMachines", card.key) if component else ("workflows", card.name_to(team.file.team))
    component = component or card.key
    return Machine(names.make("stateMachine", component, path), component, path)


def workflow(team: Team, card: Card, parameters: Mapping[str, Json], own: Machine, names: Names) -> Workflow:
    """Return the workflow of *card* with all that it owns, but for its functions and what its machine may use."""
    path: KeyPath = ("workflows", card.name_to(team.file.team))
    roles = team.file.names.state_machine_roles
    role = roles.get(card.key, f"{card.key}-stepfunctions-role")
    of_role: KeyPath = ("names", "stateMachineRoles", card.key) if card.key in roles else path

    def named(name: str) -> str:
        return f"{card.key}-{name}"

    file = card.file
    return Workflow(
        key=card.key,
        name=own.name,
        template=card.template,
        role=names.make("role", role, of_role),
        log_group=names.make("stateMachineLogGroup", own.component, own.path),
        functions={step: card.function_key(step) for step in file.functions},
        specs=card.specs,
        parameters={**{spec.name: spec.default for spec in card.specs}, **parameters},
        tables={key: _table(names.make("table", named(key), path), each) for key, each in file.tables.items()},
        queues={
            key: Queue(
                names.make("queue", named(key), path),
                names.make("queue", f"{named(key)}-{DEAD_LETTERS}", path),
                each.visibility_timeout,
                each.max_receives,
            )
            for key, each in file.queues.items()
        },
        topics={key: Topic(names.make("topic", named(key), path), each.notify) for key, each in file.topics.items()},
        buckets={key: names.make("bucket", named(key), path) for key in file.buckets},
        secrets={key: names.make("secret", named(key), path) for key in file.secrets},
        settings={
            key: Setting(names.make("parameter", named(key), path), each.value) for key, each in file.settings.items()
        },
        type=file.type,
        children=_children(team, card),
        folder=card.folder,
        owner=card.owner,
        output_by_reference=file.output.by_reference,
        max_items=file.max_items,
    )


def _children(team: Team, card: Card) -> MachineType | None:
    """Return what the children of the distributed Maps of *card* are: what the team says, else what the card does."""
    asked = team.file.workflows.get(card.name_to(team.file.team), {}).get(CHILDREN)
    return "express" if asked == "express" else "standard" if asked == "standard" else card.file.children


@dataclass(frozen=True, slots=True)
class Known:
    """What the keys on a card stand for in AWS.

    Attributes:
        own: The workflow.
        functions: The name of each function of the workflow, by its step.
        machines: The name of each state machine of the team, by its workflow.
        commons: The buckets of shared data that the team may read, each with the account that must own it.
        place: Where the lane is.
    """

    own: Workflow
    functions: Mapping[str, str]
    machines: Mapping[str, str]
    commons: Mapping[str, str]
    place: Place

    def uses(self, told: CardUses | None, default: Uses = NOTHING) -> Uses:
        """Return what *told* says in AWS's names, *default* when the card says nothing. Its keys are right."""
        if told is None:
            return default
        own = self.own
        return Uses(
            bucket=told.bucket,
            buckets={own.buckets[key]: access for key, access in told.buckets.items()},
            tables={own.tables[key].name: access for key, access in told.tables.items()},
            queues={own.queues[key].name: access for key, access in told.queues.items()},
            topics=tuple(own.topics[key].name for key in told.topics),
            secrets=tuple(own.secrets[key] for key in told.secrets),
            settings=tuple(own.settings[key].name for key in told.settings),
            functions=tuple(self.functions[key] for key in told.functions),
            machines=tuple(self.machines[key] for key in told.workflows if key in self.machines),
            commons=tuple(each for each in self.commons if told.commons == "all" or each in told.commons),
            services=tuple(dict.fromkeys(told.services)),
        )

    def variables(self, told: CardUses | None) -> dict[str, str]:
        """Return the variables by which a function finds what it may use.

        ``TABLE_TOTALS``, ``BUCKET_RAW``, ``SECRET_KEY``, ``SETTING_LIMIT`` and ``FUNCTION_COUNT`` are names,
        ``QUEUE_WORK`` is a URL, ``TOPIC_DONE`` and ``WORKFLOW_NEXT`` are ARNs, ``COMMONS`` are buckets joined by
        commas, and ``COMMONS_OWNERS`` the accounts that must own them.
        """
        if told is None:
            return {}
        own, place, granted = self.own, self.place, self.uses(told).commons
        found = {
            "table": {key: own.tables[key].name for key in told.tables},
            "bucket": {key: own.buckets[key] for key in told.buckets},
            "queue": {key: place.queue_url(own.queues[key].name) for key in told.queues},
            "topic": {key: place.arn("sns", own.topics[key].name) for key in told.topics},
            "secret": {key: own.secrets[key] for key in told.secrets},
            "setting": {key: own.settings[key].name for key in told.settings},
            "function": {key: self.functions[key] for key in told.functions},
            "workflow": {key: self._machine(key) for key in told.workflows if key in self.machines},
        }
        return {
            **{variable(kind, key): value for kind, values in found.items() for key, value in values.items()},
            **(self._of_commons(granted) if granted else {}),
        }

    def asynchronous(self, told: CardAsync | None) -> Asynchronous | None:
        """Return what Lambda does with a function's events, its destinations as ARNs."""
        if told is None:
            return None
        return Asynchronous(told.retries, told.maximum_age, self._to(told.on_success), self._to(told.on_failure))

    def _of_commons(self, granted: Iterable[str]) -> dict[str, str]:
        names = tuple(granted)
        owners = ",".join(self.commons[name] for name in names)
        return {COMMONS_VARIABLE: ",".join(names), COMMONS_OWNERS_VARIABLE: owners}

    def _machine(self, key: str) -> str:
        return self.place.arn("states", f"stateMachine:{self.machines[key]}")

    def _to(self, told: CardDestination | None) -> str | None:
        if told is None:
            return None
        if told.queue:
            return self.place.arn("sqs", self.own.queues[told.queue].name)
        if told.topic:
            return self.place.arn("sns", self.own.topics[told.topic].name)
        return self.place.arn("lambda", f"function:{self.functions[told.function or '']}")


def _key(text: str) -> Key:
    name, _, kind = text.partition(":")
    return Key(name, kind or "string")  # type: ignore[arg-type]  # the card's pattern allows these three


def _table(name: str, told: CardTable) -> Table:
    return Table(
        name,
        _key(told.key),
        _key(told.sort_key) if told.sort_key else None,
        tuple(
            Index(index, _key(each.key), _key(each.sort_key) if each.sort_key else None)
            for index, each in told.indexes.items()
        ),
        told.ttl,
    )
