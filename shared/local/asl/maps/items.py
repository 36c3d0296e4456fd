"""What a reader reads: items, each with where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.json_stream import larger_than

if TYPE_CHECKING:
    from shared.values import Json

# The most bytes of one item in a file. Source: Step Functions Developer Guide, "ItemReader (Map)" (read 2026-11-30).
ITEM_BYTES = 8 * 2**20
STATE_DATA = "STATE_DATA"


class UnreadableError(Exception):
    """What a reader reads is not what it was told; the text is the cause that AWS's users see."""


class Found(NamedTuple):
    """One item.

    Attributes:
        value: The item; of a member of an object, its value.
        key: The member's name; None of what is no member.
        source: What ``$$.Map.Item.Source`` is: STATE_DATA, or the URI of the bucket or object.
        size: About how many bytes it was read from; 0 of what was in the state's input.
    """

    value: Json
    key: str | None = None
    source: str = STATE_DATA
    size: int = 0

    @property
    def whole(self) -> Json:
        """What a child gets if no ItemSelector says something else."""
        return self.value if self.key is None else {"Key": self.key, "Value": self.value}

    def context(self, index: int) -> dict[str, Json]:
        """Return ``$$.Map.Item`` for this item, the one numbered *index*."""
        shown: dict[str, Json] = {"Index": index, "Value": self.value, "Source": self.source}
        return shown if self.key is None else {**shown, "Key": self.key}


def too_large(text: str, start: int, end: int) -> bool:
    """Tell whether this part of *text* has more bytes than an item may have."""
    return larger_than(ITEM_BYTES, text, start, end)
