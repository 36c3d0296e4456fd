"""What starts a workflow by itself: schedules and uploads, frozen, every name known. And which of them could go round.

An upload starts a workflow, which writes; what it writes may be an upload that starts one. So a workflow that an upload
can start may write below no prefix that starts anything, but for those of the workflows that its card says it feeds.
:func:`barred` tells these prefixes, a bucket's policy denies them, and :func:`circles` finds where feeding comes round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.config.resources import Queue
    from shared.values import Json

OBJECT, OBJECTS = "object", "objects"
"""What the input of a run that an upload started is called: one object, or a list of them."""
STARTER = "starter"
"""The step that deployment adds to a workflow which uploads start."""
STARTERS = "_starters"
"""The key of the package of all starters, which is no workflow's."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """One schedule.

    ``expression`` and ``timezone`` are as EventBridge Scheduler takes them, ``payload`` is all of the run's input. A
    start may come ``window_minutes`` late.
    """

    expression: str
    timezone: str
    payload: Json
    window_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Schedules:
    """The schedules of a workflow by their keys, the group that holds them, and the role that starts for them.

    ``dead_letters`` is the queue for starts that failed for good.
    """

    group: str
    role: str
    dead_letters: str
    by_key: Mapping[str, Schedule]


@dataclass(frozen=True, slots=True)
class Upload:
    """Which uploads start a workflow, and what brings them to it.

    ``queue`` takes what the bucket tells, and ``function`` is the key of the function that starts runs from it: one for
    each object, or with ``window_seconds`` one for all objects of that time.
    """

    prefix: str
    suffix: str
    window_seconds: int | None
    queue: Queue
    function: str


@dataclass(frozen=True, slots=True)
class Link:
    """How a workflow hangs together with others of its team, by their keys.

    ``prefix`` is that of the uploads which start it, "" when none do. It ``starts`` others by calls, and ``feeds``
    those whose uploads it writes.
    """

    prefix: str = ""
    starts: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()


def circles(links: Mapping[str, Link]) -> Iterator[tuple[str, str]]:
    """Yield each (workflow, one that it feeds) where what it feeds leads back to it."""
    for key, link in links.items():
        for fed in link.feeds:
            if key in _reached(fed, links):
                yield key, fed


def barred(links: Mapping[str, Link]) -> dict[str, tuple[str, ...]]:
    """Return, for each workflow that an upload can start, the prefixes below which it may not write, in order."""
    prefixes = {key: link.prefix for key, link in links.items() if link.prefix}
    started = {each for key in prefixes for each in _reached(key, links, by_feeding=False)}
    return {
        key: tuple(sorted(prefix for other, prefix in prefixes.items() if other not in links[key].feeds))
        for key in sorted(started)
        if key in links
    }


def _reached(key: str, links: Mapping[str, Link], *, by_feeding: bool = True) -> set[str]:
    """Return *key*, and what runs because it does."""
    reached: set[str] = set()
    todo = [key]
    while todo:
        each = todo.pop()
        if each in reached:
            continue
        reached.add(each)
        link = links.get(each, Link())
        todo += [*link.starts, *(link.feeds if by_feeding else ())]
    return reached
