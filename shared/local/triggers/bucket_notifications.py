"""A bucket's notification configuration: what of an object's events it asks for, and what S3 refuses of it. Pure.

Source: Amazon S3 User Guide, "Configuring event notifications using object key name filtering" and "Event notification
types and destinations" (read 2026-11-30, in the copy that AWS published until 2023). The words about overlaps are those
in minio/minio issue 2472 and aws/aws-cli issue 2387; all other words are from memory, not looked up.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

UNVALIDATED = "Unable to validate the following destination configurations"
_TWO_RULES = 2  # a prefix and a suffix
# What happens to objects on AWS and never happens here.
_NEVER_HERE = (
    *("s3:IntelligentTiering", "s3:LifecycleExpiration", "s3:LifecycleTransition", "s3:Replication"),
    *("s3:ObjectRestore:Delete", "s3:ReducedRedundancyLostObject"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One of a configuration's parts: events of which objects are told to whom.

    Attributes:
        id: Its id.
        kind: ``queue``, ``topic`` or ``cloud_function``, as moto calls the receiver.
        arn: The receiver's.
        events: Their names, such as ``s3:ObjectCreated:*``.
        rules: The filter's rules, as pairs of ``prefix`` or ``suffix``, in any case, and the value.
    """

    id: str
    kind: str
    arn: str
    events: tuple[str, ...]
    rules: tuple[tuple[str, str], ...] = ()

    @property
    def prefix(self) -> str:
        """What the key begins with."""
        return self._value("prefix")

    @property
    def suffix(self) -> str:
        """What the key ends with."""
        return self._value("suffix")

    def _value(self, name: str) -> str:
        return next((value for rule, value in self.rules if rule.lower() == name), "")

    def matches(self, event: str, key: str) -> bool:
        """Whether the *event* of the object *key* is asked for."""
        named = any(_common(event, asked) for asked in self.events)
        return named and key.startswith(self.prefix) and key.endswith(self.suffix)


def _common(one: str, other: str) -> bool:
    """Whether two names of events have an event in common. A name that ends in ``:*`` stands for all that begin so."""
    narrow, wide = sorted((one, other), key=lambda name: name.endswith(":*"))
    return narrow == wide or (wide.endswith(":*") and narrow.startswith(wide[:-1]))


def refused(parts: Iterable[Asked]) -> Iterator[str]:
    """Yield why S3 refuses a configuration of *parts*: it is ambiguous, or asks for what there is not."""
    parts = tuple(parts)
    if any(number > 1 for number in Counter(each.id for each in parts).values()):
        yield "Same ID used for multiple configurations. IDs must be unique"
    for part in parts:
        yield from _of_filter(part)
        if part.arn.endswith(".fifo"):
            yield f"{UNVALIDATED}: {part.arn}: FIFO queues and topics are not supported"
    for one, other in combinations(parts, 2):
        if _overlap(one, other):
            yield (
                "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes "
                "are overlapping for the same event type."
                if one.rules or other.rules
                else "Configurations overlap. Configurations on the same bucket cannot share a common event type."
            )


def _of_filter(part: Asked) -> Iterator[str]:
    names = [name.lower() for name, _ in part.rules]
    if set(names) - {"prefix", "suffix"}:
        yield "filter rule name must be either prefix or suffix"
    elif len(names) > len(set(names)) or len(names) > _TWO_RULES:
        yield "Cannot specify more than one prefix rule and one suffix rule in a filter."


def _overlap(one: Asked, other: Asked) -> bool:
    return (
        any(_common(mine, theirs) for mine in one.events for theirs in other.events)
        and (one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix))
        and (one.suffix.endswith(other.suffix) or other.suffix.endswith(one.suffix))
    )


def never_sent(parts: Iterable[Asked]) -> list[str]:
    """Return the events that are asked for and never happen in the embedded cloud."""
    return sorted({event for part in parts for event in part.events if event.startswith(_NEVER_HERE)})
