"""How large a state's data may be, and how deep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.aws_facts import STATE_DATA
from shared.local.asl.errors import DATA_LIMIT, RUNTIME, StateFailure, dumps
from shared.local.asl.json_text import TOO_NESTED, too_nested

if TYPE_CHECKING:
    from shared.values import Json

MAX_BYTES = STATE_DATA.value


def check_size(value: Json, state: str) -> None:
    """Raise as AWS does when *value*, what *state* has come to, is larger than 256 KB as JSON, or nested too deeply."""
    if isinstance(value, (dict, list, str)):
        text = dumps(value)
        if too_nested(value, text):
            raise StateFailure(RUNTIME, f"{TOO_NESTED}, in what the state/task '{state}' returned")
        # A character takes four bytes at most. So a text is encoded, to count its bytes, only if it may be too large.
        if len(text) * 4 > MAX_BYTES:
            check_bytes(len(text.encode(errors="replace")), state)


def check_bytes(size: int, state: str) -> None:
    """Raise as AWS does when *size*, the bytes of what *state* has come to, is more than 256 KB."""
    if size > MAX_BYTES:
        raise StateFailure(
            DATA_LIMIT,
            f"The state/task '{state}' returned a result with a size exceeding the maximum number of bytes service "
            "limit.",
        )
