"""Finds which item of its Map each child of a run had, by a first replay: what an item calls with tells its child.

Step Functions does not tell it, and a recording must, since a replay asks item by item. So the definition is run once
more, under the run's own name; what a state in a child calls with is looked up among the children whose item is not
known yet. Moments and ids, which differ from run to run, are left out of the comparison.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from shared.local.asl.answers import Raised, Returned, Silent
from shared.testing.mocks import NoAnswerError
from shared.testing.recorded.made_anew import OF_ONE_RUN
from shared.testing.recorded.recording import Call

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shared.run.attempts import Attempt
    from shared.run.places import Item
    from shared.testing.mocks import Asked
    from shared.testing.recorded.happened import Children, Happened
    from shared.values import Json


class Matching:
    """What a run did, handed out call by call to a replay; what was asked is in ``calls`` then.

    What no call of the run fits, of an item, is never answered; ``made_up`` names it.

    Args:
        happened: What it did.
    """

    def __init__(self, happened: Happened) -> None:
        self._happened = happened
        self._given: dict[tuple[Item, ...], list[Happened]] = {}  # the children that an item had
        self._counts: dict[int, Counter[tuple[str, tuple[Item, ...]]]] = {}
        self.calls: list[Call] = []
        self.made_up: list[str] = []

    def mocks(self) -> dict[str, _Matched]:
        """Return what answers each state."""
        states = dict.fromkeys(attempt.state for each in _everything(self._happened) for attempt in each.attempts)
        return dict.fromkeys(states, _Matched(self))

    def answer(self, asked: Asked) -> Returned | Raised | Silent:
        """Return what the run answered to the call that is *asked*."""
        found = self._find(self._happened, (), asked.items, asked)
        if found is None and asked.items:  # another item failed the run before this one came to its call, it may be
            self.made_up.append(f"{asked.state}, item {asked.items[-1].index} of {asked.items[-1].map}")
            self.calls.append(Call(asked.state, asked.items, Silent()))
            return Silent()
        if found is None:
            raise NoAnswerError(f"the run called it {asked.number - 1} times, and this replay more often")
        owner, attempt = found
        self._count(owner)[attempt.state, attempt.items] += 1
        call = Call(asked.state, asked.items, _answer_of(attempt))
        self.calls.append(call)
        return call.answer

    def _find(
        self, owner: Happened, above: tuple[Item, ...], items: tuple[Item, ...], asked: Asked
    ) -> tuple[Happened, Attempt] | None:
        """Return the next call like the one that is *asked*, in *owner*, which runs *above*, or in a child of it."""
        runs, place = _runs_at(owner, items)
        if not runs:
            return self._next(owner, items, asked, alike=bool(above))
        at, rest = (*above, *items[: place + 1]), items[place + 1 :]
        mine = self._given.setdefault(at, [])
        for child in mine:
            if found := self._find(child, at, rest, asked):
                return found
        taken = {id(child) for children in self._given.values() for child in children}
        for child in (each for run in runs for each in run.executions if id(each) not in taken):
            if found := self._find(child, at, rest, asked):
                mine.append(child)
                return found
        return None

    def _next(
        self, owner: Happened, items: tuple[Item, ...], asked: Asked, *, alike: bool
    ) -> tuple[Happened, Attempt] | None:
        attempts = [each for each in owner.attempts if (each.state, each.items) == (asked.state, items)]
        number = self._count(owner)[asked.state, items]
        if number >= len(attempts):
            return None
        attempt = attempts[number]
        if alike and _comparable(attempt.arguments) != _comparable(asked.arguments):
            return None
        return owner, attempt

    def _count(self, owner: Happened) -> Counter[tuple[str, tuple[Item, ...]]]:
        return self._counts.setdefault(id(owner), Counter())


class _Matched:
    """What answers a state: a mock."""

    def __init__(self, matching: Matching) -> None:
        self._matching = matching

    def answer(self, asked: Asked) -> Returned | Raised | Silent:
        return self._matching.answer(asked)

    def left(self, _calls: Sequence[Asked]) -> Iterable[str]:
        return ()  # of what other items did when one had failed the run, a replay needs nothing


def _runs_at(owner: Happened, items: tuple[Item, ...]) -> tuple[list[Children], int]:
    """Return the Map runs of *owner* that the outermost of *items* that is a child's belongs to, and its place."""
    for place, item in enumerate(items):
        runs = [run for run in owner.maps if (run.map, run.items) == (item.map, items[:place])]
        if runs:
            return runs, place
    return [], 0


def _everything(happened: Happened) -> Iterator[Happened]:
    yield happened
    for run in happened.maps:
        for child in run.executions:
            yield from _everything(child)


def _answer_of(attempt: Attempt) -> Returned | Raised | Silent:
    """Return what answers as *attempt* ended; the definition's own timeout ends what ended by one."""
    if attempt.ended is None or attempt.status in {"RUNNING", "TIMED_OUT"}:
        return Silent()
    after = round((attempt.ended - attempt.began).total_seconds(), 3)
    if attempt.status == "SUCCEEDED":
        return Returned(attempt.result, after)
    return Raised(attempt.error or None, attempt.cause or None, after)


def _comparable(value: Json) -> str:
    return OF_ONE_RUN.sub("*", json.dumps(value, sort_keys=True))
