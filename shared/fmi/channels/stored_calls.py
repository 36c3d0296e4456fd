"""What a call is, in words that are the same on all its ranks; and who is the odd one where they differ."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.fmi.data import Array
    from shared.fmi.operators import Op

_LONGEST = 300  # characters: our choice, so that a dtype of many fields does not fill every message


def signature(
    operation: str, size: int, *, root: int | None = None, op: Op | None = None, array: Array | None = None
) -> str:
    """Return what all ranks of a call must say of it; what they may say differently is left out."""
    parts = [operation]
    if op is not None:
        flags = "" if op.free else f" (commutative={op.commutative}, associative={op.associative})"
        parts.append(f"with {op.name}{flags}")
    if root is not None:
        parts.append(f"of root {root}")
    if array is not None:
        parts.append(f"of {array.dtype} array{list(array.shape)}")
    return f"{' '.join(parts)[:_LONGEST]} in a world of {size}".replace("\n", " ")


def odd_one(calls: Mapping[int, str]) -> int | None:
    """Return the first rank that calls something else than the most, by *calls* of each rank; None if no two agree."""
    (usual, ranks), *others = Counter(calls.values()).most_common()
    if not others or ranks == others[0][1]:
        return None
    return min(rank for rank, call in calls.items() if call != usual)
