"""Rules that listen to what they start themselves: nothing ends that, on AWS either, so it is told."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LONG = 16
"""Executions that come of one another, when a rule is told of."""

_REMEMBERED = 1000
_log = logging.getLogger(__name__)


class Chains:
    """Tells of each such rule once.

    Thread-safe. Executions that rules started lately are remembered, each with how many came of one another before it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._links: OrderedDict[str, int] = OrderedDict()
        self._told: OrderedDict[str, None] = OrderedDict()

    def note(self, rule: str, resources: Sequence[str], execution: str) -> None:
        """Note that *rule* starts *execution*, by its ARN, for an event of *resources*."""
        with self._lock:
            links = self._links[execution] = 1 + max((self._links.get(each, 0) for each in resources), default=0)
            new = links >= LONG and rule not in self._told
            if new:
                self._told[rule] = None
            for held in (self._links, self._told):
                while len(held) > _REMEMBERED:
                    held.popitem(last=False)
        if new:
            _log.warning(
                "%s listens to what it starts, %d times in a row by now, and nothing ends that, on AWS either: "
                "disable the rule, or have its pattern leave that machine out",
                rule,
                links,
            )
