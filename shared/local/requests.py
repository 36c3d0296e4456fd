"""Counts the requests that each execution environment makes with the credentials of its function's role.

Lambda keeps no such count. The embedded cloud sees each request at its door, and the credentials say which environment
they were made for; an environment runs one invocation at a time. So a count that is taken at the end of each invocation
is that invocation's. What a cold start asks for is counted with the first one. A request that is signed with other
credentials, such as those of a role that the code took itself, is nobody's here.
"""

from __future__ import annotations

import threading
import weakref
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.local.calls import Call

_TWICE = 2
# Calls that stand for several on a bill: DynamoDB's batches are billed item by item, an item of a transaction twice
# (DynamoDB Developer Guide, "Read and write operations"), EventBridge's by events (its pricing page). From memory.
_BUNDLES: Mapping[str, Callable[[Mapping[str, object]], int]] = {
    "dynamodb:BatchGetItem": lambda told: sum(len(_list(keys, "Keys")) for keys in _tables(told)),
    "dynamodb:BatchWriteItem": lambda told: sum(len(each) for each in _tables(told) if isinstance(each, list)),
    "dynamodb:TransactGetItems": lambda told: _TWICE * len(_list(told, "TransactItems")),
    "dynamodb:TransactWriteItems": lambda told: _TWICE * len(_list(told, "TransactItems")),
    "events:PutEvents": lambda told: len(_list(told, "Entries")),
}


class Tally:
    """The requests of one environment. Thread-safe. It holds one number for each operation."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, operation: str, count: int) -> None:
        """Count *count* requests of *operation*."""
        with self._lock:
            self._counts[operation] += count

    def take(self) -> dict[str, int]:
        """Return the requests since this was asked last, by ``service:Operation``."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return dict(sorted(taken.items()))


class Requests:
    """The tallies of the environments that run now. Thread-safe. A tally that nobody holds any more is forgotten."""

    def __init__(self) -> None:
        self._tallies: weakref.WeakValueDictionary[str, Tally] = weakref.WeakValueDictionary()

    def tally(self, environment: str) -> Tally:
        """Return the new tally of *environment*, which is named by its log stream: no other has that."""
        made = self._tallies[environment] = Tally()
        return made

    def note(self, environment: str, call: Call) -> None:
        """Count *call* as a request of *environment*, unless that has ended."""
        tally = self._tallies.get(environment)
        if tally is not None:
            tally.add(str(call), billed_as(call))


def billed_as(call: Call) -> int:
    """Return as how many requests *call* is billed: as one, unless it bundles several."""
    bundled = _BUNDLES.get(str(call))
    return bundled(call.parameters) if bundled else 1


def _tables(told: Mapping[str, object]) -> list[object]:
    asked = told.get("RequestItems")
    return list(asked.values()) if isinstance(asked, Mapping) else []


def _list(told: object, name: str) -> list[object]:
    found = told.get(name) if isinstance(told, Mapping) else None
    return found if isinstance(found, list) else []
