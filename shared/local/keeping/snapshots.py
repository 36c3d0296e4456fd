"""What a pickle was made of, so that the next look finds without a pickle that nothing in it has changed.

A pickle costs a call for each value in it, a comparison none: all that every dictionary, list and set in it holds is
compared by identity, in one go. What cannot change is the same as long as it is the same object, and all that can is
looked into; so there is no change that a pickle has and this does not see.
"""

from __future__ import annotations

import itertools
import operator
from collections import OrderedDict, defaultdict
from typing import TYPE_CHECKING, Any

from shared.local.keeping.pickles import can_be_named

if TYPE_CHECKING:
    from collections.abc import Collection

_OBJECT, _DICTIONARY, _OTHER = range(3)
_kinds: dict[type, int] = {}


class Snapshot:
    """What some objects held. It keeps what they held alive, but no object for its attributes' sake."""

    def __init__(self) -> None:
        self._views: list[Collection[object]] = []
        self._sizes: list[int] = []
        self._held: list[object] = []
        self._is_whole = True

    def add(self, thing: Any) -> None:
        """Look into *thing*, but not into what it holds."""
        kind = type(thing)
        if kind is dict:
            self._add_view(thing)
            self._add_view(thing.values())
        elif kind is list or kind is set:
            self._add_view(thing)
        else:
            self._add_other(thing, kind)

    def add_attributes(self, thing: object) -> None:
        """Look into the attributes of *thing*."""
        self.add(vars(thing))

    def is_same(self) -> bool:
        """Say whether all holds what it held. False if something is of a kind that cannot be looked into."""
        return (
            self._is_whole
            and list(map(len, self._views)) == self._sizes
            and all(map(operator.is_, itertools.chain.from_iterable(self._views), self._held))
        )

    def _add_other(self, thing: Any, kind: type) -> None:
        way = _way(kind)
        if way == _OTHER:
            self._is_whole = False
            return
        if way == _DICTIONARY:
            base: Any = OrderedDict if isinstance(thing, OrderedDict) else dict
            self._add_view(base.keys(thing))
            self._add_view(base.values(thing))
        if hasattr(thing, "__dict__"):
            self.add_attributes(thing)

    def _add_view(self, view: Collection[object]) -> None:
        self._views.append(view)
        self._sizes.append(len(view))
        self._held.extend(view)


def _way(kind: Any) -> int:
    found = _kinds.get(kind)
    if found is None:
        found = _kinds[kind] = _OBJECT if can_be_named(kind) else _DICTIONARY if _is_dictionary(kind) else _OTHER
    return found


def _is_dictionary(kind: Any) -> bool:
    """Say whether instances of *kind* are pickled as a dictionary's entries and attributes, and as nothing else."""
    if not issubclass(kind, dict):
        return False
    reduces = (object.__reduce__, OrderedDict.__reduce__, defaultdict.__reduce__)
    return (
        kind.items in {dict.items, OrderedDict.items}  # else it may give copies
        and kind.__reduce_ex__ is object.__reduce_ex__
        and kind.__reduce__ in reduces
        and getattr(kind, "__getstate__", None) is getattr(object, "__getstate__", None)
        and not any(vars(each).get("__slots__") for each in kind.__mro__)
    )
