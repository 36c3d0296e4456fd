"""How much memory a value takes, as far as that is cheap to tell."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_FEW = 30
"""Of what has more parts, as many are looked at, and the others are taken to be as large."""


def weight_of(value: object) -> int:
    """Return about how many bytes *value* takes, with what lies in its lists, mappings and dataclasses.

    Other objects count as they are, without what they refer to. What is in it twice counts twice.
    """
    parts = _parts(value)
    looked = parts if len(parts) <= _FEW else parts[:: len(parts) // _FEW]
    inside = sum(weight_of(each) for each in looked)
    return sys.getsizeof(value) + (inside * len(parts) // len(looked) if looked else 0)


def _parts(value: object) -> Sequence[object]:
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, AbstractSet):
        return list(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, each.name, None) for each in dataclasses.fields(value)]
    return ()
