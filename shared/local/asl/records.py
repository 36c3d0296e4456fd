"""What the API keeps of machines, their versions and aliases, and of activities."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from random import Random

    from shared.local.asl.identity import StartedMachine
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Version:
    """A version: a machine as it was when it was published.

    Attributes:
        number: Its number, which the machine never gives again.
        description: What its publisher says of it.
        created: When it was published.
        machine: The machine at that time; its ARN is the version's.
    """

    number: int
    description: str | None
    created: dt.datetime
    machine: StartedMachine


@dataclass(slots=True)
class Alias:
    """A name that leads to one or two versions.

    Attributes:
        arn: Its ARN.
        name: Its name.
        description: What its maker says of it.
        routes: The ARN of each version, and how many per cent of executions it gets.
        created: When it was made.
        updated: When it was last changed.
    """

    arn: str
    name: str
    description: str | None
    routes: dict[str, int]
    created: dt.datetime
    updated: dt.datetime

    def choose(self, random: Random) -> str:
        """Return the ARN of the version for one execution, by weight."""
        return random.choices(list(self.routes), list(self.routes.values()))[0]


@dataclass(slots=True)
class MachineRecord:
    """A machine.

    Attributes:
        now: What it is since its last change.
        created: When it was made.
        published: Whether it was to be published when it was made, and with which description.
        versions: Its versions, by number.
        last_number: The last number that a version got.
        aliases: Its aliases, by name, in the order they were made.
        deleting: Whether it is being deleted.
    """

    now: StartedMachine
    created: dt.datetime
    published: tuple[bool, str | None] = (False, None)
    versions: dict[int, Version] = field(default_factory=dict)
    last_number: int = 0
    aliases: dict[str, Alias] = field(default_factory=dict)
    deleting: bool = False

    @property
    def current_version(self) -> Version | None:
        """The version of its present revision, if that is published."""
        return next((each for each in self.versions.values() if each.machine.revision == self.now.revision), None)

    def publish(self, description: str | None, when: dt.datetime) -> Version:
        """Return the version of its present revision, made now if there is none."""
        version = self.current_version
        if version is None:
            number = self.last_number = self.last_number + 1
            frozen = self.now._replace(arn=f"{self.now.arn}:{number}")
            version = self.versions[number] = Version(number, description, when, frozen)
        return version

    def version_of(self, arn: str) -> Version | None:
        """Return its version of this ARN, or None."""
        number = arn.rpartition(":")[2]
        version = self.versions.get(int(number)) if number.isdecimal() else None
        return version if version is not None and version.machine.arn == arn else None


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity.

    Attributes:
        arn: Its ARN.
        name: Its name.
        encryption: Its encryption configuration.
        created: When it was made.
    """

    arn: str
    name: str
    encryption: Mapping[str, Json]
    created: dt.datetime
