"""What a workflow owns besides functions and its state machine, and what its code may use: frozen, every name known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

KeyType = Literal["string", "number", "binary"]
Access = Literal["read", "write", "readwrite"]
QueueAccess = Literal["send", "receive", "sendreceive"]
DATABASE_COMPONENT, KEY_COMPONENT = "database", "rendezvous"
"""What the platform's own secrets of each team are called. The platform's role reads all that begin with it."""


@dataclass(frozen=True, slots=True)
class Key:
    """An attribute by which items of a table are found, and the type of its values."""

    name: str
    type: KeyType = "string"


@dataclass(frozen=True, slots=True)
class Index:
    """A second way to find items of a table: a global secondary index with all attributes of each item."""

    name: str
    key: Key
    sort_key: Key | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One DynamoDB table of a lane.

    ``key`` identifies an item, together with ``sort_key`` if there is one. ``ttl`` is the attribute that holds the time
    (seconds since 1970) after which DynamoDB deletes an item.
    """

    name: str
    key: Key
    sort_key: Key | None = None
    indexes: tuple[Index, ...] = ()
    ttl: str | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """One SQS queue of a lane.

    ``visibility_seconds`` is how long a received message is kept from other receivers. A message that was received
    ``max_receives`` times and never deleted goes to the queue ``dead_letters``.
    """

    name: str
    dead_letters: str
    visibility_seconds: int
    max_receives: int


@dataclass(frozen=True, slots=True)
class Topic:
    """One SNS topic of a lane. ``notify`` are the addresses that get its messages by mail, once they have confirmed."""

    name: str
    notify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """One SSM parameter of a lane, and its value: plain text that is no secret."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Vpc:
    """The network that a function runs in, by AWS's ids."""

    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asynchronous:
    """What Lambda does with events that nobody waits for.

    ``retries`` is how often a failed one is tried again (0 to 2), ``max_age_seconds`` how long it may wait.
    Destinations are ARNs of the lane's own queues, topics and functions.
    """

    retries: int = 2
    max_age_seconds: int = 21_600
    on_success: str | None = None
    on_failure: str | None = None


@dataclass(frozen=True, slots=True)
class Uses:
    """What a function, or a state machine beyond what its definition names, may use.

    Each field holds AWS names, of this lane but for ``commons`` and ``services``. ``bucket`` is the access to the
    lane's own bucket, None for no access. ``settings`` are SSM parameters, ``machines`` state machines that may be
    started. ``services`` are reviewed actions of services that keep no team's data (``rekognition:DetectLabels``).
    With ``inputs``, what runs got by reference may be read, and nothing else of the lane's own bucket.
    """

    bucket: Access | None = None
    buckets: Mapping[str, Access] = field(default_factory=dict)
    tables: Mapping[str, Access] = field(default_factory=dict)
    queues: Mapping[str, QueueAccess] = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()
    commons: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    inputs: bool = False

    def in_words(self) -> tuple[str, ...]:
        """Return a line for each thing that may be used: what may be done with what."""
        told = [f"{_WORDS[self.bucket]} the team's bucket"] if self.bucket else []
        told += ["read the inputs of runs"] if self.inputs else []
        for kind, rights in (("bucket", self.buckets), ("table", self.tables), ("queue", self.queues)):
            told += [f"{_WORDS[access]} {kind} {name}" for name, access in rights.items()]
        told += [f"publish to topic {name}" for name in self.topics]
        told += [f"read secret {name}" for name in self.secrets]
        told += [f"read setting {name}" for name in self.settings]
        told += [f"call function {name}" for name in self.functions]
        told += [f"start state machine {name}" for name in self.machines]
        told += [f"read shared data {name}" for name in self.commons]
        return (*told, *(f"call {action}" for action in self.services))


_WORDS = {
    "read": "read",
    "write": "write",
    "readwrite": "read and write",
    "send": "send to",
    "receive": "receive from",
    "sendreceive": "send to and receive from",
}
NOTHING = Uses()
OWN_BUCKET = Uses(bucket="readwrite")
"""What a function may use whose card says nothing."""
