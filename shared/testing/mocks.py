"""Mocks: what answers for a state in a test, at each of its calls.

A mock is frozen and remembers nothing, so one value serves many runs. A run asks it with all that it may want to know
(:class:`Asked`), and asks it at the end what it has for calls that never came. Whatever has these two methods is a
mock: a recorded run is one.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

from shared.local.asl.answers import Answer, Raised, Real, Returned, Silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from shared.run.attempts import Item
    from shared.values import Json

    Computed: TypeAlias = Callable[[Json], "Json | Answer"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One call that a state makes.

    Attributes:
        state: The state's name.
        arguments: What it calls with; for a Map or Parallel its input.
        items: The map iterations that it is in, outermost first.
        attempt: 1 for the first call since the state was entered, 2 for its first retry.
        number: 1 for the first call of this state in the run, whatever item it is of.
        item_number: 1 for the first call of this state in these ``items``.
    """

    state: str
    arguments: Json
    items: tuple[Item, ...]
    attempt: int
    number: int
    item_number: int


class NoAnswerError(LookupError):
    """A mock has no answer for a call; the text says why, and what to write."""


class Mock(Protocol):
    """Answers the calls of one state."""

    def answer(self, asked: Asked, /) -> Answer:
        """Return what answers *asked*.

        Raises:
            NoAnswerError: It has nothing for it.
        """

    def left(self, calls: Sequence[Asked], /) -> Iterable[str]:
        """Yield what it has for more calls than *calls*, all that came, in words."""


def returns(value: Json, *, after: float = 0.0, heartbeat: float | None = None) -> Returned:
    """Answer with *value*, the whole result: ``returns({"Payload": 3})`` for ``lambda:invoke``.

    Args:
        value: JSON, as TestState's ``mock`` and Step Functions Local have it.
        after: Virtual seconds until it comes. With a TimeoutSeconds that is shorter, the state times out.
        heartbeat: Virtual seconds between signs of life meanwhile; for tasks that wait for their token.

    Raises:
        TypeError: It is not JSON.
    """
    return Returned(_json(value), after, heartbeat)


def raises(error: str, cause: str | None = None, *, after: float = 0.0, heartbeat: float | None = None) -> Raised:
    """Answer with the *error* of this name: ``raises("Lambda.TooManyRequestsException")``; the rest as `returns`."""
    return Raised(error, cause, after, heartbeat)


def silent() -> Silent:
    """Never answer: the state's HeartbeatSeconds or TimeoutSeconds ends the call."""
    return Silent()


def real() -> Real:
    """Have this call made as without a mock. In a sequence, say: it fails once, and the next call is the real one."""
    return Real()


def sequence(*answers: Given) -> Sequenced:
    """Answer the first call of the state with the first of *answers*, the second call with the second, and so on.

    Retries are calls, and so are those of other map items, in the order in which they are made. All must be used.
    """
    return Sequenced(tuple(as_mock(each) for each in answers))


def per_item(given: Mapping[int, Given] | Callable[[int], Given]) -> PerItem:
    """Answer for each item of the innermost Map by itself.

    Args:
        given: What answers for the item of an index, as a mapping or as a function of the index.
    """
    if callable(given):
        return PerItem(None, given)
    return PerItem({index: as_mock(each) for index, each in given.items()}, None)


def as_mock(given: Given) -> Mock:
    """Return *given* as a mock: an answer is one for every call, a function gets the arguments of each.

    Raises:
        TypeError: It is neither of these, nor a mock.
    """
    if isinstance(given, Returned | Raised | Silent | Real):
        return Same(given)
    if not isinstance(given, type):
        if hasattr(given, "answer") and hasattr(given, "left"):
            return given
        if callable(given):
            return OfArguments(given)
    raise TypeError(f"{given!r} is no mock: write returns({given!r}), or a function of the state's arguments")


@dataclass(frozen=True, slots=True)
class Same:
    """The same answer to every call."""

    same: Answer

    def answer(self, _asked: Asked) -> Answer:
        """Return it."""
        return self.same

    def left(self, _calls: Sequence[Asked]) -> Iterable[str]:
        """Yield nothing: it need not be asked."""
        return ()


@dataclass(frozen=True, slots=True)
class OfArguments:
    """What a function makes of the arguments: a result, or an answer."""

    function: Computed

    def answer(self, asked: Asked) -> Answer:
        """Return what the function makes of them."""
        made = self.function(asked.arguments)
        return made if isinstance(made, Returned | Raised | Silent | Real) else returns(made)

    def left(self, _calls: Sequence[Asked]) -> Iterable[str]:
        """Yield nothing: it need not be asked."""
        return ()


@dataclass(frozen=True, slots=True)
class Sequenced:
    """One answer after the other."""

    parts: tuple[Mock, ...]

    def answer(self, asked: Asked) -> Answer:
        """Return the answer to this call."""
        if asked.number > len(self.parts):
            raise NoAnswerError(f"its sequence has {len(self.parts)} answers, and this is call {asked.number}")
        return self.parts[asked.number - 1].answer(replace(asked, number=1, item_number=1))

    def left(self, calls: Sequence[Asked]) -> Iterator[str]:
        """Yield the answers that were not used."""
        for place, part in enumerate(self.parts[len(calls) :], len(calls) + 1):
            shown = part.same if isinstance(part, Same) else part
            yield f"answer {place} of {len(self.parts)} of its sequence was not used: {shown}"


@dataclass(frozen=True, slots=True)
class PerItem:
    """Something for each item of a Map."""

    by_index: Mapping[int, Mock] | None
    of_index: Callable[[int], Given] | None

    def answer(self, asked: Asked) -> Answer:
        """Return what answers for the item."""
        if not asked.items:
            raise NoAnswerError("it is mocked per_item, and runs in no Map")
        index = asked.items[-1].index
        mock = self._mock(index)
        if mock is None:
            raise NoAnswerError(f"per_item has nothing for item {index}")
        return mock.answer(replace(asked, number=asked.item_number))

    def left(self, calls: Sequence[Asked]) -> Iterator[str]:
        """Yield what was not used of each item's, and the items that did not come."""
        numbers = Counter(call.items for call in calls if call.items)
        for items in numbers:
            mock = self._mock(items[-1].index)
            mine = [call for call in calls if call.items == items]
            yield from (f"item {items[-1].index}: {each}" for each in (mock.left(mine) if mock else ()))
        seen = {items[-1].index for items in numbers}
        for index in self.by_index or ():
            if index not in seen:
                yield f"per_item has an item {index}, which did not come"

    def _mock(self, index: int) -> Mock | None:
        if self.of_index is not None:
            return as_mock(self.of_index(index))
        return (self.by_index or {}).get(index)


def _json(value: Json) -> Json:
    copied: Json = json.loads(json.dumps(value, allow_nan=False))
    return copied


if TYPE_CHECKING:
    Given: TypeAlias = Answer | Mock | Computed
